"""How tools write the same values (source-schema, As tools write it): the patterns of each kind, with examples.

This module only contains data. Texts are compared as they are seen (`white_space.as_seen`), words case-insensitively.
Patterns match the whole text, case-insensitively, with ASCII digits only: digits of other scripts in amounts and dates
are converted first.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Spelling(NamedTuple):
    """A pattern, an example of what it matches, and what the example means."""

    pattern: str
    example: str
    means: str


NULLS: Final = frozenset({"NULL", "\\N"})
"""Spellings of null in every column, case-sensitive, as databases write them. 'Null' may be somebody's name."""

NULL_WORDS: Final = frozenset(
    {"null", "\\n", "nan", "none", "nat", "<na>", "n/a", "na", "(null)", "[null]", "<null>", "undefined", "."}
)
"""Spellings of null in keys, numbers, dates and booleans, case-insensitive, as pandas, Python and people write them.

R writes NA, SAS a point, JavaScript undefined, and database tools (null), [null] and <null>.
"""

TRUE: Final = frozenset(
    {"yes", "y", "true", "t", ".t.", "1", "-1", "x", "on", "checked", "✓", "✔", "☑", "✅", "\x01"}
    | {"vrai", "wahr", "verdadero", "verdadeiro", "vero", "waar"}
)
"""Access and Visual Basic write -1, PostgreSQL t, dBase .T., MySQL a byte, spreadsheets a word in their language."""

FALSE: Final = frozenset(
    {"no", "n", "false", "f", ".f.", "0", "", "off", "unchecked", "☐", "\x00"} | {"faux", "falsch", "falso", "onwaar"}
)
"""Blank text is the opposite of x; an empty cell is null, as in a database. (✗ may mean either.)"""

SPREADSHEET_ERRORS: Final = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!"}
    | {"#BUSY!", "#CONNECT!", "#ERROR!", "#EXTERNAL!", "#GETTING_DATA", "#PYTHON!", "#TIMEOUT!", "#UNKNOWN!"}
)
"""What spreadsheets show, and export to CSV, if a cell has an error. People do not write such texts."""

TOO_NARROW: Final = Spelling(r"#{3,}", "########", "")
"""What spreadsheets show, and export to CSV, if a column is too narrow for a number."""

CURRENCY: Final = r"(?:US ?\$|\$ ?US(?!D)|USD|\$)"
"""Amounts are in US dollars; any other currency's sign makes the amount unreadable."""

MONTH_NAMES: Final = (
    "jan january janv janvier ene enero januar",
    "feb february févr fév fevr février fevrier febrero februar",
    "mar march mars marzo mär mrz märz maerz",
    "apr april avr avril abr abril",
    "may mai mayo",
    "jun june juin junio juni",
    "jul july juil juillet julio juli",
    "aug august août aout ago agosto",
    "sep sept september septembre septiembre setiembre",
    "oct october octobre octubre okt oktober",
    "nov november novembre noviembre",
    "dec december déc décembre decembre dic diciembre dez dezember",
)
"""The short and long names of the months in English, French, Spanish and German; none is ambiguous."""
WEEKDAY_NAMES: Final = (
    "mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday "
    "lun lundi mardi mer mercredi jeu jeudi ven vendredi sam samedi dim dimanche "
    "lunes mar martes mié mie miércoles miercoles jue jueves vie viernes sáb sab sábado sabado dom domingo "
    "mo montag di dienstag mi mittwoch do donnerstag fr freitag sa samstag sonnabend so sonntag"
)
"""Names of weekdays, which are ignored in dates."""

_MONTH: Final = rf"(?P<month>{'|'.join(sorted(' '.join(MONTH_NAMES).split(), key=len, reverse=True))})\.?"
_WEEKDAY: Final = rf"(?:(?:{'|'.join(sorted(WEEKDAY_NAMES.split(), key=len, reverse=True))})\.?,? (?:le )?)?"
_DAY: Final = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|er|\.)?"
_YEAR: Final = r"(?P<year>[0-9]{4}|[0-9]{2})"


