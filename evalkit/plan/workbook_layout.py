"""The schema in, what the workbook form of a plan looks like out: sheets, headings, closed choices, shapes of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from evalkit.contract import Result
from evalkit.contract.words import LANGUAGES, has_text, text_of
from evalkit.plan import catalogue
from evalkit.plan.arguments import kinds_of
from evalkit.plan.catalogue import folded
from evalkit.plan.cells import Shape
from evalkit.plan.schema import LISTS, REPEATED, TABLES, TOP_KEYS, TOP_KINDS

SETTINGS, NAMES, CHOICES, CATEGORIES = "settings", "names", "choices", "categories"
SHEETS = ("scales", "step", "derive", "join", "exclude", "table", "family", "hypothesis")
"""Tables with a sheet of their own, in the order of the sheets behind the settings."""

CATEGORY_KEYS = ("id", "below", "codes", "zh", "en")
USUAL = (
    "items", "variables", "x", "m", "y", "covariates", "formula", "kind", "cov", "cluster", "rows", "columns",
    "percent", "method", "missing", "by", "resamples",
)  # fmt: skip
"""Arguments of steps that have a column even where no step uses them; any other may be added as a heading."""

_PAIRS = ("title", "reason")
_WORDS = {"do": "do.", "role": "descriptive.role.", "score": "instrument.score."}
_NO_WORDS = frozenset({"format"})


def tables() -> tuple[str, ...]:
    """Every table that has a sheet: new ones of the schema stand at the end."""
    return (*SHEETS, *(name for name in REPEATED if name not in SHEETS))


def settings() -> list[tuple[str, str]]:
    """(table, column) of every line of the settings sheet."""
    top = [("", column) for key in TOP_KEYS if key in TOP_KINDS and key != "format" for column in _columns(key)]
    rest = [name for name in TABLES if name not in REPEATED]
    return top + [(name, column) for name in rest for key in TABLES[name] for column in _columns(key)]


def columns(table: str, used: Sequence[str] = ()) -> list[str]:
    """The columns of a table's sheet; `used`: further keys that entries hold."""
    known = [*TABLES[table]]
    if table == "step":
        first = ["id", "do", "title"]
        known = [*first, *USUAL, *(key for key in used if key not in {*USUAL, *known}), *known[len(first) - 1 :]]
    keys = dict.fromkeys(key for key in known)
    return [column for key in keys for column in _columns(key)]


def _columns(key: str) -> list[str]:
    return [f"{key}.{lang}" for lang in LANGUAGES] if key in _PAIRS else [key]


# -- words ------------------------------------------------------------------------------------


def sheet_title(name: str, lang: str) -> str:
    """The title of a sheet; a table without a word for it has its own name."""
    return text_of(f"plan.sheet.{name}", lang) if has_text(f"plan.sheet.{name}") else name


def heading(table: str, column: str, lang: str) -> str:
    """The heading of a column or setting; a key without a word has its own name."""
    for key in _word_keys("plan.key", table, column):
        if has_text(key):
            return text_of(key, lang)
    return column if not table or table in REPEATED else f"{table}.{column}"


def explanation(table: str, column: str, lang: str) -> str:
    """What the comment on a heading says; may be empty."""
    return next((text_of(key, lang) for key in _word_keys("plan.help", table, column) if has_text(key)), "")


def _word_keys(prefix: str, table: str, column: str) -> tuple[str, str]:
    return f"{prefix}.{table or 'plan'}.{column}", f"{prefix}.{column}"


def named(name: str) -> dict[str, str]:
    """Folded title of a sheet -> what it is: its title in each language, and its own name."""
    return {folded(word): name for word in (name, *(sheet_title(name, lang) for lang in LANGUAGES))}


def headings(table: str) -> dict[str, str]:
    """Folded heading -> column of a table's sheet; every argument of every step is one."""
    known = (
        columns(table, sorted({p for do in catalogue.STEPS for p in catalogue.parameters(do)}))
        if table == "step"
        else columns(table)
    )
    return {folded(word): column for column in known for word in _all_words(table, column)}


def setting_names() -> dict[str, tuple[str, str]]:
    """Folded heading -> (table, column) of a setting."""
    return {folded(word): (table, column) for table, column in settings() for word in _all_words(table, column)}


def _all_words(table: str, column: str) -> list[str]:
    own = [f"{table}.{column}"] if table and table not in REPEATED else [column]
    return [*own, *(heading(table, column, lang) for lang in LANGUAGES)]


# -- choices ----------------------------------------------------------------------------------


def choices(table: str, key: str) -> tuple[str, ...]:
    """The values of a closed choice; empty for what is free."""
    return tuple(_choices().get((table, key), ()))


