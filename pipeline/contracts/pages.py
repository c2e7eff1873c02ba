"""Generates the pages about contracts: the data dictionary, and Open Data Contract Standard files.

`python -m pipeline.contracts.pages` writes both to docs/; a test fails if they are stale.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from pipeline.contracts.business_rules import RuleBook, read_rule_books
from pipeline.contracts.changes import CHANGED_COLUMNS, account_changes_contract
from pipeline.contracts.contract import CRM_TENANT, ContractColumn, ExportContract
from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.contracts.timeline import TIMELINE_MARTS, timeline_contract
from pipeline.paths import PROJECT_ROOT

DICTIONARY: Final = Path("docs/data-dictionary.md")
ODCS_FOLDER: Final = Path("docs/contracts")

_MADE_BY: Final = "Made by `python -m pipeline.contracts.pages` from the YAML beside the models; change that, not this."
_CHANGES: Final = (
    "What differs from the drop before, in the folder `changes/`; the manifest names that drop. For every export:",
    "",
    "- `<export>.added.csv` and `<export>.removed.csv`: rows whose primary key only one of the drops has, in the",
    "  export's columns.",
    "- `<export>.changed.csv`: rows that differ, as they are now, in the export's columns and",
    f"  `{CHANGED_COLUMNS}` (text, not null): the names of the columns that differ, joined by commas.",
    "",
    "`extracted_at` and `data_as_of` are every row's of a drop and stand in its manifest, so they make no change.",
    "Whoever removes, adds and replaces these rows in the drop before, and sets these two, has the new drop.",
)
_TIMELINE: Final = (
    "Marts that go beyond one run, made of every published drop: in `STATE/published.duckdb` or PostgreSQL's schema",
    "`marts`, in no drop. A run adds its own drop's rows; what an earlier instant was known as stays.",
)
_LOGICAL_TYPES: Final = {
    "bigint": "integer",
    "integer": "integer",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
_INTEGER_FORMATS: Final = {"bigint": "i64", "integer": "i32"}


def pages(contracts: Sequence[ExportContract], rule_books: Mapping[str, RuleBook]) -> dict[Path, str]:
    """Make every page: its text, by its path in the project."""
    made = {DICTIONARY: data_dictionary(contracts, rule_books)}
    for contract in (*contracts, account_changes_contract()):
        content = open_data_contract(contract, rule_books.get(contract.name))
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
        made[ODCS_FOLDER / f"{contract.name}.odcs.yaml"] = f"# {_MADE_BY}\n{text}"
    return made


def open_data_contract(contract: ExportContract, rule_book: RuleBook | None) -> dict[str, Any]:
    """Return a contract in the form of the Open Data Contract Standard 3.2."""
    table: dict[str, Any] = {
        "name": contract.name,
        "physicalName": contract.name,
        "physicalType": "file",
        "logicalType": "object",
        "description": contract.description,
        "dataGranularityDescription": _grain(contract),
        "customProperties": [{"property": "tenant", "value": contract.tenant}],
        "properties": [_property(column, contract) for column in contract.exported_columns],
    }
    if rule_book and rule_book.rules:
        table["quality"] = [
            {"type": "text", "name": rule.name, "description": rule.says, "severity": rule.severity}
            for rule in rule_book.rules
        ]
    return {
        "kind": "DataContract",
        "apiVersion": "v3.2.0",
        "id": f"account-warehouse-{contract.name.replace('_', '-')}",
        "name": contract.name,
        "version": contract.version,
        "status": "active",
        "domain": "accounts",
        "description": {
            "purpose": contract.description,
            "usage": f"{_files(contract)}; begin at its manifest.json.",
            "limitations": "One drop holds one organization. Instants are UTC, amounts US dollars.",
        },
        "schema": [table],
    }


def _files(contract: ExportContract) -> str:
    if contract == account_changes_contract():
        return f"changes/{contract.name}.parquet and .csv in every drop that has one before it"
    return f"{contract.name}.parquet and {contract.name}.csv in every drop"


def _grain(contract: ExportContract) -> str:
    return f"one row per {', '.join(contract.primary_key)} within an organization"


def _property(column: ContractColumn, contract: ExportContract) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": column.name,
        "logicalType": _logical_type(column),
        "physicalType": column.data_type,
        "description": column.description,
        "required": not column.nullable,
    }
    options = _options(column)
    if options:
        described["logicalTypeOptions"] = options
    if column.name in contract.primary_key:
        described["primaryKey"] = True
        described["primaryKeyPosition"] = contract.primary_key.index(column.name) + 1
    if column.classification:
        described["classification"] = column.classification
    if column.source:
        described["transformSourceObjects"] = [column.source]
    if column.rules:
        described["transformDescription"] = ", ".join(column.rules)
    if column.allowed is not None:
        described["quality"] = [
            {"metric": "invalidValues", "arguments": {"validValues": list(column.allowed)}, "mustBe": 0}
        ]
    return described


def _logical_type(column: ContractColumn) -> str:
    if column.precision is not None:
        return "number"
    return _LOGICAL_TYPES.get(column.data_type, "string")


def _options(column: ContractColumn) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if column.max_length is not None:
        options["maxLength"] = column.max_length
    if column.data_type in _INTEGER_FORMATS:
        options["format"] = _INTEGER_FORMATS[column.data_type]
    if column.data_type == "timestamp":
        options |= {"timezone": True, "defaultTimezone": "Etc/UTC"}
    if column.is_json:
        options["format"] = "json"
    for name, end in zip(("minimum", "maximum"), column.range or (None, None), strict=True):
        if end is not None:
            options[name] = int(end) if end == end.to_integral_value() else float(end)
    return options


def data_dictionary(contracts: Sequence[ExportContract], rule_books: Mapping[str, RuleBook]) -> str:
    """Write the page that explains every export, column by column, in Markdown."""
    lines = [
        "# Data dictionary",
        "",
        _MADE_BY,
        "",
        "Every export is a Parquet and a CSV file in the drop of one organization (`exports/README.md` describes it).",
        "Instants are UTC, amounts US dollars. Rule ids are those of `docs/spec/`: D12 is a decision, `accounts R15` a",
        "rule of that spec. A rule of severity error keeps a drop from being published; a warning is published and",
        "reported.",
        "",
    ]
    lines += [
        f"- [{contract.name}](#{contract.name}) - {_first_sentence(contract.description)}" for contract in contracts
    ]
    lines += ["- [changes](#changes) - What differs from the drop before: rows of every export, and `account_changes`."]
    lines += ["- [timeline](#timeline) - What each drop showed, drop after drop: marts that are in no drop."]
    for contract in contracts:
        lines += _section(contract, rule_books.get(contract.name))
    lines += ["", "## changes", "", *_CHANGES, *_section(account_changes_contract(), None)]
    lines += ["", "## timeline", "", *_TIMELINE]
    for mart in TIMELINE_MARTS:
        lines += _section(timeline_contract(mart), None)
    return "\n".join(lines) + "\n"


def _section(contract: ExportContract, rule_book: RuleBook | None) -> list[str]:
    tenant = (
        "the organization that the CRM belongs to has all of it"
        if contract.tenant == CRM_TENANT
        else f"cut by `{contract.tenant}`"
    )
    key = ", ".join(contract.primary_key)
    lines = [
        "",
        f"## {contract.name}",
        "",
        contract.description,
        "",
        f"Version {contract.version}; primary key `{key}` within an organization; {tenant}.",
        "",
        "| # | column | type | null | meaning | from | rules |",
        "|---|---|---|---|---|---|---|",
    ]
    for position, column in enumerate(contract.exported_columns, start=1):
        cells = [
            str(position),
            f"`{column.name}`",
            column.data_type + (" (JSON)" if column.is_json else ""),
            "yes" if column.nullable else "no",
            column.description + _limits(column),
            column.source or "",
            ", ".join(column.rules),
        ]
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    if rule_book and rule_book.rules:
        lines += ["", "What is checked beyond the columns:", ""]
        lines += [f"- {rule.severity}: {rule.says} ({_ids(rule.name, rule.ids)})" for rule in rule_book.rules]
    return lines


def _ids(name: str, ids: Sequence[str]) -> str:
    return f"`{name}`; {', '.join(ids)}" if ids else f"`{name}`"


def _limits(column: ContractColumn) -> str:
    sentences = []
    if column.allowed is not None:
        sentences.append(f"One of {', '.join(column.allowed)}.")
    if column.range is not None:
        sentences.append(_range_sentence(*column.range))
    if column.classification:
        sentences.append(f"{column.classification.capitalize()} data.")
    return "".join(f" {sentence}" for sentence in sentences)


def _range_sentence(low: Decimal | None, high: Decimal | None) -> str:
    if high is None:
        return f"At least {low}."
    return f"At most {high}." if low is None else f"{low} to {high}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _first_sentence(text: str) -> str:
    return text.split(". ", maxsplit=1)[0].rstrip(".") + "."


def stale_pages(project: Path) -> list[Path]:
    """Return the pages that are missing, differ from the contracts, or no longer belong to a contract."""
    made = _made_from(project)
    written = {*(project / ODCS_FOLDER).glob("*.odcs.yaml"), project / DICTIONARY}
    differing = [path for path, text in made.items() if _text(project / path) != text]
    return sorted(
        [*differing, *(path.relative_to(project) for path in written if path.relative_to(project) not in made)]
    )


def write_pages(project: Path) -> list[Path]:
    """Write every page in the project's folder, remove pages without a contract, and return what changed."""
    stale = stale_pages(project)
    made = _made_from(project)
    for path in stale:
        if path in made:
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(made[path], encoding="utf-8")
        else:
            (project / path).unlink()
    return stale


def _made_from(project: Path) -> dict[Path, str]:
    return pages(contracts_in_folder(project / "models"), read_rule_books(project / "expectations"))


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.stdout.writelines(f"{changed}\n" for changed in write_pages(PROJECT_ROOT))
