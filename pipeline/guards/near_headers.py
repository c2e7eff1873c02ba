"""Whether a header may be a misspelt column name. `source_guard.py` decides what to do about it."""

from __future__ import annotations

import re

_SHORT = 4
"""In a name up to this length, one edit makes a different word (`city`, `cite`; `name`, `fame`)."""

_UNIT = re.compile(
    r"[(\[{<][^()\[\]{}<>]*[)\]}>]?"
    r"|(?:(?<=[\W_])in[\W_]+|(?<![^\W_]))"
    r"(?:us|usd|cad|aud|eur|gbp|chf|mxn|dollars?|euros?|pounds?|cents?|thousands?|percent|pct)(?![^\W_])"
    r"|(?-i:(?<=[a-z])(?:USD|CAD|AUD|EUR|GBP|CHF|MXN)$)",
    re.IGNORECASE,
)
"""A unit in a header: `Price (USD)`, `Price [net`, `Price in EUR`, `USD Price`, `price_cents`, `PriceUSD`."""


def without_table(header: str, table: str) -> str:
    """Return a header's letters without a leading table name: `archived` of `accounts.archived`, `account_archived`."""
    name = _letters(table.removesuffix("_list").removesuffix("_export"))
    letters = _letters(header)
    return letters.removeprefix(name if letters.startswith(name) else name.removesuffix("s"))


def is_near(column: str, header: str, distance: int) -> bool:
    """Return whether a header is nearly a column's name: the same letters, or at most `distance` edits (a swap is one).

    The header is also compared without its unit: without a currency, and without anything in brackets.
    """
    if (shorter := _UNIT.sub("", header)) != header and is_near(column, shorter, distance):
        return True
    wanted, given = _letters(column), _letters(header)
    if not wanted or not given:
        return False
    if wanted == given or (sorted(wanted) == sorted(given) and len(wanted) > _SHORT):
        return True
    allowed = min(distance, 1) if len(wanted) <= _SHORT else distance
    return abs(len(wanted) - len(given)) <= allowed and _edits(wanted, given) <= allowed


def _letters(name: str) -> str:
    """Return a name's letters and digits in lower case: `lmncrmid` of both `LMN CRM-ID` and `lmn_crm_id`."""
    return re.sub(r"[\W_]+", "", name.casefold())


def _edits(one: str, other: str) -> int:
    """Count the edits between two texts; a swap of neighbours is one edit (optimal string alignment)."""
    rows = [list(range(len(other) + 1))]
    for at, letter in enumerate(one, 1):
        row = [at]
        for column, counterpart in enumerate(other, 1):
            best = min(rows[-1][column] + 1, row[-1] + 1, rows[-1][column - 1] + (letter != counterpart))
            if at > 1 and column > 1 and letter == other[column - 2] and one[at - 2] == counterpart:
                best = min(best, rows[-2][column - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
