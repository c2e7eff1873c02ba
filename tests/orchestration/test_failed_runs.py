"""A run that stops before the audit has a page, too: what stopped it, where, and the remedy."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from hashlib import md5
from pathlib import Path

import dagster as dg
import pytest

from pipeline import run_plan
from pipeline.common.errors import WarehouseError
from pipeline.common.progress import Progress
from pipeline.orchestration import sources as source_assets
from pipeline.orchestration.run import run_warehouse
from pipeline.orchestration.sources import build_source_assets
from pipeline.paths import PROJECT_ROOT
from pipeline.run_plan import decide
from pipeline.settings import Settings
from tests.orchestration.runs import Listener, run_context

AS_OF = "2025-01-15T00:00:00Z"
ACCOUNTS = "id,name,annual_revenue\na1,Oak,100\na2,Elm,much\n"
ESTIMATES = "id,account_id,status\ne1,a1,won\n"
CUSTOMERS = "organization_id,id,name,updated_at\n1,1,Oak,2025-01-10\n2,2,marker-of-two,2025-01-11\n"


def pages_named(lines: list[str]) -> list[Path]:
    """Find the pages of reports that a run names."""
    return [Path(line.removeprefix("report: ")) for line in lines if line.startswith("report: ")]


def settings(folder: Path, **more: object) -> Settings:
    """Return settings for the existing source folders."""
    there = {name: str(folder / name) for name in ("lmn", "crm", "platform") if (folder / name).is_dir()}
    where = {"exports": str(folder / "exports"), "state": folder / "state", "as_of": AS_OF}
    return Settings(**{**there, **where, **more})


def write(folder: Path, **files: str) -> None:
    """Write CSV files, by table."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)


