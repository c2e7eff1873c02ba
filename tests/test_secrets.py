"""No secret of a URL or variable reaches the terminal, a report, a manifest or any file, whatever fails (canaries)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.paths import PROJECT_ROOT

SAMPLE = PROJECT_ROOT / "sample"

CANARY = "CANARY7f3a"
AS_OF = ["--as-of", "2025-01-15T00:00:00Z"]
NO_SERVER = "127.0.0.1:1"

AT_ONCE = [
    (["--crm", f"postgresql://u:k3/{CANARY}@{NO_SERVER}/x"], {}),
    (["--exports", f"s3://KEY:{CANARY}@bucket/x"], {}),
    ([], {"WAREHOUSE_PLATFORM": f"host=127.0.0.1 password={CANARY}"}),
]
SLOWLY = [
    (["--crm", f"postgresql:/u:{CANARY}@{NO_SERVER}/x"], {}),
    (["--exports", f"sftp://u:k3/{CANARY}@{NO_SERVER}/x"], {}),
    (["--exports", f"sftp://u@{NO_SERVER}/x"], {"WAREHOUSE_SFTP_KEY": f"-----BEGIN KEY {CANARY}"}),
    (["--state", f"postgresql://u:{CANARY}@{NO_SERVER}/x"], {}),
    ([], {"WAREHOUSE_CRM": f"postgresql://u:p@{CANARY}@{NO_SERVER}/x"}),
    ([], {"WAREHOUSE_CRM": f"postgresql://{CANARY}:{CANARY}@{NO_SERVER}/x?sslkey={CANARY}&options={CANARY}"}),
    (["--target", "postgres"], {"WAREHOUSE_POSTGRES_URL": f"postgresql://u:k3/{CANARY}@{NO_SERVER}/x"}),
    (["--target", "postgres"], {"WAREHOUSE_POSTGRES_URL": f"postgresql://u:{CANARY}@{NO_SERVER}/x?pass={CANARY}"}),
    (["--target", "postgres"], {"WAREHOUSE_POSTGRES_URL": f"postgresql://u:{CANARY}@{NO_SERVER}/x?options={CANARY}"}),
    (
        ["--exports", "s3://bucket/x"],
        {"AWS_ENDPOINT_URL": f"http://{CANARY}:{CANARY}@{NO_SERVER}", "AWS_SECRET_ACCESS_KEY": CANARY},
    ),
    (["--exports", f"sftp://u@{NO_SERVER}/x"], {"WAREHOUSE_SFTP_PASSWORD": CANARY}),
]


def everything_left(folder: Path, options: list[str], variables: dict[str, str]) -> bytes:
    """Run in a folder, which fails; return the output and the names and contents of all files."""
    (folder / "work").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WAREHOUSE_", "AWS_"))}
    environment = {**kept, "TMPDIR": str(folder / "tmp"), "AWS_ACCESS_KEY_ID": "x", **variables}
    (folder / "tmp").mkdir()
    command = [sys.executable, "-m", "pipeline.cli", "run", *AS_OF, "--lmn", str(SAMPLE / "lmn"), *options]
    ended = subprocess.run(command, cwd=folder / "work", env=environment, capture_output=True, check=False)
    assert ended.returncode == 1, ended.stderr.decode()
    assert b"To do:" in ended.stderr and b"Traceback" not in ended.stderr
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"\n".join([ended.stdout, ended.stderr, *(bytes(path) + path.read_bytes() for path in files)])


@pytest.mark.parametrize(("options", "variables"), AT_ONCE)
def test_a_refused_url_is_quoted_nowhere(options: list[str], variables: dict[str, str], tmp_path: Path) -> None:
    assert CANARY.encode() not in everything_left(tmp_path, options, variables)


@pytest.mark.slow
@pytest.mark.parametrize(("options", "variables"), SLOWLY)
def test_a_run_that_fails_at_a_server_leaks_none_of_its_secrets(
    options: list[str], variables: dict[str, str], tmp_path: Path
) -> None:
    assert CANARY.encode() not in everything_left(tmp_path, options, variables)
