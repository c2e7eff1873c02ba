"""The same accounts, seed and instant give the same bytes; another seed another sample."""

from __future__ import annotations

import hashlib
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.sample import bundled, write_sample
from pipeline.sample.draw.events import EVENT_TABLES
from pipeline.sample.draw.population import CAST, populate
from tests.sample.conftest import ACCOUNTS, EVENTS, SEED
from tests.sample.reading import read_workbook

BUNDLED = Path(__file__).parents[2] / "sample"


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".md"
    }


def test_the_same_seed_gives_the_same_bytes(sample: Path, tmp_path: Path) -> None:
    write_sample(tmp_path, ACCOUNTS, SEED, EVENTS)
    assert hashes(tmp_path) == hashes(sample)


def test_workbooks_do_not_contain_their_creation_time(sample: Path) -> None:
    for path in (sample / "lmn").iterdir():
        with zipfile.ZipFile(path) as workbook:
            assert {entry.date_time for entry in workbook.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            properties = workbook.read("docProps/core.xml").decode()
            assert properties.count("2000-01-01T00:00:00Z") == 2, properties


def test_another_seed_gives_other_rows_in_every_random_table(sample: Path, tmp_path: Path) -> None:
    write_sample(tmp_path, ACCOUNTS, SEED + 1, EVENTS)
    ours, others = hashes(sample), hashes(tmp_path)
    same = {name for name in ours if ours[name] == others[name]}
    assert ours.keys() == others.keys()
    # tenants' tiers, phases and topics and the CRM's profiles are the same in every sample
    assert same == {
        "platform/tier.csv",
        "platform/customer_journey.csv",
        "platform/topic.csv",
        "crm/profiles.csv",
    }


def test_names_do_not_depend_on_how_many_events_there_are(tmp_path: Path, sample: Path) -> None:
    write_sample(tmp_path, ACCOUNTS, SEED, events_per_account=5)
    ours, others = hashes(sample), hashes(tmp_path)
    assert {name for name in ours if ours[name] != others[name]} == {
        f"platform/{name}.parquet" for name in EVENT_TABLES
    }


def test_the_sample_in_the_repository_is_what_the_generator_writes(tmp_path: Path) -> None:
    # Cell by cell, not byte by byte, because builds of zlib and zstd compress differently.
    bundled.write_bundled(tmp_path)
    assert hashes(BUNDLED).keys() == hashes(tmp_path).keys()
    for name in hashes(tmp_path):
        ours, made = BUNDLED / name, tmp_path / name
        match made.suffix:
            case ".csv":
                assert ours.read_bytes() == made.read_bytes(), name
            case ".parquet":
                assert pq.read_table(ours).equals(pq.read_table(made)), name
            case _:
                assert read_workbook(ours) == read_workbook(made), name


def test_the_readme_of_the_sample_has_its_command() -> None:
    readme = (BUNDLED / "README.md").read_text(encoding="utf-8")
    command = f"--accounts {bundled.ACCOUNTS} --seed {bundled.SEED} --events-per-account {bundled.EVENTS_PER_ACCOUNT}"
    assert command in readme
    assert f"The first {CAST} accounts" in readme


def test_the_sample_in_the_repository_is_under_a_megabyte() -> None:
    assert sum(path.stat().st_size for path in BUNDLED.rglob("*") if path.is_file()) < 1_000_000


@pytest.mark.parametrize("accounts", [100, 2_500])
def test_account_names_are_unique_and_fit_the_contract(accounts: int) -> None:
    names = [account.name for account in populate(accounts, 3, datetime(2025, 1, 15, tzinfo=UTC)).accounts]
    assert len(set(names)) == accounts
    assert max(map(len, names)) <= 100
