"""The error one can bear in, the sample that it takes out; and the other way round."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from evalkit.contract import AnalysisError, Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame


@dataclass(frozen=True, eq=False)
class SampleSizeResult:
    """Sample size for a proportion. `n` is rounded up, `exact` is not; `error` is half the interval's width."""

    n: int
    exact: float
    error: float
    proportion: float
    population: float | None
    deff: float
    conf_level: float
    notices: tuple[Problem, ...] = ()
    dropped: tuple[Drop, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("sample_size",)

    @property
    def n_obs(self) -> int:
        """The sample size, as every result has it."""
        return self.n

    def tidy(self) -> pd.DataFrame:
        """Rows `sample_size` (unrounded) and `error`."""
        return tidy_frame(term=["sample_size", "error"], estimate=[self.exact, self.error], n_obs=float(self.n))

    def glance(self) -> pd.DataFrame:
        """One row: n, error, design effect."""
        return pd.DataFrame([{"n_obs": float(self.n), "estimate": self.exact, "error": self.error, "deff": self.deff}])

    def table(self, template: str = "sample_size") -> Table:
        """One row: population, error in percentage points, design effect, sample size."""
        heads = tuple(Head(h) for h in ("sampling.population", "sampling.error", "sampling.deff", "n_obs"))
        size = None if self.population is None else round(self.population)
        cells = (Cell(size, "n_obs"), Cell(100 * self.error, "percent"), Cell(self.deff, "deff"), Cell(self.n, "n_obs"))
        note = Label("sampling.size_note", p=self.proportion, level=f"{100 * self.conf_level:g}")
        title = Label("sampling.title.size")
        return Table("sample_size", template, title, (heads,), (Row(cells),), (Note("general", note),))


def sample_size(
    *,
    error: float | None = None,
    n: int | None = None,
    population: float | None = None,
    proportion: float = 0.5,
    deff: float = 1.0,
    conf_level: float = 0.95,
) -> SampleSizeResult:
    """How many respondents an error takes, or which error a number of respondents gives.

    Parameters
    ----------
    error : float, optional
        Half width of the interval of a proportion, as a share (0.05 = 5 percentage points).
    n : int, optional
        Respondents; then the error is computed. One of `error` and `n` is given.
    population : float, optional
        People in the population; without it no finite population correction.
    proportion : float
        Expected proportion; 0.5 takes the largest sample.
    deff : float
        Design effect (clustering, weights).
    conf_level : float
        Coverage of the interval.

    Returns
    -------
    SampleSizeResult
        Never above the population (N888 says if the formula asks for more).

    Raises
    ------
    AnalysisError
        E696 for an argument out of range, or both or none of `error` and `n`.

    Notes
    -----
    ``n0 = z^2 p (1 - p) / e^2``, ``n = deff n0 / (1 + (n0 - 1) / N)``, rounded up once at the end. Cochran (1977),
    Sampling Techniques, 3rd ed., eqs 4.1 and 4.2.

    Examples
    --------
    >>> sample_size(error=0.05, population=4199).n, sample_size(error=0.05, population=4199, deff=1.5).n
    (353, 529)
    """
    from scipy.stats import norm

    _require(error, n, population, proportion, deff, conf_level)
    z = float(norm.ppf((1 + conf_level) / 2))
    if error is not None:
        n0 = z**2 * proportion * (1 - proportion) / error**2
        exact = deff * (n0 if population is None else n0 / (1 + (n0 - 1) / population))
        whole = math.ceil(exact - 1e-9)
        beyond = population is not None and whole > population
        notices = (Problem("N888", params={"n": whole, "population": int(population or 0)}),) if beyond else ()
        whole = int(population or 0) if beyond else whole
        return SampleSizeResult(whole, exact, error, proportion, population, deff, conf_level, notices)
    simple = float(n or 0) / deff
    share = 0.0 if population is None else simple / population
    n0 = math.inf if share >= 1 else simple * (1 - (1 / population if population else 0.0)) / (1 - share)
    found = z * math.sqrt(proportion * (1 - proportion) / n0)
    return SampleSizeResult(int(n or 0), float(n or 0), found, proportion, population, deff, conf_level)


def _require(
    error: float | None, n: int | None, population: float | None, proportion: float, deff: float, conf_level: float
) -> None:
    fine = {
        "error": (error is None or 0 < error < 1) and (error is None) != (n is None),
        "n": n is None or (n >= 1 and (population is None or n <= population)),
        "population": population is None or population >= 1,
        "proportion": 0 < proportion < 1,
        "deff": deff > 0,
        "conf_level": 0 < conf_level < 1,
    }
    given = {
        "error": error,
        "n": n,
        "population": population,
        "proportion": proportion,
        "deff": deff,
        "conf_level": conf_level,
    }
    bad = [Problem("E696", params={"option": k, "value": given[k]}) for k, ok in fine.items() if not ok]
    if bad:
        raise AnalysisError(bad)
