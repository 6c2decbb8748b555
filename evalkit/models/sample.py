"""Which rows a model may use: complete in every variable of the call and in the design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Problem, attach, codebook_of, require_columns
from evalkit.models.sandwich import CLUSTERED, CROSSED, Errors
from evalkit.resample import codes
from evalkit.sampling import Design, DesignArrays, design_arrays, design_of


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows used and what they were drawn by.

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
        Positions in the data.
    clusters : ndarray of int, shape (n,), optional
        Cluster of each row used, 0 .. G - 1 in order of appearance.
    crossed : ndarray of int, shape (n,), optional
        The second clusters, where two were named.
    precision : ndarray, shape (n,), optional
        Inverse error variances of the rows used, up to a factor.
    design : DesignArrays, optional
        Of all rows of the data.
    """

    rows: np.ndarray
    dropped: tuple[Drop, ...]
    clusters: np.ndarray | None = None
    cluster_name: str | None = None
    declared: Design | None = None
    design: DesignArrays | None = None
    crossed: np.ndarray | None = None
    crossed_name: str | None = None
    precision: np.ndarray | None = None

    @property
    def n(self) -> int:
        return len(self.rows)

    def errors(self, kind: str, between: bool = False) -> Errors:
        return Errors(kind, self.clusters, self.design, self.rows, between, self.crossed, self.precision)


def cluster_columns(cluster: str | Sequence[str] | None) -> tuple[str, ...]:
    """The columns of clusters that a call names: none, one or two.

    Raises
    ------
    AnalysisError
        E6020 for more than two, or the same twice.
    """
    names = () if cluster is None else (cluster,) if isinstance(cluster, str) else tuple(cluster)
    if len(names) > 2 or len(set(names)) < len(names):
        raise AnalysisError(Problem("E6020", params={"names": list(names)}))
    return names


def relevant(
    data: pd.DataFrame,
    names: Sequence[str],
    cluster: str | Sequence[str] | None,
    design: Design | None,
    precision: str | None = None,
) -> pd.DataFrame:
    """The columns a call is about, with a codebook that knows all of them.

    Raises
    ------
    AnalysisError
        E600 for every name that is not a column.
    """
    declared = design_of(data, design)
    extra = (*cluster_columns(cluster), *((precision,) if precision else ()), *(declared.columns if declared else ()))
    wanted = list(dict.fromkeys([*names, *extra]))
    require_columns(data, wanted)
    part = data[wanted]
    return attach(part, codebook_of(part))


def complete_rows(
    data: pd.DataFrame,
    names: Sequence[str],
    values: np.ndarray,
    *,
    cluster: str | Sequence[str] | None = None,
    design: Design | None = None,
    precision: str | None = None,
    ways: int = 1,
) -> Sample:
    """The rows without a missing value in `names`, in the cluster and in the design.

    Parameters
    ----------
    data : DataFrame
        From `relevant`.
    values : ndarray, shape (n, k)
        Model columns made of the names; a row with nan (e.g. an answer counted as missing) is set aside too.
    ways : int
        Columns of clusters that the analysis can honour.

    Raises
    ------
    AnalysisError
        E665 if both `cluster` and a design with other clusters are given; E6021 for two columns of clusters or a
        precision under a design; E6026 for a precision that is negative or no number; E6028 for two columns where the
        analysis takes one.
    """
    declared = design_of(data, design)
    cluster, *second = (*cluster_columns(cluster), None) if cluster else (None, None)
    crossed = second[0]
    if crossed is not None and ways < 2:
        raise AnalysisError(Problem("E6028", params={"names": [cluster, crossed]}))
    if declared is not None and (crossed is not None or precision is not None):
        option = f"cluster = [{cluster}, {crossed}]" if crossed is not None else f"precision = {precision}"
        raise AnalysisError(Problem("E6021", params={"option": option, "columns": list(declared.columns)}))
    if cluster is not None and declared is not None and declared.clusters not in (None, cluster):
        raise AnalysisError(Problem("E665", params={"cluster": cluster, "declared": declared.clusters}))
    if cluster is not None and declared is not None:
        declared = replace(declared, clusters=cluster)  # weights and strata by the design, clusters by the call
    complete = ~data[list(dict.fromkeys(names))].isna().any(axis=1).to_numpy() & ~np.isnan(values).any(axis=1)
    arrays = None
    if cluster is not None:
        complete &= data[cluster].notna().to_numpy()
    if crossed is not None:
        complete &= data[crossed].notna().to_numpy()
    if declared is not None:
        arrays = design_arrays(data, declared)
    answered = int(complete.sum())
    if arrays is not None:
        complete &= arrays.complete
    precise = None if precision is None else _precisions(data, precision)
    if precise is not None:
        complete &= precise > 0
    rows = np.flatnonzero(complete)
    reason = "regression.drop_design" if precise is None else "regression.drop_precision"
    lost = (Drop("drop.incomplete", len(data) - answered), Drop(reason, answered - len(rows)))
    name = cluster or (declared.clusters if declared is not None else None)
    groups = None if name is None else codes(data[name].to_numpy()[rows])
    return Sample(
        rows,
        tuple(d for d in lost if d.n),
        groups,
        name,
        declared,
        arrays,
        None if crossed is None else codes(data[crossed].to_numpy()[rows]),
        crossed,
        None if precise is None else precise[rows],
    )


def _precisions(data: pd.DataFrame, name: str) -> np.ndarray:
    """Weights of least squares, 0 where missing."""
    column = data[name]
    numeric = pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)
    values = column.to_numpy(dtype=float, na_value=np.nan) if numeric else None
    if values is None or (values < 0).any() or np.isinf(values).any():
        raise AnalysisError(Problem("E6026", params={"name": name}))
    return np.nan_to_num(values, nan=0.0)


def error_kind(cov: str | None, sample: Sample, cluster: str | Sequence[str] | None, kinds: Sequence[str]) -> str:
    """The standard errors meant: those asked for, else what cluster and design call for.

    Raises
    ------
    AnalysisError
        E650 for an unknown kind; E659 for clustered errors without clusters; E660 for errors that would pass over the
        declared weights, strata or clusters.
    """
    declared = sample.declared
    if cov is None:
        return "linearised" if declared is not None else ("CR1" if cluster is not None else "classical")
    if cov not in kinds:
        raise AnalysisError(Problem("E650", params={"name": cov, "known": list(kinds)}))
    if cov in CLUSTERED and sample.clusters is None:
        raise AnalysisError(Problem("E659", params={"kind": cov}))
    if cov == "linearised" and declared is None:
        raise AnalysisError(Problem("E666"))
    if cov == "linearised" or (declared is None and cluster is None):
        return cov
    if sample.crossed is not None and cov in CLUSTERED and cov not in CROSSED:
        raise AnalysisError(Problem("E6022", params={"kind": cov, "known": list(CROSSED)}))
    beyond = [n for n in (declared.columns if declared is not None else ()) if n != sample.cluster_name]
    if cov in CLUSTERED and not beyond:
        return cov
    raise AnalysisError(Problem("E660", params={"kind": cov, "columns": beyond or [sample.cluster_name]}))
