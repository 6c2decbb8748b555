"""Items in; how many factors, their loadings, correlations and fit out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem
from evalkit.measurement.exploratory.adequacy import adequacy, sphericity
from evalkit.measurement.exploratory.adjusted_fit import adjusted_fit
from evalkit.measurement.exploratory.extraction import METHODS, Extraction, extract
from evalkit.measurement.exploratory.result import EfaChoices, EfaResult
from evalkit.measurement.exploratory.retention import AveragePartial, Parallel, average_partial, parallel_analysis
from evalkit.measurement.exploratory.rotation import KAISER, ROTATIONS, Rotation, rotate
from evalkit.measurement.exploratory.sample import Sample, sample_of
from evalkit.measurement.exploratory.solution import FactorFit, Solution, degrees_of_freedom, fit_of, ordered
from evalkit.sampling import unused_design

_ALLOWED = {
    "method": tuple(METHODS),
    "rotation": ROTATIONS,
    "correlation": ("pearson", "polychoric"),
    "missing": ("listwise", "pairwise"),
    "reference": ("normal", "permuted"),
}
MOST_DRAWS = 100_000


def efa(
    data: pd.DataFrame,
    items: str | Sequence[str],
    *,
    n_factors: int | str = "parallel",
    method: str = "minres",
    rotation: str = "oblimin",
    correlation: str = "pearson",
    missing: str = "listwise",
    kaiser: bool | None = None,
    suppress: float = 0.40,
    reference: str = "normal",
    draws: int = 1000,
    percentile: float = 95.0,
    starts: int = 10,
    seed: int = 0,
) -> EfaResult:
    """Explore the factors behind items.

    Parameters
    ----------
    data : DataFrame
    items : str or sequence of str
        A scale id, several scale ids, or item names; a scale takes its keyed columns (`X_R` for a reverse item).
    n_factors : int, "parallel" or "map"
        How many, or the rule that says: parallel analysis (of factors; of components for `pca`), or the minimum
        average partial. A rule that says none gives one, with a notice.
    method : {"minres", "ml", "pa", "pca"}
        Least residuals, maximum likelihood, principal axis, or principal components.
    rotation : {"oblimin", "geomin", "promax", "varimax", "quartimax", "none"}
        The first three let the factors correlate.
    correlation : {"pearson", "polychoric"}
        Polychoric for ordered answers of few categories. Its fit is adjusted in mean and variance (for minres and pa;
        nan for ml and pca, whose statistics would take the matrix for one of normal data).
    missing : {"listwise", "pairwise"}
        Rows complete on all items, or for each correlation the rows that have both; tests then take the n of the pair
        that has fewest.
    kaiser : bool, optional
        Rotate rows of length one (Kaiser's normalisation). By default for varimax and promax only.
    suppress : float
        Loadings below this are blank in the printed table.
    reference : {"normal", "permuted"}
        Random data of the parallel analysis: normal ones, or the answers of complete rows, each item shuffled. It
        always compares Pearson correlations.
    draws, percentile : int, float
        Random data sets (1 to 100,000), and which of their percentiles an eigenvalue must exceed.
    starts, seed : int
        Starts of the rotation, and the seed of these and of the random data.

    Returns
    -------
    EfaResult
        Notices: N6000 a declared sampling design, which is not used; W646 smoothing, W960 and W961 no convergence,
        W962 Heywood cases, W963 and W964 a rule without a usable answer, N965 a rotation that few starts agree on.

    Raises
    ------
    AnalysisError
        E614 for an unknown option; E640 an item that never varies; E641 items that repeat one another; E642 no more
        rows than items; E643 more factors than the items can carry; E644 an item nobody answered; E645 fewer than three
        items, or one twice; E648 a pair nobody answered; E649 too many categories for polychoric correlations.

    Notes
    -----
    Fabrigar, Wegener, MacCallum & Strahan (1999), Psychological Methods 4, 272-299; the parts name their sources.
    """
    given = {"method": method, "rotation": rotation, "correlation": correlation, "missing": missing,
             "reference": reference}  # fmt: skip
    _require(given, n_factors, draws, percentile, starts, suppress)
    sample = sample_of(data, items, correlation, missing)
    permuted = sample.complete if reference == "permuted" else None
    if permuted is not None and len(permuted) <= len(sample.names):
        raise AnalysisError(Problem("E642", params={"n": len(permuted), "k": len(sample.names)}))
    parallel = parallel_analysis(
        sample.pearson, sample.n, draws=draws, percentile=percentile, seed=seed, permuted=permuted
    )
    partial = average_partial(sample.r)
    m, notices = _number(n_factors, method, parallel, partial, len(sample.names))
    extraction = extract(sample.r, m, method)
    rotated = rotate(extraction.loadings, rotation, kaiser=kaiser, starts=starts, seed=seed)
    solution = ordered(sample.r, rotated.loadings, rotated.phi)
    used = EfaChoices(
        method, rotation, correlation, missing, KAISER[rotation] if kaiser is None else kaiser,
        _chosen_by(n_factors, notices), percentile, reference, suppress,
    )  # fmt: skip
    return EfaResult(
        sample.names, sample.labels, used, solution, _fit(solution, sample, method), adequacy(sample.r),
        sphericity(sample.r, sample.n), parallel, partial, sample.mean, sample.sd, len(sample.x), sample.dropped,
        (*unused_design(data), *sample.notices, *notices, *_warnings(extraction, rotated, sample)),
    )  # fmt: skip


def most_factors(p: int) -> int:
    """The largest number of factors that leaves no negative degrees of freedom."""
    return max((m for m in range(1, p) if degrees_of_freedom(p, m) >= 0), default=0)


def _require(
    given: dict[str, str], n_factors: int | str, draws: int, percentile: float, starts: int, suppress: float
) -> None:
    bad = {name: value for name, value in given.items() if value not in _ALLOWED[name]}
    whole = isinstance(n_factors, (int, np.integer)) and not isinstance(n_factors, bool)
    if n_factors not in ("parallel", "map") if isinstance(n_factors, str) else not whole or n_factors < 1:
        bad["n_factors"] = str(n_factors)
    numbers = {
        "draws": (draws, 1, MOST_DRAWS),
        "percentile": (percentile, 0.0, 100.0),
        "starts": (starts, 1, 1000),
        "suppress": (suppress, 0.0, 1.0),
    }
    bad |= {name: str(value) for name, (value, low, high) in numbers.items() if not low <= value <= high}
    if bad:
        raise AnalysisError([Problem("E614", params={"option": k, "value": v}) for k, v in bad.items()])


def _number(
    wanted: int | str, method: str, parallel: Parallel, partial: AveragePartial, p: int
) -> tuple[int, list[Problem]]:
    """How many factors, and what is to be said about it."""
    most = p if method == "pca" else most_factors(p)
    if not isinstance(wanted, str):
        if wanted > most:
            raise AnalysisError(Problem("E643", params={"n": int(wanted), "k": p, "most": most}))
        return int(wanted), []
    by_parallel = parallel.n_components if method == "pca" else parallel.n_factors
    suggested = by_parallel if wanted == "parallel" else partial.n_components
    if suggested < 1:
        return 1, [Problem("W963", params={})]
    if suggested > most:
        return most, [Problem("W964", params={"n": suggested, "most": most})]
    return suggested, []


def _fit(solution: Solution, sample: Sample, method: str) -> FactorFit:
    if sample.gamma is None:
        return fit_of(solution, sample.n)
    # Iterated principal axes end where the residuals are least, as minres does.
    least_squares = method in ("minres", "pa")
    return adjusted_fit(solution, len(sample.x), sample.gamma if least_squares else None)


def _chosen_by(wanted: int | str, notices: list[Problem]) -> str:
    if not isinstance(wanted, str):
        return "given"
    return "none" if any(p.code == "W963" for p in notices) else wanted


def _warnings(extraction: Extraction, rotated: Rotation, sample: Sample) -> list[Problem]:
    found = []
    if not extraction.converged:
        found.append(Problem("W960", params={}))
    if not rotated.converged:
        found.append(Problem("W961", params={}))
    if extraction.heywood:
        labels = [sample.labels[sample.names[i]] for i in extraction.heywood]
        found.append(Problem("W962", params={"items": [{lang: v.text(lang) for lang in ("zh", "en")} for v in labels]}))
    if rotated.n_starts > 1 and rotated.n_best == 1:
        found.append(Problem("N965", params={"n": rotated.n_starts}))
    return found
