"""Parses the XML of a workbook's parts as a stream with expat, in time and memory bounded by the part's size.

A document determines how much memory its parser needs: by entities, the depth of its elements, the length of a tag, the
number of names, and the length of a text. Each has a limit here, far above what spreadsheets contain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final
from xml.parsers import expat

MOST_NAMES: Final = 2_000
"""Distinct names of elements and attributes. The parser keeps all of them in memory."""
DEEPEST: Final = 64
LONGEST_TEXT: Final = 4 * 1024 * 1024
"""Characters of one cell. Excel allows 32,767."""
_LONGEST_TAG: Final = 1024 * 1024
"""Bytes. Expat before 2.6 parses an unfinished tag again with every piece."""

Attributes = dict[str, str]


class WorkbookXmlError(Exception):
    """XML that is damaged or exceeds a limit."""


class XmlParser:
    """Expat with limits. Texts are passed to `texts` while `is_in_text`, and otherwise dropped.

    `start` and `end` are called for every element, so they dominate the cost of reading a workbook. They limit the
    depth, and pass unusual names to `note_names`.
    """

    def __init__(self, start: Callable[[str, Attributes], None], end: Callable[[str], None]) -> None:
        self.names: set[str] = set()
        self.texts: list[str] = []
        self.is_in_text = False
        self.is_over = False
        self._fed = 0
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = self.texts.append
        parser.StartDoctypeDeclHandler = _refuse_doctype

    def feed(self, piece: bytes, *, is_last: bool = False) -> None:
        """Parse the next piece. Raises WorkbookXmlError if it is not XML or exceeds a limit."""
        try:
            self._parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            raise WorkbookXmlError(f"its XML is damaged ({error})") from error
        except (LookupError, ValueError, UnicodeError) as error:  # an encoding that Python does not know
            raise WorkbookXmlError(f"its XML can't be decoded ({error})") from error
        self._fed += len(piece)
        if self._fed - self._parser.CurrentByteIndex > _LONGEST_TAG + len(piece):
            raise WorkbookXmlError("a tag in it is longer than 1 MiB")
        if not self.is_in_text:
            self.texts.clear()
        elif sum(map(len, self.texts)) > LONGEST_TEXT:
            raise WorkbookXmlError(f"a text in it is longer than {LONGEST_TEXT:,} characters")

    def go_on_with(self, start: Callable[[str, Attributes], None], end: Callable[[str], None]) -> None:
        """Use these handlers for the following elements."""
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end

    def stop(self) -> None:
        """Ignore everything from here on; the rest of the piece is parsed without callbacks."""
        self.is_over = True
        self._parser.StartElementHandler = self._parser.EndElementHandler = self._parser.CharacterDataHandler = None

    def note_names(self, names: Iterable[str]) -> None:
        """Count distinct names. Raises WorkbookXmlError if there are too many."""
        self.names.update(names)
        if len(self.names) > MOST_NAMES:
            raise WorkbookXmlError(f"its XML has more than {MOST_NAMES:,} different names")


def local_name(name: str) -> str:
    """Return a name without its prefix: `c` for `x:c`. Strict and transitional workbooks have the same local names."""
    return name.rpartition(":")[2]


def too_deep() -> WorkbookXmlError:
    """Return the error of elements that are nested too deeply."""
    return WorkbookXmlError(f"its XML is nested more than {DEEPEST} elements deep")


def elements(pieces: Iterable[bytes]) -> Iterator[tuple[str, Attributes]]:
    """Yield the elements of a part, without their texts: local names, and attributes by local name."""
    found: list[tuple[str, Attributes]] = []
    depth = 0

    def start(name: str, attributes: Attributes) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise too_deep()
        parser.note_names((name, *attributes))
        found.append((local_name(name), {local_name(key): value for key, value in attributes.items()}))

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = XmlParser(start, end)
    for piece in pieces:
        parser.feed(piece)
        yield from found
        found.clear()
    parser.feed(b"", is_last=True)
    yield from found


def _refuse_doctype(*_: object) -> None:
    raise WorkbookXmlError("its XML declares a document type, which no workbook has")