NUMBERS: Final = (
    Spelling(r"[0-9]+(?:\.[0-9]*)?", "1234.5", "1234.50"),
    Spelling(r"\.[0-9]+", ".5", "0.50"),
    Spelling(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?", "1,234.50", "1234.50"),
    Spelling(r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]*)?", "12,34,567.50", "1234567.50"),
    Spelling(r"[0-9]{1,3}(?: [0-9]{3})+(?:\.[0-9]*)?", "1 234.50", "1234.50"),
    Spelling(r"[0-9]{1,3}(?:['’][0-9]{3})+(?:\.[0-9]*)?", "1'234.50", "1234.50"),
    Spelling(r"[0-9]+(?:\.[0-9]*)?e[+-]?[0-9]{1,3}", "1.5E3", "1500.00"),
)
"""A number without its sign. Decimal commas are not supported, because 1,234 would be ambiguous."""

AMOUNTS: Final = (
    Spelling(r"{currency}? ?(?P<sign>[-+]?) ?{currency}? ?{number}(?: ?{currency})?", "-$ 1,234.50", "-1234.50"),
    Spelling(r"{currency}? ?{number} ?(?P<sign>-)(?: ?{currency})?", "1,234.50-", "-1234.50"),
    Spelling(r"{currency}? ?{number} ?{currency} ?(?P<sign>-)", "50.25 USD-", "-50.25"),
    Spelling(r"{currency}? ?(?P<sign>\() ?{currency}? ?{number} ?{currency}? ?\)(?: ?{currency})?", "($5)", "-5.00"),
)
"""A number with its sign and currency, as currency and accounting formats show it."""

DECIMAL_COMMAS: Final = (
    Spelling(r"[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})", "1234,5", ""),
    Spelling(r"[0-9]{1,3}(?:[. '’][0-9]{3})+,[0-9]+", "1.234,50", ""),
    Spelling(r"[0-9]{1,3}(?:\.[0-9]{3}){2,}", "1.234.567", ""),
)
"""Amounts with decimal commas or points between thousands. They are not read, but make other amounts ambiguous."""

EITHER_MARK: Final = Spelling(r"[1-9][0-9]{0,2}[.,][0-9]{3}", "12.000", "")
"""An amount that is ambiguous in columns with decimal commas: 12, or 12 thousand."""

PERCENT: Final = Spelling(r"(?P<sign>[-+]?)(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?%", "35 %", "35.00")
"""A score or a confidence as a percent format shows it. (Amounts of money or hours are never percentages.)"""

ZERO: Final = Spelling(rf"(?:{CURRENCY} ?)?-(?: ?{CURRENCY})?", "$ -", "0.00")
"""Zero in an accounting format."""

WHOLE: Final = Spelling(r"[+-]?(?:[0-9]+(?:\.0*|,0{1,2})?|[0-9]{4,},0{3,})", "7100001.0", "7100001")
"""A whole number. Many tools convert columns with empty cells to floats, some with a comma. (1,000 may be 1000.)"""

CODE_AS_NUMBER: Final = Spelling(r"[0-9]{4,}[.,]0", "55401.0", "55401")
"""A postal code or telephone number that a tool converted to a float. (555.0000 is a telephone number.)"""

ROUNDED_NUMBER: Final = Spelling(r"[+-]?[0-9](?:[.,][0-9]+e\+?|e\+)[0-9]+", "1.23E+12", "")
"""A long number as spreadsheets show it, also as 1,23E+12. Its last digits are lost. (1E5 may be a code.)"""

