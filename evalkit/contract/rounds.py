"""Rounds of coding: which codings count where coders worked more than once."""

from __future__ import annotations

import pandas as pd

from evalkit.contract.problems import AnalysisError, Problem

CONSENSUS = "consensus"


def in_round(codings: pd.DataFrame, round_: str | None) -> tuple[pd.Series, str]:
    """Which codings are of a round, and which round it is: the consensus by default where there is one, else all ("").

    Raises
    ------
    AnalysisError
        E2143 for a round without codings, naming those there are.
    """
    every = pd.Series(True, index=codings.index)
    if "round" not in codings:
        return every, ""
    given = codings["round"].map(lambda r: f"{r:g}" if isinstance(r, float) else str(r))
    wanted = CONSENSUS if round_ is None and (given == CONSENSUS).any() else round_
    if wanted is None:
        return every, ""
    if not (given == wanted).any():
        raise AnalysisError(Problem("E2143", params={"round": wanted, "rounds": sorted(set(given))}))
    return given == wanted, str(wanted)
