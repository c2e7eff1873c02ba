"""A drop remade without a person: with its lists of changes and its page, or not at all."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.drops.destination import open_destination
from pipeline.drops.find_drop import open_drop
from pipeline.drops.manifest import build_manifest, with_hashes
from pipeline.drops.remade_drop import RemadeDrop, remake_drop
from pipeline.drops.stage import stage_drops
from pipeline.guards.drop_figures import DropFiles
from pipeline.settings import Settings
from pipeline.state.forgotten import Known
from pipeline.state.forgotten_file import open_forgotten
from pipeline.state.workspace import Workspace
from pipeline.storage.place import open_place
from tests.drops.changes_of_one import write_changes_of_one
from tests.drops.made_drops import AS_OF, MadeMarts, publish
from tests.orchestration.forgetting.test_forgotten_drops import FACT, PERSON, rows

NAME = "Zelda Quartz"


class Company:
    """Two weeks of drops; the person is gone in the second, but its changes and its page name them."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        destination = open_destination(
            Settings(exports=str(folder / "exports"), state=self.state), Workspace(self.state)
        )
        before: str | None = None
        for week, ids in enumerate(([PERSON, 5], [6, 5])):
            target = destination.staging_folder(1, f"run-{week}")
            (drop,) = stage_drops(MadeMarts(stakeholder_fact=rows(ids)), [FACT], {1: target}, 1)
            as_of = AS_OF + timedelta(weeks=week)
            facts: dict[str, Any] = {"settings": {"selected_year": 2025}, "inputs": [], "checks": []}
            manifest = build_manifest(drop, [FACT], as_of=as_of, data_as_of=as_of, **facts)
            if before is not None:
                files = DropFiles({"stakeholder_fact": target / "stakeholder_fact.parquet"}, as_of, 2025)
                with open_drop(open_place(before)) as earlier:
                    changes = write_changes_of_one(drop, files, earlier, [FACT])
                page = target / "index.html"
                page.write_text(f"<p>{NAME} is gone")
                manifest = with_hashes({**manifest, "changes": changes.as_dict(), "page": measured(page)})
            before = publish(destination, drop, manifest).location
            self.manifest = manifest
        self.drop = open_place(str(before))

    def without(self, known: Known, target: Path) -> RemadeDrop | None:
        register, entry = open_forgotten(self.state, 1).with_person(known, "2025-02-01")
        return remake_drop(self.drop, self.manifest, target, register, entry, {}, in_any_case=False)


def measured(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"name": path.name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def test_the_changes_and_the_page_are_without_the_person(company: Company, tmp_path: Path) -> None:
    known = Known(frozenset({("stakeholder", 1, PERSON)}), names=frozenset({NAME}), organizations=frozenset({1}))
    remade = company.without(known, tmp_path / "remade")
    assert remade is not None
    assert {"changes/stakeholder_fact.removed.csv", "index.html"} <= set(remade.files)
    texts = [path.read_text() for path in (tmp_path / "remade").rglob("*") if path.suffix in (".csv", ".html")]
    assert not [text for text in texts if NAME in text or str(PERSON) in text]


def test_the_manifest_describes_the_remade_files(company: Company, tmp_path: Path) -> None:
    known = Known(frozenset({("stakeholder", 1, PERSON)}), names=frozenset({NAME}), organizations=frozenset({1}))
    remade = company.without(known, tmp_path / "remade")
    assert remade is not None
    assert remade.manifest["page"] == measured(tmp_path / "remade" / "index.html")
    for file in (*remade.manifest["files"], *remade.manifest["changes"]["files"]):
        assert measured(tmp_path / "remade" / file["name"])["sha256"] == file["sha256"]


def test_nothing_is_staged_for_a_drop_without_people_of_the_register(company: Company, tmp_path: Path) -> None:
    stranger = Known(frozenset({("stakeholder", 1, 4)}), organizations=frozenset({1}))
    assert company.without(stranger, tmp_path / "remade") is None
    assert not (tmp_path / "remade").exists()
