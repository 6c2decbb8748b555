"""An XLSForm workbook in, ours or anybody's, a checked `Instrument` out, or every fault with its sheet and row."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

from evalkit.contract.problems import InstrumentError, Place, Problem
from evalkit.instrument.definition import LANGUAGES, Code, Instrument, Option, Scale
from evalkit.instrument.fields import good_id
from evalkit.instrument.made_elsewhere import checked
from evalkit.instrument.sheet_lines import TEXTS, Line, blank, exact_texts, read_lines
from evalkit.instrument.xlsform import OUR_KEYS, OUR_SHEETS
from evalkit.instrument.xlsform_survey import FROM_FILE, SurveyReader
from evalkit.sheets import Book, read_book

_SHEETS = ("survey", "choices", "settings", *OUR_SHEETS, TEXTS)
_SURVEY = ("type", "name", "required", "relevant", "constraint", "appearance", "parameters")
_SPOKEN = ("label", "hint")


def from_xlsform(path: str | os.PathLike[str]) -> Instrument:
    """Read an XLSForm.

    Parameters
    ----------
    path : path
        A workbook with the sheets `survey` and, where there are options, `choices`. Options that the form takes from
        a csv file (`select_one_from_file`) are read from that file in the same folder.

    Returns
    -------
    Instrument
        Equal to the one `to_xlsform` wrote. What a form of others holds beyond questions, options, groups,
        conditions and bounds is named in `problems`, cell by cell; so are the questions of a repeat, which are left
        out.

    Raises
    ------
    InstrumentError
        With every fault at its sheet and row: an unknown type, a list that is not there, a condition that is more
        than comparisons, `and`, `or`, `not()` and `selected()`, a wording missing in one language.
    InputError
        If the file is no workbook.
    """
    return _Form(_book(Path(path)), Path(path).parent).instrument()


def _book(path: Path) -> Book:
    """The workbook with those of its hidden sheets that belong to the form."""
    book = read_book(path)
    hidden = [name for name in book.hidden_sheets if name.strip().lower() in _SHEETS]
    return read_book(path, sheet=[*(s.name for s in book.sheets), *hidden]) if hidden else book


class _Form:
    """The sheets of one form, and what was found on them."""

    def __init__(self, book: Book, folder: Path) -> None:
        self._book = book
        self._folder = folder
        self._problems: list[Problem] = []
        sheets = {sheet.name.strip().lower(): sheet for sheet in reversed(book.sheets)}
        if "survey" not in sheets:
            shown = [sheet.name for sheet in book.sheets]
            raise InstrumentError(Problem("E481", Place(book.name), {"found": "survey", "sheets": shown}))
        exact = exact_texts(sheets.get(TEXTS))
        self._lines = {
            name: read_lines(sheet, _heading, exact.get(sheet.name))
            for name, sheet in sheets.items()
            if name in _SHEETS
        }
        self._ours = {line.get("key"): _json(line.get("value")) for line in self._of("evalkit")}

    def _of(self, sheet: str) -> list[Line]:
        return self._lines.get(sheet, [])

    def instrument(self) -> Instrument:
        """The whole instrument, checked."""
        survey = self._of("survey")
        for column in ("type", "name"):
            if not survey or column not in survey[0].letters:
                place = Place(self._book.name, "survey", "A1")
                raise InstrumentError(Problem("E482", place, {"found": column}))
        languages = self._languages(survey)
        self._note_columns(survey, (*_SURVEY, *(f"evalkit::{key}" for key in OUR_KEYS)))
        self._note_columns(self._of("choices"), ("list_name", "name"))
        lists, names, rows = self._choices(languages)
        reader = SurveyReader(lists, names, languages)
        blocks = reader.read([self._spoken(line) for line in survey])
        self._problems += reader.problems
        self._stop_at_errors()
        head = self._head(languages)
        built = Instrument(**head, blocks=tuple(blocks), scales=tuple(self._scales()), choices=reader.lists)
        self._stop_at_errors()
        return self._checked(built, reader.lines, rows)

    def _stop_at_errors(self) -> None:
        errors = [problem for problem in self._problems if problem.severity == "error"]
        if errors:
            raise InstrumentError(errors)

    def _languages(self, survey: Sequence[Line]) -> tuple[str, ...]:
        """Those declared; else those that the labels speak, the form's default first."""
        declared = self._ours.get("languages")
        if isinstance(declared, list) and declared and all(lang in LANGUAGES for lang in declared):
            return tuple(declared)
        labels = [(c, line.get(c)) for line in survey for c in line.cells if c.startswith("label::")]
        spoken = {c.removeprefix("label::") for c, _ in labels} & set(LANGUAGES)
        default = _language(self._setting("default_language"))
        if default not in LANGUAGES:
            plain = "".join(text for column, text in labels if column == "label::")
            first = (column.removeprefix("label::") for column, _ in labels)
            default = next(
                (lang for lang in first if lang in LANGUAGES), "zh" if re.search("[\u4e00-\u9fff]", plain) else "en"
            )
        if any(column == "label::" for column, _ in labels):
            spoken |= {default}
        if not spoken:
            raise InstrumentError(Problem("E492", Place(self._book.name, survey[0].sheet)))
        return tuple(sorted(spoken, key=lambda lang: (lang != default, LANGUAGES.index(lang))))

    def _spoken(self, line: Line) -> Line:
        """A line whose texts without a language are in the default one."""
        cells = dict(line.cells)
        for part in _SPOKEN:
            if f"{part}::" in cells:
                cells.setdefault(f"{part}::{self._default}", cells[f"{part}::"])
        return replace(line, cells=cells)

    @property
    def _default(self) -> str:
        return self._languages(self._of("survey"))[0]

    def _note_columns(self, lines: Sequence[Line], known: Sequence[str]) -> None:
        """Note each column whose content is not taken over, once."""
        spoken = {f"{part}::{lang}" for part in _SPOKEN for lang in ("", *LANGUAGES)}
        told: set[str] = set()
        for line in lines:
            for column in line.cells:
                if (
                    column not in known
                    and column not in spoken
                    and column not in told
                    and line.get("type") != "end_group"
                ):
                    told.add(column)
                    at = line.place(column)
                    self._problems.append(Problem("W488", at, {"column": column, "id": line.get("name")}))

    def _choices(
        self, languages: tuple[str, ...]
    ) -> tuple[dict[str, tuple[Option, ...]], dict[str, str], dict[str, list[Line]]]:
        """Lists by their name here, the workbook's name -> that name, and the lines of each list."""
        extra = {(line.get("list_name"), line.get("name")): line for line in self._of("evalkit_choices")}
        rows: dict[str, list[Line]] = {}
        for line in map(self._spoken, self._of("choices")):
            key = next((c for c in ("list_name", "name") if not line.get(c).strip()), "")
            if key:
                self._problems.append(Problem("E482", line.place(key), {"found": key}))
            else:
                rows.setdefault(line.get("list_name").strip(), []).append(line)
        rows |= {name: lines for line in self._of("survey") for name, lines in self._from_file(line)}
        names: dict[str, str] = {}
        for name in rows:
            names[name] = _list_name(name, names.values())
        lists = {}
        for name, lines in rows.items():
            ours = [extra.get((name, line.get("name"))) for line in lines]
            as_text = any(o is not None and o.get("text_code") for o in ours) or not all(
                _is_code_number(line.get("name").strip()) for line in lines
            )
            lists[names[name]] = tuple(self._option(line, own, as_text) for line, own in zip(lines, ours, strict=True))
        return lists, names, {names[name]: lines for name, lines in rows.items()}

    def _from_file(self, line: Line) -> Iterator[tuple[str, list[Line]]]:
        """The option lines of the csv file that a question names, where it lies beside the form."""
        found = FROM_FILE.fullmatch(blank(line.get("type")))
        path = self._folder / found["list"] if found else None
        # A bare csv name only: a form must not open other places of the machine, and xml is no list of cells.
        if not found or not path or found["list"] != path.name or path.suffix.lower() != ".csv" or not path.is_file():
            return
        columns = {"name": "name", "label": "label"} | dict(
            re.findall(r"(value|label) *= *(\S+)", line.get("parameters"))
        )
        code, label = columns.get("value", columns["name"]), _heading(columns["label"])
        lines = []
        for given in read_lines(read_book(path).sheets[0], _heading):
            cells = {"name": given.get(_heading(code)), f"{label}" if "::" in label else "label::": given.get(label)}
            spoken = {column: text for column, text in given.cells.items() if column.startswith("label::")}
            if cells["name"].strip():
                lines.append(self._spoken(replace(given, cells={**spoken, **cells})))
            else:
                self._problems.append(Problem("E482", given.place(), {"found": code}))
        yield found["list"], lines

    def _option(self, line: Line, own: Line | None, as_text: bool) -> Option:
        name = line.get("name").strip()
        if own is not None:
            as_text = bool(own.get("text_code")) or not _is_code_number(name)
        code: Code = name if as_text else float(name)
        option = Option(
            int(code) if isinstance(code, float) and code == int(code) else code,
            zh=line.get("label::zh"),
            en=line.get("label::en"),
        )
        if own is None:
            return option
        alias = _json(own.get("alias")) if own.get("alias") else []
        if not isinstance(alias, list):
            found = {"column": "alias", "found": own.get("alias")}
            self._problems.append(Problem("E491", own.place("alias"), found))
            alias = []
        return replace(
            option,
            alias=tuple(str(text) for text in alias),
            fill=bool(own.get("fill")),
            exclusive=bool(own.get("exclusive")),
            missing=own.get("missing") or None,
        )

    def _setting(self, *keys: str) -> str:
        lines = self._of("settings")
        return next((line.get(key) for line in lines[:1] for key in keys if line.get(key)), "")

    def _head(self, languages: tuple[str, ...]) -> dict[str, Any]:
        title = self._setting("form_title", "title")
        found = self._ours.get("title")
        titles = {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
        if title and titles.get(languages[0]) != title:
            titles = dict.fromkeys(languages, title) | titles | {languages[0]: title}
        stem = re.sub(r"[^A-Za-z0-9_-]", "", Path(self._book.name).stem)
        id = self._setting("form_id", "id_string") or (stem if re.match(r"[A-Za-z]", stem) else f"form{stem}")
        version = self._setting("version")
        for key, value, used in (("version", version, "1"), ("form_title", title, id)):
            if not value and not (key == "form_title" and titles):
                self._problems.append(Problem("N493", Place(self._book.name, "settings"), {"key": key, "used": used}))
        titles = titles or dict.fromkeys(languages, title or id)
        return {"id": id, "version": version or "1", "languages": languages, "title": titles}

    def _scales(self) -> list[Scale]:
        scales = []
        for line in self._of("evalkit_scales"):
            valid = _json(line.get("min_valid")) if line.get("min_valid") else None
            if not isinstance(valid, (int, float, type(None))) or (isinstance(valid, float) and not isfinite(valid)):
                found = {"column": "min_valid", "found": line.get("min_valid")}
                self._problems.append(Problem("E491", line.place("min_valid"), found))
                valid = None
            scales.append(
                Scale(
                    id=line.get("id"),
                    items=_names(line.get("items")),
                    parts=_names(line.get("parts")),
                    reverse_parts=_names(line.get("reverse_parts")),
                    score=line.get("score") or "mean",
                    min_valid=None if valid is None else float(valid),
                    kind=line.get("kind") or "reflective",
                    role=line.get("role") or None,
                    level=line.get("level") or None,
                    form=_names(line.get("form")),
                    zh=line.get("zh"),
                    en=line.get("en"),
                )
            )
        return scales

    def _checked(self, built: Instrument, lines: Mapping[str, Line], options: Mapping[str, list[Line]]) -> Instrument:
        places = {id: [line.place("name")] for id, line in lines.items()}
        lists = {name: [line.place() for line in rows] for name, rows in options.items()}
        scales = {line.get("id"): [line.place()] for line in self._of("evalkit_scales")}
        head = Place(self._book.name, "settings")
        return checked(built, lists | scales | places, head, found=self._problems, sha256=self._book.sha256)


def _heading(text: str) -> str:
    """`Label::English (en)` -> `label::en`, `label` -> `label::`, `list name` -> `list_name`."""
    base, mark, rest = (part.strip() for part in re.sub(r"(?<!:):(?!:)", "::", blank(text)).partition("::"))
    base = base.lower().replace(" ", "_")
    if base in _SPOKEN:
        return f"{base}::{_language(rest)}"
    return f"{base}{mark}{rest}" if mark else base


def _language(text: str) -> str:
    """`zh` or `en` for a language's name or code; any other as it stands."""
    code = re.search(r"\(\s*([A-Za-z]{2,3})(?:[-_][A-Za-z]+)?\s*\)\s*$", text)
    name = (code.group(1) if code else text.strip()).lower()
    if name in ("zh", "zho", "chi", "cn", "chinese") or re.match("中文|汉语|简体|chinese|zh[-_]", name):
        return "zh"
    return "en" if name in ("en", "eng", "english", "英文", "英语") or re.match("en[-_]", name) else text.strip()


def _list_name(name: str, taken: Any) -> str:
    """A name that an option list may have, as near to the workbook's as can be."""
    if good_id(name):
        return name
    made = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    made = made if made[:1].isalpha() else f"list_{made}".rstrip("_")
    made = f"{made}x" if not good_id(made) else made
    while made in taken:
        made += "x"
    return made


def _is_code_number(text: str) -> bool:
    """Whether a name is a number in its only spelling, so that no code is changed by reading it as one."""
    return bool(re.fullmatch(r"-?(?:0|[1-9]\d{0,14})(?:\.\d*[1-9])?", text)) and text != "-0"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
