"""A manifest on its lines: what fits on one stands on one, so that a person sees a column or a check a line."""

from __future__ import annotations

import json

import pytest

from pipeline.drops.manifest import manifest_bytes


def test_what_fits_stands_on_a_line_with_its_names_in_order() -> None:
    assert manifest_bytes({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}\n'.encode()


@pytest.mark.parametrize(("letters", "lines"), [(152, 1), (153, 3)])
def test_a_line_holds_160_characters(letters: int, lines: int) -> None:
    written = manifest_bytes({"a": "x" * letters}).decode()
    assert len(written.splitlines()) == lines
    assert json.loads(written) == {"a": "x" * letters}


def test_what_does_not_fit_has_its_parts_on_lines_a_blank_further_in() -> None:
    long = "x" * 160
    written = manifest_bytes({"files": [{"name": long, "rows": 1}, {"rows": 2}], "as_of": 1}).decode()
    assert written.splitlines() == [
        "{",
        ' "as_of":1,',
        ' "files":[',
        "  {",
        f'   "name":"{long}",',
        '   "rows":1',
        "  },",
        '  {"rows":2}',
        " ]",
        "}",
    ]
