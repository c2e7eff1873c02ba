"""Loading modules and Arrow's memory cost no more than necessary."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.common.startup import quick_imports

FILL_BY_ARROW = """
import pipeline, pyarrow as pa, numpy as np
np.frombuffer(held := pa.allocate_buffer(64 * 2**20), dtype=np.uint8).fill(1)
print(*(line.split()[1] for line in open("/proc/self/smaps_rollup") if line.startswith("AnonHugePages")))
"""

LOADED_BEFORE_THE_HELPERS = "import sys, pipeline.cli, pipeline.orchestration.run; print(*sys.modules)"


def test_helpers_are_started_before_the_run_loads_slow_modules() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED_BEFORE_THE_HELPERS], check=True, stdout=subprocess.PIPE, text=True
    )
    assert not {"pyarrow", "duckdb", "dagster", "dbt", "pysequoia"} & set(ran.stdout.split())


def test_no_garbage_is_collected_while_modules_load() -> None:
    with quick_imports():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_garbage_is_collected_again_after_a_module_that_does_not_load() -> None:
    with pytest.raises(ModuleNotFoundError), quick_imports():
        raise ModuleNotFoundError
    assert gc.isenabled()


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux counts its pages")
def test_arrow_asks_for_no_huge_pages() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MIMALLOC_")}
    ran = subprocess.run(
        [sys.executable, "-c", FILL_BY_ARROW], check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    are_given_unasked = "[always]" in Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text()
    assert ran.stdout == "0\n" or are_given_unasked, ran.stdout
