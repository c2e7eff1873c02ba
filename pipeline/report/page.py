"""Renders a quality report: one HTML page with its own styles and plots, and the checks' results as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Final

from pipeline.audit.results import AuditResult, Check
from pipeline.common import formats as words
from pipeline.common.shown_text import shown, shown_json
from pipeline.drops import diff
from pipeline.report import verdict
from pipeline.report.charts import HEIGHT, SPARK_HEIGHT, SPARK_WIDTH, WIDTH, lay_out, sparkline
from pipeline.report.facts import ColumnNulls, ExportFacts, RunFacts
from pipeline.report.truths import two_truths

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

CHANGES_SHOWN = 12
"""How many columns with the largest changes of their null rate are shown above the whole list."""


def report_files(facts: RunFacts) -> dict[str, bytes]:
    """Return the files of a report by name, `<name>.html` and `<name>.checks.json`; equal facts give equal bytes.

    The JSON contains the full results of failed checks. Passed checks are listed by name; but the operator's JSON has
    their full results, and a published drop's has only their number, because its manifest lists them.
    """
    is_whole = facts.organization_id is None
    has_manifest = facts.is_published and not is_whole
    failed = [asdict(check) for check in facts.checks if is_whole or not check.passed]
    passed = {
        export: len(checks) if has_manifest else [check.name for check in checks]
        for export, checks in _by_export([check for check in facts.checks if check.passed]).items()
    }
    checks = {"name": facts.name, "organization_id": facts.organization_id, "checks": failed, "passed": passed}
    return {
        f"{facts.name}.html": render_report(facts).encode(),
        f"{facts.name}.checks.json": _json(checks),
    }


def _json(value: object) -> bytes:
    return (shown_json(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)) + "\n").encode()


def render_report(facts: RunFacts) -> str:
    """Render the report's HTML page."""
    result = AuditResult(facts.checks)
    page = (
        environment()
        .get_template("report.html.j2")
        .render(
            facts=facts,
            verdict=verdict.verdict(facts),
            notices=verdict.notices(facts),
            failed=[*result.errors, *result.warnings],
            passed=_by_export([check for check in facts.checks if check.passed]),
            charts=[lay_out(plot) if plot.categories else None for plot in facts.plots],
            sparklines=[sparkline([value for _, value in trend.points]) for trend in facts.trends],
            spark_width=SPARK_WIDTH,
            spark_height=SPARK_HEIGHT,
            chart_width=WIDTH,
            chart_height=HEIGHT,
            changed=_changed(facts),
            nulls=[(export, null_groups(export)) for export in facts.exports],
            truths=two_truths(facts),
            moved=_by_change(facts.diff),
            most_cells=_most_cells,
            changes_shown=diff.CHANGES_SHOWN,
        )
    )
    return slim_html(page)


def slim_html(page: str) -> str:
    """Remove indentation and optional end tags, such as `</td>`, from our page, which makes it a third smaller."""
    return _IMPLIED.sub("", re.sub(r"\n\s+", "\n", page))


_IMPLIED: Final = re.compile(r"</(?:td|th|tr|thead|tbody|li|dt|dd)>")


@cache
def slim_css(sheet: Markup) -> Markup:
    """Remove comments and redundant blanks from our style sheet: `a { b: c; }` becomes `a{b:c}`."""
    from markupsafe import Markup

    without_comments = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    return Markup(re.sub(r";?\s*([{};,]|(?<=\w):(?= ))\s*", r"\1", without_comments))  # noqa: S704 (our own sheet)


@cache
def slim_js(script: Markup) -> Markup:
    """Remove comments from our script. They start a line or follow two blanks."""
    from markupsafe import Markup

    return Markup(re.sub(r"(^|  )//.*$", "", script, flags=re.MULTILINE))  # noqa: S704 (our own script)


def load_templates() -> None:
    """Load the templates in advance, so that rendering does not wait for them."""
    templates = environment()
    for name in templates.list_templates():
        templates.get_template(name)


@cache
def environment() -> Environment:
    """Return the template environment, with our filters."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("pipeline.report"),
        autoescape=True,
        auto_reload=False,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["breakable"] = _breakable
    made.filters["slim_css"] = slim_css
    made.filters["slim_js"] = slim_js
    for name in words.FILTERS:
        made.filters[name] = getattr(words, name)
    return made


def _shown(value: object) -> object:
    """Escape unprintable characters in texts. Markup only comes from the templates and is left as it is."""
    return shown(value) if type(value) is str else value


def _breakable(name: str) -> Markup:
    """Allow line breaks between the parts of a long name."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(escape(part) for part in re.split(r"(?<=[._])", shown(name)))


def _by_export(checks: list[Check]) -> dict[str, list[Check]]:
    grouped: dict[str, list[Check]] = {}
    for check in checks:
        grouped.setdefault(check.export, []).append(check)
    return grouped


def _by_change(drop_diff: diff.DropDiff | None) -> dict[str, list[diff.MovedAccount]]:
    """Group the changed accounts by the kind of change."""
    moved: dict[str, list[diff.MovedAccount]] = {}
    for account in drop_diff.accounts if drop_diff else ():
        moved.setdefault(account.change, []).append(account)
    return dict(sorted(moved.items()))


def _most_cells(export: diff.ExportDiff) -> list[tuple[str, int]]:
    """List the columns with the most changed cells, largest number first."""
    return sorted(export.cells.items(), key=lambda item: (-item[1], item[0]))[: diff.CHANGES_SHOWN]


def null_groups(export: ExportFacts) -> list[list[ColumnNulls]]:
    """Group an export's columns that have or had nulls by the number of nulls, largest number first."""
    groups: dict[tuple[int, Decimal | None], list[ColumnNulls]] = {}
    for column in export.columns:
        if column.is_listed:
            groups.setdefault((column.nulls, column.previous_rate), []).append(column)
    return sorted(groups.values(), key=lambda group: -group[0].nulls)


def _changed(facts: RunFacts) -> list[tuple[str, ColumnNulls]]:
    """List the columns whose null rate changed, largest change first."""
    found = [(export.name, column) for export in facts.exports for column in export.columns if column.change]
    found.sort(key=lambda pair: (-abs(pair[1].change or Decimal(0)), pair[0], pair[1].name))
    return found[:CHANGES_SHOWN]
