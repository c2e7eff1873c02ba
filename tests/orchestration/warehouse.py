"""A warehouse in its own folder: exports and state, run by the command line."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline.common.progress import Progress
from pipeline.ingest.landing.record import SOURCES
from pipeline.orchestration.check import Checked, check_sources
from pipeline.settings import Settings
from tests.orchestration.runs import Listener

_VERDICT = re.compile(r'<div class="verdict (good|look|bad)">')
COLOURS = {"good": "green", "look": "amber", "bad": "red"}


class Warehouse:
    """The exports and state of a warehouse; sources are a folder with lmn/, crm/ and platform/."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, sources: Path, as_of: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the sources."""
        named = [text for name in SOURCES for text in (f"--{name}", str(sources / name))]
        where = ["--exports", str(self.folder / "exports"), "--state", str(self.folder / "state")]
        command = [sys.executable, "-m", "pipeline.cli", "run", *named, *where, "--as-of", as_of, *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def check(self, sources: Path, as_of: str) -> Checked:
        """Check the sources with the source guard, as `warehouse check` does, without publishing."""
        places = {name: str(sources / name) for name in SOURCES}
        return check_sources(Settings(**places, as_of=as_of, state=self.folder / "state"), Progress(Listener()))

    def copy(self, folder: Path) -> Warehouse:
        """Copy it into a new folder, which can then change independently."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Warehouse(folder)

    @property
    def report(self) -> str:
        """Return the newest run's report for the operator."""
        pages = (self.folder / "state" / "reports").glob("*.html")
        return max(pages, key=lambda page: page.stat().st_mtime_ns).read_text(encoding="utf-8")

    @property
    def colour(self) -> str:
        """Return the colour of that report: green, amber or red."""
        (level,) = _VERDICT.findall(self.report)
        return COLOURS[level]

    def latest(self, organization: int) -> str:
        """Return the name of the drop that `latest` points to."""
        return (self.folder / "exports" / str(organization) / "latest").readlink().name

    def all_latest(self) -> dict[str, str]:
        """Return the name of every organization's latest drop."""
        return {link.parent.name: link.readlink().name for link in (self.folder / "exports").glob("*/latest")}

    def manifest(self, organization: int) -> dict[str, Any]:
        """Read the manifest of the drop that `latest` points to."""
        path = self.folder / "exports" / str(organization) / "latest" / "manifest.json"
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
