"""The source guard: whether the landed tables match their schema and resemble those of the last publication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from pipeline.guards.amounts import judge_amounts, judge_first_amounts
from pipeline.guards.column_pairs import judge_pairs
from pipeline.guards.copies import judge_copies
from pipeline.guards.extra_rows import judge_deleted_rows, judge_twins
from pipeline.guards.findings import Finding, found
from pipeline.guards.freshness import judge_freshness
from pipeline.guards.gone_rows import judge_gone_rows
from pipeline.guards.known_words import judge_known_words, judge_won
from pipeline.guards.near_headers import is_near, without_table
from pipeline.guards.needed_columns import judge_needed_columns
from pipeline.guards.odd_texts import judge_garbled, judge_test_rows
from pipeline.guards.one_value import judge_one_value
from pipeline.guards.past_rows import DATED, judge_past_rows
from pipeline.guards.references import judge_references
from pipeline.guards.sampled_cells import judge_cells, judge_later_rows
from pipeline.guards.source_profile import SourceState, TableProfile
from pipeline.guards.tenants import judge_tenants_ids, judge_tenants_words
from pipeline.guards.texts import judge_lengths, judge_words
from pipeline.guards.thresholds import Guard

_ESTIMATES: Final = ("lmn.estimates_list", "crm.estimates")
SELDOM_TRUE: Final[Mapping[str, str]] = {"platform.stakeholder": "muted opted_out"}
"""By table, flags that are true in few rows."""
_HALF: Final = 50
_SHORT_LIVED: Final = frozenset({"crm.notification_snoozes"})
"""Tables whose rows expire after some weeks, so that a source may delete them."""


@dataclass(frozen=True)
class UnreadFile:
    """A file in a source folder that was not read, or a part of a file (which only warns), with the reason."""

    source: str
    name: str
    why: str
    level: Literal["stop", "warn"] = "stop"


def judge_sources(
    now: SourceState, before: SourceState | None, unread: Sequence[UnreadFile], guards: Mapping[str, Guard]
) -> list[Finding]:
    """Return the source guard's findings. `before` is the state at the last publication, None on a first run."""
    findings = [found(guards["unread_file"], file.level, f"{file.source}/{file.name}", file.why) for file in unread]
    earlier = {(table.source, table.table): table for table in before.tables} if before is not None else {}
    for table in now.tables:
        was = earlier.get((table.source, table.table))
        near = list(_near_headers(table, guards["near_header"]))
        findings += [_near_header(table, column, header, guards["near_header"]) for column, header in near]
        findings += judge_needed_columns(table, was, dict(near), guards["needed_column"])
        findings += _lacking_columns(table, guards["lost_column"])
        findings += _swapped_days(table, guards["dates_swapped"])
        findings += judge_deleted_rows(table, guards["deleted_rows"])
        findings += _all_archived(table, guards["flag_share"])
        findings += _seldom_true(table, was, guards["flag_share"])
        findings += judge_twins(table, was, guards["twin_rows"])
        findings += _far_days(table, was, guards["far_days"])
        findings += _shares(table, guards)
        findings += judge_references(table, was, guards["unknown_ids"])
        findings += judge_tenants_words(table, was, guards)
        findings += judge_tenants_ids(table, was, guards["unknown_ids"])
        findings += judge_pairs(table, guards["reversed_pairs"])
        findings += judge_copies(table, was, guards["unlike_copies"])
        findings += judge_garbled(table, was, guards["garbled_texts"])
        findings += judge_test_rows(table, was, guards["test_rows"])
        findings += judge_known_words(table, was, guards["unknown_words"])
    findings += _needed_tables(now.tables, guards["needed_table"])
    findings += judge_one_value(now.tables, earlier, guards["one_value"])
    findings += judge_won(now.tables, guards["unknown_words"])
    findings += judge_later_rows(now.tables, now.as_of, guards["later_rows"])
    if before is None:
        findings += judge_first_amounts(now.tables, guards["amounts"])
        findings += _empty_estimates(now.tables, guards["needed_table"])
    if before is not None:
        for table in now.tables:
            if (was := earlier.get((table.source, table.table))) is not None:
                findings += _changes(table, was, guards)
                findings += judge_past_rows(table, was, before.as_of, guards["past_rows"])
        findings += judge_freshness(now, before, guards["freshness"])
    return findings


def _near_headers(table: TableProfile, guard: Guard) -> Iterator[tuple[str, str]]:
    """Yield each absent column with each unknown header that resembles its name."""
    absent = [column for column in table.columns if column not in table.headers] if table.is_configured else []
    distance = int(guard.thresholds["distance"])
    for column in absent:
        names = (column, *table.aliases.get(column, ()))
        for header in table.unknown:
            given = {header, without_table(header, table.table)}
            if any(is_near(name, spelling, distance) for name in names for spelling in given):
                yield column, header


