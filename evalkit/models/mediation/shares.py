"""Effects in, their shares of the total effect out, or why there is no share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.contract import Problem
from evalkit.models.mediation.layout import Layout


@dataclass(frozen=True, eq=False)
class Shares:
    """`share` in per cent of the total effect, one an effect; `reason` a word key where there is none.

    Attributes
    ----------
    suppression : bool
        Direct and total indirect effect have opposite signs and both differ from 0.
    """

    share: np.ndarray
    reason: tuple[str | None, ...]
    suppression: bool
    notices: tuple[Problem, ...]


def shares_of_total(
    layout: Layout, estimate: np.ndarray, total_p: float, direct_p: float, indirect_excludes_0: bool, alpha: float
) -> Shares:
    """Shares of the direct and the indirect effects, and whether x is suppressed.

    A share is given only if the total effect differs from 0 (p < alpha) and direct and total indirect effect
    have one sign; a specific effect of the other sign has none either. Specific shares add up to that of the
    total indirect effect. MacKinnon, Krull & Lockwood (2000), Prevention Science 1, 173-181.

    Parameters
    ----------
    estimate : ndarray
        In the order of `layout.terms`; total first, direct second.
    """
    size = len(layout.terms)
    share: np.ndarray = np.full(size, np.nan)
    reason: list[str | None] = [None] * size
    total, direct = estimate[0], estimate[1]
    indirect = estimate[layout.terms.index("indirect.total")]
    rows = [1, *range(2, 3 + len(layout.specific))]
    proportion = size - 1
    if not np.isfinite([total, direct, indirect]).all():
        return _without(share, reason, [*rows, proportion], "mediation.why_no_effect", False, ())
    opposite = np.sign(direct) * np.sign(indirect) < 0
    suppression = bool(opposite and direct_p < alpha and indirect_excludes_0)
    if opposite:
        notice = Problem("N682" if suppression else "N684")
        return _without(share, reason, [*rows, proportion], "mediation.why_signs", suppression, (notice,))
    if not total_p < alpha:
        return _without(share, reason, [*rows, proportion], "mediation.why_total", False, (Problem("N683"),))
    for row in rows:
        if estimate[row] * total < 0:
            reason[row] = "mediation.why_sign"
        else:
            share[row] = 100 * estimate[row] / total
    return Shares(share, tuple(reason), False, ())


def _without(
    share: np.ndarray,
    reason: list[str | None],
    rows: list[int],
    why: str,
    suppression: bool,
    notices: tuple[Problem, ...],
) -> Shares:
    for row in rows:
        reason[row] = why
    return Shares(share, tuple(reason), suppression, notices)
