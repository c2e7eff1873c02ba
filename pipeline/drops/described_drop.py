"""The parts of a manifest that checking a drop requires. Anyone may have made the drop, so nothing is trusted."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

_Count = Annotated[int, Field(ge=0, le=2**62)]
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,99}$")]
_SIMPLE_TYPE: Final = "bigint|integer|boolean|date|timestamp|text"
_TYPE: Final = rf"^({_SIMPLE_TYPE}|varchar\(\d{{1,9}}\)|numeric\(\d{{1,2}}, ?\d{{1,2}}\))$"


class DescribedColumn(BaseModel):
    """One column of an export's schema."""

    model_config = ConfigDict(strict=True)

    name: _Name
    type: Annotated[str, Field(pattern=_TYPE)]
    nullable: bool


class DescribedFile(BaseModel):
    """One file of an export, and the contract that it keeps."""

    model_config = ConfigDict(strict=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,99}\.(parquet|csv|safe\.csv|xlsx)$")]
    export: _Name
    contract_version: Annotated[str, Field(pattern=r"^\d{1,9}\.\d{1,9}\.\d{1,9}$")]
    rows: _Count
    bytes: _Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    primary_key: Annotated[list[_Name], Field(min_length=1)]
    columns: Annotated[list[DescribedColumn], Field(alias="schema", min_length=1, max_length=10_000)]


class DescribedCut(DescribedFile):
    """One file of a cut, and the export that it is a cut of."""

    of: _Name
    filter: Annotated[str, Field(max_length=10_000)] | None = None


class DescribedChangesFile(BaseModel):
    """One file of `changes/`."""

    model_config = ConfigDict(strict=True)

    name: Annotated[
        str, Field(pattern=r"^changes/[a-z][a-z0-9_]{0,99}(\.(added|changed|removed))?\.(parquet|csv|xlsx)$")
    ]
    rows: _Count
    bytes: _Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DescribedChanges(BaseModel):
    """The changes, and the drop that they are relative to."""

    model_config = ConfigDict(strict=True)

    against: Annotated[str, Field(max_length=100)]
    files: Annotated[list[DescribedChangesFile], Field(max_length=10_000)]


class DescribedPage(BaseModel):
    """The business page."""

    model_config = ConfigDict(strict=True)

    name: Annotated[str, Field(pattern=r"^index\.html$")]
    bytes: _Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DescribedEncryptedFile(BaseModel):
    """An encrypted file, named after the file that it replaces."""

    model_config = ConfigDict(strict=True)

    name: Annotated[str, Field(pattern=r"^(changes/)?[a-z][a-z0-9_.]{0,120}\.pgp$")]
    bytes: _Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DescribedEncryption(BaseModel):
    """The encrypted files, and the fingerprints of those who can decrypt them."""

    model_config = ConfigDict(strict=True)

    recipients: Annotated[list[Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$")]], Field(max_length=1_000)]
    files: Annotated[list[DescribedEncryptedFile], Field(min_length=1, max_length=20_000)]


class DescribedDrop(BaseModel):
    """The parts of a manifest that checking a drop requires; the hash covers everything else."""

    model_config = ConfigDict(strict=True)

    manifest_version: int
    organization_id: int
    as_of: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    manifest_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """None in drops of version 1.0."""
    files: Annotated[list[DescribedFile], Field(min_length=1, max_length=10_000)]
    cuts: Annotated[list[DescribedCut], Field(max_length=10_000)] = []
    changes: DescribedChanges | None = None
    page: DescribedPage | None = None
    encrypted: DescribedEncryption | None = None
    """None if the files are not encrypted."""
    series: Literal["notifications"] | None = None
    """`notifications` for a drop of `warehouse refresh`, which only contains its lists; None for one with all exports.
    """

    @property
    def all_files(self) -> list[DescribedFile | DescribedChangesFile | DescribedPage]:
        """The exports' files, those of the cuts and of the changes, and the page."""
        return [
            *self.files,
            *self.cuts,
            *(self.changes.files if self.changes else ()),
            *([self.page] if self.page else ()),
        ]
