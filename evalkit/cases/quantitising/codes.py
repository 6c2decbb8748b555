"""A codebook in, which codes count for which out: a code stands for itself and all codes below it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evalkit.contract import AnalysisError, Problem, require_columns

_OUT_OF_USE = ("merged", "dropped")


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
    if codebook is None:
        return {code: CodeEntry(code, code, 0, (), frozenset([code])) for code in used}
    require_columns(codebook, ["code_id"])
    if "status" in codebook:
        codebook = codebook[~codebook["status"].isin(_OUT_OF_USE)]
    rows = {str(row["code_id"]): row for row in codebook.to_dict("records")}
    unknown = [code for code in used if code not in rows]
    if unknown:
        raise AnalysisError(Problem("E2141", params={"names": unknown}))
    parent = {code: _said(row.get("parent_id")) for code, row in rows.items()}
    children: dict[str, list[str]] = {}
    for code, above in parent.items():
        children.setdefault(above if above in rows else "", []).append(code)
    order = list(_walk("", 0, children))
    lost = [code for code in rows if code not in dict(order)]
    if lost:
        raise AnalysisError(Problem("E2142", params={"path": " → ".join(_cycle(lost[0], parent))}))
    counts: dict[str, frozenset[str]] = {}
    for code, _ in reversed(order):
        counts[code] = frozenset([code]).union(*(counts[child] for child in children.get(code, ())))
    return {
        code: CodeEntry(
            code,
            _said(rows[code].get("name")),
            depth,
            tuple(children.get(code, ())),
            counts[code],
            _said(rows[code].get("name_en")),
        )
        for code, depth in order
    }


def require_codes(names: Iterable[str], entries: Mapping[str, CodeEntry]) -> None:
    """Raise AnalysisError E6682, naming the nearest code, for every name that is none."""
    bad = [name for name in names if name not in entries]
    if bad:
        near = {name: difflib.get_close_matches(name, list(entries), 3, 0.4) or list(entries)[:5] for name in bad}
        raise AnalysisError(Problem("E6682", params={"name": name, "near": near[name] or ["–"]}) for name in bad)


def _walk(top: str, depth: int, children: dict[str, list[str]]) -> Iterator[tuple[str, int]]:
    for code in children.get(top, ()):
        yield code, depth
        yield from _walk(code, depth + 1, children)


def _cycle(code: str, parent: dict[str, str]) -> list[str]:
    path: list[str] = []
    while code not in path:
        path.append(code)
        code = parent[code]
    return [*path[path.index(code) :], code]


def _said(value: object) -> str:
    return "" if value is None or value != value else str(value).strip()
