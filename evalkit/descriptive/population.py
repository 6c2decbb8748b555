"""Counts of a sample and shares of the population in, how far they are apart out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from evalkit.contract import AnalysisError, Label, Problem
from evalkit.descriptive.frequencies import Frequencies
from evalkit.descriptive.levels import code_id

LEAST_EXPECTED = 5.0
"""Customary smallest expected count: Cochran (1954), Biometrics 10, p. 420."""


@dataclass(frozen=True)
class PopulationFit:
    """Pearson's test that a sample was drawn from the population; `percents`: category id -> per cent there.

    `statistic` is nan where nobody answered or one category holds the whole population, infinite where somebody is of
    a category that the population has not.
    """

    percents: Mapping[str, float]
    statistic: float
    df: int
    p_value: float
    least_expected: float

    def note(self, label: Label) -> Label:
        """The test in one line."""
        p = "p < 0.001" if self.p_value < 0.001 else f"p = {self.p_value:.3f}"
        return Label("descriptive.profile.fit", name=label, df=self.df, chi2=f"{self.statistic:.3f}", p=p)


def with_population(found: Frequencies, wanted: Mapping[str, float]) -> tuple[Frequencies, tuple[Problem, ...]]:
    """The frequencies with the population's per cents and the test of fit.

    Parameters
    ----------
    wanted : mapping
        Category (code, or wording where unique) -> share or count of the population.

    Raises
    ------
    AnalysisError
        E883 for a category named twice, E890 for one that occurs but is not named, E891 for one that the variable
        has not, E896 for numbers below 0 or nothing above 0.

    Notes
    -----
    ``sum (O - n P)^2 / (n P)`` over the categories, on their number less 1 degrees of freedom, n being those who
    answered: Pearson (1900), Philosophical Magazine 50, 157-175. It takes the answers as a simple random sample.
    """
    values = [float(v) for v in wanted.values()]
    if not all(np.isfinite(v) and v >= 0 for v in values) or not sum(values) > 0:
        raise AnalysisError(Problem("E896", params={"names": [found.name]}))
    ids = [_id_of(found, name) for name in wanted]
    if len(set(ids)) < len(ids):
        raise AnalysisError(Problem("E883", params={"name": found.name}))
    targets = dict(zip(ids, values, strict=True))
    known = {s.id for s in found.shares}
    untold = [s.id for s in found.shares if s.count and s.id not in targets]
    strange = [name for name, id in zip(wanted, ids, strict=True) if id not in known and targets[id] > 0]
    problems = [Problem("E890", params={"name": found.name, "categories": untold})] if untold else []
    problems += [Problem("E891", params={"name": found.name, "categories": strange})] if strange else []
    if problems:
        raise AnalysisError(problems)
    fit = _fit(found, targets)
    small = fit.least_expected < LEAST_EXPECTED and found.n_valid > 0
    name = {lang: found.label.text(lang) for lang in ("zh", "en")}
    notices = (Problem("W167", params={"name": name, "least": fit.least_expected}),) if small else ()
    return replace(found, fit=fit), notices


def _id_of(found: Frequencies, name: str) -> str:
    id = code_id(name)
    worded = [s.id for s in found.shares if name in (s.label.text("zh"), s.label.text("en"))]
    return worded[0] if len(worded) == 1 and id not in {s.id for s in found.shares} else id


def _fit(found: Frequencies, targets: Mapping[str, float]) -> PopulationFit:
    from scipy.stats import chi2

    total, n = sum(targets.values()), found.n_valid
    shares = np.array([targets.get(s.id, 0.0) / total for s in found.shares])
    observed = np.array([s.count for s in found.shares], dtype=float)
    there = shares > 0
    expected = n * shares[there]
    df = int(there.sum()) - 1
    statistic = p_value = float("nan")
    if n and df:
        lost = float(observed[~there].sum())
        statistic = float("inf") if lost else float(((observed[there] - expected) ** 2 / expected).sum())
        p_value = float(chi2.sf(statistic, df))
    percents = {s.id: 100 * float(share) for s, share in zip(found.shares, shares, strict=True)}
    return PopulationFit(percents, statistic, df, p_value, float(expected.min()))
