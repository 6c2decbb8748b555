"""Mediators in, the list of effects and their arithmetic out: which products of paths make which effect."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

CONTRASTS_UP_TO = 31
"""Specific indirect effects up to which all pairs are contrasted (five mediators in a row)."""

SERIAL_UP_TO = 10
"""Mediators in a row: beyond, the 2**k - 1 paths are more than anyone can read."""


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Path coefficients of B resamples (B = 1: of the sample).

    Attributes
    ----------
    a : ndarray, shape (k, B)
        x -> mediator, with the mediators before it held constant in a serial model.
    d : ndarray, shape (k, k, B)
        `d[i, j]`: mediator i -> mediator j; 0 in a parallel model.
    b : ndarray, shape (k, B)
        mediator -> y, with x and all mediators held constant.
    direct, total : ndarray, shape (B,)
        x -> y with and without the mediators held constant.
    """

    a: np.ndarray
    d: np.ndarray
    b: np.ndarray
    direct: np.ndarray
    total: np.ndarray


@dataclass(frozen=True)
class Layout:
    """The effects of one mediation model.

    Parameters
    ----------
    kind : str
        `simple`, `parallel` or `serial`.
    mediators : tuple of str
        Term ids, in causal order for a serial model.
    """

    kind: str
    mediators: tuple[str, ...]

    @cached_property
    def specific(self) -> tuple[tuple[int, ...], ...]:
        """Specific indirect effects as chains of mediator numbers: short chains first."""
        k = len(self.mediators)
        longest = k if self.kind == "serial" else 1
        return tuple(chain for length in range(1, longest + 1) for chain in combinations(range(k), length))

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Pairs of specific effects that are contrasted, first minus second."""
        n = len(self.specific)
        return tuple(combinations(range(n), 2)) if n <= CONTRASTS_UP_TO else ()

    def name(self, chain: tuple[int, ...]) -> str:
        return ".".join(self.mediators[i] for i in chain)

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """Ids of all effects, in the order of `effects`."""
        names = [self.name(chain) for chain in self.specific]
        contrasts = [f"contrast.{names[i]}-{names[j]}" for i, j in self.pairs]
        return ("total", "direct", *(f"indirect.{n}" for n in names), "indirect.total", *contrasts, "proportion")

    @property
    def indirect(self) -> slice:
        """Where the specific indirect effects stand in `terms`."""
        return slice(2, 2 + len(self.specific))

    @property
    def n_linear(self) -> int:
        """Effects that are sums of products of paths: all but the proportion."""
        return len(self.terms) - 1

    def effects(self, paths: Coefficients) -> np.ndarray:
        """All effects, shape (len(terms), B).

        A specific indirect effect is the product of the paths of its chain; the total indirect effect their
        sum; the proportion that sum over the total effect.
        """
        rows = [paths.total, paths.direct]
        for chain in self.specific:
            product = paths.a[chain[0]] * paths.b[chain[-1]]
            for i, j in zip(chain, chain[1:], strict=False):
                product = product * paths.d[i, j]
            rows.append(product)
        specific = rows[2:]
        indirect = np.sum(specific, axis=0)
        rows.append(indirect)
        rows += [specific[i] - specific[j] for i, j in self.pairs]
        with np.errstate(divide="ignore", invalid="ignore"):
            rows.append(np.where(paths.total == 0, np.nan, indirect / paths.total))
        return np.array(rows)
