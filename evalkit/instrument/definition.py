"""What a questionnaire is made of: options, items, blocks, scales, and the closed lists of their keys' values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from evalkit.contract.codebook import MISSING_KINDS
from evalkit.contract.problems import Problem
from evalkit.formula import Expression

FORMAT = "evalkit-instrument/1"
LANGUAGES = ("zh", "en")
ITEM_TYPES = (
    "single", "multi", "matrix", "rank", "integer", "decimal", "text", "date", "time", "region", "file", "note", "meta",
)  # fmt: skip
MEASURES = ("nominal", "ordinal", "number")
ROLES = ("respondent_id", "cluster", "weight", "screen", "background", "paradata")
FORMS = ("R", "O", "register")
"""Who is asked: residents, organisations, or nobody (read from records)."""

OPTION_KINDS = tuple(kind for kind in MISSING_KINDS if kind not in ("answered", "invalid", "not_in_file"))
"""Missing kinds an answer itself can mean; the other two are found by the program."""

CHECKS = ("equals", "same_as", "opposite_of")
SCORES = ("mean", "sum", "product_z", "absdiff_z", "min")
SCALE_KINDS = ("reflective", "formative")
SCALE_ROLES = ("mechanism", "mediator", "moderator", "outcome", "context")
SCALE_LEVELS = ("resident", "organisation", "stairwell", "estate", "community", "case")

Code = int | float | str


@dataclass(frozen=True)
class Option:
    """One answer option.

    Attributes
    ----------
    code : int, float or str
        What stands in the data.
    alias : tuple of str
        Other wordings of it (an older version, the platform's own).
    fill : bool
        Whether a text may be written beside it.
    exclusive : bool
        Whether it rules out every other option (multiple response only).
    missing : str, optional
        The missing kind it means, e.g. `dont_know`.
    """

    code: Code
    zh: str = ""
    en: str = ""
    alias: tuple[str, ...] = ()
    fill: bool = False
    exclusive: bool = False
    missing: str | None = None

    def text(self, lang: str) -> str:
        """The wording in one language, else in the other."""
        return _in(lang, self.zh, self.en)


@dataclass(frozen=True)
class Item:
    """One question with an answer of its own; a row of a matrix is an item of type `single`.

    Attributes
    ----------
    label : mapping
        Language -> short name for tables and figures; the question's own words where there is none.
    choices : str
        Name of the option list in `Instrument.choices` that `options` was taken from.
    ask_if : Expression, optional
        When it is asked; for a row, the matrix's condition and its own.
    min, max, step : float, optional
        Bounds and grain of a number, in `unit`.
    form : tuple of str
        Forms it belongs to; empty = every form.
    check : mapping, optional
        `equals`: the one right answer of an attention check; `same_as` or `opposite_of`: the item that this one asks
        again, or the other way round.
    max_choices : int, optional
        Most options of a multiple response or rank; of a text, how many names it takes.
    missing : mapping
        Of a number: value -> missing kind.
    matrix : str, optional
        The matrix it is a row of.
    line : int
        Where it stands in the file (0 = not read from one).
    """

    id: str
    type: str = "single"
    zh: str = ""
    en: str = ""
    label: Mapping[str, str] = field(default_factory=dict)
    hint: Mapping[str, str] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    choices: str = ""
    ask_if: Expression | None = None
    end_if: Expression | None = None
    required: bool = False
    min: float | None = None
    max: float | None = None
    unit: str = ""
    step: float | None = None
    measure: str | None = None
    role: str | None = None
    check: Mapping[str, Code] | None = None
    reverse: bool = False
    form: tuple[str, ...] = ()
    private: bool = False
    max_choices: int | None = None
    missing: Mapping[float, str] = field(default_factory=dict)
    matrix: str | None = None
    line: int = field(default=0, compare=False)

    def __hash__(self) -> int:
        return hash(self.id)

    def text(self, lang: str) -> str:
        """The question in one language, else in the other."""
        return _in(lang, self.zh, self.en)

    def name(self, lang: str) -> str:
        """The short name in one language, else the question."""
        return self.label.get(lang) or self.text(lang)

    @property
    def told(self) -> Code | None:
        """The answer that an attention check tells everybody to give; None for any other item."""
        return self.check.get("equals") if self.check else None

    @property
    def codes(self) -> tuple[Code, ...]:
        """Codes of the options that are answers, in list order."""
        return tuple(option.code for option in self.options if option.missing is None)

    @property
    def low(self) -> float | None:
        """Lower end of the answer scale: the smallest numeric code, or `min`; None where there is none."""
        return min(self._numbers, default=self.min)

    @property
    def high(self) -> float | None:
        """Upper end of the answer scale: the largest numeric code, or `max`; None where there is none."""
        return max(self._numbers, default=self.max)

    @property
    def is_numeric(self) -> bool:
        """Whether its answers are numbers: every option has a numeric code, or it asks for a number."""
        if self.type == "single":
            return bool(self.codes) and len(self._numbers) == len(self.codes)
        return self.type in ("integer", "decimal")

    @property
    def _numbers(self) -> list[float]:
        return [float(code) for code in self.codes if not isinstance(code, str)]


@dataclass(frozen=True)
class Block:
    """What stands together on the page: a matrix with its rows, or a single item (then it shares the item's id)."""

    id: str
    type: str
    zh: str
    en: str
    items: tuple[Item, ...]
    hint: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.id)

    def text(self, lang: str) -> str:
        """The heading in one language, else in the other."""
        return _in(lang, self.zh, self.en)


@dataclass(frozen=True)
class Scale:
    """A score: of items (`items`), or of other scales (`parts`, of which `reverse_parts` are turned round).

    `min_valid` is the number of answered items or parts a score needs, or a share of them where below 1;
    None = all. `sum` is the mean times the number of items.
    """

    id: str
    items: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    reverse_parts: tuple[str, ...] = ()
    score: str = "mean"
    min_valid: float | None = None
    kind: str = "reflective"
    role: str | None = None
    level: str | None = None
    form: tuple[str, ...] = ()
    zh: str = ""
    en: str = ""
    line: int = field(default=0, compare=False)

    def text(self, lang: str) -> str:
        """The name in one language, else in the other."""
        return _in(lang, self.zh, self.en)


@dataclass(frozen=True)
class Instrument:
    """A whole questionnaire. Two are equal when they ask the same; file name, hash and notes do not count.

    Attributes
    ----------
    languages : tuple of str
        The first is the default.
    blocks : tuple of Block
        In the order of the questionnaire.
    choices : mapping
        Name -> options.
    source, sha256 : str
        File name and hash of the text it was read from.
    problems : tuple of Problem
        Warnings and notes found while reading; errors raise.
    """

    id: str
    version: str
    languages: tuple[str, ...]
    title: Mapping[str, str]
    blocks: tuple[Block, ...]
    scales: tuple[Scale, ...] = ()
    choices: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)
    source: str = field(default="", compare=False)
    sha256: str = field(default="", compare=False)
    problems: tuple[Problem, ...] = field(default=(), compare=False)

    def __hash__(self) -> int:
        return hash((self.id, self.version))

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Every item in the order of the questionnaire; matrix rows one by one."""
        return tuple(item for block in self.blocks for item in block.items)

    def item(self, id: str) -> Item:
        """The item of that id; KeyError if there is none (a matrix is a block, not an item)."""
        return self._items[id]

    def scale(self, id: str) -> Scale:
        """The scale of that id; KeyError if there is none."""
        return self._scales[id]

    def block_of(self, id: str) -> Block:
        """The block an item stands in."""
        return next(block for block in self.blocks if any(item.id == id for item in block.items))

    def scale_items(self, id: str) -> tuple[str, ...]:
        """The items a scale rests on, through all its parts, each once, in order."""
        scale = self.scale(id)
        below = (item for part in scale.parts for item in self.scale_items(part))
        return tuple(dict.fromkeys([*scale.items, *below]))

    @cached_property
    def _items(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}

    @cached_property
    def _scales(self) -> dict[str, Scale]:
        return {scale.id: scale for scale in self.scales}


def _in(lang: str, zh: str, en: str) -> str:
    return (zh or en) if lang == "zh" else (en or zh)
