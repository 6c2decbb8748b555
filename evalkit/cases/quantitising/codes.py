"""A codebook in, which codes count for which out: a code stands for itself and all codes below it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evalkit.contract import AnalysisError, Problem
from evalkit.contract.code_tree import codes_of


@dataclass(frozen=True)
class CodeEntry:
    """One code with its name, its place in the tree (0 = top), its children and all that counts for it."""

    id: str
    name: str
    depth: int
    children: tuple[str, ...]
    counts: frozenset[str]
    name_en: str = ""


def entries_of(codebook: pd.DataFrame | None, used: Sequence[str]) -> dict[str, CodeEntry]:
    """Every code in use, parents before their children.

    Parameters
    ----------
    codebook : DataFrame or None
        Columns code_id and perhaps name, parent_id, status; None: the codes that are `used`, none below another.

    Raises
    ------
    AnalysisError
        E600 without code_id; E2141 for codes that occur and are not in it; E2142 for a cycle, printed.
    """
    tree = codes_of(codebook, used)
    counts: dict[str, set[str]] = {code: set() for code in tree}
    for code, one in tree.items():
        for above in one.path:
            counts[above].add(code)
    return {
        code: CodeEntry(code, one.name, one.depth, one.children, frozenset(counts[code]), one.name_en)
        for code, one in tree.items()
    }


def require_codes(names: Iterable[str], entries: Mapping[str, CodeEntry]) -> None:
    """Raise AnalysisError E6682, naming the nearest code, for every name that is none."""
    bad = [name for name in names if name not in entries]
    if bad:
        near = {name: difflib.get_close_matches(name, list(entries), 3, 0.4) or list(entries)[:5] for name in bad}
        raise AnalysisError(Problem("E6682", params={"name": name, "near": near[name] or ["–"]}) for name in bad)
