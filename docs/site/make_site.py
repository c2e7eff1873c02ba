"""Builds docs/ as one searchable site that opens from a file, without a network: `make docs`, or this file.

The pages of docs/ are taken as they are. What can be made is made here: the rules from their table, the columns from
the contracts and dbt's manifest, the questions from their files, the commands from the command line.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.contracts.mart_descriptions import MartDescription, described, mart_descriptions
from pipeline.contracts.read_contracts import contracts_from_manifest
from pipeline.contracts.timeline import TIMELINE_MARTS, timeline_contract
from pipeline.dbt.runner import parsed_project
from pipeline.explain.rule_texts import rule_text
from pipeline.questions.question import read_questions

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
HERE = DOCS / "site"
RULES = ROOT / "tests/rules/rules.csv"

NAVIGATION: dict[str, Sequence[str]] = {
    "Start here": ["index.md"],
    "For analysts": ["analyst.md", "questions.md", "two-truths.md", "history.md", "explain.md"],
    "For the receiver of a drop": [
        "receiver.md",
        "exports.md",
        "cuts.md",
        "delivery.md",
        "signatures.md",
        "encryption.md",
        "personal-data.md",
    ],
    "For the operator": [
        "operations.md",
        "service.md",
        "commands.md",
        "settings.md",
        "guards.md",
        "alerts.md",
        "reliability.md",
    ],
    "For the data engineer": ["data-engineer.md", "engines.md", "macros.md", "expectations.md", "choices.md"],
    "Rules": ["rules.md"],
    "Performance": ["benchmark.md", "speed.md", "scale.md"],
}
"""The pages by what people look for; columns, decisions and specs are added from their folders."""

ELSEWHERE = ("site", "*.sql", "contracts", "data-dictionary.md")
"""What of docs/ is no page: the columns' pages say what the dictionary says."""

CDN = "https://unpkg.com/iframe-worker/shim"
"""What the search needs on a page opened from a file; the copy beside this file takes its place (MIT)."""
WORKER = "iframe_worker.js"
STYLE = "site.css"


def main(out: Path) -> None:
    """Build the site into the folder `out`, in place of what is there."""
    work = out.with_name(out.name + ".pages")
    shutil.rmtree(work, ignore_errors=True)
    pages = work / "docs"
    shutil.copytree(DOCS, pages, ignore=shutil.ignore_patterns(*ELSEWHERE))
    for page in pages.glob("*.md"):
        page.write_text(page.read_text(encoding="utf-8").replace("](../exports/README.md)", "](exports.md)"), "utf-8")
    for name, text in made_pages().items():
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).write_text(text, encoding="utf-8")
    shutil.copy(HERE / STYLE, pages / STYLE)
    (work / "mkdocs.yml").write_text(yaml.safe_dump(site_settings(pages), sort_keys=False), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "zensical", "build", "--strict", "-f", work / "mkdocs.yml"], check=True)
    _free_of_network(work / "site")
    shutil.rmtree(out, ignore_errors=True)
    shutil.move(work / "site", out)
    shutil.rmtree(work)


def site_settings(pages: Path) -> dict[str, Any]:
    """Return the site's settings, in MkDocs' form."""
    sections: list[dict[str, Any]] = [{title: list(listed)} for title, listed in NAVIGATION.items()]
    for title, folder in (("Columns", "columns"), ("Decisions", "decisions"), ("Specs", "spec")):
        names = sorted(path.name for path in (pages / folder).glob("*.md"))
        first = [name for name in names if name in ("index.md", "README.md")]
        sections.append({title: [f"{folder}/{name}" for name in first + [n for n in names if n not in first]]})
    return {
        "site_name": "Account Warehouse",
        "docs_dir": "docs",
        "site_dir": "site",
        "use_directory_urls": False,
        "theme": {
            "name": "material",
            "font": False,
            "features": ["navigation.indexes", "search.highlight", "toc.follow"],
        },
        "plugins": ["search", "offline"],
        "extra_css": [STYLE],
        "markdown_extensions": [
            "tables",
            {"toc": {"permalink": True}},
            "pymdownx.superfences",
            "attr_list",
            "md_in_html",
        ],
        "nav": sections,
    }


