"""The mutations of Python code: each is a mistake that a person could make."""

from __future__ import annotations

import ast
import copy
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class PythonMutant:
    """One change in one module, the `ordinal`-th found in it, in a function or class (empty: in neither)."""

    module: str
    scope: str
    line: int
    kind: str
    ordinal: int
    is_run_at_import: bool


_COMPARED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COMPUTED: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.Mod: ast.Mult,
}  # fmt: skip


_TYPE: Final = re.compile(r"int|float|str|bytes|[A-Z]\w*[a-z]\w*")


def comparisons(node: ast.AST) -> Iterator[ast.AST]:
    """`<=` for `<`, `!=` for `==`, `not in` for `in`, `is not` for `is`, each also the other way."""
    if isinstance(node, ast.Compare) and (kind := _COMPARED.get(type(node.ops[0]))):
        yield ast.Compare(node.left, [kind(), *node.ops[1:]], node.comparators)


def bounds(node: ast.AST) -> Iterator[ast.AST]:
    """Whole numbers one higher, and one lower."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)


def connectives(node: ast.AST) -> Iterator[ast.AST]:
    """`or` for `and`, and the other way; `not` dropped."""
    if isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand


def conditions(node: ast.AST) -> Iterator[ast.AST]:
    """A condition that always holds, and one that never does."""
    for kind in (ast.If, ast.IfExp):
        if isinstance(node, kind) and not _is_of_the_form(node.test):
            for value in (True, False):
                other = copy.copy(node)
                other.test = ast.Constant(value)
                yield other
    if isinstance(node, ast.comprehension) and node.ifs:
        other = copy.copy(node)
        other.ifs = node.ifs[1:]
        yield other


def results(node: ast.AST) -> Iterator[ast.AST]:
    """None for what a function returns, and True for False."""
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield ast.Return(ast.Constant(None))
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        yield ast.Constant(not node.value)


def calls(node: ast.AST) -> Iterator[ast.AST]:
    """An unused call, dropped; an error that is not raised; a loop that continues, or ends."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    if isinstance(node, ast.Raise):
        yield ast.Pass()
    if isinstance(node, ast.Continue):
        yield ast.Break()
    if isinstance(node, ast.Break):
        yield ast.Continue()


def arithmetic(node: ast.AST) -> Iterator[ast.AST]:
    """`-` for `+`, `/` for `*`, `&` for `|`, each also the other way."""
    if isinstance(node, ast.BinOp) and (kind := _COMPUTED.get(type(node.op))) and not _is_type(node.right):
        yield ast.BinOp(node.left, kind(), node.right)


CHANGES: Final[dict[str, Callable[[ast.AST], Iterator[ast.AST]]]] = {
    "comparison": comparisons,
    "bound": bounds,
    "and, or, not": connectives,
    "condition": conditions,
    "result": results,
    "call": calls,
    "arithmetic": arithmetic,
}
"""Keyed by their class, as the counts name them."""


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_type(node: ast.AST) -> bool:
    """Return whether an operand is a type, as in `int | Decimal`."""
    return isinstance(node, ast.Name) and bool(_TYPE.fullmatch(node.id))


def _is_of_the_form(test: ast.AST) -> bool:
    """Return whether a condition is boilerplate, such as `TYPE_CHECKING` and `__name__ == "__main__"`."""
    return "TYPE_CHECKING" in ast.dump(test) or "__main__" in ast.dump(test)


def mutants(module: str, source: str) -> list[PythonMutant]:
    """Find every mutant of a module, named by its path, in the order of the text."""
    return [
        PythonMutant(module, found.scope, found.line, found.kind, ordinal, found.is_run_at_import)
        for ordinal, found in enumerate(_changes(ast.parse(source)))
    ]


def changed(source: str, ordinal: int) -> ast.Module:
    """Make the change with this number in a module, and return the module's tree."""
    tree = ast.parse(source)
    found = next(itertools.islice(_changes(tree), ordinal, None))
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is found.node:
                setattr(parent, name, found.other)
            elif isinstance(value, list):
                value[:] = [found.other if one is found.node else one for one in value]
    return ast.fix_missing_locations(tree)


def shown(source: str, ordinal: int) -> tuple[str, str]:
    """Return the first line that a change affects, before and after."""
    before, after = (ast.unparse(tree).splitlines() for tree in (ast.parse(source), changed(source, ordinal)))
    at = next((n for n, pair in enumerate(zip(before, after, strict=False)) if len(set(pair)) > 1), 0)
    return before[at].strip(), after[at].strip()


@dataclass(frozen=True)
class _Found:
    node: ast.AST
    other: ast.AST
    line: int
    kind: str
    scope: str
    is_run_at_import: bool


def _changes(tree: ast.Module) -> Iterator[_Found]:
    """Find the nodes that can be changed, with their replacements."""
    for node, scope, is_run_at_import in _walk(tree, "", True):
        for kind, look in CHANGES.items():
            for other in look(node):
                # a comprehension's `for` has no line of its own
                line = getattr(node, "lineno", 0) or node.target.lineno  # type: ignore[attr-defined]
                yield _Found(node, ast.copy_location(other, node), line, kind, scope, is_run_at_import)


def _walk(node: ast.AST, scope: str, is_run_at_import: bool) -> Iterator[tuple[ast.AST, str, bool]]:
    """Walk in the order of the text, skipping annotations, decorators and imports."""
    yield node, scope, is_run_at_import
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope = f"{scope}.{node.name}".lstrip(".")
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.Import | ast.ImportFrom):
                yield from _walk(child, scope, is_run_at_import and not (is_function and name == "body"))
