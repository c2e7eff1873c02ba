"""Every setting of the warehouse: its default, its environment variable (`WAREHOUSE_*`), its name in `warehouse.toml`.

The command line overrides the environment, which overrides `warehouse.toml` in the working folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipeline.common.errors import WarehouseError
from pipeline.common.instants import FIRST_YEAR, LAST_YEAR
from pipeline.common.setting_types import WORDS, CronSchedule, DueTime, Instant, MemorySize, TimeZone, memory_bytes
from pipeline.common.shown_text import is_utf8, shown_name
from pipeline.storage.urls import is_url, parse_url

Target = Literal["duckdb", "postgres", "spark"]
DateOrder = Literal["auto", "month_first", "day_first"]
CodePage = Literal[
    "auto",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1257",
    "cp437",
    "cp850",
    "cp852",
    "cp866",
    "iso-8859-2",
    "iso-8859-15",
    "koi8-r",
    "mac-roman",
]
Treatment = Literal["keep", "pseudonymise", "drop"]
"""How a personal value is treated on its way into a drop."""


_PLENTY = 2_000_000_000
"""A memory limit, in bytes, from which on memory is kept for the next step instead of being returned."""

News = Literal["failed", "held_back", "amber", "published", "overdue"]
"""The events that people can be alerted of."""


def _refuse_file(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; name a folder")


class Settings(BaseSettings):
    """The settings of one deployment. An unknown name in `warehouse.toml` is an error."""

    model_config = SettingsConfigDict(
        env_prefix="WAREHOUSE_",
        toml_file="warehouse.toml",
        extra="forbid",
        env_ignore_empty=True,
        hide_input_in_errors=True,  # a value may hold a password
    )

    lmn: str | None = Field(None, description="Folder of LMN's workbooks or CSV files.")
    crm: str | None = Field(None, description="Folder or database URL of the CRM's tables.")
    platform: str | None = Field(None, description="Folder or database URL of the customer-success platform's tables.")

    date_order: DateOrder | dict[Literal["lmn", "crm", "platform"], DateOrder] = Field(
        "auto",
        description="How dates like 3/5/2024 are read (D41): month first unless their file shows otherwise, "
        'or `month_first`, `day_first`; for one source in a table, `[date_order]` with `crm = "day_first"`.',
    )

    code_page: CodePage | dict[Literal["lmn", "crm", "platform"], CodePage] = Field(
        "auto",
        description="Code page of CSV files that are neither UTF-8 nor UTF-16. `auto` detects it from their words, "
        "else assumes Windows-1252; or name one, such as `windows-1251`; for one source in a table, `[code_page]` with "
        '`crm = "cp852"`.',
    )

    as_of: Instant | None = Field(
        None,
        description="The instant that the run describes (D1), the reference for every date; the run's start if unset.",
    )
    selected_year: int | None = Field(
        None,
        ge=FIRST_YEAR,
        le=LAST_YEAR,
        description="The year of `annual_revenue` and `revenue_segment` (D14); as_of's if unset.",
    )
    var: dict[str, Any] = Field(
        default_factory=dict,
        description="Overridden decisions, such as `{ at_risk_days = 90 }` (as JSON in the environment); "
        "`dbt_project/dbt_project.yml` lists them.",
    )

    target: Target = Field("duckdb", description="The engine that computes: `duckdb`, `postgres` or `spark`.")
    exports: str = Field(
        "exports",
        description="Where drops are published: a folder, `s3://…` or `sftp://…` (credentials from the environment: "
        "[delivery](delivery.md)).",
    )
    state: Path = Field(
        Path(".state"),
        description="Folder of the landing zone, the DuckDB file and the run history; runs that share it take turns.",
    )

    memory_limit: MemorySize = Field(
        "6GB",
        description="Memory of the DuckDB that builds the models, which spills to the state folder beyond it. Below "
        "2 GB, every step also returns its memory when it is done (see [scale](scale.md)).",
    )
    keep_drops: int = Field(
        12,
        ge=1,
        description="Drops kept per organization. The latest always stays, and so do those published, or left by "
        "`latest`, within a day.",
    )
    csv_safe: bool = Field(
        False,
        description="Also write CSVs that are safe in a spreadsheet: no cell is a formula, and letters and ids are "
        "preserved.",
    )
    xlsx: bool = Field(False, description="Also write workbooks of the at-risk, neglected and changes lists.")
    cuts: bool = Field(
        False,
        description="Also write narrow [cuts](cuts.md) of exports, by default the built-in ones of `account_core`.",
    )
    cuts_file: Path | None = Field(None, description="A `cuts.yml` with your own cuts instead.")
    personal_data: Treatment | dict[str, Treatment] = Field(
        "keep",
        description="What drops contain of columns that name or describe a person: `keep`, `pseudonymise` or `drop`; "
        'by export in a table, `[personal_data]` with `estimates = "drop"` and `default` for all others '
        "([personal data](personal-data.md)).",
    )
    pseudonym_key: Path | None = Field(
        None,
        description="File of the secret, 32 bytes or more, for pseudonyms; if unset, the first run creates one "
        "in the state folder.",
    )
    guards: dict[str, dict[str, float]] = Field(
        default_factory=dict,
        description="Thresholds of the [guards](guards.md) (D42), such as `{ rows = { warn_fall = 30 } }`.",
    )
    ignore_files: tuple[str, ...] = Field((), description="Globs of files in source folders that the guards ignore.")
    signing_key: Path | None = Field(
        None,
        description="File of the minisign secret key, without a password, that signs each drop's manifest "
        "([signatures](signatures.md)); nothing is signed if unset.",
    )
    receiver_key: Path | None = Field(
        None,
        description="File of the OpenPGP certificates (`gpg --export`) for which drops on S3 and SFTP are encrypted, "
        "except their manifests ([encryption](encryption.md)); drops in a folder are not encrypted.",
    )
    hold_back: Literal["organization", "run"] = Field(
        "organization",
        description="What an error in one organization's files holds back (D40): `organization` or `run`.",
    )
    alert_urls: Annotated[tuple[SecretStr, ...], *WORDS] = Field(
        (),
        description="Receivers of [alerts](alerts.md): URLs of [apprise](https://github.com/caronc/apprise), separated "
        "by blanks, best set in the environment.",
    )
    alert_on: Annotated[tuple[News, ...], *WORDS] = Field(
        ("failed", "held_back", "amber", "overdue"),
        description="The events that send an alert; `published` is another.",
    )
    alert_link: str | None = Field(None, description="The address of `STATE/reports`, for the links in alerts.")
    due: DueTime = Field("Monday 12:00", description="When a drop is due (`warehouse runs --due`); or `daily 7:00`.")
    due_time_zone: TimeZone = Field("UTC", description="The time zone of `due`, such as `Europe/Berlin`.")
    postgres_url: SecretStr | None = Field(None, description="The warehouse's PostgreSQL; an embedded server if unset.")
    spark_master: str | None = Field(None, description="A Spark cluster's master URL; a local cluster if unset.")

    owners: Annotated[tuple[str, ...], *WORDS] = Field(
        ("team:warehouse",), description="The owners of tables on the page: addresses and `team:` names."
    )
    schedule_weekly: CronSchedule = Field("0 5 * * 1", description="When the page's weekly run starts (cron).")
    schedule_monthly: CronSchedule = Field("0 5 1 * *", description="When the page's monthly run starts.")
    schedule_refresh: CronSchedule = Field("*/5 * * * *", description="When the page refreshes the lists.")
    schedule_time_zone: TimeZone = Field("UTC", description="The schedules' time zone, such as `America/Chicago`.")
    settle_seconds: int = Field(
        300,
        ge=0,
        description="Seconds without a change to any source file before the page's sensor starts a run.",
    )
    watch_databases: bool = Field(
        False,
        description="Let the sensor query row counts and newest `updated_at` of source databases every minute; "
        "otherwise they are read on schedule.",
    )

    ui_address: str = Field("127.0.0.1", description="The address that Dagster's page listens on.")
    ui_names: Annotated[tuple[str, ...], *WORDS] = Field(
        (), description="Additional host names of the page, for use behind a login ([service](service.md))."
    )
    ui_read_only: bool = Field(False, description="Let nobody start, stop or change anything from the page.")
    ui_keep_runs: int = Field(200, ge=1, description="Runs per job whose records Dagster keeps.")

    @field_validator("lmn", "crm", "platform", "exports")
    @classmethod
    def _not_blank(cls, place: str | None) -> str | None:
        if place is not None and not place.strip():
            raise ValueError("is blank; name a folder (a dot for the working folder)")
        return place

    @field_validator("lmn", "crm", "platform", "exports", "spark_master")
    @classmethod
    def _readable_url(cls, place: str | None, info: ValidationInfo) -> str | None:
        if place is not None and is_url(place):
            try:
                url = parse_url(place, where="", form="a folder's name or a URL, scheme://user@host:port/path")
            except WarehouseError as fault:
                raise ValueError(f"{fault.what}; {fault.remedy}") from None
            if info.field_name == "spark_master" and url.user is not None:  # Spark repeats it in its messages
                raise ValueError("has a user or password, which Spark takes from its own configuration; take it out")
        return place

    @field_validator("state", mode="before")
    @classmethod
    def _no_url(cls, state: Any) -> Any:
        if is_url(str(state)):
            raise ValueError("is a URL; name a folder of this machine")
        return state

    @field_validator("lmn", "crm", "platform", "exports", "state")
    @classmethod
    def _in_utf8(cls, place: str | Path | None) -> str | Path | None:
        if place is not None:
            whole = str(place) if is_url(str(place)) else str(Path(place).expanduser().absolute())
            if not is_utf8(whole):
                raise ValueError(f"{shown_name(whole)} is not UTF-8; rename the folder, or name another")
        return place

    @field_validator("exports")
    @classmethod
    def _no_file(cls, exports: str) -> str:
        if not is_url(exports):
            _refuse_file(Path(exports).expanduser())
        return exports

    @field_validator("state")
    @classmethod
    def _absolute(cls, state: Path) -> Path:
        _refuse_file(state.expanduser())
        if "?" in str(state):
            raise ValueError(f"{state}: DuckDB takes no question mark in the path of its file; name another folder")
        return state.expanduser().resolve()

    @property
    def spares_memory(self) -> bool:
        """Whether every step returns its memory at once instead of keeping it for the next."""
        return memory_bytes(self.memory_limit) < _PLENTY

    @property
    def keeps_personal_data(self) -> bool:
        """Whether drops contain the personal columns of every export unchanged."""
        treatments = [self.personal_data] if isinstance(self.personal_data, str) else self.personal_data.values()
        return all(treatment == "keep" for treatment in treatments)

    def date_order_of(self, source: str) -> DateOrder:
        """Return how a source's dates like 3/5/2024 are read."""
        if isinstance(self.date_order, str):
            return self.date_order
        return {str(name): order for name, order in self.date_order.items()}.get(source, "auto")

    def code_page_of(self, source: str) -> CodePage:
        """Return the code page of a source's files that are not UTF-8."""
        if isinstance(self.code_page, str):
            return self.code_page
        return {str(name): page for name, page in self.code_page.items()}.get(source, "auto")

    def require_source(self) -> None:
        """Raise WarehouseError if no source is configured: all tables, and so the marts, would be empty."""
        if not (self.lmn or self.crm or self.platform):
            raise WarehouseError(
                "no source is configured",
                remedy="give --lmn, --crm or --platform (or WAREHOUSE_LMN …, or a line in warehouse.toml)",
            )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: command line, environment, `warehouse.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
