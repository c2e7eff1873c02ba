"""The sample in the repository: how it was made, and how to break a copy of it.

The folder `sample/` is the output of `write_bundled`; a test compares them to the byte.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import csv

from pipeline.common.errors import WarehouseError
from pipeline.sample import write_sample

ACCOUNTS: Final = 120
SEED: Final = 1
EVENTS_PER_ACCOUNT: Final = 130

POISONED_NAME: Final = "The Homeowners Association of " + "Very " * 17 + "Long Names"
"""125 characters, which ingest accepts, but too many for account_core's account_name, varchar(100)."""


def write_bundled(out: Path) -> dict[str, int]:
    """Write the bundled sample into `out`; return the rows of each table."""
    return write_sample(out, ACCOUNTS, SEED, EVENTS_PER_ACCOUNT)


def poison(sample: Path) -> None:
    """Give a customer in a written sample a name that is too long for its contract: it is cut, with a warning (D39).

    The sample is changed in place. WarehouseError if it has no platform/customer.csv.
    """
    path = sample / "platform" / "customer.csv"
    if not path.is_file():
        raise WarehouseError(
            "there is no sample to poison", where=str(path), remedy="write one first: warehouse sample OUT"
        )
    header = path.read_text(encoding="utf-8").partition("\n")[0].replace('"', "").split(",")
    # all columns are read as text, and only nulls stay null
    as_text = csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    customers = csv.read_csv(path, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=as_text)
    names = pa.concat_arrays([pa.array([POISONED_NAME]), *customers["name"][1:].chunks])
    poisoned = customers.set_column(customers.schema.get_field_index("name"), "name", names)
    csv.write_csv(poisoned, path)
