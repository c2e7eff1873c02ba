"""The order of mutants: all classes of change and all modules in turn."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any, Final

_NOTHING: Final = object()


def drawn(mutants: Sequence[Any], seed: int) -> list[Any]:
    """Shuffle mutants by a seed, and take one of each class, and within it of each module, in turn."""
    rng = random.Random(seed)
    by_class: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for mutant in mutants:
        by_class[mutant.kind][mutant.module].append(mutant)
    classes = []
    for of_modules in by_class.values():
        lists = list(of_modules.values())
        rng.shuffle(lists)
        for one in lists:
            rng.shuffle(one)
        classes.append(_in_turn(lists))
    return _in_turn(classes)


def _in_turn(lists: Iterable[Sequence[Any]]) -> list[Any]:
    return [one for turn in zip_longest(*lists, fillvalue=_NOTHING) for one in turn if one is not _NOTHING]
