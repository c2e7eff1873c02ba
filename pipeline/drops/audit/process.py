"""Runs the audit in a process of its own, started when the run starts, so that it is ready when the drops are staged.

The two talk in lines of JSON: one request, one answer. A process that ends before it has answered, with whatever exit
code, fails the run: silence is not consent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from pipeline.contracts import ExportContract
from pipeline.drops.audit.results import AuditResult
from pipeline.errors import WarehouseError

_LAST_WORDS: Final = 2_000
_PATIENCE: Final = 10.0


class AuditProcess:
    """A process that has Great Expectations loaded: start it early, ask it for audits, close it (or use `with`)."""

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", "pipeline.drops.audit")) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            text=True,
        )

    def audit(
        self,
        folders: Mapping[int, Path],
        contracts: Sequence[ExportContract],
        expectations: Path,
        *,
        as_of: datetime,
        settings: Mapping[str, Any],
        results: Path | None = None,
    ) -> AuditResult:
        """Have staged drops audited, as `auditor.audit_drops` does, by the rules in the folder `expectations`.

        Raises WarehouseError if a rule file is not well formed, or if the process ends without an answer.
        """
        request = {
            "folders": {str(organization_id): str(folder.resolve()) for organization_id, folder in folders.items()},
            "contracts": [contract_to_json(contract) for contract in contracts],
            "expectations": str(expectations.resolve()),
            "as_of": as_of.isoformat(),
            "settings": dict(settings),
            "results": str(results.resolve()) if results else None,
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise self._silent()
        answer = json.loads(line)
        if "error" in answer:
            raise WarehouseError(**answer["error"])
        return AuditResult.from_dict(answer["result"])

    def close(self) -> None:
        """End the process, whatever it is at: it keeps nothing."""
        self._process.terminate()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _silent(self) -> WarehouseError:
        """Say how the process ended, and its last words."""
        try:
            ended = f"exit code {self._process.wait(_PATIENCE)}"
        except subprocess.TimeoutExpired:
            ended = "it still runs, and was ended"
            self._process.kill()
        self._log.seek(0)
        words = self._log.read().decode(errors="replace").strip()[-_LAST_WORDS:]
        return WarehouseError(
            f"the audit ended before it had said anything ({ended}); nothing was published"
            + (f". Its last words:\n{words}" if words else ""),
            where="pipeline.drops.audit",
            remedy="try `python -m pipeline.drops.audit` by hand: it should wait for a line; too little memory and a "
            "pyspark without its [connect] extra are known causes",
        )


def contract_to_json(contract: ExportContract) -> dict[str, Any]:
    """Give the exported part of a contract as JSON values, the rule ids of its columns included."""
    described = contract.as_dict()
    for column, entry in zip(contract.exported_columns, described["schema"], strict=True):
        entry["rules"] = list(column.rules)
    return described
