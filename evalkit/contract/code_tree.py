"""A codebook as a tree: who stands below whom, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from evalkit.contract import AnalysisError, Problem, require_columns


@dataclass(frozen=True)
class Code:
    """One code; `path` are the codes from the top down to it, itself last."""

    id: str
    name: str
    level: str
    definition: str
    path: tuple[str, ...]
    children: tuple[str, ...] = field(default=())
    name_en: str = ""

    @property
    def depth(self) -> int:
        return len(self.path) - 1


def codes_of(codebook: pd.DataFrame | None, used: Sequence[str]) -> dict[str, Code]:
    """Every code that is neither merged nor dropped, parents before their children.

    Parameters
    ----------
    codebook : DataFrame or None
        Columns code_id and perhaps name, name_en, parent_id, level, definition, status; None: the codes that are
        `used`.

    Raises
    ------
    AnalysisError
        E600 without code_id; E2141 for codes that occur and are not in it; E2142 for a cycle, printed.
    """
    if codebook is None:
        return {code: Code(code, code, "", "", (code,)) for code in used}
    require_columns(codebook, ["code_id"])
    if "status" in codebook:
        codebook = codebook[~codebook["status"].isin(["merged", "dropped"])]
    rows = {str(row["code_id"]): row for row in codebook.to_dict("records")}
    unknown = [code for code in used if code not in rows]
    if unknown:
        raise AnalysisError(Problem("E2141", params={"names": unknown}))
    parent = {code: _said(row.get("parent_id")) for code, row in rows.items()}
    below: dict[str, list[str]] = {}
    for code, above in parent.items():
        below.setdefault(above if above in rows else "", []).append(code)
    found = dict(_walk("", (), rows, below))
    lost = [code for code in rows if code not in found]
    if lost:
        raise AnalysisError(Problem("E2142", params={"path": " → ".join(_cycle(lost[0], parent))}))
    return found


def _walk(
    top: str, path: tuple[str, ...], rows: dict[str, dict[str, object]], below: dict[str, list[str]]
) -> Iterator[tuple[str, Code]]:
    for code in below.get(top, ()):
        own = (*path, code)
        name, level, definition, english = (
            _said(rows[code].get(key)) for key in ("name", "level", "definition", "name_en")
        )
        yield code, Code(code, name, level, definition, own, tuple(below.get(code, ())), english)
        yield from _walk(code, own, rows, below)


def _cycle(code: str, parent: dict[str, str]) -> list[str]:
    path: list[str] = []
    while code not in path:
        path.append(code)
        code = parent[code]
    return [*path[path.index(code) :], code]


def _said(value: object) -> str:
    return "" if value is None or value != value else str(value).strip()
