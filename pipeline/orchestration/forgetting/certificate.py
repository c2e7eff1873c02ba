"""The certificate that a person was forgotten: what was done, in figures and file names, and what can't be reached."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.common.formats import plural
from pipeline.orchestration.forgetting.forgotten_drops import RemadeDrops
from pipeline.state.forgotten import Entry
from pipeline.storage.local_files import write_whole

NOT_REACHED: Final = (
    "copies that others took of drops, marts, reports or the state folder, and backups",
    "the source systems: they are read, never written; what they still hold of the person is left out of every run",
    "names of accounts, even where one is the person's name",
    "records of Dagster's page (STATE/dagster), which hold ids in previews: remove that folder while no page is open",
    "exports folders of other settings than those of this call",
)
_NOT_REACHED_ON_POSTGRES: Final = "PostgreSQL's write-ahead log and its archives, until they are recycled"


@dataclass(frozen=True)
class Certificate:
    """What was done to forget one person, who is only identified by the entry of the register."""

    entry: Entry
    drops_folders: tuple[RemadeDrops, ...]
    landed_files: int
    state_files: int
    marts: tuple[str, ...]
    target: str

    @property
    def not_reached(self) -> tuple[str, ...]:
        """The places where the person may still be found."""
        return (*NOT_REACHED, *([_NOT_REACHED_ON_POSTGRES] if self.target == "postgres" else ()))

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "entry": self.entry.entry,
            "day": self.entry.day,
            "organizations": list(self.entry.organizations),
            "recognised_by": {
                "ids": len(self.entry.ids),
                "addresses": len(self.entry.emails),
                "spellings of names": len(self.entry.names),
            },
            "drops": [
                {
                    "organization_id": drops_folder.organization_id,
                    **({"series": drops_folder.series} if drops_folder.series else {}),
                    "was": drop.was,
                    "is": drop.name,
                    "files": list(drop.files),
                }
                for drops_folder in self.drops_folders
                for drop in drops_folder.drops
            ],
            "drops_seen": sum(drops_folder.seen for drops_folder in self.drops_folders),
            "landed_files": self.landed_files,
            "state_files": self.state_files,
            "published_marts": list(self.marts),
            "build": "removed; the next run builds it again without the person",
            "not_reached": list(self.not_reached),
        }

    def lines(self) -> Iterator[str]:
        """Return it as lines of Markdown."""
        facts = self.as_dict()
        organizations = ", ".join(map(str, self.entry.organizations))
        yield f"# Forgotten: entry {self.entry.entry}"
        yield ""
        yield f"On {self.entry.day}, one person of organization {organizations}. Every later run leaves them out."
        yield ""
        ids, addresses = plural(len(self.entry.ids), "id"), plural(len(self.entry.emails), "address", "addresses")
        yield f"- Recognised by {ids} and {addresses}, kept as keyed hashes."
        yield f"- Of {plural(facts['drops_seen'], 'kept drop')}, {len(facts['drops'])} made again:"
        for drop in facts["drops"]:
            files = f", {plural(len(drop['files']), 'file')} changed" if drop["files"] else ""
            yield f"  - organization {drop['organization_id']}: {drop['was']} is {drop['is']} now{files}"
        landed, files = plural(self.landed_files, "landed file"), plural(self.state_files, "file")
        yield f"- Written again: {landed}, {files} of the state folder."
        yield f"- Published marts written again: {', '.join(self.marts) or 'none'}."
        yield f"- The build: {facts['build']}."
        yield ""
        yield "Not reached:"
        yield ""
        for text in self.not_reached:
            yield f"- {text}"


def write_certificate(folder: Path, certificate: Certificate) -> None:
    """Write the certificate next to the register, as JSON and as Markdown."""
    name = certificate.entry.entry
    write_whole(folder / f"{name}.json", json.dumps(certificate.as_dict(), indent=1) + "\n")
    write_whole(folder / f"{name}.md", "\n".join(certificate.lines()) + "\n")
