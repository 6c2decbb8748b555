"""Linear models of standardised numbers: drawn parameters, drawn values, and values of matched donors."""

from __future__ import annotations

import numpy as np

from evalkit.resample import Stream

RIDGE = 1e-6
"""Share of its square sum that is added to each predictor, so that near-collinear ones can be solved."""
DONORS = 5


def drawn_line(
    gram: np.ndarray, product: np.ndarray, square: float, n: int, stream: Stream
) -> tuple[np.ndarray, np.ndarray, float]:
    """Least-squares coefficients, a draw of them, and a draw of the residual SD.

    Parameters
    ----------
    gram, product : ndarray, shapes (p, p) and (p,)
        ``X'X`` and ``X'y`` of the n answers.
    square : float
        ``y'y``.

    Notes
    -----
    Rubin (1987), p. 167: ``sigma^2 = RSS / chi2(n - p)``, then coefficients normal about the estimate.
    """
    from scipy.special import gammaincinv

    p = len(product)
    root = np.linalg.cholesky(gram + RIDGE * np.diag(np.diag(gram)))
    b = np.linalg.solve(root.T, np.linalg.solve(root, product))
    rest = max(square - 2 * float(b @ product) + float(b @ gram @ b), 0.0)
    chi2 = 2 * gammaincinv(max(n - p, 1) / 2, stream.uniform(1)[0])
    sigma = float(np.sqrt(rest / chi2))
    return b, b + sigma * np.linalg.solve(root.T, stream.normal(p)), sigma


def drawn_values(centre: np.ndarray, sigma: float, bounds: tuple[float, float], stream: Stream) -> np.ndarray:
    """Normal values about `centre`, between the bounds."""
    from scipy.special import ndtr, ndtri

    u = stream.uniform(len(centre))
    if sigma <= 0:
        return np.clip(centre, *bounds)
    low, high = (ndtr((end - centre) / sigma) for end in bounds)
    return np.clip(centre + sigma * ndtri(np.clip(low + u * (high - low), 1e-300, 1 - 1e-16)), *bounds)


def matched(predicted: np.ndarray, answers: np.ndarray, wanted: np.ndarray, stream: Stream) -> np.ndarray:
    """An answer for each wanted prediction: of one of the `DONORS` with the nearest predictions, by lot.

    Little (1988), Journal of Business & Economic Statistics 6, 287-296; five donors: Morris, White & Royston (2014),
    BMC Medical Research Methodology 14, 75.
    """
    order = np.argsort(predicted, kind="stable")
    sorted_, n = predicted[order], len(predicted)
    k = min(DONORS, n)
    at = np.searchsorted(sorted_, wanted)
    window = at[:, None] + np.arange(-k, k)
    inside = (window >= 0) & (window < n)
    window = np.clip(window, 0, n - 1)
    distance = np.where(inside, np.abs(sorted_[window] - wanted[:, None]), np.inf)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :k]
    lot = np.minimum((stream.uniform(len(wanted)) * k).astype(int), k - 1)
    chosen = window[np.arange(len(wanted)), nearest[np.arange(len(wanted)), lot]]
    return np.asarray(answers[order[chosen]])