def _near_header(table: TableProfile, column: str, header: str, guard: Guard) -> Finding:
    says = f"there is no column '{column}', but {table.unknown[header]} has the similar header '{header}'"
    return found(guard, "stop", f"{table.name}.{header}", says, now=f"'{header}'")


def _needed_tables(tables: Sequence[TableProfile], guard: Guard) -> Iterator[Finding]:
    """Find a platform without customers, and a CRM side (LMN or the CRM) without accounts."""
    loaded = {table.name: table.loaded for table in tables}
    configured = {table.source for table in tables if table.is_configured}
    if "platform" in configured and not loaded.get("platform.customer"):
        yield found(guard, "stop", "platform.customer", "the platform has no customers, so it has no accounts")
    if configured & {"crm", "lmn"} and not (loaded.get("crm.accounts") or loaded.get("lmn.contacts_export")):
        says = "neither the CRM's accounts nor LMN's contacts have rows, so no estimate has an account"
        yield found(guard, "stop", "crm.accounts", says)


def _empty_estimates(tables: Sequence[TableProfile], guard: Guard) -> Iterator[Finding]:
    """Find an estimates table without rows; the guard lost_table reports one that had rows before."""
    estimates = [table for table in tables if table.name in _ESTIMATES and table.is_configured]
    if estimates and not any(table.loaded for table in estimates):
        yield found(guard, "warn", estimates[0].name, "it has no rows, so no account has revenue from estimates")


def _shares(table: TableProfile, guards: Mapping[str, Guard]) -> Iterator[Finding]:
    guard = guards["rejected_share"]
    if table.is_cut_off:
        yield found(guard, "warn", table.name, "its file ends in the middle of a row: more rows may be missing")
    if table.read >= guard.thresholds["least"]:
        share = _percent(table.rejected, table.read)
        if (level := _level(share, guard)) is not None:
            now = f"{table.rejected:,} of {table.read:,} rows, {share:.1f} %"
            yield found(guard, level, table.name, "many of its rows were rejected", now=now)
    elif 2 * table.rejected > table.read:
        now = f"{table.rejected:,} of {table.read:,} rows"
        yield found(guard, "warn", table.name, "more than half of its rows were rejected", now=now)
    guard = guards["nulled_share"]
    for column, unread in table.unread.items():
        place, share = f"{table.name}.{column}", _percent(unread, table.read)
        level = _level(share, guard) if table.read >= guard.thresholds["least"] else None
        if level is not None:
            now = f"{unread:,} of {table.read:,} cells, {share:.1f} %"
            yield found(guard, level, place, "many of its cells could not be read", now=now)
        elif not table.values.get(column):  # even if they are few: the column is lost
            yield found(guard, "warn", place, "none of its cells could be read", now=f"{unread:,} cells")


def _level(share: Decimal, guard: Guard) -> Literal["stop", "warn"] | None:
    if share > guard.thresholds["stop"]:
        return "stop"
    return "warn" if share > guard.thresholds["warn"] else None


def _changes(now: TableProfile, before: TableProfile, guards: Mapping[str, Guard]) -> Iterator[Finding]:
    if before.loaded and not now.loaded:
        guard = guards["lost_table"]
        may_be_empty = now.is_configured and (before.loaded < guard.thresholds["least"] or now.name in _SHORT_LIVED)
        says = "the table has no rows any more" if now.is_configured else "the table is absent now"
        yield found(
            guard, "warn" if may_be_empty else "stop", now.name, says, before=f"{before.loaded:,} rows", now="none"
        )
        return
    if not now.loaded:
        return
    yield from _lost_columns(now, before, guards["lost_column"])
    yield from _fewer_values(now, before, guards["fewer_values"])
    yield from judge_rows(now.name, before.loaded, now.loaded, guards["rows"])
    if before.loaded < guards["rows"].thresholds["least"]:
        yield from _few_rows(now, before, guards["few_rows"])
    yield from judge_gone_rows(now, before, guards["gone_rows"])
    yield from _flags(now, before, guards["flag_share"])
    yield from judge_cells(now, before, guards)
    yield from judge_words(now, before, guards["lost_words"])
    yield from judge_lengths(now, before, guards["texts_cut"])
    yield from judge_amounts(now, before, guards["amounts"])


def _lost_columns(now: TableProfile, before: TableProfile, guard: Guard) -> Iterator[Finding]:
    for column, values in before.values.items():
        if not values or now.values.get(column):
            continue
        is_absent = column not in now.headers
        is_sparse = (
            values < guard.thresholds["least"] and _percent(values, before.loaded) < guard.thresholds["stop_share"]
        )
        says = "the column is absent now" if is_absent else "the column has no values any more"
        yield found(
            guard,
            "warn" if is_sparse and not is_absent else "stop",
            f"{now.name}.{column}",
            says,
            before=f"{values:,} values",
            now="none",
        )


