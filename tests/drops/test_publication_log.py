"""The publication log reveals alterations, cuts and reordering by its hash chain or its second copy."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.drops.publication_log import LOG, PublicationLog
from pipeline.storage.minisign import read_public_key, read_signing_key, write_key_pair
from pipeline.storage.place import open_place

AT = datetime(2025, 1, 15, 6, tzinfo=UTC)
DROPS = tuple(f"202501{day:02}T000000Z-{day:08x}" for day in (1, 8, 15, 22))

Change = Callable[[list[str]], list[str]]


class Made:
    """The log of an organization with four drops, and its two copies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exports = folder / "exports"
        self.beside = self.exports / "1" / LOG
        self.own = folder / "state" / "1.jsonl"
        self.log = PublicationLog(folder / "state", open_place(str(self.exports)), 1)

    def publish(self, drop: str, *accepted: dict[str, str]) -> None:
        (self.exports / "1" / drop).mkdir(parents=True, exist_ok=True)
        (self.exports / "1" / drop / "manifest.json").write_text(f'{{"drop": "{drop}"}}')
        self.log.add_publication(drop, accepted, AT)

    def change(self, path: Path, change: Change) -> list[str]:
        path.write_text("".join(f"{line}\n" for line in change(path.read_text().splitlines())))
        return self.log.faults()


@pytest.fixture
def made(tmp_path: Path) -> Made:
    made = Made(tmp_path)
    for drop in DROPS:
        made.publish(drop)
    return made


def events(made: Made) -> list[str]:
    return [json.loads(line)["event"] for line in made.log.lines()]


def test_an_unaltered_log_is_whole_and_has_one_line_per_entry(made: Made) -> None:
    assert made.log.faults() == []
    assert json.loads(next(iter(made.log.lines())))["previous"] == "0" * 64
    assert events(made) == ["began"] + ["published"] * 4
    assert made.beside.read_bytes() == made.own.read_bytes()


def test_the_log_records_acceptances_and_rollbacks(made: Made) -> None:
    made.publish("20250129T000000Z-0000001d", {"guard": "rows", "place": "accounts", "why": "a storm", "who": "ann"})
    made.log.add("rolled back", AT, {"drop": DROPS[3], "before": DROPS[2]})
    accepted, rolled_back = (json.loads(line) for line in made.log.lines()[-2:])
    assert (accepted["event"], accepted["guard"], accepted["why"], accepted["who"]) == (
        "accepted",
        "rows",
        "a storm",
        "ann",
    )
    assert (rolled_back["event"], rolled_back["drop"]) == ("rolled back", DROPS[3])
    assert made.log.faults() == []


def test_an_unchanged_republication_is_not_logged(made: Made) -> None:
    made.publish(DROPS[0])
    assert events(made).count("published") == 4


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda lines: [*lines[:2], lines[2].replace("00000008", "00000009"), *lines[3:]], "line 3: was altered"),
        (lambda lines: [*lines[:1], *lines[2:]], "line 2: entry 2 is missing before it: cut"),
        (lambda lines: [*lines[:1], *lines[3:]], "line 2: entries 2 to 3 are missing before it: cut"),
        (
            lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
            "line 2: is entry 3 instead of entry 2: reordered",
        ),
        (lambda lines: lines[2:], "line 1: entries 1 to 2 are missing before it: cut"),
        (lambda lines: lines[:-2], "ends after entry 3, the state folder's copy has 5: cut"),
        (lambda lines: [*lines[:2], "{", *lines[3:]], "line 3: was altered"),
        (lambda lines: [], "ends after entry 0, the state folder's copy has 5: cut"),
    ],
    ids=["altered", "cut", "two cut", "reordered", "cut at the beginning", "cut at the end", "no JSON", "emptied"],
)
def test_the_changed_line_of_the_copy_beside_the_drops_is_reported(made: Made, change: Change, fault: str) -> None:
    assert fault in made.change(made.beside, change)


def test_a_forged_entry_with_a_valid_hash_breaks_the_chain(made: Made) -> None:
    def forge(lines: list[str]) -> list[str]:
        other = Made(made.folder / "other")
        for drop in (DROPS[0], DROPS[2]):
            other.publish(drop)
        return [*lines[:2], other.beside.read_text().splitlines()[2], *lines[3:]]

    assert "line 4: does not follow from the line before it: altered" in made.change(made.beside, forge)


def test_the_state_folders_copy_is_checked_too(made: Made) -> None:
    assert "the state folder's copy ends after entry 3, the log next to the drops has 5: cut" in made.change(
        made.own, lambda lines: lines[:3]
    )


def test_without_the_other_copy_the_drops_reveal_a_cut_end(made: Made) -> None:
    made.own.unlink()
    faults = made.change(made.beside, lambda lines: lines[:-1])
    assert faults == [f"{DROPS[3]}: is published but not in the log: the log was cut, or no run published this drop"]


def test_a_manifest_that_differs_from_the_published_one_is_reported(made: Made) -> None:
    (made.exports / "1" / DROPS[1] / "manifest.json").write_text("{}")
    assert made.log.faults() == [f"{DROPS[1]}: its manifest is not the one that was published"]


def test_a_drop_removed_by_retention_is_no_fault(made: Made) -> None:
    (made.exports / "1" / DROPS[0] / "manifest.json").unlink()
    assert made.log.faults() == []


def test_after_a_lost_state_folder_the_log_continues_from_the_copy_beside_the_drops(made: Made) -> None:
    made.own.unlink()
    made.publish("20250129T000000Z-0000001d")
    assert made.log.faults() == []
    assert made.own.read_bytes() == made.beside.read_bytes()


def test_the_next_entry_repairs_a_run_killed_between_the_two_copies(made: Made) -> None:
    assert made.change(made.own, lambda lines: lines[:-1]) != []
    made.publish("20250129T000000Z-0000001d")
    assert made.log.faults() == []


def test_appending_to_a_cut_log_hides_nothing(made: Made) -> None:
    made.change(made.beside, lambda lines: lines[:-2])
    made.publish("20250129T000000Z-0000001d")
    assert "line 4: entries 4 to 5 are missing before it: cut" in made.log.faults()


def test_a_log_begins_with_the_existing_drops(made: Made) -> None:
    made.own.unlink()
    made.beside.unlink()
    made.publish("20250129T000000Z-0000001d")
    began = json.loads(made.log.lines()[0])
    assert list(began["drops"]) == list(DROPS)
    assert made.log.faults() == []


def test_a_signed_log_is_checked_against_its_signature(tmp_path: Path) -> None:
    public = write_key_pair(tmp_path / "warehouse.key")
    made = Made(tmp_path)
    made.log.signer = read_signing_key(tmp_path / "warehouse.key")
    made.publish(DROPS[0])
    assert made.log.faults(read_public_key(public.text)) == []
    made.change(made.beside, lambda lines: lines[:1])
    assert any(fault.startswith(f"{LOG}.minisig: is not the signature") for fault in made.log.faults(public))
    (tmp_path / "exports" / "1" / f"{LOG}.minisig").unlink()
    assert f"{LOG}.minisig: missing" in made.log.faults(public)
