"""What each case is to a model: typical, deviant, or beside the point."""

from __future__ import annotations

import numpy as np

TYPICAL, TYPICAL_INCONSISTENT = "typical", "typical_inconsistent"
DEVIANT_CONSISTENCY, DEVIANT_COVERAGE, IRRELEVANT = "deviant_consistency", "deviant_coverage", "irrelevant"


def case_types(membership: np.ndarray, outcome: np.ndarray) -> tuple[str, ...]:
    """Schneider & Rohlfing (2013), Sociological Methods & Research 42, 559-597.

    Typical: in the solution and in the outcome (inconsistent where more in the solution than in the outcome);
    deviant in consistency: in the solution only; deviant in coverage: in the outcome only.
    """
    inside, has = membership > 0.5, outcome > 0.5
    kinds = np.where(
        inside & has, TYPICAL, np.where(inside, DEVIANT_CONSISTENCY, np.where(has, DEVIANT_COVERAGE, IRRELEVANT))
    )
    over = inside & has & (membership > outcome + 1e-9)
    return tuple(str(k) for k in np.where(over, TYPICAL_INCONSISTENT, kinds))
