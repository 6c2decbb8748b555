"""What a call asks for in; whether it can be asked, and which terms the model has, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalkit.contract import AnalysisError, Problem
from evalkit.models.matrix import term_id
from evalkit.models.moderation.roles import CENTRES, POINTS, QUANTILES

FORMS = ("three_way", "two_way")
Values = str | Sequence[float] | Mapping[str, Sequence[float]]


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


def require_values(values: Values, moderators: Sequence[str], centre: str, quantile_type: int) -> None:
    """E6115 for unknown words; E6116 for values that are no numbers, none, or of another variable."""
    one_of("centre", centre, CENTRES)
    one_of("quantile_type", quantile_type, list(QUANTILES))
    if isinstance(values, str):
        one_of("values", values, POINTS)
        return
    lists = values if isinstance(values, Mapping) else {"values": values}
    for name, wanted in lists.items():
        if isinstance(values, Mapping) and name not in moderators:
            raise AnalysisError(Problem("E6116", params={"name": name, "known": list(moderators)}))
        if not wanted or isinstance(wanted, str) or not all(isinstance(v, (int, float)) and v == v for v in wanted):
            raise AnalysisError(Problem("E6116", params={"name": name, "known": list(moderators)}))


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
