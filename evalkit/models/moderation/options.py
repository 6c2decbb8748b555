"""What a call asks for in; whether it can be asked, and which terms the model has, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalkit.contract import AnalysisError, Problem
from evalkit.models.matrix import term_id
from evalkit.models.moderation.roles import POINTS

FORMS = ("three_way", "two_way")
Values = str | Sequence[str | float] | Mapping[str, Any]


@dataclass(frozen=True)
class Terms:
    """Blocks of model terms, and the products of the highest order among them."""

    blocks: tuple[tuple[str, ...], ...]
    highest: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(term for block in self.blocks for term in block)


def one_of(option: str, value: object, known: Sequence[object]) -> None:
    """E6115 if an option has a value that it does not know."""
    if value not in known:
        raise AnalysisError(Problem("E6115", params={"option": option, "value": value, "known": list(known)}))


def require_roles(y: str, roles: Mapping[str, str], covariates: Sequence[str]) -> None:
    """E6110 if one column stands in two places."""
    seen: dict[str, str] = {}
    named = {"y": y, **roles}
    for role, name in [*named.items(), *(("covariates", part) for c in covariates for part in c.split(":"))]:
        if name in seen and not (role == "covariates" and seen[name] == "covariates"):
            raise AnalysisError(Problem("E6110", params={"name": name, "first": seen[name], "second": role}))
        seen[name] = role


def wanted_values(values: Values, moderators: Sequence[str]) -> Values:
    """Where moderators are looked at, numbers as lists; a list of one word, or one number, stands for itself.

    Raises
    ------
    AnalysisError
        E6115 for an unknown word; E6116 for what is no number, for none, or for a variable that is no moderator.
    """
    if not isinstance(values, Mapping):
        return _wanted("values", values, moderators)
    for name in values:
        if name not in moderators:
            raise AnalysisError(Problem("E6116", params={"name": name, "known": list(moderators)}))
    return {name: _wanted(name, one, moderators) for name, one in values.items()}


def _wanted(name: str, given: Any, moderators: Sequence[str]) -> str | list[float]:
    found = [given] if isinstance(given, (str, int, float)) else list(given)
    if len(found) == 1 and isinstance(found[0], str):
        one_of("values", found[0], POINTS)
        return str(found[0])
    if not found or not all(isinstance(v, (int, float)) and np.isfinite(v) for v in found):
        raise AnalysisError(Problem("E6116", params={"name": name, "known": list(moderators)}))
    return [float(v) for v in found]


def model_terms(x: str, w: str, z: str | None, form: str, covariates: Sequence[str]) -> Terms:
    """Covariates, then the variables, then their products: one block for each order."""
    if z is None:
        return Terms((tuple(covariates), (x, w), (f"{x}:{w}",)), (f"{x}:{w}",))
    if form == "two_way":
        pair = (f"{x}:{w}", f"{x}:{z}")
        return Terms((tuple(covariates), (x, w, z), pair), pair)
    three = f"{x}:{w}:{z}"
    return Terms((tuple(covariates), (x, w, z), (f"{x}:{w}", f"{x}:{z}", f"{w}:{z}"), (three,)), (three,))


def change_id(term: str) -> str:
    """`interaction.<product>` as an id without spaces."""
    return "interaction." + term_id(*term.split(":"))
