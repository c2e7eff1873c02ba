"""The layout of a manifest: a value that fits is on one line, so that each column or check has its own line."""

from __future__ import annotations

import json

import pytest

from pipeline.drops.manifest import with_hashes
from pipeline.drops.manifest_layout import manifest_bytes, parse_manifest


def test_a_value_that_fits_is_on_one_line_with_sorted_names() -> None:
    assert manifest_bytes({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}\n'.encode()


@pytest.mark.parametrize(("letters", "lines"), [(152, 1), (153, 3)])
def test_a_line_holds_160_characters(letters: int, lines: int) -> None:
    written = manifest_bytes({"a": "x" * letters}).decode()
    assert len(written.splitlines()) == lines
    assert json.loads(written) == {"a": "x" * letters}


def test_a_value_that_does_not_fit_has_indented_lines_for_its_parts() -> None:
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


COLUMNS = [{"name": "id", "type": "bigint", "nullable": False}, {"name": "note", "type": "text", "nullable": True}]
FILES = [{"name": f"deals.{form}", "export": "deals", "tenant": "organization_id", "schema": COLUMNS} for form in "ab"]
CHECKS = [
    {"check": "types", "export": "deals", "passed": True, "failed": 0, "severity": "error"},
    {"check": "sums", "export": "deals", "passed": False, "failed": 1, "severity": "warn"},
]
MANIFEST = with_hashes({"manifest_version": 2, "files": FILES, "checks": CHECKS, "guards": []})


def test_version_2_writes_a_schema_once_and_omits_defaults() -> None:
    written = json.loads(manifest_bytes(MANIFEST))
    assert written["files"] == [{"name": "deals.a", "export": "deals"}, {"name": "deals.b", "export": "deals"}]
    assert written["schemas"]["deals"] == [["id", "bigint", {"nullable": False}], ["note", "text"]]
    assert [check.get("severity") for check in written["checks"]] == [None, "warn"]


@pytest.mark.parametrize("version", [1, 2])
def test_both_versions_are_read_as_the_same_document(version: int) -> None:
    manifest = {**MANIFEST, "manifest_version": version}
    assert parse_manifest(manifest_bytes(manifest)) == manifest


def test_a_file_whose_columns_differ_from_its_exports_first_keeps_them() -> None:
    manifest = {**MANIFEST, "files": [FILES[0], {**FILES[1], "schema": COLUMNS[:1], "tenant": "crm"}]}
    assert parse_manifest(manifest_bytes(manifest)) == manifest


def test_the_drops_name_is_the_same_in_both_versions_but_the_manifests_own_hash_is_not() -> None:
    older = with_hashes({**MANIFEST, "manifest_version": 1})
    assert older["content_hash"] == MANIFEST["content_hash"]
    assert older["manifest_hash"] != MANIFEST["manifest_hash"]
