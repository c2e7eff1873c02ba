"""Made-up names of a landscaping company's customers, their people and streets.

These are our own short word lists. Faker's lists change between its versions, so that the same seed would give another
sample after an upgrade, and it makes one name at a time, which takes minutes for 50,000 accounts.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


_SIDES: Final = ("", "North ", "South ", "East ", "West ", "Upper ", "Lower ", "Old ", "New ")
_TREES: Final = _words(
    "Maple,Cedar,Willow,Birch,Oak,Aspen,Juniper,Hawthorn,Linden,Elm,Spruce,Hickory,Laurel,Magnolia,Sycamore,Walnut,"
    "Alder,Chestnut,Tamarack,Poplar,Heron,Fox,Eagle,Falcon,Deer,Otter,Quail,Sparrow,Stone,Silver,Amber,Copper,Crystal,"
    "Golden,Clear,Bright,Prairie,Summit,Harbor,Lake,River,Mill,Orchard,Garden,Meadow,Canyon,Autumn,Winter"
)
_LANDS: Final = _words(
    "Ridge,Creek,Point,Hollow,Grove,Hills,Park,Bend,Valley,Glen,Landing,Crossing,Springs,Bluff,Meadows,Run,Shores,Woods,"
    "Terrace,Heights,Gate,Pines,Trail,Bay,Field,Brook,Knoll,Commons,Vista,Falls,Haven,Prairie"
)
_SUFFIXES: Final[dict[str, tuple[str, ...]]] = {
    "hoa": ("Homeowners Association", "HOA", "Townhomes", "Condominiums", "Villas Association"),
    "plaza": ("Plaza", "Shopping Center", "Marketplace", "Retail Village", "Town Center"),
    "office": ("Office Park", "Business Center", "Corporate Campus", "Medical Center", "Dental"),
    "school": ("Elementary School", "High School", "Academy", "Montessori", "Community College"),
    "public": ("Public Library", "Parks Department", "Senior Living", "Church", "Golf Club"),
    "industry": ("Logistics", "Foods", "Manufacturing", "Storage", "Distribution"),
}
KINDS: Final = (*_SUFFIXES, "home")
"""The kinds of customers; `home` is a household, named after its people."""

_FIRST: Final = _words(
    "Ada,Alan,Amara,Andre,Beatriz,Ben,Camille,Carlos,Chen,Clara,Dana,Daniel,Diego,Elena,Eli,Emma,Farah,Felix,Grace,"
    "Hassan,Hugo,Imani,Ines,Isaac,Jada,James,Jonas,Julia,Kofi,Lars,Leila,Lena,Liam,Linh,Lucia,Malik,Marta,Mei,Miguel,"
    "Mina,Nadia,Nils,Noah,Nora,Oliver,Omar,Paula,Petra,Priya,Quinn,Rafael,Ravi,Rosa,Ruth,Samir,Sara,Selma,Sofia,Tariq,"
    "Tess,Theo,Uma,Victor,Wanda,Yara,Yusuf,Zoë,André,José,Siobhán"
)
_LAST: Final = _words(
    "Abbott,Alvarez,Andersen,Baptiste,Becker,Bianchi,Boateng,Brennan,Castillo,Chaudhry,Cohen,Cortez,Dahl,Delgado,"
    "Dubois,Ekström,Ellison,Farrell,Fischer,Fontaine,Garrity,Gomez,Greenberg,Haddad,Halvorsen,Hawkins,Hoffman,Ibarra,"
    "Ivanov,Jansen,Jimenez,Kaplan,Keller,Kim,Kowalski,Larsen,Leclerc,Lindgren,Lopez,Mahoney,Marsh,Mendoza,Mitchell,"
    "Moreau,Murphy,Nakamura,Navarro,Nguyen,Novak,O'Brien,O'Neill,Okafor,Olson,Ortega,Osei,Park,Patel,Perez,Petrov,"
    "Quist,Ramirez,Reyes,Rossi,Ruiz,Santos,Sato,Schmidt,Schultz,Shah,Silva,Singh,Soto,Stein,Sullivan,Tanaka,Thomsen,"
    "Torres,Tran,Underwood,Vargas,Vasquez,Vogel,Wagner,Walsh,Weber,Whitfield,Winters,Wójcik,Yamada,Yilmaz,Young,"
    "Zamora,Zhang,Ziegler"
)
_STREETS: Final = _words(
    "Main St,Oak Ave,Elm St,Pine Rd,Maple Dr,Cedar Ln,Lakeview Blvd,Hillcrest Ave,Prairie Way,Mill Rd,Church St,"
    "Industrial Pkwy,County Rd 12,Summit Ave,River Rd,Orchard Ln,Commerce Dr,Sunset Blvd,Park Pl,Station St"
)
CITIES: Final = (
    ("Northfield", "MN", "55057"),
    ("Lakeville", "MN", "55044"),
    ("Eagan", "MN", "55122"),
    ("Rosemount", "MN", "55068"),
    ("Hastings", "MN", "55033"),
    ("Hudson", "WI", "54016"),
    ("River Falls", "WI", "54022"),
    ("Prescott", "WI", "54021"),
)
TITLES: Final = (
    "Property Manager",
    "Facilities Director",
    "Board President",
    "Office Manager",
    "Operations Lead",
    "Treasurer",
    "Groundskeeper",
    "Regional Manager",
)


def person(first: int, last: int) -> tuple[str, str]:
    """Return the first and last name for two random numbers."""
    return _FIRST[first % len(_FIRST)], _LAST[last % len(_LAST)]


def street(number: int, name: int) -> str:
    """Return an address line such as `1204 Oak Ave`."""
    return f"{100 + number % 9800} {_STREETS[name % len(_STREETS)]}"


def phone(number: int) -> str:
    """Return a telephone number of the exchange 555-01, which is reserved for fiction."""
    return f"({612 + number // 100 % 40}) 555-01{number % 100:02d}"


def slug(name: str) -> str:
    """Return `name` as the first label of a domain: ASCII letters and digits only."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "", plain.lower()) or "account"


def account_names(kinds: list[str], random: np.random.Generator) -> list[str]:
    """Return a different name for each account: places for businesses, people for homes."""
    places = len(_SIDES) * len(_TREES) * len(_LANDS)
    households = len(_FIRST) * len(_FIRST) * len(_LAST)
    place_order: NDArray[np.int64] = random.permutation(places)
    household_order: NDArray[np.int64] = random.permutation(households)
    suffix_choice = random.integers(0, 5, len(kinds)).tolist()
    names: list[str] = []
    used = {"home": 0, "place": 0}
    for kind, suffix in zip(kinds, suffix_choice, strict=True):
        if kind == "home":
            nth, pick = divmod(used["home"], households)
            pick = int(household_order[pick])
            used["home"] += 1
            first, rest = pick % len(_FIRST), pick // len(_FIRST)
            second, last = rest % len(_FIRST), rest // len(_FIRST)
            both = _FIRST[first] if first == second else f"{_FIRST[first]} & {_FIRST[second]}"
            name = f"{both} {_LAST[last]}"
        else:
            nth, pick = divmod(used["place"], places)
            pick = int(place_order[pick])
            used["place"] += 1
            side, rest = pick % len(_SIDES), pick // len(_SIDES)
            tree, land = rest % len(_TREES), rest // len(_TREES)
            name = f"{_SIDES[side]}{_TREES[tree]} {_LANDS[land]} {_SUFFIXES[kind][suffix]}"
        names.append(f"{name} {nth + 1}" if nth else name)
    return names