def _lacking_columns(table: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find columns that earlier files of a table have, but not the newest download or the last part."""
    for column, file in table.lacking.items():
        says = f"earlier files have the column, but the last one, {file}, does not, so its rows have no value"
        yield found(guard, "warn", f"{table.name}.{column}", says)


def _swapped_days(table: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find date columns in which a spreadsheet program has probably swapped day and month."""
    for column, file in table.swapped.items():
        says = f"in {file} no date is after the 12th of its month; later days are texts such as 25/3/2024"
        yield found(guard, "warn", f"{table.name}.{column}", says)


def _far_days(now: TableProfile, before: TableProfile | None, guard: Guard) -> Iterator[Finding]:
    """Find implausible dates in columns of timestamps, which are published because D6 only bounds dates.

    Creation times (`1970-01-01`) are reported once, because old rows keep theirs.
    """
    for column, cells in now.far_days.items():
        if column not in DATED or before is None or column not in before.far_days:
            place = f"{now.name}.{column}"
            yield found(guard, "warn", place, "it has dates before 2000 or after 2100", now=f"{cells:,} cells")


def _fewer_values(now: TableProfile, before: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find a column with many more empty cells. The guard lost_column reports a column without any values."""
    if min(now.loaded, before.loaded) < guard.thresholds["least"]:
        return
    for column, values in now.values.items():
        share, was = _percent(values, now.loaded), _percent(before.values.get(column, 0), before.loaded)
        if values and was - share >= guard.thresholds["warn_fall_points"]:
            says = "fewer of its rows have a value"
            yield found(guard, "warn", f"{now.name}.{column}", says, before=f"{was:.0f} %", now=f"{share:.0f} %")


def _few_rows(now: TableProfile, before: TableProfile, guard: Guard) -> Iterator[Finding]:
    change = _percent(now.loaded - before.loaded, before.loaded)
    if before.loaded >= guard.thresholds["least"] and -change >= guard.thresholds["warn_fall"]:
        says = f"its number of rows changed by {change:+.0f} %"
        yield found(guard, "warn", now.name, says, before=f"{before.loaded} rows", now=f"{now.loaded} rows")


def judge_rows(
    place: str, before: int, now: int, guard: Guard, organization_id: int | None = None
) -> Iterator[Finding]:
    """Find a number of rows that changed implausibly. Nothing is reported if there were fewer than `least` rows."""
    if before < guard.thresholds["least"]:
        return
    change = _percent(now - before, before)
    level: Literal["stop", "warn"] | None = None
    if -change >= guard.thresholds["stop_fall"]:
        level = "warn" if place in _SHORT_LIVED else "stop"
    elif -change > guard.thresholds["warn_fall"] or change > guard.thresholds["warn_rise"]:
        level = "warn"
    if level is not None:
        says = f"its number of rows changed by {change:+.0f} %"
        figures = {"before": f"{before:,} rows", "now": f"{now:,} rows"}
        yield found(guard, level, place, says, organization_id=organization_id, **figures)


def _all_archived(table: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find a table whose rows are all archived, so that the rules ignore them: probably an inverted flag."""
    trues = table.trues.get("archived", 0)
    if trues == table.loaded and trues >= guard.thresholds["least"]:
        yield found(guard, "warn", f"{table.name}.archived", "all of its rows are archived", now=f"{trues:,} rows")


def _seldom_true(now: TableProfile, before: TableProfile | None, guard: Guard) -> Iterator[Finding]:
    """Find, once, a flag that is true for most rows although it should be rare."""
    for column in SELDOM_TRUE.get(now.name, "").split():
        shares = [
            _percent(table.trues.get(column, 0), table.values.get(column, 0))
            for table in (before, now)
            if table is not None and table.values.get(column, 0) >= guard.thresholds["least"]
        ]
        if shares and shares[-1] > _HALF and (len(shares) == 1 or shares[0] <= _HALF):
            says = "the flag is true in most rows, as if it were inverted"
            yield found(guard, "warn", f"{now.name}.{column}", says, now=f"{shares[-1]:.0f} %")


def _flags(now: TableProfile, before: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find a flag that seems inverted. With `archived` inverted, the account list would only have archived accounts."""
    for column, trues in now.trues.items():
        read, was_read = now.values.get(column, 0), before.values.get(column, 0)
        if column not in before.trues or min(read, was_read) < guard.thresholds["least"]:
            continue
        share, was = _percent(trues, read), _percent(before.trues[column], was_read)
        says = None
        if abs(share - was) >= guard.thresholds["warn_points"]:
            says = "the share of rows where the flag is true changed"
        elif share in (0, 100) and min(was, 100 - was) >= guard.thresholds["warn_lost"]:
            says = f"the flag is {'false' if share == 0 else 'true'} in all rows now"
        if says is not None:
            yield found(guard, "warn", f"{now.name}.{column}", says, before=f"{was:.0f} %", now=f"{share:.0f} %")


def _percent(part: int, whole: int) -> Decimal:
    return Decimal(100 * part) / Decimal(whole) if whole else Decimal(0)
