"""Rows of effects in, their shares of the total effect out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.models.mediation.routes import Effect

SHARED = ("direct", "indirect", "indirect_total")


def with_shares(frame: pd.DataFrame, effects: Sequence[Effect], alpha: float) -> pd.DataFrame:
    """The frame with `share` (per cent of the total effect under the same condition) and `reason`.

    A share is given where the total effect differs from 0 (p < alpha), direct and total indirect effect have one
    sign, and the effect has it too. MacKinnon, Krull & Lockwood (2000), Prevention Science 1, 173-181.
    """
    estimate, p = frame["estimate"].to_numpy(), frame["p_value"].to_numpy()
    place = {(e.x, e.y, e.kind, e.level): i for i, e in enumerate(effects) if not e.chain}
    share, reason = np.full(len(effects), np.nan), [None] * len(effects)
    for row, effect in enumerate(effects):
        if effect.kind not in SHARED:
            continue
        keys = [place.get((effect.x, effect.y, kind, effect.level)) for kind in ("total", "direct", "indirect_total")]
        total = keys[0]
        parts = [estimate[i] for i in keys[1:] if i is not None]
        why = None
        if not np.isfinite(estimate[row]) or total is None:
            why = "mediation.why_no_effect" if total is not None else None
        elif min(parts) * max(parts) < 0:
            why = "mediation.why_signs"
        elif not p[total] < alpha:
            why = "mediation.why_total"
        elif estimate[row] * estimate[total] < 0:
            why = "mediation.why_sign"
        else:
            share[row] = 100 * estimate[row] / estimate[total]
        reason[row] = why
    return frame.assign(share=share, reason=reason)
