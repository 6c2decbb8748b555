"""Sentences about exploratory factors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from evalkit.contract import Label
from evalkit.report.phrases import Voice, listed, rows_of

KMO_NORM = 0.6
"""Below it a matrix is no good ground for factors: Kaiser (1974), Psychometrika 39, 35 calls .6 mediocre."""
_MOST = 5


def efa(result: Any, voice: Voice) -> Iterator[Label]:
    """Whether the items are fit for factoring, how many factors and what they explain, items without a clear place."""
    rows = {row["term"]: row for row in rows_of(result.tidy()) if str(row["term"]).startswith("model.")}
    kmo, bartlett, share = rows["model.kmo"], rows["model.bartlett"], rows["model.share"]
    fit = "fit" if kmo["estimate"] >= KMO_NORM and bartlett["p_value"] < voice.alpha else "unfit"
    yield Label(
        f"efa.say.{fit}",
        kmo=voice.number(kmo["estimate"], "kmo"),
        chi2=voice.number(bartlett["statistic"], "chi2"),
        df=voice.number(bartlett["df"], "df"),
        p=voice.p(bartlett["p_value"]),
        norm=voice.number(KMO_NORM, "kmo"),
        ref=voice.ref(kmo),
    )
    yield Label(
        f"efa.say.number_{result.choices.chosen_by}",
        m=len(result.factors),
        k=len(result.names),
        share=voice.number(share["estimate"], "percent"),
        ref=voice.ref(share),
    )
    large = np.abs(result.solution.loadings) >= result.choices.suppress
    bound = voice.number(result.choices.suppress, "loading")
    for kind, which in (("nowhere", ~large.any(axis=1)), ("several", large.sum(axis=1) > 1)):
        names = [voice.name(name) for name, chosen in zip(result.names, which, strict=True) if chosen]
        if names:
            more = len(names) - _MOST
            shown = listed(names[:_MOST])
            yield Label(f"efa.say.{kind}" + ("_more" if more > 0 else ""), items=shown, bound=bound, n=len(names))
