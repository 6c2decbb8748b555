"""Codes seen as sources accumulate: in the order given, expected over all orders, and the band of random orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from evalkit.resample import Stream

_NAN = float("nan")


@dataclass(frozen=True, eq=False)
class Accumulation:
    """Per source in order: codes that are new, and so far; `expected`, `low`, `high` over random orders."""

    new: np.ndarray
    total: np.ndarray
    expected: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Stop:
    """The rule of Guest, Namey & Chen (2020): codes of the base, share of new codes in each run.

    `reached` is the number of sources in the base and up to the first run at or below the threshold, less the run;
    None where no run falls that low. `ratios[j]` belongs to the run after base + j sources.
    """

    base_size: int
    run: int
    threshold: float
    base_codes: int
    ratios: tuple[float, ...]
    reached: int | None


@dataclass(frozen=True)
class Unseen:
    """How many codes there are, seen and unseen, by incidence; `chao2_bc` is the bias-corrected form."""

    seen: int
    once: int
    twice: int
    chao2: float
    chao2_se: float
    chao2_bc: float
    jackknife1: float
    jackknife2: float
    bootstrap: float
    good_turing: float


def first_seen(incidence: np.ndarray) -> np.ndarray:
    """Codes that each source brings first, shape (m,).

    Parameters
    ----------
    incidence : ndarray of bool, shape (m, S)
        Sources in order by codes; every code occurs.
    """
    return np.bincount(incidence.argmax(axis=0), minlength=len(incidence)) if incidence.size else _none(incidence)


def _none(incidence: np.ndarray) -> np.ndarray:
    return np.zeros(len(incidence), dtype=int)


def expected_curve(incidence: np.ndarray) -> np.ndarray:
    """Mean number of codes in the first k sources over all orders, shape (m,).

    ``S - sum_i C(m - m_i, k) / C(m, k)``: Ugland, Gray & Ellingsen (2003), Journal of Animal Ecology 72, 888-897.
    """
    m = len(incidence)
    without = m - incidence.sum(axis=0)
    k = np.arange(1, m + 1)[:, None]
    possible = without >= k
    room = np.where(possible, without - k, 0)
    log = gammaln(without + 1) - gammaln(room + 1) - gammaln(m + 1) + gammaln(m - k + 1)
    return np.asarray(incidence.shape[1] - np.where(possible, np.exp(log), 0).sum(axis=1))


def accumulation(incidence: np.ndarray, permutations: int, seed: int, level: float) -> Accumulation:
    """The curve in the order given, its expectation, and the band that holds `level` of the random orders."""
    m = len(incidence)
    new = first_seen(incidence)
    low = high = np.full(m, _NAN)
    if permutations and incidence.size:
        keys = Stream(seed).uniform(permutations * m).reshape(permutations, m)
        place = keys.argsort(axis=1).argsort(axis=1)  # place of each source in each order
        curves = np.zeros((permutations, m), dtype=int)
        rows = np.arange(permutations)
        for code in incidence.T:
            np.add.at(curves, (rows, place[:, code].min(axis=1)), 1)
        low, high = np.quantile(curves.cumsum(axis=1), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Accumulation(new, new.cumsum(), expected_curve(incidence), low, high)


def stopping(new: np.ndarray, base: int, run: int, threshold: float) -> Stop:
    """When a run of sources brings few new codes against the base.

    Guest, Namey & Chen (2020), PLoS ONE 15(5) e0232076: new codes in sources j + 1 .. j + run over the codes of the
    first `base`, runs sliding by one source.
    """
    found = int(new[:base].sum())
    ratios = tuple(float(new[j : j + run].sum() / found) if found else _NAN for j in range(base, len(new) - run + 1))
    first = next((j for j, ratio in enumerate(ratios) if ratio <= threshold), None)
    return Stop(base, run, threshold, found, ratios, None if first is None else base + first)


def unseen(incidence: np.ndarray) -> Unseen:
    """Estimates of the number of codes from those met in one source and in two.

    Chao (1987), Biometrics 43, 783-791, in the classic form with (m - 1) / m, nan if no code is met exactly twice;
    Burnham & Overton (1979), Ecology 60, 927-936; Smith & van Belle (1984), Biometrics 40, 119-129; Good (1953),
    Biometrika 40, 237-264 (share of incidences that fall on codes met once).
    """
    m, s = incidence.shape
    each = incidence.sum(axis=0)
    q1, q2 = int((each == 1).sum()), int((each == 2).sum())
    share = (m - 1) / m if m else _NAN
    ratio = q1 / q2 if q2 else _NAN
    spread = q2 * (share * ratio**2 / 2 + share**2 * ratio**3 + share**2 * ratio**4 / 4)
    total = each.sum()
    return Unseen(
        seen=s, once=q1, twice=q2,
        chao2=s + share * q1 * ratio / 2,
        chao2_se=float(np.sqrt(spread)),
        chao2_bc=s + share * q1 * (q1 - 1) / (2 * (q2 + 1)),
        jackknife1=s + q1 * share,
        jackknife2=s + q1 * (2 * m - 3) / m - q2 * (m - 2) ** 2 / (m * (m - 1)) if m > 1 else _NAN,
        bootstrap=float(s + ((1 - each / m) ** m).sum()) if m else _NAN,
        good_turing=float(q1 / total) if total else _NAN,
    )  # fmt: skip
