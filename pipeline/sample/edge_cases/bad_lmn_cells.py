"""Rows of LMN's exports that importers have read wrongly and lost data of (lmn-format, Traps).

Keys are LMN's headers, values the cells of the workbook. Some rows must be read although they look odd, some must be
rejected or lose a cell, with a reason in the rejects.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from pipeline.sample.draw.population import Account, Population
from pipeline.sample.draw.roles import Role
from pipeline.sample.files.workbook import Cell

_EXCEL_1900: Final = date(1899, 12, 30)

Trap = dict[str, Cell]


def traps(population: Population) -> dict[str, list[Trap]]:
    """Return the traps of each export, by the name of its table."""
    return {
        "estimates_list": _estimates(population),
        "contacts_export": _contacts(population),
        "leads_list": _leads(),
        "jobsite_export": _jobsites(population),
    }


def _estimates(population: Population) -> list[Trap]:
    """Return sold Standard estimates of 1,000 dollars, each with one odd cell."""
    year, account_id = population.as_of.year, population.cast[Role.KNOWN_TO_BOTH].lmn_crm_id
    usual: Trap = {
        "Estimate Type": "Standard",
        "Estimate Date": datetime(year - 1, 6, 1),
        "Contact ID": account_id,
        "Status": "Work Complete",
        "Sales Pipeline Status": "Sold",
        "Division": "LE Landscapes",
        "Total Price": 1000,
    }
    odd = [*_readable_estimates(year, int(account_id or 0)), *_unreadable_estimates(year)]
    return [{"Estimate ID": f"EST{1_690_000 + number}", **usual, **cells} for number, cells in odd]


def _numbered(number: int, **cells: Any) -> tuple[int, Trap]:
    """Return the number of a row, and its cells by headers, whose blanks are written as underscores."""
    return number, {header.replace("_", " "): cell for header, cell in cells.items()}


def _readable_estimates(year: int, account: int) -> list[tuple[int, Trap]]:
    """Return the odd cells that must be read."""
    serial = (date(year - 1, 3, 1) - _EXCEL_1900).days
    return [
        _numbered(1, Project_Name="A serial for a date", Estimate_Date=serial, Contract_Start=serial + 0.75),
        _numbered(2, Project_Name="A credit in brackets", Total_Price="($50.25)", Total_Price_With_Tax="(53.83)"),
        _numbered(3, Project_Name="A minus behind", Total_Price="1,234.50-"),
        _numbered(4, Project_Name="A dollar sign and commas", Total_Price=" $ 12,345.67 "),
        _numbered(5, Project_Name="Archived with a Yes", Archived="Yes", Exclude_Stats="x"),
        _numbered(6, Project_Name="No contact", Contact_ID=None),
        _numbered(7, Project_Name="An account that no other file knows", Contact_ID="9999999"),
        _numbered(8, Project_Name="A number for the account", Contact_ID=account),
        _numbered(9, Project_Name='Front beds\nand the\r\n"old" patio', Address="12 Mill Rd\nSuite 4, Eagan"),
        _numbered(10, Project_Name="A date with an offset", Estimate_Date=f"{year - 1}-12-31T23:30:00-06:00"),
        _numbered(11, Project_Name="Entered twice: this one is dropped", Total_Price=1111),
        _numbered(11, Project_Name="Entered twice: this one stays", Total_Price=2222),
        _numbered(12, Project_Name="No division", Division="undefined"),
    ]


def _unreadable_estimates(year: int) -> list[tuple[int, Trap]]:
    """Return the cells that must be rejected, alone or with their row."""
    return [
        # the cell is rejected, the row is read
        _numbered(
            13, Project_Name="A day that does not exist", Estimate_Date=f"2/30/{year - 1}", Contract_End=f"{year}-06-31"
        ),
        _numbered(14, Project_Name="A date in words", Estimate_Date="next spring"),
        _numbered(
            15,
            Project_Name="A year outside 2000 to 2100",
            Contract_End="12/31/1899",
            Contract_Start=f"1/1/{year + 200}",
        ),
        _numbered(16, Project_Name="A price in words", Total_Price="call for price"),
        _numbered(17, Project_Name="Perhaps archived", Archived="maybe"),
        # the row is rejected
        _numbered(18, Project_Name="No estimate id", Estimate_ID=None),
        _numbered(19, Project_Name="A blank estimate id", Estimate_ID="   "),
    ]


def _contacts(population: Population) -> list[Trap]:
    def contact(account: Account, name: str, **cells: Any) -> Trap:
        row: Trap = {"CRM ID": int(account.lmn_crm_id or 0), "CRM Name": name, "Type": "Client", "Archived": "No"}
        return row | {header.replace("_", " "): cell for header, cell in cells.items()}

    last = population.cast[Role.KNOWN_TO_BOTH]
    other = population.cast[Role.NO_DATES]
    return [
        # an account without a person: both names are blank, so it has no contact
        contact(last, last.name, Contact_ID=None, Notes="Billing only,\nno person", PrimaryContact="No"),
        # a second name for the account: the primary contact's row decides, wherever it is
        contact(
            other,
            f"{other.name.upper()} (OLD)",
            Contact_ID="S9000001",
            First_Name="Zoë",
            Last_Name="Ekström",
            PrimaryContact="0",
        ),
        # the row is rejected
        {
            "CRM ID": None,
            "Contact ID": "S9000002",
            "CRM Name": "Nobody's Account",
            "First Name": "No",
            "Last Name": "Account",
        },
        {"CRM ID": 9000003, "Contact ID": "S9000003", "CRM Name": "  ", "First Name": "No", "Last Name": "Name"},
    ]


def _leads() -> list[Trap]:
    return [
        {"Lead Name": "École Sainte-Thérèse", "First Name": "Camille", "Last Name": "Leclerc", "Created": "13/45/2024"},
        {"Lead Name": None, "First Name": "A lead", "Last Name": "without a name", "Type": "Lead"},
    ]


def _jobsites(population: Population) -> list[Trap]:
    account = population.cast[Role.LINKED_BY_CONTACT]
    return [
        {
            "Contact ID": None,
            "Contact Name": "Unknown owner",
            "Jobsite ID": 4990001,
            "Jobsite Name": "Site without an account",
        },
        {
            "Contact ID": account.lmn_crm_id,
            "Contact Name": account.name,
            "Jobsite ID": None,
            "Jobsite Name": "Site without an id",
        },
    ]
