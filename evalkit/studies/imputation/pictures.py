"""Imputed data in, two figures out: traces of the chains, and imputed values beside the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import Figure, Label

if TYPE_CHECKING:
    from evalkit.studies.imputation.imputed import Imputed

MOST = 12
"""Variables in a figure: those with the largest R-hat."""
FEW_VALUES = 15
"""Up to so many different answers are shown as shares of each, more as a density."""
PLACES = np.linspace(-4, 4, 81)


def picture(result: Imputed, name: str) -> Figure | None:
    """`trace` or `density`; nothing where nothing was imputed by a chain."""
    known = {
        v: r for v, r in result.rhat.items() if result.filled[v].method != "cluster" and len(result.filled[v].rows)
    }
    worst = sorted(known, key=lambda v: -np.nan_to_num(known[v], nan=-1.0))[:MOST]
    shown = [v for v in result.filled if v in worst]
    if not shown:
        return None
    make = {"trace": _traces, "density": _densities}[name]
    frame = pd.concat([make(result, v) for v in shown], ignore_index=True)
    labels = {v: result.labels[v] for v in shown}
    if name == "density":
        labels |= {part: Label(f"imputation.part.{part}") for part in ("answers", "imputed")}
    notes = (Label("imputation.figure_note_some", n=len(shown), of=len(known)),) if len(known) > len(shown) else ()
    kind = {"trace": "traces", "density": "imputed_density"}[name]
    return Figure(f"imputation-{name}", kind, Label(f"imputation.figure_{name}", m=result.m), frame, labels, notes)


def _standardised(result: Imputed, variable: str, values: np.ndarray) -> np.ndarray:
    mean, sd, _ = result.observed[variable]
    return np.asarray((values - mean) / (sd if sd > 0 else 1.0), dtype=float)


def _traces(result: Imputed, variable: str) -> pd.DataFrame:
    part = result.trace[result.trace["variable"] == variable]
    return pd.DataFrame(
        {
            "variable": variable,
            "imputation": part["imputation"].to_numpy(),
            "iteration": part["iteration"].to_numpy(),
            "estimate": _standardised(result, variable, part["mean"].to_numpy()),
        }
    )


def _densities(result: Imputed, variable: str) -> pd.DataFrame:
    """Heights of both curves, the higher one's peak being 1."""
    part = result.filled[variable]
    answers = _standardised(result, variable, part.answers)
    imputed = _standardised(result, variable, part.numbers.ravel())
    values = np.unique(np.concatenate([answers, imputed]))
    few = len(values) <= FEW_VALUES
    places = values if few else PLACES
    heights = {
        "answers": _shares(answers, values) if few else _density(answers),
        "imputed": _shares(imputed, values) if few else _density(imputed),
    }
    peak = max(float(h.max()) for h in heights.values()) or 1.0
    parts = [
        pd.DataFrame({"variable": variable, "part": name, "place": places, "estimate": height / peak})
        for name, height in heights.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _shares(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(known, values), minlength=len(known)) / len(values)


def _density(values: np.ndarray) -> np.ndarray:
    """Gaussian kernels, Silverman's (1986) width, on counts in narrow bins."""
    edges = np.linspace(-5, 5, 501)
    counts, _ = np.histogram(np.clip(values, -5, 5), bins=edges)
    middle = (edges[:-1] + edges[1:]) / 2
    width = max(
        0.9 * min(values.std(), np.subtract(*np.percentile(values, [75, 25])) / 1.349) * len(values) ** -0.2, 0.05
    )
    kernel = np.exp(-(((PLACES[:, None] - middle) / width) ** 2) / 2)
    return np.asarray(kernel @ counts / (len(values) * width * np.sqrt(2 * np.pi)))
