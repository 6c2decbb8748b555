"""The plan as one frozen object, whatever file it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from evalkit.contract import Label, Place
from evalkit.formula import Expression

Arguments = Mapping[str, Any]


def _nothing() -> Arguments:
    return MappingProxyType({})


@dataclass(frozen=True)
class DataSource:
    """Where the answers are. `files` are relative to the plan's folder."""

    files: tuple[str, ...]
    sheet: str | None = None
    dialect: str = "auto"
    form: str | None = None
    issued: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    issued_by: str | None = None
    simulated: bool = False


@dataclass(frozen=True)
class Join:
    """A register: one row a key, its columns added to each respondent with that key."""

    id: str
    key: str
    line: int
    file: str | None = None
    form: str | None = None
    instrument: str | None = None
    aggregate: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Derive:
    """A new column. Exactly one of the kinds in `derive.KINDS` is given in `arguments`."""

    id: str
    line: int
    arguments: Arguments = field(default_factory=_nothing)
    zh: str = ""
    en: str = ""


@dataclass(frozen=True)
class Exclude:
    """Rows taken out of every step, with the author's reason."""

    when: Expression
    reason: Label
    line: int


@dataclass(frozen=True)
class Step:
    """One analysis: `do` is a public function's name, `arguments` its keyword arguments."""

    id: str
    do: str
    line: int
    title: Label | None = None
    where: Expression | None = None
    hypothesis: tuple[str, ...] = ()
    data: str = "responses"
    arguments: Arguments = field(default_factory=_nothing)


@dataclass(frozen=True)
class JoinedTable:
    """A table made from several steps, or from the run itself (T0, T24)."""

    id: str
    template: str
    line: int
    steps: tuple[str, ...] = ()
    title: Label | None = None


@dataclass(frozen=True)
class Hypothesis:
    """A claim and the rule by which the run decides on it."""

    id: str
    label: Label
    line: int
    confirm_if: Expression | None = None


@dataclass(frozen=True)
class Plan:
    """Everything a run needs, checked as far as it can be without the data."""

    path: Path
    text: str
    sha256: str
    title: Label
    languages: tuple[str, ...]
    data: DataSource
    style: str = "cn"
    seed: int = 20260101
    instrument: str | None = None
    joins: tuple[Join, ...] = ()
    design: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    derives: tuple[Derive, ...] = ()
    excludes: tuple[Exclude, ...] = ()
    scales: tuple[Mapping[str, Any], ...] = ()
    steps: tuple[Step, ...] = ()
    tables: tuple[JoinedTable, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    formats: tuple[str, ...] = ("xlsx", "docx", "html")

    @property
    def folder(self) -> Path:
        """Every path in the plan is relative to this folder."""
        return self.path.parent

    def place(self, line: int) -> Place:
        return Place(file=self.path.name, line=line)
