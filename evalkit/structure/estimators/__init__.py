"""The family of estimators: one line each.

A block is one group's discrepancy. It sees what the model implies and the derivatives of that, nothing else of the
model, so a new estimator is a class with the methods of `Block` and a line in `ESTIMATORS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

import numpy as np

from evalkit.structure.implied import Implied, Jacobian
from evalkit.structure.sample import Sample


class Block(Protocol):
    """One group: half its discrepancy (chi-square is 2 N times the weighted sum) and its derivatives."""

    @property
    def n(self) -> float: ...

    def value(self, implied: Implied) -> float: ...

    def gradient(self, implied: Implied, jacobian: Jacobian) -> np.ndarray: ...

    def information(self, implied: Implied, jacobian: Jacobian) -> np.ndarray: ...

    def case_scores(self, implied: Implied, jacobian: Jacobian) -> np.ndarray | None: ...


@dataclass(frozen=True)
class Estimator:
    """What an estimator's name stands for.

    Parameters
    ----------
    blocks : str
        `module:function`; the function takes the sample and whether means are modelled, and gives a block a group.
    se : {"standard", "robust_sem", "sandwich", "normal_sandwich", "weighted"}
        Inverse information; Browne's sandwich with the fourth moments (MLM); Huber-White; the sandwich of least
        squares under normality (ULS); that with the covariance of thresholds and polychorics.
    test : {"standard", "satorra_bentler", "yuan_bentler", "browne", "mean_adjusted", "scaled_shifted"}
    ddof : int
        Divisor of the covariances is n - ddof.
    likelihood : bool
        Whether there is a log-likelihood (AIC, BIC).
    ordered : bool
        Whether it is for ordered variables.
    """

    name: str
    blocks: str
    se: str
    test: str
    ddof: int = 0
    likelihood: bool = True
    ordered: bool = False

    def make(self, sample: Sample, means: bool) -> tuple[Block, ...]:
        """The blocks of a sample."""
        module, _, name = self.blocks.partition(":")
        build: Callable[[Sample, bool], tuple[Block, ...]] = getattr(import_module(module), name)
        return build(sample, means)


_HERE = "evalkit.structure.estimators.families"
ESTIMATORS: Mapping[str, Estimator] = {
    "ML": Estimator("ML", f"{_HERE}:likelihood", "standard", "standard"),
    "MLM": Estimator("MLM", f"{_HERE}:likelihood", "robust_sem", "satorra_bentler"),
    "MLR": Estimator("MLR", f"{_HERE}:likelihood", "sandwich", "yuan_bentler"),
    "GLS": Estimator("GLS", f"{_HERE}:generalised", "standard", "standard", ddof=1, likelihood=False),
    "ULS": Estimator("ULS", f"{_HERE}:unweighted", "normal_sandwich", "browne", ddof=1, likelihood=False),
} | {
    name: Estimator(name, f"evalkit.structure.estimators.weighted:{blocks}", se, test, 1, False, ordered=True)
    for name, blocks, se, test in (
        ("DWLS", "diagonal", "standard", "standard"),
        ("WLSM", "diagonal", "weighted", "mean_adjusted"),
        ("WLSMV", "diagonal", "weighted", "scaled_shifted"),
        ("ULSMV", "unit", "weighted", "scaled_shifted"),
    )
}
