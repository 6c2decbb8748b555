"""A value from a plan and the kinds of the schema in, whether they go together and how the kinds are called out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.contract.words import LANGUAGES, text_of
from evalkit.plan.schema import Kinds


def as_list(value: Any) -> list[Any]:
    """One value or several as a list; None is none."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def parts_of(value: Any) -> list[Any]:
    """The entries of a list or the values of a table."""
    return list(value.values()) if isinstance(value, Mapping) else as_list(value)


def is_of(value: Any, wanted: Kinds) -> bool:
    """Like isinstance, but true and false are no numbers."""
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def kind_names(wanted: Kinds) -> list[dict[str, str]]:
    """What the kinds are called, in each language."""
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    return [both(f"plan.kind.{kind.__name__}") for kind in kinds]


def both(key: str) -> dict[str, str]:
    """A word in each language."""
    return {lang: text_of(key, lang) for lang in LANGUAGES}
