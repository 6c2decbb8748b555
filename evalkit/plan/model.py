"""The plan as one frozen object, whatever file it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from evalkit.contract import Label, Place, Problem
from evalkit.formula import Expression

Arguments = Mapping[str, Any]


def _nothing() -> Arguments:
    return MappingProxyType({})


@dataclass(frozen=True)
class DataSource:
    """Where the answers are. `files`, `mapping` and `themes` (coded sheets) are relative to the plan's folder.

    `waves`: wave -> its files, where the plan names waves; `asked`: wave -> an instrument of its own.
    """

    files: tuple[str, ...]
    sheet: str | None = None
    dialect: str = "auto"
    form: str | None = None
    issued: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    issued_by: str | None = None
    simulated: bool = False
    waves: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    asked: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    mapping: str | None = None
    themes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Join:
    """A register: one row a key, its columns added to each respondent with that key; or a `repeat` of the data."""

    id: str
    key: str
    line: int = field(compare=False)
    file: str | None = None
    form: str | None = None
    instrument: str | None = None
    repeat: str | None = None
    aggregate: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class SamplingSource:
    """The sampling sheet, relative to the plan's folder; `community` is the question that says where somebody lives."""

    file: str
    community: str | None
    line: int = field(compare=False)


@dataclass(frozen=True)
class CasebookSource:
    """The casebook, relative to the plan's folder; `community` says in cases and answers where somebody lives."""

    file: str
    community: str | None
    line: int = field(compare=False)
    simulated: bool = False


@dataclass(frozen=True)
class Raking:
    """Weights to be made from the sampling sheet's margins; bounds are multiples of the mean weight."""

    variables: tuple[str, ...]
    line: int = field(compare=False)
    lower: float | None = None
    upper: float | None = None
    within: bool = False


@dataclass(frozen=True)
class Derive:
    """A new column. Exactly one of the kinds in `derive.KINDS` is given in `arguments`."""

    id: str
    line: int = field(compare=False)
    arguments: Arguments = field(default_factory=_nothing)
    zh: str = ""
    en: str = ""


@dataclass(frozen=True)
class Exclude:
    """Rows taken out of every step, with the author's reason."""

    when: Expression
    reason: Label
    line: int = field(compare=False)


@dataclass(frozen=True)
class Step:
    """One analysis: `do` is a public function's name, `arguments` its keyword arguments."""

    id: str
    do: str
    line: int = field(compare=False)
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
    line: int = field(compare=False)
    steps: tuple[str, ...] = ()
    title: Label | None = None


@dataclass(frozen=True)
class Family:
    """Tests of several steps whose p-values are adjusted together."""

    id: str
    line: int = field(compare=False)
    steps: tuple[str, ...]
    terms: tuple[str, ...] = ()
    method: str = "holm"
    title: Label | None = None


@dataclass(frozen=True)
class Hypothesis:
    """A claim and the rule by which the run decides on it."""

    id: str
    label: Label
    line: int = field(compare=False)
    confirm_if: Expression | None = None


@dataclass(frozen=True)
class Privacy:
    """What the plan says about personal data.

    `key_file` is relative to the plan's folder. `min_cell` is the smallest count that may be told: 5 for work, 10 for
    publication; with `suppress` tables leave out smaller ones.
    """

    pseudonyms: tuple[str, ...] = ()
    key_file: str = ""
    new_key: bool = False
    suppress: bool = False
    min_cell: int = 5


@dataclass(frozen=True)
class Plan:
    """Everything a run needs, checked as far as it can be without the data.

    Plans are equal that say the same, whether in a text or in a workbook.

    Attributes
    ----------
    text : str
        The plan in TOML, whose lines `line` counts: the file's own text, or written from its cells.
    source : bytes
        The file as it was read.
    places : mapping
        Line of `text` -> where it stands in the file, where that is not the same line.
    notices : tuple of Problem
        What was read with some doubt.
    from_recipe : tuple of str
        Ids of the steps that a recipe stands for.
    """

    path: Path = field(compare=False)
    text: str = field(compare=False)
    sha256: str = field(compare=False)
    title: Label
    languages: tuple[str, ...]
    data: DataSource
    style: str = "cn"
    seed: int = 20260101
    instrument: str | None = None
    joins: tuple[Join, ...] = ()
    sampling: SamplingSource | None = None
    casebook: CasebookSource | None = None
    design: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    raking: Raking | None = None
    derives: tuple[Derive, ...] = ()
    excludes: tuple[Exclude, ...] = ()
    scales: tuple[Mapping[str, Any], ...] = ()
    steps: tuple[Step, ...] = ()
    tables: tuple[JoinedTable, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    families: tuple[Family, ...] = ()
    formats: tuple[str, ...] = ("xlsx", "docx", "html")
    privacy: Privacy = Privacy()
    source: bytes = field(default=b"", compare=False, repr=False)
    places: Mapping[int, Place] = field(default_factory=lambda: MappingProxyType({}), compare=False, repr=False)
    notices: tuple[Problem, ...] = field(default=(), compare=False)
    from_recipe: tuple[str, ...] = field(default=(), compare=False)

    @property
    def simulated(self) -> bool:
        """Whether the plan says that its answers or its casebook are made up."""
        return self.data.simulated or (self.casebook is not None and self.casebook.simulated)

    @property
    def folder(self) -> Path:
        """Every path in the plan is relative to this folder."""
        return self.path.parent

    def place(self, line: int) -> Place:
        """Where a line of `text` stands in the file."""
        return self.places.get(line) or Place(file=self.path.name, line=line)
