"""A value from a plan and the annotation of a parameter in, whether they go together out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from evalkit.contract import Result
from evalkit.plan import catalogue

_PLAIN = (str, int, float, bool)


def kinds_of(do: str) -> Mapping[str, Any]:
    """Parameter of a step's function -> annotation."""
    return get_type_hints(catalogue.function(do))


def fits(value: Any, wanted: Any) -> bool:
    """Whether a TOML value is of the kind an annotation asks for; true and false are no numbers."""
    origin, parts = get_origin(wanted), get_args(wanted)
    if wanted is Any:
        return True
    if wanted is Result:  # the id of an earlier step
        return isinstance(value, str)
    if origin in (Union, UnionType):
        return any(fits(value, part) for part in parts)
    if origin is Literal:
        return value in parts
    if wanted in _PLAIN:
        kinds = (int, float) if wanted is float else (wanted,)
        return isinstance(value, kinds) and isinstance(value, bool) == (wanted is bool)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, dict) and all(fits(part, parts[-1]) for part in value.values())
    if origin is not None:
        return isinstance(value, list) and all(fits(part, parts[0]) for part in value)
    return False


def kind_keys(wanted: Any) -> Iterator[str]:
    """Word keys of the kinds an annotation accepts."""
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        for part in get_args(wanted):
            yield from kind_keys(part)
    elif wanted in _PLAIN:
        yield f"plan.kind.{wanted.__name__}"
    elif wanted is Result:
        yield "plan.kind.str"
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield "plan.kind.dict"
    elif origin is not None and wanted is not NoneType:
        yield "plan.kind.list"
