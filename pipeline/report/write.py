"""Writes the reports of a run: each organization's next to its drops, the operator's in the state folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.drops.catalog import REPORTS
from pipeline.drops.destination import write_report
from pipeline.report.facts import RunFacts
from pipeline.report.page import report_files
from pipeline.storage.local_files import write_whole
from pipeline.storage.openpgp import SUFFIX
from pipeline.storage.place import Place


def write_reports(reports: Iterable[RunFacts], place: Place, state: Path) -> list[str]:
    """Write the files of every report and return the location of each page. Equal facts give equal files."""
    pages = []
    for facts in reports:
        files = report_files(facts)
        if facts.organization_id is None:
            folder = state / REPORTS
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                write_whole(folder / name, content)
            written = [str(folder / name) for name in files]
        else:
            written = write_report(place, facts.organization_id, files)
        pages += [location for location in written if location.endswith((".html", f".html{SUFFIX}"))]
    return pages
