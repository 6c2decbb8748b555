"""A data frame with gaps in, several completed ones out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem, codebook_of, label_of, require_columns
from evalkit.resample import child_seed, codes
from evalkit.studies.imputation.chain import Chain, run_chain
from evalkit.studies.imputation.convergence import limit, potential_scale_reduction
from evalkit.studies.imputation.grid import Grid, grid_of
from evalkit.studies.imputation.imputed import Filled, Imputed
from evalkit.studies.imputation.members import Member, members_of
from evalkit.studies.imputation.rescored import dependent, recomputed, unlike

SCALES = ("items", "score")


def impute(
    data: pd.DataFrame,
    *,
    variables: Sequence[str],
    m: int = 20,
    iterations: int = 10,
    methods: Mapping[str, str] | None = None,
    predictors: Mapping[str, Sequence[str]] | None = None,
    scales: str = "items",
    cluster: str | None = None,
    seed: int = 0,
) -> Imputed:
    """Multiple imputation by chained equations.

    Parameters
    ----------
    data : DataFrame
    variables : list of str
        Columns and scales that are imputed and predict one another: every variable of the models to come, the outcome
        too. A scale stands for its items (`scales="items"`) or its score.
    m : int
        Imputations, at least 2.
    iterations : int
        Sweeps over the variables.
    methods : mapping, optional
        Variable (or scale) -> `pmm` (the answer of one of five donors with the nearest prediction), `normal` (linear
        model, within the answer scale where the codebook knows one), `logit`, `ordered_logit`, `multinomial`. By
        default two values: `logit`; ordinal: `ordered_logit`; nominal: `multinomial`; items, scores, counts and
        numbers: `pmm`. Only answers that exist are imputed, but for `normal`.
    predictors : mapping, optional
        Variable (or scale) -> the variables that predict it; by default all others.
    scales : str
        `items`: items are imputed from the other items of their scale, the means of the other scales' items and all
        other variables, and scores computed anew. `score`: scores are imputed from the other variables and the mean of
        the items that were answered.
    cluster : str, optional
        Each imputed variable has a random intercept by cluster. A variable that is the same for a whole cluster takes
        the cluster's value. Slopes are taken to be the same between and within clusters.
    seed : int

    Returns
    -------
    Imputed
        Answers of the kinds not_asked, not_applicable and not_in_file are never imputed. A variable without any answer
        stays as it is (W6234); chains that have not come together are named (W6238).

    Raises
    ------
    AnalysisError
        E600 for an unknown column; E6230 to E6232 for methods and names; E6237 for a variable with fewer answers than
        predictors; E6239 for an option out of range; E6240 for a cluster with gaps; E6241 for a scale whose score
        cannot be computed anew.

    Notes
    -----
    van Buuren (2018), Flexible Imputation of Missing Data, 2nd ed., chapters 3, 4 and 7; scales: Eekhout, de Vet, de
    Boer, Twisk & Heymans (2018), Statistical Methods in Medical Research 27, 1128-1140.
    """
    _require_options(data, m, iterations, scales)
    names = [variables] if isinstance(variables, str) else list(dict.fromkeys(variables))
    members, notices = members_of(data, names, methods or {}, scales)
    members = tuple(member for member in members if member.name != cluster)
    if not members:
        raise AnalysisError(Problem("E6239", params={"option": "variables", "value": names}))
    groups = None if cluster is None else _groups(data, cluster)
    given = () if groups is None else tuple(_of_clusters(member, groups) for member in members)
    grid, more = grid_of(
        tuple(g or p for g, p in zip(given, members, strict=True)) if given else members,
        _each(predictors or {}),
        together=scales == "items",
    )
    found = [run_chain(grid, iterations, child_seed(seed, f"imputation {i}"), groups) for i in range(m)]
    filled, notices = _filled(members, grid, found, m, notices)
    traces = np.stack([chain.trace for chain in found])
    rhat = _rhat(traces, grid, filled)
    bound = limit(m, iterations)
    late = [name for name, value in rhat.items() if value > bound]
    if late:
        notices.append(Problem("W6238", params={"names": late, "limit": f"{bound:.2f}", "iterations": iterations}))
    keyed, rescored, unclear = _resting(data, filled)
    return Imputed(
        data=data,
        m=m,
        iterations=iterations,
        seed=seed,
        scales=scales,
        cluster=cluster,
        filled=filled,
        trace=_trace(traces, grid),
        rhat=rhat,
        keyed=keyed,
        rescored=rescored,
        labels={name: label_of(data, name) for name in (*filled, *([cluster] if cluster else []))},
        observed={p.name: _known(p) for p in members if p.name in filled},
        n_obs=len(data),
        notices=tuple(dict.fromkeys([*notices, *more, *unclear])),
    )


def _require_options(data: pd.DataFrame, m: int, iterations: int, scales: str) -> None:
    bad = [(name, value) for name, value, least in (("m", m, 2), ("iterations", iterations, 1)) if value < least]
    bad += [("scales", scales)] if scales not in SCALES else []
    bad += [("data", 0)] if not len(data) else []
    if bad:
        raise AnalysisError(Problem("E6239", params={"option": name, "value": value}) for name, value in bad)


def _each(predictors: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {name: [given] if isinstance(given, str) else list(given) for name, given in predictors.items()}


def _groups(data: pd.DataFrame, cluster: str) -> np.ndarray:
    require_columns(data, [cluster])
    without = int(data[cluster].isna().sum())
    found = codes(data[cluster].to_numpy())
    if without or found.max() < 1:
        raise AnalysisError(Problem("E6240", params={"name": cluster, "n": without, "clusters": int(found.max()) + 1}))
    return found


def _of_clusters(member: Member, groups: np.ndarray) -> Member | None:
    """A variable that never differs within a cluster, with the values of its clusters in the gaps; else nothing.

    Gaps of clusters without any answer are left so.
    """
    known = member.observed
    if not member.method or not known.any():
        return None
    table = pd.Series(member.values[known]).groupby(groups[known])
    if (table.nunique() > 1).any() or table.size().max() < 2:
        return None
    value = np.full(int(groups.max()) + 1, np.nan)
    value[table.first().index.to_numpy()] = table.first().to_numpy()
    values = member.values.copy()
    values[member.gaps] = value[groups[member.gaps]]
    nothing = np.empty(0, dtype=int)
    return replace(member, method="", values=values, gaps=nothing, structural=np.isnan(values))


def _filled(
    members: Sequence[Member], grid: Grid, found: Sequence[Chain], m: int, notices: list[Problem]
) -> tuple[dict[str, Filled], list[Problem]]:
    """What became of each variable with gaps, in the order of the call."""
    out, notices = {}, list(notices)
    for place, (member, used) in enumerate(zip(members, grid.members, strict=True)):
        if not member.method:
            continue
        left = int(used.structural.sum())
        if used.method:
            numbers, method, rows = np.stack([chain.imputed[place] for chain in found]), member.method, member.gaps
        else:
            rows = member.gaps[~used.structural[member.gaps]]
            numbers, method = np.tile(used.values[rows], (m, 1)), "cluster"
            without = len(member.gaps) - len(rows)
            notices.append(Problem("N6242", params={"name": member.name, "n": len(rows), "left": without}))
        values = np.stack([member.given_back(row) for row in numbers])
        known = member.values[member.observed]
        out[member.name] = Filled(method, rows, values, numbers, known, member.codes, left)
    return out, notices


def _rhat(traces: np.ndarray, grid: Grid, filled: Mapping[str, Filled]) -> dict[str, float]:
    """The larger R-hat of mean and SD of the imputed numbers; of the mean alone where one value was imputed."""
    out = {}
    for place, member in enumerate(grid.members):
        if member.name in filled:
            found = potential_scale_reduction(traces[:, :, place])
            known = found[np.isfinite(found)]
            out[member.name] = float(known.max()) if member.method and len(known) else np.nan
    return out


def _trace(traces: np.ndarray, grid: Grid) -> pd.DataFrame:
    m, iterations, _, _ = traces.shape
    places = [i for i, member in enumerate(grid.members) if member.method]
    parts = [
        pd.DataFrame(
            {
                "variable": grid.members[i].name,
                "imputation": np.repeat(np.arange(1, m + 1), iterations),
                "iteration": np.tile(np.arange(1, iterations + 1), m),
                "mean": traces[:, :, i, 0].ravel(),
                "sd": traces[:, :, i, 1].ravel(),
            }
        )
        for i in places
    ]
    columns = ["variable", "imputation", "iteration", "mean", "sd"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _known(member: Member) -> tuple[float, float, int]:
    """Mean, SD and number of the answers, as numbers."""
    known = member.values[member.observed]
    sd = float(known.std(ddof=1)) if len(known) > 1 else np.nan
    return float(known.mean()), sd, len(known)


def _resting(
    data: pd.DataFrame, filled: Mapping[str, Filled]
) -> tuple[tuple[str, ...], tuple[str, ...], list[Problem]]:
    """Keyed items and scales to be computed anew, and scales of which that cannot be known.

    Raises
    ------
    AnalysisError
        E6241 for a scale whose scores in the data do not come out again.
    """
    book = codebook_of(data)
    keyed, rescored = dependent(book, filled, data.columns)
    made = recomputed(book, keyed, rescored, lambda name: data[name].to_numpy(dtype=float, na_value=np.nan))
    wrong = unlike(data, made, rescored)
    if wrong:
        raise AnalysisError(Problem("E6241", params={"name": name}) for name in wrong)
    hidden = [e.id for e in book.scales.values() if e.id in data and not e.columns and not e.parts]
    notices = [Problem("W6243", params={"names": hidden})] if hidden and any(k in data for k in filled) else []
    return keyed, rescored, notices
