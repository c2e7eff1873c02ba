r"""The SQL functions that business rules may call besides DuckDB's own: they normalise texts as the specs do.

`trimmed(text)` removes blanks at both ends, `folded(text)` also converts to lower case, `collapsed(text)` replaces each
run of blanks by one space. DuckDB's own trim only removes spaces and is slow with a list of other blanks; `\s` in its
regular expressions only matches ASCII blanks.
"""

from __future__ import annotations

import functools
from typing import Final

import duckdb

from pipeline.common.scratch_database import scratch_connection

BLANKS: Final = (
    "\t\n\x0b\x0c\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""The characters that JavaScript treats as blanks, and so does the at-risk spec's normalisation (R8, R9)."""

_FUNCTIONS: Final = f"""
create macro trimmed(words) as regexp_replace(words, '^[{BLANKS}]+|[{BLANKS}]+$', '', 'g');
create macro folded(words) as lower(trimmed(words));
create macro collapsed(words) as regexp_replace(words, '[{BLANKS}]+', ' ', 'g');
"""


def rule_connection() -> duckdb.DuckDBPyConnection:
    """Return a connection to the scratch database with these functions; close it after use."""
    _define()
    return scratch_connection()


@functools.cache
def _define() -> None:
    with scratch_connection() as connection:
        connection.execute(_FUNCTIONS)