@cache
def _choices() -> Mapping[tuple[str, str], Sequence[str]]:
    from evalkit.descriptive.correlate import MISSING
    from evalkit.descriptive.crosstab import PERCENTS
    from evalkit.ingest.dialects import DIALECTS
    from evalkit.instrument import FORMS, SCALE_KINDS, SCALE_LEVELS, SCALE_ROLES, SCORES
    from evalkit.integrate.displays.analysis import KINDS as DISPLAYS
    from evalkit.models.mediation.intervals import JOINT, METHODS
    from evalkit.models.mediation.shapes import SHAPES
    from evalkit.models.sandwich import KINDS
    from evalkit.models.wild import KINDS as BOOTSTRAPS
    from evalkit.plan.derive import AGGREGATES
    from evalkit.plan.recipe import RECIPES
    from evalkit.report import WRITERS
    from evalkit.sampling.choices import STATISTICS
    from evalkit.sampling.variance import LONELY
    from evalkit.studies.families import ADJUSTMENTS

    return {
        ("", "language"): LANGUAGES,
        ("", "style"): ("cn", "apa7"),
        ("", "recipe"): RECIPES,
        ("data", "dialect"): ("auto", *DIALECTS),
        ("data", "form"): FORMS,
        ("join", "form"): FORMS,
        ("derive", "aggregate"): tuple(AGGREGATES),
        ("scales", "score"): SCORES,
        ("scales", "kind"): SCALE_KINDS,
        ("scales", "role"): SCALE_ROLES,
        ("scales", "level"): SCALE_LEVELS,
        ("scales", "form"): FORMS,
        ("step", "do"): tuple(catalogue.STEPS),
        ("step", "kind"): (*SHAPES, *DISPLAYS),
        ("step", "cov"): KINDS,
        ("step", "bootstrap"): BOOTSTRAPS,
        ("step", "percent"): PERCENTS,
        ("step", "method"): ("pearson", "spearman", "kendall"),
        ("step", "missing"): MISSING,
        ("step", "ci"): (*METHODS, JOINT),
        ("step", "statistic"): STATISTICS,
        ("step", "lonely"): LONELY,
        ("step", "data"): ("responses",),
        ("family", "method"): ADJUSTMENTS,
        ("table", "template"): catalogue.JOINED_TABLES,
        ("output", "formats"): tuple(WRITERS),
    }


def word_of(key: str, value: str, lang: str) -> str:
    """The word for a value of a closed choice; the value itself where the catalogue has none."""
    for name in (f"plan.choice.{key}.{value}", f"{_WORDS[key]}{value}" if key in _WORDS else ""):
        if name and has_text(name):
            return text_of(name, lang)
    return value


@cache
def _values(table: str, key: str) -> Mapping[str, str]:
    """Folded word, in any language, -> value."""
    found = {folded(word_of(key, value, lang)): value for value in choices(table, key) for lang in LANGUAGES}
    if key == "do":
        found |= {folded(word): do for do in catalogue.STEPS for word in catalogue.words(do)}
    return found | {folded(value): value for value in choices(table, key)}


def value_of(table: str, key: str, word: str) -> str | None:
    """The value that a word for a closed choice means."""
    return _values(table, key).get(folded(word))


def _spoken(table: str, key: str, value: str, lang: str) -> str:
    return word_of(key, value, lang) if value in choices(table, key) else value


# -- shapes -----------------------------------------------------------------------------------

_ANY = Shape()
_CATEGORY_KINDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "below": (frozenset({"int", "float", "str"}), frozenset()),
    "codes": (frozenset({"list"}), frozenset({"int", "float", "str"})),
}


def shape_of(table: str, column: str, do: str = "") -> Shape:
    """Of what kind the values of a column may be; for an argument of a step, by its function's annotation."""
    key, _, lang = column.partition(".")
    if lang:
        return Shape(frozenset({"str"}), frozenset({"str"}))
    if table == CATEGORIES:
        return Shape(*_CATEGORY_KINDS.get(key, (frozenset({"str"}), frozenset())))
    known = TABLES[table] if table else TOP_KINDS
    if key in known:
        found = _names(known[key]), _names(LISTS.get((table, key), ()))
    elif do in catalogue.STEPS and key in catalogue.parameters(do):
        found = _of_annotation(kinds_of(do)[key])
    else:
        return _ANY
    words, spoken = partial(value_of, table, key), partial(_spoken, table, key)
    return Shape(*found, words=words, spoken=spoken)


def _names(kinds: Any) -> frozenset[str]:
    return frozenset(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))


def _of_annotation(wanted: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Kinds of the value and of its entries; nothing at all where anything may stand."""
    kinds: set[str] = set()
    parts: set[str] = set()
    for part in get_args(wanted) if get_origin(wanted) in (Union, UnionType) else (wanted,):
        origin, inner = get_origin(part), get_args(part)
        if part is Any:
            return frozenset(), frozenset()
        if origin is Literal:
            kinds |= {type(value).__name__ for value in inner}
        elif part is Result:  # the id of an earlier step
            kinds.add("str")
        elif part in (str, int, float, bool):
            kinds.add(part.__name__)
        elif isinstance(origin, type) and inner:
            whole = "dict" if issubclass(origin, Mapping) else "list"
            kinds.add(whole)
            parts |= _of_annotation(inner[-1] if whole == "dict" else inner[0])[0]
        elif part is not NoneType:
            continue  # a frame or a design cannot be written in a plan
    return frozenset(kinds), frozenset(parts)
