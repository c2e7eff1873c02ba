"""The process of `AuditProcess`: a request a line on standard input, an answer a line on standard output."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.contracts import contract_from_dict
from pipeline.errors import WarehouseError


def main() -> None:
    """Answer requests until there are no more; whatever else is printed goes to standard error."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        # the slow import, done while the run still computes
        import pipeline.drops.audit.auditor  # noqa: F401

        for line in sys.stdin:
            answers.write(json.dumps(_answer(json.loads(line))) + "\n")
            answers.flush()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    from pipeline.drops.audit.auditor import audit_drops
    from pipeline.drops.audit.business_rules import read_rule_books

    try:
        result = audit_drops(
            {int(name): Path(folder) for name, folder in request["folders"].items()},
            [contract_from_dict(described) for described in request["contracts"]],
            read_rule_books(Path(request["expectations"])),
            as_of=datetime.fromisoformat(request["as_of"]),
            settings=request["settings"],
            results=Path(request["results"]) if request["results"] else None,
        )
    except WarehouseError as error:
        return {"error": {"what": error.what, "where": error.where, "remedy": error.remedy}}
    return {"result": result.as_dict()}


if __name__ == "__main__":
    main()
