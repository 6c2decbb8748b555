"""Waves in, the text of the cross-lagged model out."""

from __future__ import annotations

from collections.abc import Collection
from itertools import combinations

from evalkit.measurement.panel_paths.waves import ROLES, Waves

PATHS = {"a": ("x", "m"), "b": ("m", "y"), "c": ("x", "y"), "sx": ("x", "x"), "sm": ("m", "m"), "sy": ("y", "y")}
"""Label of a path -> where it starts and, a wave later, ends."""
REVERSE = {"r": ("m", "x"), "s": ("y", "m"), "t": ("y", "x")}
FAMILIES = {"a": ("a",), "b": ("b",), "direct": ("c",), "stability": ("sx", "sm", "sy"), "reverse": tuple(REVERSE)}
"""What may be equal between the lags."""


def effects_of(n_waves: int) -> dict[str, str]:
    """Effect id -> definition or label in the model's text, in the order of print."""
    if n_waves == 2:
        return {"direct": "lag_c_1", "indirect.m": "indirect_effect"}
    return {"total": "total_effect", "direct": "direct_effect", "indirect.m": "indirect_effect"}


def model_text(
    waves: Waves, *, reverse: bool, intercepts: bool, equal: Collection[str], covariates: Collection[str]
) -> str:
    """The model in the engine's language.

    Every variable follows from the wave before; what a wave leaves unexplained is correlated. With random intercepts
    the paths run between the deviations of a person from the own level.

    Parameters
    ----------
    equal : collection of str
        Families of `FAMILIES` whose paths are the same between the first and the second lag.
    """
    lines, nodes = _deviations(waves) if intercepts else ([], {role: waves.columns[role] for role in ROLES})
    same = {path for family in equal for path in FAMILIES[family]}
    paths = PATHS | (REVERSE if reverse else {})
    for t in range(1, waves.n):
        for end in ROLES:
            right = [
                f"lag_{path}_{1 if path in same else t}*{nodes[start][t - 1]}"
                for path, (start, stop) in paths.items()
                if stop == end
            ]
            lines.append(f"{nodes[end][t]} ~ {' + '.join([*right, *covariates])}")
        lines += [f"{nodes[one][t]} ~~ {nodes[other][t]}" for one, other in combinations(ROLES, 2)]
    last = {path: f"lag_{path}_{1 if path in same or waves.n == 2 else 2}" for path in PATHS}
    lines.append(f"indirect_effect := lag_a_1 * {last['b']}")
    if waves.n == 3:
        lines.append(f"direct_effect := lag_sx_1 * {last['c']} + lag_c_1 * {last['sy']}")
        lines.append("total_effect := direct_effect + indirect_effect")
    return "\n".join(lines)


def _deviations(waves: Waves) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Stable levels and deviations from them: Hamaker, Kuiper & Grasman (2015), Psychological Methods 20, 102-116."""
    lines = []
    nodes = {role: tuple(f"within_{role}_{t}" for t in range(1, waves.n + 1)) for role in ROLES}
    for role in ROLES:
        columns = waves.columns[role]
        lines.append(f"level_{role} =~ {' + '.join(f'1*{c}' for c in columns)}")
        lines += [f"{node} =~ 1*{column}" for node, column in zip(nodes[role], columns, strict=True)]
        lines += [f"{column} ~~ 0*{column}" for column in columns]
    lines += [f"level_{one} ~~ 0*{nodes[other][0]}" for one in ROLES for other in ROLES]
    return lines, nodes
