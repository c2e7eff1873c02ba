"""Keeps out of the audit's process what Great Expectations would load and an audit of data frames has no use for.

That is half of the time its import takes.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any, Final

from pipeline.common.hidden_modules import hide

_OPTIONAL: Final = ("sqlalchemy", "boto3", "botocore", "pyspark")
"""Great Expectations goes without these where they are not installed; to this process they are not."""


def keep_imports_lean() -> None:
    """Hide optional libraries, and load scipy.stats (one expectation's, of distributions) only if it is used."""
    hide(*_OPTIONAL)
    if "scipy.stats" not in sys.modules:
        scipy: Any = importlib.import_module("scipy")
        scipy.stats = _lazy("scipy.stats")


def _lazy(name: str) -> Any:
    """Give a module that is loaded when an attribute of it is first asked for."""
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
