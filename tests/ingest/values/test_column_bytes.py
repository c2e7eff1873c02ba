"""What the bytes of a column reveal about all its cells."""

import string

import pyarrow as pa
import pytest

from pipeline.ingest.values.column_bytes import are_bare, are_words, begin_with, bytes_of, first_bytes, is_ascii


@pytest.mark.parametrize(
    ("cells", "is_all_ascii", "has_words_alone"),
    [
        (["EST1", None, "a-b"], True, True),
        (["Grand Total"], True, False),
        (["a\tb"], True, False),
        (["a\x7fb"], True, False),
        (["Müller"], False, False),
        (["a\u00a0b"], False, False),
        ([None, ""], True, True),
        ([], True, True),
    ],
)
def test_one_unusual_letter_in_any_cell_is_found(
    cells: list[str | None], is_all_ascii: bool, has_words_alone: bool
) -> None:
    texts = pa.array(cells, pa.string())
    assert (is_ascii(texts), are_words(texts)) == (is_all_ascii, has_words_alone)


def test_a_slice_has_only_its_own_cells() -> None:
    assert bytes_of(pa.array(["Oak", "Elm", "Ash"]).slice(1, 1)).tobytes() == b"Elm"
    assert is_ascii(pa.array(["Müller", "Elm"]).slice(1))


@pytest.mark.parametrize(
    ("cells", "found"),
    [(["Oak", "Elm"], b"OE"), (["Oak", None, "Elm"], b"OE"), (["Oak", ""], None), ([None], None), ([], None)],
)
def test_first_bytes_come_from_every_cell_or_none(cells: list[str | None], found: bytes | None) -> None:
    first = first_bytes(pa.array(cells, pa.string()))
    assert (None if first is None else first.tobytes()) == found


def test_bare_texts_are_letters_digits_hyphens_and_underscores() -> None:
    bare = {letter for letter in map(chr, range(0x100)) if are_bare(pa.array([f"a{letter}"]))}
    assert bare == {*string.ascii_letters, *string.digits, "-", "_"}


def test_texts_begin_with_one_of_some_letters_or_not() -> None:
    texts = pa.array(["-", "#N/A", None, "", "a#", "=1", "Ü"]).slice(1)
    assert begin_with(texts, {b"#", b"="}).tolist() == [True, False, False, False, True, False]
