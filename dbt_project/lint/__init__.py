"""Stands in for dbt when sqlfluff renders a model.

sqlfluff knows nothing of adapters and dispatch. Whether the macros compile is for dbt to say; here the model's own form
is what counts. So vars have the project's defaults, a macro that returns a list gives that list, and every other macro
looks like a function call, or like a query.
"""

import datetime
import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from jinja2.nativetypes import NativeEnvironment

_PROJECT = Path(__file__).parent.parent
_VARS = yaml.safe_load((_PROJECT / "dbt_project.yml").read_text())["vars"]


def var(name: str, default: Any = None) -> Any:
    """Return a var's default in the project."""
    return _VARS.get(name, default)


def _query(name: str) -> Any:
    return lambda rows=name, *_, **__: f"select * from {rows}"


def _call(name: str) -> Any:
    return lambda *_, **__: f"{name}(1)"


def _list(expression: str) -> Any:
    return lambda: NativeEnvironment().from_string("{{ " + expression + " }}").render(var=var)


for _path in (_PROJECT / "macros").glob("*.sql"):
    _text = _path.read_text()
    if _returned := re.search(r"\{\{ return\((\[.*\])\) \}\}", _text, re.DOTALL):
        globals()[_path.stem] = _list(_returned[1])
    elif "\nwith\n" in _text or "\nselect\n" in _text:
        globals()[_path.stem] = _query(_path.stem)
    else:
        globals()[_path.stem] = _call(_path.stem)

# what models use of dbt and Python themselves
as_of_datetime = partial(datetime.datetime, 2025, 1, 15)
modules = SimpleNamespace(datetime=datetime)
