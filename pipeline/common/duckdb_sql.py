"""Names, texts and Parquet files as DuckDB's SQL writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_GLOB: Final = re.compile(r"[\[*?]")


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def read_parquet(files: Sequence[Path], *options: str) -> str:
    """The call that reads these files, and nothing but them.

    DuckDB would take a path with `[1]` or `*` in it for a pattern, and a folder `id=7` for a column.
    """
    paths = ", ".join(quoted_text(_GLOB.sub(r"[\g<0>]", str(file))) for file in files)
    return f"read_parquet([{paths}], {', '.join(('hive_partitioning = false', *options))})"
