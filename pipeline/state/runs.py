"""The records of runs: plan, what was published or held back, and why. One file per run, never changed.

The newest thousand are kept in the state folder (`runs/`). The module `history` stores what models need of past runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from pipeline.common.instants import instant_name, instant_text
from pipeline.common.shown_text import shown_json
from pipeline.storage.local_files import write_whole

KEPT: Final = 1000

Verdict = Literal["published", "held back", "partly held back", "failed", "rolled back"]
"""`partly held back`: the drops of some organizations were published, those of others were not (D40)."""
PUBLISHED: Final = ("published", "partly held back")


@dataclass(frozen=True)
class OrganizationOutcome:
    """The result of a run for one organization: its drop and whether that is new, or why it was held back."""

    organization_id: int
    drop: str | None
    is_new: bool = False
    why: tuple[str, ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()
    """The findings of the guards that the organization may see."""
    is_latest: bool = True
    """Whether `latest` named the drop afterwards; false if `latest` already named one with a later `as_of` (D38)."""


@dataclass(frozen=True)
class RunRecord:
    """One run. `sources` are the profiles of its source tables, `findings` and `accepted` are those of the guards."""

    run_id: str
    finished_at: datetime
    as_of: datetime
    verdict: Verdict
    organizations: tuple[OrganizationOutcome, ...] = ()
    sources: tuple[Mapping[str, Any], ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()
    accepted: tuple[Mapping[str, Any], ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None
    build: str | None = None
    """The `build_id` of the published models."""
    selected_year: int | None = None

    @property
    def name(self) -> str:
        """The name of its file: the time at which it ended, so that names sort in the order of the runs."""
        return f"{instant_name(instant_text(self.finished_at))}-{self.run_id[:8]}"

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON values; `from_dict` reads them."""
        return {**asdict(self), "finished_at": self.finished_at.isoformat(), "as_of": self.as_of.isoformat()}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> RunRecord:
        """Read the result of `as_dict`; fields of a later version are ignored."""
        known = {name: value[name] for name in cls.__dataclass_fields__ if name in value}
        outcomes = tuple(
            OrganizationOutcome(
                **{**outcome, "why": tuple(outcome["why"]), "findings": tuple(outcome.get("findings", ()))}
            )
            for outcome in known["organizations"]
        )
        lists = {name: tuple(known.get(name, ())) for name in ("sources", "findings", "accepted")}
        instants = {name: datetime.fromisoformat(known[name]) for name in ("finished_at", "as_of")}
        return cls(**{**known, **lists, **instants, "organizations": outcomes})


class RunRecords:
    """The records of a state folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, record: RunRecord) -> None:
        """Store a record, and remove expired ones."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = shown_json(json.dumps(record.as_dict(), indent=1, ensure_ascii=False))
        write_whole(self.folder / f"{record.name}.json", content.encode())
        for path in self._files()[:-KEPT]:
            path.unlink(missing_ok=True)

    def newest_first(self) -> list[RunRecord]:
        """Read every record; damaged ones are skipped, because they only describe the past."""
        records = []
        for path in reversed(self._files()):
            try:
                records.append(RunRecord.from_dict(json.loads(path.read_text(encoding="utf-8"))))
            except (ValueError, KeyError, TypeError):
                continue
        return records

    def last_published(self, as_of: datetime) -> RunRecord | None:
        """Return the latest run that published, with this or an earlier `as_of`; None if there is none."""
        published = [run for run in self.newest_first() if run.verdict in PUBLISHED and run.as_of <= as_of]
        return max(published, key=lambda run: (run.as_of, run.finished_at), default=None)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*.json"))


def without_rows(lines: Iterable[str]) -> list[str]:
    """Drop indented lines, which quote rows: `account_core, error (1 of 90): …` stays, `  account_id 7: …` goes."""
    return [line for line in lines if line.strip() and not line.startswith(" ")] or [""]


def has_published(records: Iterable[RunRecord], since: datetime) -> bool:
    """Return whether a run has published after a moment."""
    return any(run.verdict in PUBLISHED and run.finished_at > since for run in records)


def run_lines(records: Sequence[RunRecord]) -> list[str]:
    """Format runs for a terminal, one line each, with a line for every organization that was held back."""
    lines = []
    for run in records:
        drops = [f"{one.organization_id}/{one.drop}{'' if one.is_new else ' as before'}" for one in _with_drop(run)]
        found = sum(1 for finding in run.findings if finding["level"] != "tell")
        guards = f", {found} guard finding{'s' if found != 1 else ''}" if found else ""
        listed = ", ".join(drops) or "nothing published"
        lines.append(
            f"{instant_text(run.finished_at)}  as of {instant_text(run.as_of)}  {run.verdict}{guards}: {listed}"
        )
        for one in run.organizations:
            lines += [f"    organization {one.organization_id} held back: {why}" for why in one.why]
        if run.problem:
            lines += [f"    {line}" for line in run.problem.split("\n")[:3]]
    return lines


def _with_drop(run: RunRecord) -> list[OrganizationOutcome]:
    return [one for one in run.organizations if one.drop is not None]
