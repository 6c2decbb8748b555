"""A fitted model and values of its focal variables in; expected outcomes, their differences and intervals out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.models.generalised.outcomes import FAMILIES
from evalkit.models.moderation.equations import Equation, inference


@dataclass(frozen=True, eq=False)
class Outlook:
    """A model as a function of its focal variables, averaged over the further columns of the rows used.

    Parameters
    ----------
    family : str
    equations : tuple of Equation
        One; for a multinomial outcome one a category but the first.
    matrix : ndarray
        Covariance of all coefficients, equation after equation.
    covariates : mapping
        Further term -> its column in the rows used.
    weights : ndarray, shape (n,)
    levels : tuple of str
        Category codes whose probability is predicted; `("",)` for one expected value.
    """

    family: str
    equations: tuple[Equation, ...]
    matrix: np.ndarray
    covariates: Mapping[str, np.ndarray]
    weights: np.ndarray
    levels: tuple[str, ...]
    conf_level: float

    def at(self, settings: Sequence[Mapping[str, float]]) -> tuple[np.ndarray, np.ndarray]:
        """Expected outcomes, shape (m, levels), and their derivatives by the coefficients, shape (m, levels, k)."""
        values, slopes = zip(*(self._one(s) for s in settings), strict=True)
        return np.array(values), np.array(slopes)

    def _one(self, at: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        share = self.weights / self.weights.sum()
        kind, link = _kind(self.family)
        if any(self._unknown(e, at) for e in self.equations):
            return np.full(len(self.levels), np.nan), np.full((len(self.levels), len(self.matrix)), np.nan)
        rows = [self._rows(e, at) for e in self.equations]
        if kind == "nominal":
            return _multinomial(rows, [_coefficients(e) for e in self.equations], share)
        x, b = rows[0], _coefficients(self.equations[0])
        if kind == "ordered":
            return _ordered(x, b, self._cuts(), share, link)
        eta = x @ b
        mean = eta if link is None else link.mean(eta)
        slope = np.ones(len(eta)) if link is None else link.slope(eta)
        return np.array([share @ mean]), ((share * slope) @ x)[None, :]

    def _cuts(self) -> int:
        return sum(t.startswith("threshold.") for t in self.equations[0].terms)

    def _unknown(self, equation: Equation, at: Mapping[str, float]) -> bool:
        """Whether a coefficient that counts there was not estimated."""
        lost = np.isnan(equation.estimate)
        return bool(lost.all() or (lost & (equation.predicted(at, {}) != 0)).any())

    def _rows(self, equation: Equation, at: Mapping[str, float]) -> np.ndarray:
        """The columns of every row with the focal variables at `at`."""
        fixed = equation.predicted(at, {})
        out = np.tile(fixed, (len(self.weights), 1))
        for j, term in enumerate(equation.terms):
            if term in self.covariates:
                out[:, j] = self.covariates[term]
        return out

    def expected(self, settings: Sequence[Mapping[str, float]]) -> list[dict[str, np.ndarray]]:
        """The tested columns of the expected outcome, one entry a level, arrays over the settings.

        Intervals of probabilities are found on the scale of their logit, those of counts on that of their logarithm.
        """
        values, slopes = self.at(settings)
        return [self._bounded(values[:, k], self._errors(slopes[:, k])) for k in range(values.shape[1])]

    def difference(
        self, high: Sequence[Mapping[str, float]], low: Sequence[Mapping[str, float]]
    ) -> list[dict[str, np.ndarray]]:
        """The tested columns of expected outcomes at `high` less those at `low`, by the delta method."""
        up, down = self.at(high), self.at(low)
        values, slopes = up[0] - down[0], up[1] - down[1]
        return [self._tested(values[:, k], self._errors(slopes[:, k])) for k in range(values.shape[1])]

    def twofold(self, settings: Sequence[tuple[Mapping[str, float], ...]]) -> list[dict[str, np.ndarray]]:
        """Differences of differences: of (a, b, c, d), ``(a - b) - (c - d)``.

        Ai & Norton (2003), Economics Letters 80, 123-129: on the scale of the outcome the interaction is no
        coefficient.
        """
        parts = [self.at([s[i] for s in settings]) for i in range(4)]
        values = parts[0][0] - parts[1][0] - parts[2][0] + parts[3][0]
        slopes = parts[0][1] - parts[1][1] - parts[2][1] + parts[3][1]
        return [self._tested(values[:, k], self._errors(slopes[:, k])) for k in range(values.shape[1])]

    def _errors(self, slopes: np.ndarray) -> np.ndarray:
        held = ~np.isnan(np.diag(self.matrix))
        variance = np.einsum("ij,jk,ik->i", slopes[:, held], self.matrix[np.ix_(held, held)], slopes[:, held])
        return np.sqrt(np.maximum(variance, 0.0))

    def _tested(self, value: np.ndarray, error: np.ndarray) -> dict[str, np.ndarray]:
        error = np.where(np.isnan(value), np.nan, error)
        return inference(value, error, np.full(len(value), self.equations[0].df), self.conf_level)

    def _bounded(self, value: np.ndarray, error: np.ndarray) -> dict[str, np.ndarray]:
        kind = _kind(self.family)[0]
        out = self._tested(value, error)
        if kind == "linear":
            return out
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            moved, scale = (
                (np.log(value), value)
                if kind == "count"
                else (
                    np.log(value / (1 - value)),
                    value * (1 - value),
                )
            )
            ends = self._tested(moved, error / scale)
            for name in ("conf_low", "conf_high"):
                out[name] = np.exp(ends[name]) if kind == "count" else 1 / (1 + np.exp(-ends[name]))
        return out | {"statistic": np.full(len(value), np.nan), "p_value": np.full(len(value), np.nan)}


def _kind(family: str):  # type: ignore[no-untyped-def]
    """What the outcome is, and the link."""
    return FAMILIES[family][:2] if family in FAMILIES else ("linear", None)


def _coefficients(equation: Equation) -> np.ndarray:
    """A column that was left out counts for nothing."""
    return np.nan_to_num(equation.estimate, nan=0.0)


def _ordered(x: np.ndarray, b: np.ndarray, cuts: int, share: np.ndarray, link) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[no-untyped-def]
    """Mean probability of every category and its derivatives; `x` holds 0 in the places of the thresholds."""
    eta = x @ b
    n, k = x.shape
    below = np.zeros((cuts + 2, n))
    below[-1] = 1.0
    slope = np.zeros((cuts + 2, n, k))
    for j in range(cuts):
        below[j + 1] = link.mean(b[j] - eta)
        steep = link.slope(b[j] - eta)
        slope[j + 1] = -x * steep[:, None]
        slope[j + 1, :, j] += steep
    return np.diff(below, axis=0) @ share, np.einsum("jnk,n->jk", np.diff(slope, axis=0), share)


def _multinomial(rows: list[np.ndarray], b: list[np.ndarray], share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of unordered categories, the reference first."""
    eta = np.column_stack([np.zeros(len(share)), *(x @ own for x, own in zip(rows, b, strict=True))])
    e = np.exp(eta - eta.max(axis=1, keepdims=True))
    chance = e / e.sum(axis=1, keepdims=True)
    out = np.empty((chance.shape[1], sum(x.shape[1] for x in rows)))
    for j in range(chance.shape[1]):
        parts = [(share * chance[:, j] * ((j == h) - chance[:, h])) @ x for h, x in enumerate(rows, start=1)]
        out[j] = np.concatenate(parts)
    return share @ chance, out
