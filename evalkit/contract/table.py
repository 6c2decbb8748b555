"""Tables before layout: numbers and word keys, no digits chosen, no prose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from evalkit.contract.words import text_of


class Label:
    """A key of the word catalogue with its parameters, or a zh/en pair of the user's own words.

    `Label("n", n=120)` or `Label(zh="满意度", en="Satisfaction")`. Parameters may be Labels themselves.
    """

    __slots__ = ("en", "key", "params", "zh")
    key: str
    zh: str
    en: str
    params: Mapping[str, Any]

    def __init__(self, key: str = "", /, *, zh: str = "", en: str = "", **params: Any) -> None:
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "zh", zh)
        object.__setattr__(self, "en", en)
        object.__setattr__(self, "params", MappingProxyType(params))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name} of a Label cannot change")

    def __deepcopy__(self, memo: dict[int, Any]) -> Label:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _label, (self.key, self.zh, self.en, dict(self.params))

    def text(self, lang: str) -> str:
        """The words in `zh` or `en`; a pair without one of them gives the other."""
        if not self.key:
            return (self.zh or self.en) if lang == "zh" else (self.en or self.zh)
        params = {k: v.text(lang) if isinstance(v, Label) else v for k, v in self.params.items()}
        return text_of(self.key, lang, **params)

    def _identity(self) -> tuple[Any, ...]:
        return (self.key, self.zh, self.en, tuple(sorted((k, repr(v)) for k, v in self.params.items())))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Label) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return f"Label({self.key!r}, {dict(self.params)!r})" if self.key else f"Label(zh={self.zh!r}, en={self.en!r})"


def _label(key: str, zh: str, en: str, params: dict[str, Any]) -> Label:
    return Label(key, zh=zh, en=en, **params)


@dataclass(frozen=True)
class Cell:
    """One value with what it is.

    Parameters
    ----------
    value : float, int, str, Label, tuple or None
        A tuple holds the two ends of an interval, or mean and SD. None is "not applicable" (printed as a
        dash); nan is "could not be computed" and wants a `reason`.
    kind : str
        A key of `glossary.GLOSSARY`; the style turns it into digits.
    p : float, optional
        p-value behind the stars of this cell.
    wrap : str
        `"("`: printed in round brackets (a standard error below its coefficient); `"["`: square ones.
    id : str, optional
        Result id `step/model/outcome/group/term/level#statistic` (empty parts dropped).
    reason : str, optional
        Word key: why the value is nan.
    bold : bool
        Emphasis, e.g. the diagonal of a correlation matrix.
    """

    value: Any
    kind: str = "text"
    p: float | None = None
    wrap: str = ""
    id: str | None = None
    reason: str | None = None
    bold: bool = False


@dataclass(frozen=True)
class Head:
    """One header cell over `span` columns. A str is a word key."""

    label: Label | str
    span: int = 1

    def text(self, lang: str) -> str:
        return (Label(self.label) if isinstance(self.label, str) else self.label).text(lang) if self.label else ""


@dataclass(frozen=True)
class Row:
    """One row.

    Parameters
    ----------
    role : str
        `body`, `section` (a heading over rows, first cell only), `stat` (below the coefficients) or `text` (words on
        the row above, one cell over the whole table).
    """

    cells: tuple[Cell, ...]
    role: str = "body"
    indent: int = 0

    @property
    def across(self) -> bool:
        """Whether its one cell spans the table."""
        return self.role in ("section", "text") and len(self.cells) == 1


@dataclass(frozen=True)
class Note:
    """One note below a table. `kind`: source, general, specific or probability. A str label is a word key."""

    kind: str
    label: Label | str

    def text(self, lang: str) -> str:
        return (Label(self.label) if isinstance(self.label, str) else self.label).text(lang)


@dataclass(frozen=True)
class Table:
    """A table for print, before any style. Every header row and every body row spans the same columns."""

    id: str
    template: str
    title: Label
    header: tuple[tuple[Head, ...], ...]
    rows: tuple[Row, ...]
    notes: tuple[Note, ...] = ()

    @property
    def n_columns(self) -> int:
        return sum(head.span for head in self.header[0]) if self.header else max(len(r.cells) for r in self.rows)


def pair(mapping: Mapping[str, str]) -> Label:
    """A zh/en mapping as it stands in plans and instruments, as a Label."""
    return Label(zh=mapping.get("zh", ""), en=mapping.get("en", ""))