def failed(folder: Path, **more: object) -> tuple[str, list[Path]]:
    """Run, and return the final message and the pages that it names."""
    listener = Listener()
    with pytest.raises(WarehouseError) as caught:
        run_warehouse(settings(folder, **more), Progress(listener))
    return str(caught.value), pages_named(listener.lines)


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow a decision with which no model can be built."""
    monkeypatch.setattr(run_plan, "decide", lambda given: {**decide({}), **given})


def text_of(page: Path) -> str:
    """Return the visible text of a page."""
    shown = page.read_text(encoding="utf-8").partition("</style>")[2]
    return " ".join(html.unescape(re.sub(r"<wbr>|<[^>]*>", " ", shown)).split()).replace(" . ", ".")


def loaded(page: Path, table: str, figures: int = 3) -> str | None:
    """Return the line of a source table: read, loaded and rejected rows, or only loaded ones."""
    found = re.search(rf"{table.replace('.', '. ?')} ((?:[0-9–]+ ){{{figures}}})", text_of(page).replace("_ ", "_"))
    return found[1].strip() if found else None


def test_a_missing_column_ends_with_one_page_that_names_it_and_the_remedy(tmp_path: Path) -> None:
    write(tmp_path / "crm", accounts=ACCOUNTS, estimates="estimate,account_id,status\ne1,a1,won\n")
    said, pages = failed(tmp_path)
    assert "estimates.csv" in said
    assert [page.parent for page in pages] == [tmp_path / "state" / "reports"]
    (page,) = map(text_of, pages)
    for line in said.replace("To do: ", "").splitlines():
        assert line in page
    assert "nothing was published and the last drops stay in place" in page
    assert "Not read, because the run stopped first: lmn, crm, platform." in page
    assert not (tmp_path / "exports").exists()


def test_tables_read_before_the_failure_are_reported(tmp_path: Path) -> None:
    write(tmp_path / "crm", accounts=ACCOUNTS, estimates=ESTIMATES)
    write(tmp_path / "platform", customer=CUSTOMERS.replace("organization_id", "tenant"))
    _, pages = failed(tmp_path)
    operators = pages[0]
    assert operators.parent == tmp_path / "state" / "reports"
    assert loaded(operators, "crm.accounts") == "2 2 0"
    assert "much" in text_of(operators), "the sample of a rejected cell"
    assert "Not read, because the run stopped first: platform." in text_of(operators)


def test_tables_read_by_an_earlier_run_are_not_reported_as_this_ones(tmp_path: Path) -> None:
    write(tmp_path / "platform", customer=CUSTOMERS)
    resources = {"run": run_context(settings(tmp_path))}
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        assert dg.materialize(build_source_assets(), resources=resources, instance=instance).success
    write(tmp_path / "crm", accounts="name\nOak\n")
    _, pages = failed(tmp_path)
    assert loaded(pages[0], "platform.customer") is None
    assert [page.parent for page in pages] == [tmp_path / "state" / "reports"]


@pytest.mark.usefixtures("unchecked")
def test_each_organization_has_its_own_page_beside_its_drops(tmp_path: Path) -> None:
    write(tmp_path / "crm", accounts=ACCOUNTS)
    write(tmp_path / "platform", customer=CUSTOMERS)
    drop = tmp_path / "exports" / "3" / "20250108T000000Z-0a1b2c3d"
    drop.mkdir(parents=True)
    (drop.parent / "latest").symlink_to(drop.name)
    _, pages = failed(tmp_path, var={"at_risk_days": "marker-of-all"})
    reports = [tmp_path / "exports" / organization / "reports" for organization in ("1", "2", "3")]
    assert [page.parent for page in pages] == [tmp_path / "state" / "reports", *reports]
    _, first, second, third = pages
    assert loaded(first, "platform.customer") == "– 1 –"
    assert loaded(first, "crm.accounts") == "2 2 0"
    assert loaded(second, "platform.customer", figures=1) == "1"
    assert loaded(second, "crm.accounts") is None
    assert "there is still no drop" in text_of(second)
    assert f"the last drop, {drop.name}, stays in place" in text_of(third)
    for page in (first, second, third):
        assert "The run stopped before any drop was staged" in text_of(page)
        assert "fix the data or the model" in text_of(page)
        assert "marker-of-two" not in text_of(page)


@pytest.mark.usefixtures("unchecked")
def test_a_model_that_cannot_be_built_is_named(tmp_path: Path) -> None:
    write(tmp_path / "crm", accounts=ACCOUNTS)
    said, pages = failed(tmp_path, var={"at_risk_days": "many"})
    assert "dbt could not build the warehouse" in said
    assert "model int_renewals__candidates" in text_of(pages[0])
    assert loaded(pages[0], "crm.accounts") == "2 2 0"


def test_too_little_memory_is_reported_with_the_setting_that_gives_more(tmp_path: Path) -> None:
    write(tmp_path / "crm", accounts=ACCOUNTS)
    said, _ = failed(tmp_path, memory_limit="4MB")
    assert "memory" in said and "raise memory_limit" in said


def test_a_failed_data_test_is_named_on_the_page_that_the_command_names(tmp_path: Path) -> None:
    taken = 500_000_000_000_000 + int(md5(b"crm:a1", usedforsecurity=False).hexdigest()[:12], 16)
    write(tmp_path / "crm", accounts=ACCOUNTS)
    write(tmp_path / "platform", customer=f"{CUSTOMERS}1,{taken},Clash,2025-01-12\n")
    sources = ["--crm", tmp_path / "crm", "--platform", tmp_path / "platform"]
    where = ["--exports", tmp_path / "exports", "--state", tmp_path / "state"]
    command = [sys.executable, "-m", "pipeline.cli", "run", *sources, *where, "--as-of", AS_OF]
    ended = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, cwd=PROJECT_ROOT, encoding="utf-8"
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    pages = [Path(page) for page in re.findall(r"report: (\S+\.html)", ended.stderr)]
    assert [page.parent.parent.name for page in pages] == ["state", "1", "2"]
    for words in ("test account_ids_are_unique", "no two accounts of one organization share an id"):
        assert words in ended.stderr
        assert words in text_of(pages[0])
    assert not list((tmp_path / "exports").glob("*/latest"))


def test_only_the_type_of_an_unexpected_error_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ingest(*_: object) -> None:
        raise KeyError("password=secret")

    write(tmp_path / "crm", accounts=ACCOUNTS)
    monkeypatch.setattr(source_assets, "ingest_source", ingest)
    listener = Listener()
    with pytest.raises(KeyError):
        run_warehouse(settings(tmp_path), Progress(listener))
    (page,) = pages_named(listener.lines)
    assert "the program itself failed (KeyError)" in text_of(page)
    assert "secret" not in page.read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_hides_no_failure(tmp_path: Path) -> None:
    write(tmp_path / "crm", accounts=ACCOUNTS)
    write(tmp_path / "platform", customer="id\n1\n")
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "1").write_text("a file where the drops should go")
    listener = Listener()
    with pytest.raises(WarehouseError, match="customer"):
        run_warehouse(settings(tmp_path), Progress(listener))
    assert any(line.startswith("not every report could be written") for line in listener.lines)
    assert len(list((tmp_path / "state" / "reports").glob("*-failed-*.html"))) == 1
