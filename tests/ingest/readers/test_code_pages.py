"""Files in a one-byte encoding: Windows-1252, unless the words of a file are words in another code page."""

from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.readers.code_pages import code_page_of
from pipeline.ingest.sources import ingest_source
from pipeline.settings import CodePage
from tests.ingest.ingest_harness import Silence, rows

FRENCH = "Café du Cœur, François, Noël, Hélène, Île-d’Orléans, ÉCOLE – «forêt» 5 €"
GERMAN = "Müller, Größe, Überlingen, KÖLN, „Ärger“, Straße"
SPANISH = "Peña, Ramón, María, ¿Qué? ¡Sí!, 5½in, ÁVILA"


def page_of(tmp_path: Path, content: bytes) -> str:
    (tmp_path / "a.csv").write_bytes(content)
    return code_page_of(tmp_path / "a.csv", "a.csv")


ENGLISH = "50 °C, 5 £, naïve – it’s, Oak™Mix, ¾in, 4x½in, wait…what, well–known, word—word, Bob“s, Elm®Pro"


@pytest.mark.parametrize("text", [FRENCH, GERMAN, SPANISH, ENGLISH])
def test_words_of_western_europe_are_windows_1252(tmp_path: Path, text: str) -> None:
    assert page_of(tmp_path, text.encode("cp1252")) == "cp1252"


@pytest.mark.parametrize(
    ("page", "text"),
    [("cp850", FRENCH), ("cp850", GERMAN), ("cp850", SPANISH), ("mac_roman", FRENCH), ("mac_roman", GERMAN)],
)
def test_words_with_signs_within_are_read_as_dos_or_macintosh_text(tmp_path: Path, page: str, text: str) -> None:
    assert page_of(tmp_path, text.encode(page, errors="ignore")) == page


@pytest.mark.parametrize("text", ["cœur, sœur, bœuf, Müller", "Café 3€, 4€, 5€"])
def test_the_letters_of_latin_9_are_signs_in_windows_1252(tmp_path: Path, text: str) -> None:
    assert page_of(tmp_path, text.encode("iso8859_15")) == "iso8859_15"


def test_polish_letters_are_signs_in_windows_1252(tmp_path: Path) -> None:
    assert page_of(tmp_path, "Złoty Róg, Wąs, Łódź, Żółw, Kraków".encode("cp1250")) == "cp1250"


def test_many_words_in_another_alphabet_are_an_error(tmp_path: Path) -> None:
    russian = "Петров Иванов Сидоров Москва Казань Самара Пермь Тверь Рязань Омск Томск"
    for page in ("cp1251", "koi8_r", "cp866"):
        with pytest.raises(WarehouseError, match=r"a\.csv: the file is not UTF-8, and its code page can.t be detected"):
            page_of(tmp_path, russian.encode(page))


@pytest.mark.parametrize("page", ["windows-1251", "koi8-r"])
def test_a_configured_code_page_applies_to_files_that_are_not_utf_8(tmp_path: Path, page: CodePage) -> None:
    for encoding in (page, "utf-8"):
        (tmp_path / "accounts.csv").write_text("id,name\n1,Петров\n", encoding)
        tables = ingest_source("crm", str(tmp_path), Landing(tmp_path / encoding), Silence(), code_page=page)
        assert [row["name"] for row in rows(tables[0])] == ["Петров"]
        assert any("because of the setting code_page" in notice for notice in tables[0].notices) == (encoding == page)


@pytest.mark.parametrize(
    "content",
    ["Петров".encode("cp1251"), "Dvořák, Kraków".encode("cp1250"), b"Caf\xc3", "Café, Müller".encode("cp850")],
)
def test_few_words_decide_nothing(tmp_path: Path, content: bytes) -> None:
    assert page_of(tmp_path, content) == "cp1252"
