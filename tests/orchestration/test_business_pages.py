"""A drop has its business page, and `verify` checks it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.drops.verify import verify_drop
from pipeline.paths import PROJECT_ROOT

SAMPLE = PROJECT_ROOT / "sample"


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paged")
    sources = [text for name in ("lmn", "crm", "platform") for text in (f"--{name}", str(SAMPLE / name))]
    where = ["--exports", str(folder / "exports"), "--state", str(folder / "state"), "--as-of", "2025-01-15"]
    ended = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "run", *sources, *where], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return (folder / "exports" / "1" / "latest").resolve()


def faults(drop: Path) -> list[str]:
    return list(verify_drop(str(drop), contracts_in_folder(PROJECT_ROOT / "models")))


def test_the_manifest_names_the_page_beside_the_content(drop: Path) -> None:
    page = json.loads((drop / "manifest.json").read_text())["page"]
    assert (page["name"], page["bytes"]) == ("index.html", (drop / "index.html").stat().st_size)
    assert faults(drop) == []


def test_the_parts_of_the_scores_come_from_the_mart(drop: Path) -> None:
    views = (drop / "index.html").read_text().split('<article id="account-')[1:]
    assert sum("engagement" in view and "sentiment" in view for view in views) > 50


def test_a_changed_page_is_found(drop: Path) -> None:
    page = (drop / "index.html").read_bytes()
    (drop / "index.html").write_bytes(page.replace(b"$", b"#", 1))
    try:
        assert [fault.split(":")[0] for fault in faults(drop)] == ["index.html"]
    finally:
        (drop / "index.html").write_bytes(page)
