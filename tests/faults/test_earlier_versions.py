"""The state and drops of earlier versions, unchanged, under this version.

`earlier/1.0.0.tar.xz` has `state` and `exports` of a run of version 1.0.0 on its bundled sample, as of 8 January 2025.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.drops.verify import verify_drop
from pipeline.paths import PROJECT_ROOT
from tests.faults.whole_runs import finished, start

EARLIER = Path(__file__).parent / "earlier"


@pytest.fixture(scope="module", params=sorted(path.name for path in EARLIER.glob("*.tar.xz")))
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder of an earlier version's state and exports after a run of this version a week later, and its output."""
    folder = tmp_path_factory.mktemp("upgraded")
    with tarfile.open(EARLIER / request.param) as archive:
        # Python 3.11.2 of Debian 12 has no filters yet
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    code, words = finished(start("run", folder))
    assert code == 0, words
    yield folder, words


def test_the_first_run_publishes_and_no_guard_stops_it(upgraded: tuple[Path, str]) -> None:
    folder, words = upgraded
    assert " stops" not in words
    for latest in (folder / "exports").glob("*/latest"):
        assert latest.readlink().name.startswith("20250115T000000Z-")
        assert verify_drop(str(latest), contracts_in_folder(PROJECT_ROOT / "models")) == []


def test_earlier_drops_are_still_whole_and_can_be_rolled_back_to(upgraded: tuple[Path, str]) -> None:
    folder, _ = upgraded
    earlier = sorted((folder / "exports").glob("*/20250108*"))
    assert len(earlier) == 3
    assert [fault for drop in earlier for fault in verify_drop(str(drop))] == []


def test_the_drop_has_the_changes_since_the_earlier_one(upgraded: tuple[Path, str]) -> None:
    changes = (upgraded[0] / "exports" / "1" / "latest" / "changes").resolve()
    assert (changes / "accounts.changed.csv").read_text().startswith("id,")