def _free_of_network(site: Path) -> None:
    """Let every page take the script that it asks the network for from the site itself."""
    shutil.copy(HERE / WORKER, site / "assets/javascripts" / WORKER)
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        up = "../" * (len(page.relative_to(site).parts) - 1)
        page.write_text(text.replace(CDN, f"{up}assets/javascripts/{WORKER}"), encoding="utf-8")


def made_pages() -> dict[str, str]:
    """Return the pages that are made, by their place among the others."""
    manifest = parsed_project().manifest
    contracts = {contract.name: contract for contract in contracts_from_manifest(manifest)}
    descriptions = mart_descriptions(list(contracts.values()))
    marts = sorted(
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"].get("schema") == "marts"
    )
    columns = {
        f"columns/{name}.md": columns_page(name, contracts.get(name), descriptions[name], manifest) for name in marts
    }
    beyond = {name: timeline_contract(name) for name in TIMELINE_MARTS}
    descriptions |= {name: described(contract) for name, contract in beyond.items()}
    columns |= {f"columns/{name}.md": timeline_page(contract) for name, contract in beyond.items()}
    return {
        "rules.md": rules_page(manifest),
        "questions.md": questions_page(),
        "commands.md": commands_page(),
        "exports.md": (ROOT / "exports/README.md").read_text(encoding="utf-8").replace("](../docs/", "]("),
        "expectations.md": (ROOT / "expectations/README.md").read_text(encoding="utf-8"),
        "columns/index.md": columns_index(sorted([*marts, *beyond]), contracts, descriptions),
        **columns,
    }


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"


def _anchor(rule: str) -> str:
    return rule.lower().replace(" ", "-").replace("_", "-")


def rules_page(manifest: Mapping[str, Any]) -> str:
    """Say of every rule its words, where it is decided, and the test that proves it."""
    examples = {test["name"]: test.get("description") or "" for test in manifest["unit_tests"].values()}
    lines = ["# Rules", "", "Every rule by its id, as code, columns and tests cite it."]
    for row in _listed_rules():
        stated = rule_text(row["rule"])
        lines += [
            "",
            f"## {row['rule']} {{ #{_anchor(row['rule'])} }}",
            "",
            stated.text,
            "",
            f"- stated in [{stated.document}](spec/{stated.document})",
            f"- decided in `{row['place']}`",
            f"- proved by `{row['proof']}`",
        ]
        if example := " ".join(examples.get(row["proof"], "").split()):
            lines.append(f"- for example: {example}")
    return "\n".join(lines) + "\n"


