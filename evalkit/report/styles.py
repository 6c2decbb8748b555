"""A journal style as data: name or path of a TOML file in, a checked `Style` out."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from evalkit.contract import GLOSSARY, Place, PlanError, Problem

FORMAT = "evalkit-style/1"
QUANTITIES = frozenset(GLOSSARY.values()) - {"text"}
LAYOUTS = ("joined", "kinds")
NOTE_KINDS = ("source", "general", "specific", "probability")


@dataclass(frozen=True)
class Caption:
    """How tables and figures are numbered and titled; patterns per language with `{n}` and `{title}`."""

    table: Mapping[str, str]
    figure: Mapping[str, str]
    continued: Mapping[str, str]
    align: str
    bold_number: bool
    italic_title: bool
    title_case: bool
    bilingual: bool


@dataclass(frozen=True)
class Notes:
    """Order and look of the notes below a table."""

    order: tuple[str, ...]
    layout: str
    prefix: Mapping[str, str]
    italic_prefix: bool


@dataclass(frozen=True)
class Rules:
    """Weights of the horizontal rules in points; 0 means none."""

    top: float
    header: float
    bottom: float
    spanner: float
    stat: float


@dataclass(frozen=True)
class Fonts:
    """Font names and sizes in points."""

    latin: str
    east_asian: str
    heading_east_asian: str
    body: float
    caption: float
    table: float
    smallest_table: float
    note: float
    italic_symbols: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """Upright paper size and margins in millimetres."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True, eq=False)
class Style:
    """One journal's norms. Every field comes from the TOML file; see `styles/cn.toml` for their meaning.

    `stars` holds the active set, largest bound first, e.g. `((0.05, "*"), (0.01, "**"), (0.001, "***"))`.
    """

    id: str
    name: Mapping[str, str]
    decimals: Mapping[str, int]
    no_leading_zero: frozenset[str]
    p_bound: float
    thousands: bool
    fractional_df: int
    minus: str
    not_applicable: str
    not_computed: str
    stars: tuple[tuple[float, str], ...]
    caption: Caption
    notes: Notes
    rules: Rules
    fonts: Fonts
    page: Page


def shipped() -> list[str]:
    """Ids of the styles that come with the package."""
    return sorted(f.name.removesuffix(".toml") for f in _folder().iterdir() if f.name.endswith(".toml"))


def load_style(name_or_path: str | Path) -> Style:
    """The style of that id, or of a TOML file of the user's own (which may say `extends = "cn"`).

    Raises
    ------
    PlanError
        E701 no such style or file; E702 not readable as TOML; E703 unknown key (names the nearest);
        E704 a value that cannot stand there. All findings at once.
    """
    name = str(name_or_path)
    if name in shipped():
        return _shipped_style(name)
    return _build(_merged(name, Place(file=Path(name).name)), Place(file=Path(name).name))


@cache
def _shipped_style(name: str) -> Style:
    return _build(_merged(name, Place(file=f"{name}.toml")), Place(file=f"{name}.toml"))


def _folder() -> Any:
    return resources.files("evalkit.report") / "styles"


def _read(name: str, at: Place) -> dict[str, Any]:
    if name in shipped():
        data = (_folder() / f"{name}.toml").read_bytes()
    else:
        path = Path(name)
        if not path.is_file():
            raise PlanError(Problem("E701", params={"name": name, "known": shipped()}))
        data = path.read_bytes()
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as err:
        raise PlanError(Problem("E702", at, {"detail": f"UTF-8, byte {err.start}"})) from err
    except tomllib.TOMLDecodeError as err:
        raise PlanError(Problem("E702", at, {"detail": str(err)})) from err


def _merged(name: str, at: Place, seen: tuple[str, ...] = ()) -> dict[str, Any]:
    """The file over what it extends; `cn` is the ground on which every style stands."""
    own = _read(name, at)
    if own.get("format") != FORMAT:
        raise PlanError(Problem("E704", at, {"key": "format", "value": own.get("format"), "allowed": FORMAT}))
    base = own.get("extends", "cn" if name != "cn" else None)
    if base is None:
        return own
    if base in seen or base == name:
        raise PlanError(Problem("E704", at, {"key": "extends", "value": base, "allowed": shipped()}))
    ground = _merged(str(base), at, (*seen, name))
    problems = [*_unknown_keys(own, ground, at)]
    if problems:
        raise PlanError(problems)
    return _over(ground, own)


