"""Names and settings that contain code: templates, SQL, markup, scripts, formulas, escapes."""

from __future__ import annotations

import csv
import random
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.faults.experiments import Experiment, Trial
from tests.faults.whole_runs import SAMPLE, finished, run, start

MARK: Final = "canary7"
TEXTS: Final = (
    f"{{{{ 7 * 191 }}}} {MARK}",
    f"{{% set x = {MARK} %}}{{{{ x }}}}",
    f"'; drop table marts.accounts; -- {MARK}",
    f'"; drop schema marts cascade; -- {MARK}',
    f"<script>alert('{MARK}')</script>",
    f"<img src=x onerror=alert('{MARK}')>",
    f"</title></script><h1>{MARK}</h1>",
    f'=HYPERLINK("http://127.0.0.1/{MARK}")',
    f"@SUM(1+1)*cmd|' /C calc'!A0 {MARK}",
    f"${{{MARK}}} $(touch {MARK}) `touch {MARK}`",
    f"{MARK} %s %d %(x)s {{0}} {{x!r}}",
    f"../../{MARK}/../etc/passwd",
    f"{MARK} \N{RIGHT-TO-LEFT OVERRIDE}gpj.exe \N{ZERO WIDTH SPACE}",
    f"[{MARK}](javascript:alert(1)) **{MARK}** |{MARK}|",
    f"Robert\u2028{MARK}\u2029",
)
NAMED: Final = (("crm", "accounts", "name"), ("platform", "customer", "name"), ("crm", "estimates", "division"))
_OPTIONS: Final = ("at_risk_window_days", "segment_a_percent", "won_statuses", "no_such_variable")


@contextmanager
def _setting(folder: Path) -> Iterator[Trial]:
    def trial(number: int) -> str | None:
        here, rng = folder / "here", random.Random(number)
        try:
            return _fault_of_a_setting(rng, here) if number % 3 == 2 else _fault_of_names(rng, here)
        finally:
            shutil.rmtree(here, ignore_errors=True)

    yield trial


def _fault_of_names(rng: random.Random, here: Path) -> str | None:
    """Use the texts as names: the run publishes them unchanged, and no page treats them as code."""
    shutil.copytree(SAMPLE, here / "sources")
    for source, table, column in NAMED:
        _put_texts(rng, here / "sources" / source / f"{table}.csv", column)
    run(here, sources=here / "sources")
    with (here / "exports" / "1" / "latest" / "accounts.csv").open(encoding="utf-8", newline="") as file:
        names = {row["name"] for row in csv.DictReader(file)}
    if not any(MARK in name for name in names) or not {name for name in names if MARK in name} <= set(TEXTS):
        return f"the names were published as {sorted(name for name in names if MARK in name)[:5]}"
    if list(here.rglob(MARK)):
        return "a name was run by a shell"
    for page in (*(here / "exports").rglob("*.html"), *(here / "state").rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        found = re.search(rf"<(script>alert|img src=x|h1>{MARK})|href=\"javascript:|1337", text)
        if found:
            return f"{page.name}: {found[0]} stands there as code"
    return None


def _put_texts(rng: random.Random, path: Path, column: str) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    at = rows[0].index(column)
    for row in rng.sample(rows[1:], 12):
        row[at] = rng.choice(TEXTS)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _fault_of_a_setting(rng: random.Random, here: Path) -> str | None:
    """Pass a text as a variable: the run refuses it with an error, and publishes nothing."""
    name, text = rng.choice(_OPTIONS), rng.choice(TEXTS)
    code, words = finished(start("run", here, "--var", f"{name}={text}"))
    if "Traceback" in words or list(here.rglob(MARK)) or code not in (1, 2):
        return f"--var {name}={text!r} ended with {code}: {words[-800:]}"
    return "published" if list((here / "exports").glob("*/latest")) else None


EXPERIMENT = Experiment(
    name="hostile content",
    promise="Names and settings are never executed as SQL, template, shell command, markup or formula.",
    tried="Names of accounts, customers and divisions, or a setting, are templates, SQL, scripts, markup, formulas or "
    "paths.",
    count=60,
    short=0,
    setting=_setting,
)
