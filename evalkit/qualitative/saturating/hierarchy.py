"""Codes gathered under their codes of a higher level."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evalkit.contract import Label


def ancestors(codebook: pd.DataFrame, level: str) -> Mapping[str, str]:
    """Each code's forebear (or itself) of a level; codes without one are left out.

    Parameters
    ----------
    codebook : DataFrame
        Columns code_id, parent_id, level. A cycle ends the climb.
    """
    parent = dict(zip(codebook["code_id"].map(str), codebook["parent_id"], strict=True))
    of = dict(zip(codebook["code_id"].map(str), codebook["level"], strict=True))
    found: dict[str, str] = {}
    for code in parent:
        at: str | None = code
        passed: set[str] = set()
        while at is not None and at not in passed and of.get(at) != level:
            passed.add(at)
            above = parent.get(at)
            at = None if above is None or pd.isna(above) or not str(above).strip() else str(above)
        if at is not None and of.get(at) == level:
            found[code] = at
    return found


def labels_of(codebook: pd.DataFrame) -> dict[str, Label]:
    """Code -> its `name`, and `name_en` in English where the codebook has that; codes without a name are left out."""
    names = codebook["name"] if "name" in codebook else codebook["code_id"]
    english = codebook.get("name_en", names)
    return {
        str(code): Label(zh=str(zh), en=str(zh if pd.isna(en) or not str(en) else en))
        for code, zh, en in zip(codebook["code_id"], names, english, strict=True)
        if not pd.isna(zh) and str(zh)
    }


def levels_of(codebook: pd.DataFrame) -> tuple[str, ...]:
    """Levels from the codes without a child upwards, by the longest way below any code of the level."""
    parent = dict(zip(codebook["code_id"].map(str), codebook["parent_id"], strict=True))
    height = dict.fromkeys(parent, 0)
    for code in parent:
        at, steps = parent.get(code), 1
        passed = {code}
        while at is not None and not pd.isna(at) and str(at) in parent and str(at) not in passed:
            passed.add(str(at))
            height[str(at)] = max(height[str(at)], steps)
            at, steps = parent[str(at)], steps + 1
    of = {code: str(level) for code, level in zip(codebook["code_id"].map(str), codebook["level"], strict=True)}
    highest = {level: max(height[c] for c in of if of[c] == level) for level in dict.fromkeys(of.values())}
    return tuple(sorted(highest, key=lambda level: highest[level]))