def _over(ground: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(ground)
    for key, value in own.items():
        out[key] = _over(out[key], value) if isinstance(value, Mapping) and isinstance(out.get(key), Mapping) else value
    return out


def _unknown_keys(own: Mapping[str, Any], ground: Mapping[str, Any], at: Place, above: str = "") -> list[Problem]:
    """Keys the ground style does not have. Decimals also take glossary names, star sets any name."""
    if above == "stars.sets":
        return []
    known = set(ground) | ({"extends"} if not above else set())
    if above == "decimals":
        known |= QUANTITIES | {n for n, q in GLOSSARY.items() if q != "text"}
    found = []
    for key, value in own.items():
        full = f"{above}.{key}" if above else key
        if key not in known:
            near = difflib.get_close_matches(key, sorted(known), 1, 0.3)
            found.append(Problem("E703", at, {"key": full, "near": near or sorted(known)[:5]}))
        elif isinstance(ground.get(key), Mapping) and not isinstance(value, Mapping):
            found.append(Problem("E704", at, {"key": full, "value": value, "allowed": f"[{full}]"}))
        elif isinstance(value, Mapping) and isinstance(ground.get(key), Mapping):
            found += _unknown_keys(value, ground[key], at, full)
    return found


def _build(data: Mapping[str, Any], at: Place) -> Style:
    check = _Check(data, at)
    numbers, stars = data["numbers"], data["stars"]
    decimals = {k: check.number("decimals", k, 0, 9, whole=True) for k in data["decimals"]}
    bound = check.number("numbers", "p_bound", 0.0, 1.0)
    if bound < 10.0 ** -decimals["p"]:
        # A p between the bound and half a unit of the last decimal would print as 0.00.
        check.refuse("numbers.p_bound", bound, f">= {10.0 ** -decimals['p']:g}")
    style = Style(
        id=str(data["id"]),
        name=check.pair("name"),
        decimals=decimals,
        no_leading_zero=frozenset(check.subset("numbers", "no_leading_zero", QUANTITIES)),
        p_bound=bound,
        thousands=check.flag("numbers", "thousands"),
        fractional_df=check.number("numbers", "fractional_df", 0, 9, whole=True),
        minus=str(numbers["minus"]),
        not_applicable=str(numbers["not_applicable"]),
        not_computed=str(numbers["not_computed"]),
        stars=check.star_set(stars["set"], stars["sets"]),
        caption=_caption(check),
        notes=_notes(check),
        rules=Rules(**{k: check.number("rules", k, 0.0, 6.0) for k in Rules.__dataclass_fields__}),
        fonts=_fonts(check),
        page=Page(**{k: check.number("page", k, 0.0, 1000.0) for k in Page.__dataclass_fields__}),
    )
    if style.page.width - style.page.left - style.page.right < 60:
        check.refuse("page.width", style.page.width, ">= left + right + 60")
    if check.problems:
        raise PlanError(check.problems)
    return style


def _caption(check: _Check) -> Caption:
    patterns = {k: check.pair("caption", k) for k in ("table", "figure", "continued")}
    for key, pattern in patterns.items():
        for text in pattern.values():
            if "{n}" not in text or "{title}" not in text or text.count("{") != 2:
                check.refuse(f"caption.{key}", text, "{n} {title}")
    flags = {k: check.flag("caption", k) for k in ("bold_number", "italic_title", "title_case", "bilingual")}
    return Caption(**patterns, align=check.one_of("caption", "align", ("left", "center")), **flags)


def _notes(check: _Check) -> Notes:
    return Notes(
        order=check.subset("notes", "order", frozenset(NOTE_KINDS), all_of_them=True),
        layout=check.one_of("notes", "layout", LAYOUTS),
        prefix=check.pair("notes", "prefix"),
        italic_prefix=check.flag("notes", "italic_prefix"),
    )


def _fonts(check: _Check) -> Fonts:
    names = {k: str(check.data["fonts"][k]) for k in ("latin", "east_asian", "heading_east_asian")}
    sizes = {k: check.number("fonts", k, 4.0, 40.0) for k in ("body", "caption", "table", "smallest_table", "note")}
    symbols = check.data["fonts"]["italic_symbols"]
    if not (isinstance(symbols, list) and all(isinstance(s, str) and s for s in symbols)):
        check.refuse("fonts.italic_symbols", symbols, '["M", "SD", ...]')
        symbols = []
    return Fonts(**names, **sizes, italic_symbols=tuple(symbols))


class _Check:
    """Reads values of one merged style file and keeps every finding, so that all are told at once."""

    def __init__(self, data: Mapping[str, Any], at: Place) -> None:
        self.data = data
        self.at = at
        self.problems: list[Problem] = []

    def refuse(self, key: str, value: Any, allowed: Any) -> None:
        self.problems.append(Problem("E704", self.at, {"key": key, "value": value, "allowed": allowed}))

    def number(self, table: str, key: str, low: float, high: float, *, whole: bool = False) -> Any:
        value = self.data[table][key]
        good = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if good and low <= value <= high:
            return value
        self.refuse(f"{table}.{key}", value, f"{low:g}-{high:g}")
        return int(high) if whole else high

    def flag(self, table: str, key: str) -> bool:
        value = self.data[table][key]
        if not isinstance(value, bool):
            self.refuse(f"{table}.{key}", value, "true, false")
        return bool(value)

    def one_of(self, table: str, key: str, allowed: tuple[str, ...]) -> str:
        value = self.data[table][key]
        if value not in allowed:
            self.refuse(f"{table}.{key}", value, list(allowed))
        return str(value)

    def pair(self, *keys: str) -> Mapping[str, str]:
        value: Any = self.data
        for key in keys:
            value = value[key]
        if not (isinstance(value, Mapping) and all(isinstance(value.get(lang), str) for lang in ("zh", "en"))):
            self.refuse(".".join(keys), value, '{zh = "...", en = "..."}')
            return {"zh": "{n} {title}", "en": "{n} {title}"}
        return {lang: value[lang] for lang in ("zh", "en")}

    def subset(self, table: str, key: str, allowed: frozenset[str], *, all_of_them: bool = False) -> tuple[str, ...]:
        value = self.data[table][key]
        if not isinstance(value, list) or not set(value) <= allowed or (all_of_them and set(value) != allowed):
            self.refuse(f"{table}.{key}", value, sorted(allowed))
            return ()
        return tuple(value)

    def star_set(self, name: Any, sets: Mapping[str, Any]) -> tuple[tuple[float, str], ...]:
        if name not in sets:
            self.refuse("stars.set", name, sorted(sets))
            return ()
        levels = sets[name]
        good = isinstance(levels, list) and all(
            isinstance(v, list) and len(v) == 2 and isinstance(v[0], (int, float)) and 0 < v[0] < 1 for v in levels
        )
        if not good:
            self.refuse(f"stars.sets.{name}", levels, '[[0.05, "*"], ...]')
            return ()
        return tuple((float(bound), str(mark)) for bound, mark in sorted(levels, reverse=True))