GROUPED_NUMBERS: Final = (
    Spelling(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?", "7,100,001", ""),
    Spelling(r"[0-9]{1,3}(?:['’\u00a0\u2007\u2009\u202f][0-9]{3})+(?:[.,][0-9]*)?", "7'100'001", ""),
    Spelling(r"[0-9]{1,3}(?: [0-9]{3}){2,}(?:[.,][0-9]*)?", "7 100 001", ""),
    Spelling(r"[0-9]{1,3}(?:\.[0-9]{3}){2,}(?:,[0-9]*)?", "7.100.001", ""),
    Spelling(r"[0-9]{1,3}(?:[. ][0-9]{3})+,[0-9]+", "7.100,00", ""),
)
"""A formatted number, which may be an id or an amount. (100 200 and 1.200 may be codes.)"""

DAYS: Final = (
    Spelling(r"(?P<year>[0-9]{4})(?P<mark>[-/])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})", "2024-3-5", ""),
    Spelling(r"(?P<year>(?:19|20|21)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})", "20240305", ""),
    Spelling(r"(?P<year>(?:19|20|21)[0-9]{2})\.(?P<month>[0-9]{1,2})\.(?P<day>[0-9]{1,2})", "2024.03.05", ""),
    Spelling(rf"{_WEEKDAY}{_DAY}(?P<mark>[-/ ]){_MONTH}(?P=mark){_YEAR}", "5-Mar-24", ""),
    Spelling(rf"{_WEEKDAY}{_DAY} (?:de |of ){_MONTH} (?:de |of )?{_YEAR}", "5 de marzo de 2024", ""),
    Spelling(rf"{_WEEKDAY}{_MONTH} {_DAY}(?:, ?| ){_YEAR}", "Mar 5, 2024", ""),
    Spelling(rf"(?P<day>[0-9]{{1,2}}){_MONTH}{_YEAR}", "05MAR2024", ""),
    Spelling(rf"(?P<year>[0-9]{{4}})-{_MONTH}-(?P<day>[0-9]{{1,2}})", "2024-Mar-05", ""),
    Spelling(r"(?P<year>[0-9]{4})-?W(?P<week>[0-9]{2})-?(?P<weekday>[1-7])", "2024-W10-2", ""),
)
"""A date with an unambiguous order. Years of two digits are in this century (lmn-format)."""

PACKED_INSTANT: Final = Spelling(r"(?P<day>(?:19|20|21)[0-9]{6})(?P<time>[0-9]{6})", "20240305090500", "")

YEAR_LAST: Final = Spelling(
    rf"{_WEEKDAY}{_MONTH} {_DAY}(?P<time> [0-9]{{1,2}}:[0-9]{{2}}:[0-9]{{2}}(?: (?:UTC|GMT|Z))?) {_YEAR}",
    "Tue Mar 5 09:05:00 UTC 2024",
    "",
)
"""A date with the time before the year, as C, Java and command lines print it."""

SLASHED_DAY: Final = Spelling(rf"(?P<first>[0-9]{{1,2}})/(?P<second>[0-9]{{1,2}})/{_YEAR}", "3/5/2024", "")
"""Month first, unless its file shows otherwise (D41)."""

TIMES: Final = (
    Spelling(
        r"(?:t|,? at |, ?| )(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
        r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
        r"(?: ?(?P<half>[ap])\.? ?m\.?)?",
        ", 9:05:00 a.m.",
        "09:05:00",
    ),
    Spelling(r"t(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?", "T0905", "09:05:00"),
    Spelling(
        r"[- ](?P<hour>[0-9]{1,2})\.(?P<minute>[0-9]{2})\.(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?"
        r"(?: ?(?P<half>[ap])\.? ?m\.?)?",
        "-09.05.00.000000",
        "09:05:00",
    ),
    Spelling(
        r":(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?",
        ":09:05:00",
        "09:05:00",
    ),
    Spelling(r",? (?:at )?(?P<hour>[0-9]{1,2}) ?(?P<half>[ap])\.? ?m\.?", " 9 AM", "09:00:00"),
)
"""A time of day, with the separator between it and the date."""

ZONES: Final = (
    Spelling(r" ?(?:z|(?:etc/)?utc|gmt|ut)", "Z", "+00:00"),
    Spelling(r" ?[+-]00:?00 (?:z|utc|gmt)", " +0000 UTC", "+00:00"),
    Spelling(r" \((?:utc|gmt)\)", " (UTC)", "+00:00"),
    Spelling(
        r" ?(?:utc|gmt)?(?P<side>[+-])(?P<hours>[0-9]{2})(?::?(?P<minutes>[0-9]{2})(?::?(?P<seconds>[0-9]{2}))?)?"
        r"(?: \([^()]*\)|\[[\w/+-]+\])?",
        "-05:00",
        "-05:00",
    ),
    Spelling(r" ?(?:utc|gmt)(?P<side>[+-])(?P<hours>[0-9])", " UTC-5", "-05:00"),
    Spelling(r" ?z\[(?:utc|gmt|etc/utc)\]", "Z[UTC]", "+00:00"),
)
"""A UTC offset. Names such as EST are ambiguous and not supported."""

_FIGURE: Final = r"[($]{0,2}[0-9][0-9,. ]*\)?"
_THINGS: Final = (
    r"(?:records?|rows?|lines?|items?|entry|entries|results?|estimates?|contacts?|accounts?|leads?|jobsites?)"
)
_TAIL: Final = rf"(?: ?[:=].*| - .*| {_FIGURE})?"

TOTAL: Final = Spelling(
    r"(?:(?:grand|overall|report|running|sheet|page)[ -]|sub[ -]?)?totals?(?: \(?usd\)?)?"
    rf"(?: ?[:=-]? ?\(?[$]?[0-9,. ]*{_THINGS}?\)?)?",
    "Total (25)",
    "",
)
"""The label of a line of totals, in any column."""

TOTAL_OF: Final = Spelling(r".+ (?:(?:grand|sub)[ -]?)?totals?:?|totals? (?:for|of|by) .+", "7100001 Total", "")
"""The label of a group's totals, in the column of a key. Spreadsheets put the group's name before it."""

STATISTICS: Final = (
    Spelling(rf"(?:sum|count|average|avg|mean|median|minimum|min|maximum|max)(?: of .+?)?{_TAIL}", "Count: 3", ""),
    Spelling(rf"(?:(?:zwischen|gesamt|end)?summen?|(?:zwischen|gesamt)ergebnis|(?:ins)?gesamt){_TAIL}", "Summe", ""),
    Spelling(rf"(?:anzahl|durchschnitt|mittelwert){_TAIL}", "Anzahl: 3", ""),
    Spelling(rf"(?:total|totaux) (?:général|generale?|geral|généraux){_TAIL}", "Total général", ""),
    Spelling(rf"(?:sous[ -]?(?:total|totaux)|totaux|somme|moyenne){_TAIL}", "Sous-total", ""),
    Spelling(rf"(?:suma|promedio|somma|(?:sub|eind)?tot(?:aal|ale|ali|ales|ais|alt)){_TAIL}", "Totale", ""),
)
"""The label of sums, counts and averages, in the column of a key, or first in a line without other texts."""

FOOTERS: Final = (
    Spelling(
        rf"\(?{_FIGURE} {_THINGS}(?:\(s\))?"
        r"(?: (?:affected|exported|found|listed|returned|selected|shown|total))?\)?\.?",
        "3 records",
        "",
    ),
    Spelling(rf"(?:total |(?:total )?number of |no\. of ){_THINGS} ?[:=]? ?{_FIGURE}", "Total records: 3", ""),
    Spelling(rf"{_THINGS}(?: ?[:=] | count ?[:=]? ?){_FIGURE}", "Rows: 3", ""),
    Spelling(
        r"(?:(?:this |the )?(?:data|export|file|list|report) )?(?:was )?"
        r"(?:created|downloaded|exported|extracted|generated|prepared|printed|produced|refreshed|run)"
        r"(?: (?:at|by|for|from|in|on|using|with) .+| ?: .+| [0-9].*)",
        "Report generated 2025-01-15",
        "",
    ),
    Spelling(
        r"(?:as of|(?:(?:export|print|report|run) )?date ?:|last (?:modified|refreshed|updated):?) .+",
        "As of 1/15/2025",
        "",
    ),
    Spelling(r"(?:page|pagina|página|seite)[ :#]+[0-9]+(?: ?(?:/|de|di|of|sur|van|von) ?[0-9]+)?", "Page 1 of 3", ""),
    Spelling(r"[-*=_. ]*end of (?:data|export|file|list|report)[-*=_. ]*|[*=-]+ ?end ?[*=-]+", "End of report", ""),
    Spelling(
        r"(?:applied filters?|filtered by|filters?|notes?|sorted by|source) ?:(?: .*)?"
        r"|confidential(?: .+)?|(?:copyright|©) ?.*",
        "Applied filters: Year is 2024",
        "",
    ),
)
"""Lines that tools write below a table, recognised in the same places as `STATISTICS`. (accounts:7 is an id.)"""

EXPORTED: Final = Spelling(
    r".*?\b(?:created|downloaded|exported|extracted|generated|prepared|printed|produced|refreshed|as of|date)\b"
    r"(?:.*?\b(?:at|on))?[ :]*(?P<instant>.+)",
    "Report generated by Ann on 1/15/2025 9:00 AM",
    "2025-01-15 09:00:00",
)
"""A title that says when the file was exported."""

RULE: Final = Spelling(r"[-=_*~]{3,}", "-----", "")
"""A line drawn under the headers, as in the output of databases' command lines, in the column of a key."""
