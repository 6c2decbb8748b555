"""A sample and how it was drawn in; means, proportions, totals, ratios and quantiles of the population out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.contract import attach, codebook_of, tidy_frame
from evalkit.sampling.choices import Options, require_options
from evalkit.sampling.design import Design, design_of
from evalkit.sampling.domains import cuts_of, domain_rows, drawn_sample
from evalkit.sampling.estimates_result import EstimatesResult
from evalkit.sampling.estimating import difference_labels, differences, estimated_rows
from evalkit.sampling.raking import rake
from evalkit.sampling.weighting import WeightingResult


def estimates(
    data: pd.DataFrame,
    variables: Sequence[str],
    *,
    statistic: str = "mean",
    by: str | None = None,
    denominator: str | None = None,
    probabilities: Sequence[float] = (0.25, 0.5, 0.75),
    interval: str = "logit",
    conf_level: float = 0.95,
    df: float | None = None,
    variance: str = "linearised",
    lonely: str = "adjust",
    deff: str = "srs",
    difference: bool = False,
    where: str | np.ndarray | None = None,
    margins: Mapping[str, Mapping[str, float]] | None = None,
    population: float | None = None,
    weighting: WeightingResult | None = None,
    design: Design | None = None,
) -> EstimatesResult:
    """Estimate a population from a sample with weights, strata, clusters and finite population correction.

    Parameters
    ----------
    data : DataFrame
        All rows of the sample, those outside the domain of interest too.
    variables : sequence of str
        Columns of numbers; for "proportion" columns with categories. The "total" of a nominal or ordinal variable is
        the number of people in each category.
    statistic : {"mean", "total", "proportion", "ratio", "variance", "quantile"}
    by : str, optional
        A column with categories: estimates of each (domains; the whole sample gives the variance).
    denominator : str, optional
        For "ratio": the column in the denominator.
    probabilities : sequence of float
        For "quantile". Smallest value whose weighted distribution function reaches the probability.
    interval : {"logit", "wald", "beta", "arcsine", "likelihood"}
        Of a proportion; other statistics have Wald intervals, quantiles Woodruff's.
    conf_level : float
        Coverage of the intervals.
    df : float, optional
        Degrees of freedom; without it units minus strata among the rows of the domain, `inf` for normal intervals.
    variance : {"linearised", "jackknife"}
        The jackknife serves means, proportions, totals and ratios of one-stage designs without calibration.
    lonely : {"adjust", "average", "certainty", "fail"}
        See `linearised_covariance`.
    deff : {"srs", "replace"}
        Design effect against simple random sampling without or with replacement (means, proportions, totals).
    difference : bool
        With `by`: also the difference of each category from the first.
    where : str or ndarray of bool, optional
        Rows of interest: a condition, e.g. `renter == 1`, or one value a row. The rows outside still count as drawn.
    margins, population : optional
        Rake to these margins first; see `rake`.
    weighting : WeightingResult, optional
        Weights in place of the design's; those that were calibrated have smaller standard errors.
    design : Design, optional
        Without it the design in the codebook; without any, independent rows with weight 1.

    Returns
    -------
    EstimatesResult
        Each variable uses the rows that answered it.

    Raises
    ------
    AnalysisError
        E600, E610, E611, E697 for names that do not go with the statistic, E690 to E695 for a design that does not
        hold, E696 for options out of range, E886 for a jackknife with strata of one unit.

    Notes
    -----
    Särndal, Swensson & Wretman (1992), Model Assisted Survey Sampling, ch. 5; Lumley (2010), Complex Surveys, ch. 2.
    Quantiles: Woodruff (1952), JASA 47, 635-646.
    """
    options = Options(
        statistic=statistic, probabilities=tuple(probabilities), interval=interval, conf_level=conf_level, df=df,
        variance=variance, lonely=lonely, deff=deff, by=by, denominator=denominator, difference=difference,
    )  # fmt: skip
    data = attach(data, codebook_of(data))
    raked = margins is not None
    declared = design_of(data, design)
    two_stages = declared is not None and declared.fpc2 is not None
    require_options(
        options,
        variables,
        weighted_twice=raked and weighting is not None,
        jackknife=not raked and weighting is None and not two_stages,
    )
    if margins is not None:
        weighting = rake(data, margins, population=population, design=design)
    drawn, used = drawn_sample(data, design, weighting)
    base, dropped = domain_rows(data, where, by, drawn.arrays)
    cuts, labels = cuts_of(data, list(variables), base, options)
    rows, notices = estimated_rows(cuts, drawn, options)
    if difference:
        labels |= difference_labels(cuts, labels)
        rows += differences(cuts, rows, drawn, options)
    complete = drawn.arrays.complete
    return EstimatesResult(
        tidy_frame(n_rows=len(rows), **{key: [row[key] for row in rows] for key in (rows[0] if rows else ())}),
        statistic,
        labels,
        by,
        conf_level,
        used,
        variance,
        len(np.unique(drawn.arrays.units[complete])),
        len(np.unique(drawn.arrays.strata[complete])),
        int(base.sum()),
        weighting.method if weighting is not None else None,
        dropped,
        tuple(dict.fromkeys((*(weighting.notices if weighting is not None else ()), *notices))),
    )
