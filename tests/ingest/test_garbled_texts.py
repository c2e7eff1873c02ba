"""Texts that were garbled in the source: read unchanged, and reported."""

from pathlib import Path

import pytest

from tests.ingest.ingest_harness import land, rows, write_csv, write_parquet, write_workbook

ROWS = [("1", "Acme"), ("2", "NÃO Café – “Ä”")]
GARBLED = [text.encode().decode("cp1252") for text in ("Müller", "Café", "Bob’s", "€ 5")]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize("text", GARBLED)
def test_garbled_letters_are_reported(tmp_path: Path, suffix: str, text: str) -> None:
    lines = [*ROWS, ("3", text)]
    path = tmp_path / "crm" / f"accounts.{suffix}"
    if suffix == "parquet":
        write_parquet(path, {"id": [line[0] for line in lines], "name": [line[1] for line in lines]})
    else:
        (write_csv if suffix == "csv" else write_workbook)(path, ["id", "name"], lines)
    table = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert rows(table)[2]["name"] == text
    assert [notice.split(", has")[0] for notice in table.notices] == [f"accounts.{suffix}: row 4, column name"]


def test_other_letters_are_not_reported(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", ["id", "name"], [*ROWS, ("3", "Â"), ("4", "tâche – “pâté”")])
    assert land("crm", tmp_path / "crm", tmp_path)["accounts"].notices == ()


@pytest.mark.parametrize("sign", ["&amp;", "&#39;", "&eacute;", "&NBSP;"])
def test_html_entities_are_reported_and_stay(tmp_path: Path, sign: str) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", ["id", "name"], [("1", "A&B; C & D;"), ("2", f"Oak {sign} Elm")])
    table = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert rows(table)[1]["name"] == f"Oak {sign} Elm"
    assert [notice.split(", has")[0] for notice in table.notices] == ["accounts.csv: row 3, column name"]
