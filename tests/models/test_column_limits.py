"""D39: every exported text from a source is cut to its column, and listed if it was too long."""

from __future__ import annotations

import re

import pytest

from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.paths import PROJECT_ROOT

MODELS = PROJECT_ROOT / "models"
LISTED = (MODELS / "monitoring" / "shortened_texts.sql").read_text(encoding="utf-8")
LIMITED = {
    f"{contract.name}.{column.name}": column.max_length
    for contract in contracts_in_folder(MODELS)
    for column in contract.exported_columns
    if column.max_length is not None and column.allowed is None
}


@pytest.mark.parametrize("place", sorted(LIMITED))
def test_a_text_of_limited_length_is_cut_to_it_and_listed(place: str) -> None:
    export, column = place.split(".")
    (mart,) = MODELS.rglob(f"{export}.sql")
    cut = rf"\{{\{{ cut_to\('[a-z_.]+', {LIMITED[place]}\) \}}\}} as {column}\b"
    assert re.search(cut, mart.read_text(encoding="utf-8")), "the mart cuts it with cut_to"
    assert re.search(rf"'{column}', {LIMITED[place]},", LISTED), "shortened_texts lists it"
