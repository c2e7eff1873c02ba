"""A folder of the pipeline as a room of mutants: every change of its modules, tested by the tests that run the line."""

from __future__ import annotations

import functools
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import pickle
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pipeline.paths import PROJECT_ROOT
from tests.mutants.covered_lines import CoveredLines, Seen
from tests.mutants.page import Judged
from tests.mutants.python_changes import PythonMutant, changed, mutants, shown
from tests.mutants.trial import Verdict, first_failure, in_a_child

SECONDS_OF_TESTS: Final = 30.0
"""The fastest tests that run a line are used: this many seconds of them, and at least one."""


class PythonRoom:
    """The mutants of a folder's modules, and its tests."""

    def __init__(self, folder: Path, name: str, tests: Sequence[str]) -> None:
        self.name = name
        self._kept = folder
        self._tests = [str(PROJECT_ROOT / test) for test in tests]
        self._modules = sorted(path for path in (PROJECT_ROOT / "pipeline" / name).rglob("*.py"))

    @functools.cached_property
    def _judges(self) -> dict[tuple[str, int | None], list[str]]:
        """The tests that run a line, fastest first, by module and line; None stands for any line of the module."""
        found: dict[tuple[str, int | None], list[str]] = defaultdict(list)
        for test in sorted(self._seen.of_tests, key=self._seconds.__getitem__):
            for module, line in self._seen.of_tests[test]:
                found[module, line].append(test)
            for module in {module for module, _ in self._seen.of_tests[test]}:
                found[module, None].append(test)
        return found

    @property
    def _seconds(self) -> dict[str, float]:
        return self._seen.seconds

    @functools.cached_property
    def _seen(self) -> Seen:
        seen: Seen = pickle.loads(self._file.read_bytes())
        return seen

    @functools.cached_property
    def _file(self) -> Path:
        digest = hashlib.sha256()
        tests = (
            one for test in map(Path, self._tests) for one in ([test] if test.is_file() else sorted(test.rglob("*.py")))
        )
        for path in [*self._modules, *tests]:
            digest.update(path.read_bytes())
        return self._kept / f"{self.name}-{digest.hexdigest()[:16]}.lines"

    @property
    def digest(self) -> str:
        """What the verdicts hold for: this code and these tests."""
        return self._file.stem

    def prepare(self) -> None:
        """Record which tests run which lines, and check that all pass."""
        self._kept.mkdir(parents=True, exist_ok=True)
        if not self._file.exists():
            print(f"{self.name}: seeing which tests run which lines (some minutes)", flush=True)
            verdict = in_a_child(self._see, 1800)
            if verdict.killed_by is not None:
                raise AssertionError(f"{self.name}: fails without a mutant: {verdict.killed_by}")

    def _see(self) -> str | None:
        seen = CoveredLines(PROJECT_ROOT, (f"pipeline/{self.name}",))
        failure = first_failure(self._tests, [seen])
        self._file.write_bytes(pickle.dumps(seen.seen))
        return failure

    def mutants(self) -> list[PythonMutant]:
        """Every mutant of every module."""
        return [
            mutant
            for path in self._modules
            for mutant in mutants(str(path.relative_to(PROJECT_ROOT)), path.read_text(encoding="utf-8"))
        ]

    def described(self, mutant: PythonMutant, killed_by: str | None) -> Judged:
        """Describe a tested mutant."""
        before, after = shown((PROJECT_ROOT / mutant.module).read_text(encoding="utf-8"), mutant.ordinal)
        place = f"{mutant.module}, {mutant.scope}" if mutant.scope else mutant.module
        return Judged(self.name, place, mutant.kind, before, after, killed_by)

    def judge(self, mutant: PythonMutant) -> Verdict:
        """Run the tests of the mutant's line or, if it runs at import, those that use its module."""
        tests = self._judges.get((mutant.module, None if mutant.is_run_at_import else mutant.line), [])
        chosen, seconds = [], 0.0
        for test in tests:
            seconds += self._seconds[test]
            if seconds > SECONDS_OF_TESTS and chosen:
                break
            chosen.append(test)
        return in_a_child(lambda: self._killer(mutant, chosen), 30 + 4 * seconds)

    def _killer(self, mutant: PythonMutant, tests: Sequence[str]) -> str | None:
        if not tests:
            return None
        with Changed(mutant).imported():
            return first_failure(tests)


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the mutant in its module's place."""

    def __init__(self, mutant: PythonMutant) -> None:
        self._mutant = mutant
        self._name = mutant.module.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    @contextmanager
    def imported(self) -> Iterator[None]:
        """Import the pipeline again with the mutant."""
        for name in [name for name in sys.modules if name.partition(".")[0] == "pipeline"]:
            del sys.modules[name]
        sys.meta_path.insert(0, self)
        yield
        sys.meta_path.remove(self)

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, PROJECT_ROOT / self._mutant.module, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        source = PROJECT_ROOT / self._mutant.module
        tree = changed(source.read_text(encoding="utf-8"), self._mutant.ordinal)
        exec(compile(tree, str(source), "exec"), module.__dict__)