@cache
def _listed_rules() -> tuple[dict[str, str], ...]:
    with RULES.open(newline="", encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


def columns_index(
    marts: Sequence[str], contracts: Mapping[str, ExportContract], descriptions: Mapping[str, MartDescription]
) -> str:
    """List the marts, those that are exports with their contract's version."""
    rows = [
        (
            f"[{name}]({name}.md)",
            contracts[name].version if name in contracts else "a mart only",
            descriptions[name].text,
        )
        for name in marts
    ]
    lines = ["# Columns", "", "Every mart with its columns, where each comes from, and what the mart is made from.", ""]
    return "\n".join([*lines, *_table(("mart", "contract", "a row is"), rows)]) + "\n"


def columns_page(
    name: str, contract: ExportContract | None, described: MartDescription, manifest: Mapping[str, Any]
) -> str:
    """Describe a mart: its contract, its columns with source and rules, and its lineage."""
    lines = [f"# {name}", "", described.text, ""]
    if contract is None:
        lines += ["A mart to query; no drop has it.", "", "## Columns", ""]
        lines += _table(("column", ""), [(f"`{column}`", text) for column, text in described.columns.items()])
    else:
        tenant = "the CRM's organization" if contract.tenant == "crm" else f"`{contract.tenant}`"
        lines.append(
            f"Contract {contract.version}; key {', '.join(f'`{key}`' for key in contract.primary_key)}; "
            f"split by {tenant}; {len(contract.exported_columns)} columns in a drop."
        )
        lines += ["", "## Columns", ""]
        lines += _table(("column", "type", "", "from", "rules"), map(_column_cells, contract.columns))
    models, sources = _lineage(name, manifest)
    lines += ["", "## Made from", "", f"Source tables: {', '.join(f'`{source}`' for source in sources) or 'none'}.", ""]
    lines += [f"- `{model}`" for model in models]
    return "\n".join(lines) + "\n"


def timeline_page(contract: ExportContract) -> str:
    """Describe a mart of the timeline: its key and its columns."""
    key = ", ".join(f"`{name}`" for name in contract.primary_key)
    lines = [f"# {contract.name}", "", contract.description, "", f"Key {key} within an organization; in no drop.", ""]
    lines += ["## Columns", "", *_table(("column", "type", "", "from", "rules"), map(_column_cells, contract.columns))]
    lines += ["", "## Made from", "", "The records of published drops: [History](../history.md)."]
    return "\n".join(lines) + "\n"


def _column_cells(column: ContractColumn) -> tuple[str, ...]:
    kind = column.data_type + ("" if column.nullable else ", never null")
    text = column.description if column.exported else f"{column.description} (not in the drop)"
    listed = {row["rule"] for row in _listed_rules()}
    rules = ", ".join(f"[{rule}](../rules.md#{_anchor(rule)})" if rule in listed else rule for rule in column.rules)
    return f"`{column.name}`", kind, text, f"`{column.source}`" if column.source else "", rules


def _lineage(name: str, manifest: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Give the files of all models that a mart is made from, and the source tables, from dbt's manifest."""
    nodes, parents = manifest["nodes"], manifest["parent_map"]
    found: set[str] = set()
    waiting = [next(key for key, node in nodes.items() if node["name"] == name and node["resource_type"] == "model")]
    while waiting:
        for parent in parents.get(waiting.pop(), ()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    models = sorted(nodes[key]["original_file_path"].removeprefix("../") for key in found if key in nodes)
    sources = (manifest["sources"][key] for key in found if key in manifest["sources"])
    return models, sorted(f"{source['source_name']}.{source['name']}" for source in sources)


def questions_page() -> str:
    """List the questions of queries/ with who asks them, their columns and their SQL."""
    lines = ["# Questions", "", "`warehouse query NAME` answers each by the published marts, or by a drop (`--drop`)."]
    for question in read_questions():
        lines += ["", f"## {question.name}", "", f"**{question.asks}** Asked by {question.asked_by}.", ""]
        if question.compares_drops:
            lines += ["It compares the latest drop, or the one that `--drop` names, with the drop before.", ""]
        lines += _table(("column", ""), [(f"`{column}`", text) for column, text in question.columns.items()])
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Say what the command line says of itself."""
    from typer.main import get_command

    from pipeline.cli import app

    lines = ["# Commands", "", "What `warehouse COMMAND --help` says."]
    for path, command in _commands(get_command(app), "warehouse"):
        lines += ["", f"## {path}", "", " ".join((command.help or "").split()), ""]
        rows = [(_spelling(parameter), getattr(parameter, "help", None) or "") for parameter in command.params]
        lines += _table(("", ""), [row for row in rows if row[0] != "`--help`"])
    return "\n".join(lines) + "\n"


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    nested = getattr(command, "commands", None)
    if nested is None:
        yield path, command
        return
    for name, child in nested.items():
        yield from _commands(child, f"{path} {name}")


def _spelling(parameter: Any) -> str:
    """Write a parameter as people type it: `--drop DROP`, or `NAME`."""
    shown = parameter.metavar or parameter.name.upper()
    if parameter.param_type_name == "argument":
        return f"`{shown}`"
    return f"`{parameter.opts[0]}`" if parameter.is_flag else f"`{parameter.opts[0]} {shown}`"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/site")
