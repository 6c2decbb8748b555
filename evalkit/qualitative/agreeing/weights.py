"""How near two categories are: weights of agreement, and squared differences for Krippendorff's alpha."""

from __future__ import annotations

import numpy as np

WEIGHTS = ("unweighted", "linear", "quadratic", "ordinal")
METRICS = ("nominal", "ordinal", "interval", "ratio", "circular", "bipolar")


def agreement_weights(kind: str, scores: np.ndarray | None, q: int) -> np.ndarray:
    """Weights with 1 on the diagonal, shape (q, q).

    `linear` and `quadratic` count the distance of the scores against the largest; `ordinal` counts pairs of
    categories between two: ``1 - C(j - i + 1, 2) / C(q, 2)`` (Gwet 2014, Handbook of inter-rater reliability,
    section 3.5). Texts in order count as 1, 2, 3, ...
    """
    if kind == "unweighted" or q == 1:
        return np.eye(q)
    if kind == "ordinal":
        apart = np.abs(np.subtract.outer(np.arange(q), np.arange(q)))
        return 1 - (apart + 1) * apart / (q * (q - 1))
    at = np.arange(q, dtype=float) if scores is None else scores
    share = np.abs(np.subtract.outer(at, at)) / (at.max() - at.min())
    return 1 - (share if kind == "linear" else share**2)


def squared_differences(metric: str, scores: np.ndarray | None, marginals: np.ndarray) -> np.ndarray:
    """Krippendorff's squared differences, shape (B, q, q).

    Parameters
    ----------
    marginals : ndarray, shape (B, q)
        Pairable values of each category; only `ordinal` looks at them.

    Notes
    -----
    Krippendorff (2011), Computing Krippendorff's alpha-reliability; `circular` and `bipolar` run over the range of
    the values seen.
    """
    draws, q = marginals.shape
    at = np.arange(q, dtype=float) if scores is None else scores
    if metric == "ordinal":
        upto = np.cumsum(marginals, axis=1)
        before = upto - marginals
        # Values from the lower to the higher category, each end by half.
        high, low = upto[:, None, :] - before[:, :, None], upto[:, :, None] - before[:, None, :]
        between = np.where(np.tri(q, dtype=bool), low, high)
        ends = (marginals[:, :, None] + marginals[:, None, :]) / 2
        return np.asarray(np.where(np.eye(q, dtype=bool), 0.0, (between - ends) ** 2))
    apart, total = np.subtract.outer(at, at), np.add.outer(at, at)
    if metric == "nominal":
        found = 1 - np.eye(q)
    elif metric == "interval":
        found = apart**2
    elif metric == "ratio":
        found = np.divide(apart, total, out=np.zeros_like(apart), where=total != 0) ** 2
    elif metric == "circular":
        found = np.sin(np.pi * apart / (at.max() - at.min() + 1)) ** 2
    else:
        room = (total - 2 * at.min()) * (2 * at.max() - total)
        found = np.divide(apart**2, room, out=np.zeros_like(apart), where=room != 0)
    return np.broadcast_to(found, (draws, q, q))
