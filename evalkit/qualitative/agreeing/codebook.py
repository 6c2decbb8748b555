"""Codings raised to a level of the codebook, and results that call codes by their names in its order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem, require_columns
from evalkit.qualitative.agreeing.codings import NOTHING, of_round
from evalkit.qualitative.agreeing.result import AgreementResult
from evalkit.qualitative.saturating.hierarchy import ancestors, labels_of


def at_level(
    codings: pd.DataFrame, round_: str, codebook: pd.DataFrame | None, level: str | None
) -> tuple[pd.DataFrame, int]:
    """Codings of a round under the codes of a level, and how many stand above it and are left out.

    Raises
    ------
    AnalysisError
        E6713 for a level without a codebook, or one that the codebook does not have; E600 for a column.
    """
    if level is None:
        return codings, 0
    if codebook is None:
        raise AnalysisError(Problem("E6713", params={"level": level, "known": ["–"]}))
    require_columns(codebook, ["code_id", "parent_id", "level"])
    require_columns(codings, ["code_id"])
    known = [str(name) for name in codebook["level"].dropna().unique()]
    if level not in known:
        raise AnalysisError(Problem("E6713", params={"level": level, "known": known}))
    codings = of_round(codings, round_)
    raised = codings["code_id"].map(str).map(ancestors(codebook, level))
    lost = codings["code_id"].notna() & raised.isna()
    return codings.assign(code_id=raised)[~lost], int(lost.sum())


def in_words(result: AgreementResult, codebook: pd.DataFrame | None) -> AgreementResult:
    """The result with the codebook's names and order; codes that it does not list come last, under their ids."""
    if codebook is None or "code_id" not in codebook:
        return result
    called = labels_of(codebook)
    order = {NOTHING: -1} | {str(code): i for i, code in enumerate(codebook["code_id"])}
    last = len(order)

    def place(code: str | None) -> int:
        return -1 if code is None else order.get(code, last)

    by = sorted(range(len(result.categories)), key=lambda i: place(result.categories[i]))
    return replace(
        result,
        blocks=tuple(sorted(result.blocks, key=lambda b: place(b.category))),
        categories=tuple(result.categories[i] for i in by),
        confusions={pair: counts[np.ix_(by, by)] for pair, counts in result.confusions.items()},
        labels={key: called.get(key, label) for key, label in result.labels.items()},
    )
