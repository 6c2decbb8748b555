"""Some of the actors, and the ties among them; what actors and values are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, require_columns


def text(value: object) -> str:
    """A value as text; 2.0 is 2."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _chosen_actors(
    actors: pd.DataFrame | None, among: Mapping[str, str | float | Sequence[str | float]] | None
) -> pd.DataFrame | None:
    """The actors that have, in each column of `among`, the value (or one of the values) given there.

    Raises
    ------
    AnalysisError
        E600 for a column; E6750 where there is no list of actors; E6751 where no actor is left.
    """
    if not among:
        return actors
    if actors is None:
        raise AnalysisError(Problem("E6750", params={"columns": list(among)}))
    require_columns(actors, ["actor_id", *among])
    kept = actors
    for column, wanted in among.items():
        values = [wanted] if isinstance(wanted, (str, int, float)) else list(wanted)
        kept = kept[kept[column].map(text).isin([text(v) if isinstance(v, float) else str(v) for v in values])]
        if kept.empty:
            known = sorted(set(actors[column].dropna().map(text)))
            raise AnalysisError(Problem("E6751", params={"column": column, "values": values, "known": known}))
    return kept


def _ties_within(
    ties: pd.DataFrame, source: str, target: str, everyone: pd.DataFrame, kept: pd.DataFrame, two_mode: bool
) -> tuple[pd.DataFrame, int]:
    """The ties whose ends are kept (in two modes: whose senders are), and how many others there are.

    An end that is no actor at all stays: it is a fault, to be told where ties are read.
    """
    inside = set(kept["actor_id"].map(str))
    outside = set(everyone["actor_id"].map(str)) - inside
    gone = ties[source].map(str).isin(outside)
    if not two_mode:
        gone |= ties[target].map(str).isin(outside)
    return ties[~gone], int(gone.sum())


def ties_among(
    ties: pd.DataFrame,
    source: str,
    target: str,
    actors: pd.DataFrame | None,
    among: Mapping[str, str | float | Sequence[str | float]] | None,
    two_mode: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame | None, int]:
    """The ties among the actors chosen (all without `among`), those actors, and how many ties are left out.

    Raises
    ------
    AnalysisError
        E600 for a column; E6750, E6751 for `among`.
    """
    kept = _chosen_actors(actors, among)
    if kept is None or actors is None or not among:
        return ties, kept, 0
    require_columns(ties, [source, target])
    within, outside = _ties_within(ties, source, target, actors, kept, two_mode)
    return within, kept, outside


def in_time(values: pd.Series, given: Sequence[str | float]) -> list[str]:
    """The periods of ties in order: as given, else numbers upwards and words by the alphabet.

    Raises
    ------
    AnalysisError
        E6752 for a period that `given` leaves out.
    """
    met = list(dict.fromkeys(values.dropna().map(text)))
    if not given:
        return sorted(met, key=float) if all(map(_is_number, met)) else sorted(met)
    order = [text(p) for p in given]
    lacking = [p for p in met if p not in order]
    if lacking:
        raise AnalysisError(Problem("E6752", params={"names": lacking}))
    return [p for p in order if p in met]


def unordered(periods: Sequence[str], given: Sequence[str | float]) -> list[Problem]:
    """N6753 where words were put in order by the alphabet; those that begin with a year stand in order of time."""
    if given or all(p[:4].isdigit() or _is_number(p) for p in periods):
        return []
    return [Problem("N6753", params={"names": list(periods)})]


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def called(actors: pd.DataFrame | None) -> dict[str, Label]:
    """Actor -> its `label`, and `label_en` in English where the list has that."""
    if actors is None or "label" not in actors.columns:
        return {}
    ids, names = actors["actor_id"].map(str), actors["label"]
    english = actors["label_en"] if "label_en" in actors.columns else names
    return {
        actor: Label(zh=str(zh), en=str(zh if pd.isna(en) else en))
        for actor, zh, en in zip(ids, names, english, strict=True)
        if not pd.isna(zh)
    }


def worded(labels: Mapping[str, Mapping[str, str]] | None) -> dict[str, Label]:
    """Value -> what it is called."""
    return {name: Label(zh=pair.get("zh", name), en=pair.get("en", name)) for name, pair in (labels or {}).items()}
