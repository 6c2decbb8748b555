"""A model and data in, a value of every factor for every row out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evalkit.contract import AnalysisError, Problem, item_columns
from evalkit.sampling import Design, design_of
from evalkit.structure import fit, scores


def factor_scores(
    data: pd.DataFrame,
    model: str | Sequence[str],
    *,
    method: str | None = None,
    estimator: str | None = None,
    std_lv: bool = False,
    missing: str = "listwise",
    ordinal: bool | Sequence[str] = False,
    group: str | None = None,
    group_equal: Sequence[str] = (),
    group_partial: Sequence[str] = (),
    design: Design | None = None,
) -> pd.DataFrame:
    """Factor scores of a factor model or structural equation model.

    Parameters
    ----------
    data : DataFrame
    model : str or sequence of str
        As in `cfa`: lavaan's language, or scale ids.
    method : {"regression", "bartlett", "ebm"}, optional
        Regression scores (default), Bartlett's, or empirical Bayes modes (the only ones of ordinal items). Regression
        scores vary less than the factor, Bartlett's more; neither is free of error, so that a regression on them is no
        substitute for `sem`.
    estimator, std_lv, missing, ordinal, group, group_equal, group_partial, design : optional
        As in `cfa`: the weights of the design, by default the one the codebook declares, enter the model's estimates.

    Returns
    -------
    DataFrame, shape (n_rows, n_factors)
        With the index of `data`, in the metric of the model. A row that lacks some answers is scored from the others;
        one without any, or of no group, is nan.

    Raises
    ------
    ModelError, AnalysisError
        As `cfa`; E928 for an unknown method; E811 if the model does not converge.
    """
    if group is not None:
        item_columns(data, [group])
    text = model if isinstance(model, str) else "\n".join(f"{s} =~ {' + '.join(item_columns(data, s))}" for s in model)
    found = fit(
        text, data, estimator=estimator, std_lv=std_lv, missing=missing, ordinal=ordinal, group=group,
        group_equal=group_equal, group_partial=group_partial, design=design_of(data, design),
    )  # fmt: skip
    if not found.converged:
        raise AnalysisError(Problem("E811", params={"n": found.solution.iterations}))
    if group is None:
        return scores(found, data, method)
    out = pd.DataFrame(float("nan"), index=data.index, columns=list(found.table.latent))
    for number, value in enumerate(data[group].dropna().unique()):  # groups stand in order of appearance
        rows = (data[group] == value).to_numpy()
        out.loc[rows] = scores(found, data.loc[rows], method, number)
    return out
