"""The answers of one group and what to hold them against in; t of a mean, chi-square of shares out."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit.descriptive.comparison.counts import table_of
from evalkit.descriptive.comparison.noncentral import t_noncentrality
from evalkit.descriptive.comparison.sample import Line, Sample, Wishes, effect, line


def one_sample_t(sample: Sample, wishes: Wishes) -> list[Line]:
    """Student's t of a mean against `reference`; the interval is the mean's, d has that of the noncentral t."""
    x, reference = sample.values[0], sample.reference[0]
    n, mean = len(x), float(x.mean())
    sd = float(x.std(ddof=1))
    error = sd / np.sqrt(n)
    t = (mean - reference) / error
    half = float(stats.t.ppf((1 + wishes.conf_level) / 2, n - 1)) * error
    low, high = t_noncentrality(t, n - 1, wishes.conf_level)
    test = line("test", estimate=mean, std_error=error, statistic=t, df=float(n - 1), reference=reference,
                p_value=2 * float(stats.t.sf(abs(t), n - 1)), conf_low=mean - half, conf_high=mean + half)  # fmt: skip
    return [test, effect("cohens_d", (mean - reference) / sd, (low / np.sqrt(n), high / np.sqrt(n)))]


def goodness_of_fit(sample: Sample, wishes: Wishes) -> list[Line]:
    """Pearson's chi-square of the counts against the shares of `reference`; w is Cohen's (1988, ch. 7)."""
    counts = table_of(sample)[0]
    n = counts.sum()
    share = np.array(sample.reference)
    expected = n * share
    chi2 = float(np.sum((counts - expected) ** 2 / expected))
    df = float(len(counts) - 1)
    p = float(stats.chi2.sf(chi2, df))
    found = [line("test", statistic=chi2, df=df, p_value=p, expected=float(expected.min()))]
    found.append(effect("cohens_w", np.sqrt(chi2 / n)))
    residual = (counts - expected) / np.sqrt(expected * (1 - share))
    for i, id in enumerate(sample.category_ids):
        values = {"count": float(counts[i]), "percent": 100 * float(counts[i] / n), "expected": float(expected[i])}
        found.append(line("cell", id, **values, residual=float(residual[i]), n_obs=float(n)))
    return found
