"""The sample in the repository: how it was made, and how to break a copy of it.

The folder `sample/` is the output of `write_bundled`; a test compares them to the byte.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.sample import write_sample

ACCOUNTS: Final = 120
SEED: Final = 1
EVENTS_PER_ACCOUNT: Final = 130

MISSPELT_HEADER: Final = "lmn_crmid"
"""Stands for `lmn_crm_id`, by which estimates find their accounts."""


def write_bundled(out: Path) -> dict[str, int]:
    """Write the bundled sample into `out`; return the rows of each table."""
    return write_sample(out, ACCOUNTS, SEED, EVENTS_PER_ACCOUNT)


def poison(sample: Path) -> None:
    """Misspell a header of a written sample, so that the source guard stops the run (near_header, D42).

    The sample is changed in place. WarehouseError if it has no crm/accounts.csv.
    """
    path = sample / "crm" / "accounts.csv"
    if not path.is_file():
        raise WarehouseError(
            "there is no sample to poison", where=str(path), remedy="write one first: warehouse sample OUT"
        )
    path.write_bytes(path.read_bytes().replace(b"lmn_crm_id", MISSPELT_HEADER.encode(), 1))
