"""Roles in, the model's text and its list of effects out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise

from evalkit.measurement.latent_paths.roles import Roles

CONTRASTS_UP_TO = 7
"""Specific indirect effects up to which all pairs are contrasted (three mediators in a row)."""


@dataclass(frozen=True, eq=False)
class Effects:
    """The effects of a chain and how the model's text defines them.

    Parameters
    ----------
    mediators : tuple of str
    kind : str
        `simple`, `parallel` or `serial`.
    """

    mediators: tuple[str, ...]
    kind: str

    @cached_property
    def specific(self) -> tuple[tuple[int, ...], ...]:
        """Specific indirect effects as chains of mediator numbers: short chains first."""
        k = len(self.mediators)
        longest = k if self.kind == "serial" else 1
        return tuple(chain for length in range(1, longest + 1) for chain in combinations(range(k), length))

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Specific effects that are contrasted, first minus second."""
        n = len(self.specific)
        return tuple(combinations(range(n), 2)) if n <= CONTRASTS_UP_TO else ()

    def name(self, chain: tuple[int, ...]) -> str:
        return ".".join(self.mediators[i] for i in chain)

    @cached_property
    def definitions(self) -> dict[str, tuple[str, str]]:
        """Effect id -> name and formula of its definition; the direct effect is the path `direct_effect`."""
        products = {}
        for number, chain in enumerate(self.specific, 1):
            steps = [f"path_d{j + 1}_{i + 1}" for i, j in pairwise(chain)]
            parts = [f"path_a{chain[0] + 1}", *steps, f"path_b{chain[-1] + 1}"]
            products[f"indirect.{self.name(chain)}"] = (f"indirect_{number}", " * ".join(parts))
        names = [name for name, _ in products.values()]
        ids = [id.removeprefix("indirect.") for id in products]
        contrasts = {
            f"contrast.{ids[i]}-{ids[j]}": (f"contrast_{i + 1}_{j + 1}", f"{names[i]} - {names[j]}")
            for i, j in self.pairs
        }
        last = {
            "indirect.total": ("indirect_total", " + ".join(names)),
            "total": ("total_effect", "direct_effect + indirect_total"),
        }
        return products | last | contrasts

    @property
    def names(self) -> dict[str, str]:
        """Effect id -> definition or label in the model's text, in the order of print."""
        defined = {id: name for id, (name, _) in self.definitions.items()}
        first = {"total": defined.pop("total"), "direct": "direct_effect"}
        return first | defined


def model_text(roles: Roles, effects: Effects) -> str:
    """The model in the engine's language.

    Mediators side by side have correlated residuals; a latent x is regressed on the covariates, which leaves their
    relation free; residuals of the items are uncorrelated.
    """
    lines = [f"{name} =~ {' + '.join(columns)}" for name, columns in roles.items.items()]
    if roles.x in roles.items and roles.terms:
        lines.append(f"{roles.x} ~ {' + '.join(roles.terms)}")
    for j, name in enumerate(roles.mediators, 1):
        before = [f"path_d{j}_{i}*{m}" for i, m in enumerate(roles.mediators[: j - 1], 1)]
        right = [f"path_a{j}*{roles.x}", *(before if roles.kind == "serial" else ()), *roles.terms]
        lines.append(f"{name} ~ {' + '.join(right)}")
    right = [f"path_b{j}*{m}" for j, m in enumerate(roles.mediators, 1)]
    lines.append(f"{roles.y} ~ {' + '.join([f'direct_effect*{roles.x}', *right, *roles.terms])}")
    if roles.kind == "parallel":
        lines += [f"{one} ~~ {other}" for one, other in combinations(roles.mediators, 2)]
    lines += [f"{name} := {formula}" for name, formula in effects.definitions.values()]
    return "\n".join(lines)
