"""The lines of an XLSForm's survey sheet in, blocks of questions out; every fault noted with its cell."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from evalkit.contract.problems import Problem
from evalkit.formula import Expression, ExpressionError, parse_expression
from evalkit.formula.tree import code_text
from evalkit.instrument.definition import Block, Code, Item, Option
from evalkit.instrument.fields import nearest
from evalkit.instrument.questions import both
from evalkit.instrument.sheet_lines import Line, blank
from evalkit.instrument.xlsform import Asked, constraint_of
from evalkit.instrument.xpath import Bounds, XPathFault, bounds_of, from_xpath

_PLAIN = {
    "integer": "integer", "int": "integer", "decimal": "decimal", "text": "text", "string": "text", "date": "date",
    "time": "time", "file": "file", "note": "note", "calculate": "meta", "hidden": "meta", "start": "meta",
    "end": "meta", "today": "meta", "audit": "meta", "range": "decimal", "deviceid": "meta", "subscriberid": "meta",
    "simserial": "meta", "phonenumber": "meta", "username": "meta", "email": "meta", "imei": "meta",
}  # fmt: skip
_READ_AS = {
    "datetime": "text", "barcode": "text", "geopoint": "text", "geotrace": "text", "geoshape": "text",
    "start-geopoint": "meta", "image": "file", "photo": "file", "audio": "file", "video": "file", "draw": "file",
    "signature": "file", "annotate": "file", "background-audio": "file", "acknowledge": "note", "trigger": "note",
}  # fmt: skip
_PRIVATE = (
    "deviceid", "subscriberid", "simserial", "phonenumber", "username", "email", "imei", "geopoint", "geotrace",
    "geoshape", "start-geopoint",
)  # fmt: skip
_REFUSED = ("select_one_external", "xml-external", "csv-external", "osm")
FROM_FILE = re.compile(r"(?P<kind>select[ _](?:one|multiple))[ _]from[ _]file +(?P<list>\S+)", re.IGNORECASE)
"""A question whose options stand in a file beside the form."""
_SELECT = re.compile(
    r"(?P<kind>select[ _]one|select1|select[ _]multiple|select all that apply|rank)(?: from| using)? +(?P<list>\S+)"
    r"(?P<other> or[ _](?:specify[ _])?other)?",
    re.IGNORECASE,
)
_OF_OURS = {"region": "text", "meta": "hidden"}
_OTHER = Option("other", "其他", "Other", fill=True)
_TRUE, _FALSE = ("yes", "true", "true()", "1"), ("", "no", "false", "false()", "0")


@dataclass
class _Group:
    """A group that is open: its line, its whole condition, and what it holds so far."""

    line: Line
    asked: Expression | None
    table: bool
    entries: list[Item | Block] = field(default_factory=list)


class SurveyReader:
    """Reads the survey line by line.

    Parameters
    ----------
    lists : dict
        Option lists by name; a list that a question needs in another form is added.
    names : mapping
        Name of a list in the workbook -> in `lists`.
    languages : tuple of str
        Whose wordings are taken.
    """

    def __init__(
        self, lists: dict[str, tuple[Option, ...]], names: Mapping[str, str], languages: tuple[str, ...]
    ) -> None:
        self.lists = lists
        self.blocks: list[Block] = []
        self.lines: dict[str, Line] = {}
        self.problems: list[Problem] = []
        self._names = names
        self._languages = languages
        self._items: dict[str, Item] = {}
        self._ends: tuple[Expression, ...] = ()
        self._open: list[_Group] = []
        self._repeats: list[Line] = []
        self._left_out: dict[int, int] = {}

    def read(self, lines: list[Line]) -> list[Block]:
        """All blocks, in order."""
        for line in lines:
            self._line(line)
        for line in (*(group.line for group in self._open), *self._repeats):
            self._note("E489", line, "type", found=line.get("type"))
        return self.blocks

    def _line(self, line: Line) -> None:
        word = re.sub(r"^(begin|end) (group|repeat)$", r"\1_\2", blank(line.get("type")).lower())
        if not word or line.get("evalkit::fill_of"):
            return
        if word in ("begin_repeat", "end_repeat") or self._repeats:
            self._repeat(line, word)
            return
        if word.split(" ")[0] in _REFUSED:
            self._note("E484", line, "type", found=line.get("type"))
        elif word == "end_group":
            if self._open:
                self._close(self._open.pop())
            else:
                self._note("E489", line, "type", found=line.get("type"))
        elif not line.get("name"):
            self._note("E482", line, "name", found="name")
        elif self._claim(line):
            if word == "begin_group":
                asked = both(self._outer(), self._condition(line, self._ends if not self._open else ()))
                self._open.append(_Group(line, asked, "table-list" in line.get("appearance")))
            else:
                self._question(line, word)

    def _repeat(self, line: Line, word: str) -> None:
        """Questions of a repeat have many answers a respondent, which no item holds: they are left out, and told."""
        if word == "begin_repeat":
            self._repeats.append(line)
            self._left_out.setdefault(self._repeats[0].row, 0)
        elif word != "end_repeat":
            self._left_out[self._repeats[0].row] += word not in ("begin_group", "end_group")
        elif not self._repeats:
            self._note("E489", line, "type", found=line.get("type"))
        elif len(self._repeats) > 1:
            self._repeats.pop()
        else:
            first = self._repeats.pop()
            self._note("W497", first, "type", id=first.get("name"), n=self._left_out[first.row], last=line.row)

    def _claim(self, line: Line) -> bool:
        first = self.lines.setdefault(line.get("name"), line)
        if first is not line:
            self._note("E490", line, "name", id=line.get("name"), first=first.row)
        return first is line

    def _outer(self) -> Expression | None:
        return self._open[-1].asked if self._open else None

    def _question(self, line: Line, word: str) -> None:
        group = self._open[-1] if self._open else None
        if group is not None and line.get("appearance").strip() == "label" and word.startswith("select"):
            group.table = True  # the row that only shows the options above the others
            return
        ends = self._ends if group is None else ()
        item = self._item(line, word, both(self._outer(), self._condition(line, ends)))
        if item is None:
            return
        self._items[item.id] = item
        if group is not None:
            group.entries.append(item)
        else:
            self._add(Block(item.id, item.type, item.zh, item.en, (item,)))

    def _add(self, block: Block) -> None:
        if self._open:
            self._open[-1].entries.append(block)
            return
        self.blocks.append(block)
        self._ends += tuple(item.end_if for item in block.items if item.end_if is not None)

    def _close(self, group: _Group) -> None:
        """A table of one list is a matrix; any other group leaves its heading as a note before its questions."""
        items = [entry for entry in group.entries if isinstance(entry, Item)]
        texts = self._texts(group.line, "label")
        lists = {(item.type, item.choices) for item in items}
        if group.table and items and len(items) == len(group.entries) and len(lists) == 1 and items[0].type == "single":
            id = group.line.get("name")
            rows = tuple(replace(item, matrix=id) for item in items)
            self._items |= {row.id: row for row in rows}
            hint = self._texts(group.line, "hint")
            self._add(Block(id, "matrix", texts.get("zh", ""), texts.get("en", ""), rows, hint))
            return
        if texts:
            hint = self._texts(group.line, "hint")
            zh, en = texts.get("zh", ""), texts.get("en", "")
            note = Item(group.line.get("name"), "note", zh, en, hint=hint, ask_if=group.asked, line=group.line.row)
            self._add(Block(note.id, "note", note.zh, note.en, (note,)))
        for entry in group.entries:
            self._add(entry if isinstance(entry, Block) else Block(entry.id, entry.type, entry.zh, entry.en, (entry,)))

    def _texts(self, line: Line, part: str) -> dict[str, str]:
        return {lang: text for lang in self._languages if (text := line.get(f"{part}::{lang}"))}

    def _item(self, line: Line, word: str, asked: Expression | None) -> Item | None:
        base = self._base(line, word)
        if base is None:
            return None
        texts = self._texts(line, "label")
        if base.type == "meta" and not texts:
            texts = dict.fromkeys(self._languages, base.id)
        zh, en = texts.get("zh", ""), texts.get("en", "")
        item = replace(base, zh=zh, en=en, hint=self._texts(line, "hint"), ask_if=asked, line=line.row)
        item = self._with_ours(item, line)
        return self._with_constraint(item, line)

    def _base(self, line: Line, word: str) -> Item | None:
        """The question with its type and options alone."""
        id, ours = line.get("name"), line.get("evalkit::type")
        if _OF_OURS.get(ours) == word:
            return Item(id, ours)
        typed = blank(line.get("type"))
        found = FROM_FILE.fullmatch(typed) or _SELECT.fullmatch(typed)
        if found:
            return self._select(line, found)
        kind = _PLAIN.get(word) or _READ_AS.get(word)
        if kind is None:
            known = [*_PLAIN, *_READ_AS, "select_one", "select_multiple", "rank", "begin_group", "end_group"]
            self._note("E483", line, "type", found=line.get("type"), near=nearest(word.split(" ")[0], known))
            return None
        if word in _READ_AS:
            self._note("W487", line, "type", id=id, found=word, used=kind)
        item = Item(id, kind, private=word in _PRIVATE)
        return self._range(item, line) if word == "range" else item

    def _select(self, line: Line, found: re.Match[str]) -> Item | None:
        name = self._names.get(found["list"])
        if name is None and found.re is FROM_FILE:
            self._note("E498", line, "type", found=found["list"])
            return None
        if name is None:
            self._note("E485", line, "type", found=found["list"], near=nearest(found["list"], self._names))
            return None
        if found.groupdict().get("other"):
            name = self._with_other(name)
        word = found["kind"].lower()
        kind = "rank" if word == "rank" else "single" if word in ("select_one", "select one", "select1") else "multi"
        return Item(line.get("name"), kind, options=self.lists[name], choices=name)

    def _with_other(self, name: str) -> str:
        """The list with a free answer behind it; its codes become texts, because `other` is one."""
        added = f"{name}_or_other"
        if added not in self.lists:
            texts = [replace(option, code=code_text(option.code)) for option in self.lists[name]]
            other = next((option for option in texts if option.code == "other"), _OTHER)
            rest = [option for option in texts if option.code != "other"]
            self.lists[added] = (*rest, replace(other, fill=True))
        return added

    def _range(self, item: Item, line: Line) -> Item:
        given = dict(re.findall(r"(start|end|step) *= *(-?[0-9.]+)", line.get("parameters").lower()))
        try:
            low, high, step = float(given["start"]), float(given["end"]), float(given.get("step", 1))
        except (KeyError, ValueError):
            self._note("E482", line, "parameters", found="start, end")
            return item
        whole = low == int(low) and step == int(step)
        return replace(item, type="integer" if whole else "decimal", min=low, max=high, step=step)

    def _with_ours(self, item: Item, line: Line) -> Item:
        """What stands in the `evalkit::` columns and in `required`."""
        ours: dict[str, Any] = {}
        names = {lang: text for lang in ("zh", "en") if (text := line.get(f"evalkit::label_{lang}"))}
        for key in ("private", "reverse"):
            if line.get(f"evalkit::{key}"):
                ours[key] = self._flag(line, f"evalkit::{key}")
        for key in ("role", "measure"):
            ours[key] = line.get(f"evalkit::{key}") or None
        for key in ("min", "max", "step", "max_choices"):
            if line.get(f"evalkit::{key}"):
                number = self._read(line, f"evalkit::{key}")
                ours[key] = int(number) if key == "max_choices" and number is not None else number
        if line.get("evalkit::check"):
            wanted: Code | dict[str, Code] | None = self._read(line, "evalkit::check", (int, float, str, dict))
            ours["check"] = wanted if wanted is None or isinstance(wanted, dict) else {"equals": wanted}
        if line.get("evalkit::missing"):
            kinds: dict[str, str] = self._read(line, "evalkit::missing", (dict,)) or {}
            ours["missing"] = {float(code): str(kind) for code, kind in kinds.items() if _is_number(code)}
        if line.get("evalkit::end_if"):
            ours["end_if"] = self._expression(line, "evalkit::end_if")
        form = tuple(name.strip() for name in line.get("evalkit::form").split(",") if name.strip())
        required = self._flag(line, "required")
        return replace(item, label=names, form=form, unit=line.get("evalkit::unit"), required=required, **ours)

    def _with_constraint(self, item: Item, line: Line) -> Item:
        text = line.get("constraint").strip()
        if text == constraint_of(item) or (not text and line.get("parameters")):  # a range has its bounds there
            return item
        try:
            found = bounds_of(text, whole=item.type == "integer") if text else Bounds()
        except XPathFault:
            self._note("W488", line, "constraint", column="constraint", id=item.id)
            return item
        if item.type in ("integer", "decimal"):
            return replace(item, min=found.min, max=found.max)
        if item.type in ("multi", "rank"):
            item = replace(item, max_choices=found.max_choices)
            return self._alone(item, found.exclusive) if item.type == "multi" else item
        self._note("W488", line, "constraint", column="constraint", id=item.id)
        return item

    def _alone(self, item: Item, codes: frozenset[str]) -> Item:
        """The options that stand alone; in a list of its own where others share the list."""
        options = tuple(replace(o, exclusive=code_text(o.code) in codes) for o in item.options)
        if options == item.options:
            return item
        name = f"{item.choices}_of_{item.id}"
        self.lists[name] = options
        return replace(item, options=options, choices=name)

    def _condition(self, line: Line, ends: tuple[Expression, ...]) -> Expression | None:
        """Our own condition where `relevant` still says the same, else what `relevant` says."""
        relevant = line.get("relevant").strip()
        own = self._expression(line, "evalkit::ask_if") if line.get("evalkit::ask_if") else None
        if relevant == Asked(own, ends, self._items).xpath() or not relevant:
            return own if relevant else None
        try:
            return from_xpath(relevant, self._items)
        except XPathFault as fault:
            self._note("E486", line, "relevant", where=line.get("name"), found=str(fault))
            return None

    def _expression(self, line: Line, column: str) -> Expression | None:
        try:
            return parse_expression(line.get(column), at=line.place(column))
        except ExpressionError as error:
            self.problems.extend(error.problems)
            return None

    def _flag(self, line: Line, column: str) -> bool:
        text = line.get(column).strip().lower()
        if text not in (*_TRUE, *_FALSE):
            self._note("W488", line, column, column=column, id=line.get("name"))
        return text in _TRUE

    def _read(self, line: Line, column: str, kinds: tuple[type, ...] = (int, float)) -> Any:
        """A value written as JSON; None, with a problem, where it is none of that kind."""
        try:
            value = json.loads(line.get(column))
        except ValueError:
            value = None
        endless = isinstance(value, float) and not isfinite(value)
        if isinstance(value, kinds) and not isinstance(value, bool) and not endless:
            found: Any = value
            return found if isinstance(found, (dict, str)) or "check" in column else float(found)
        self._note("E491", line, column, column=column, found=line.get(column))
        return None

    def _note(self, code: str, line: Line, cell: str, /, **params: object) -> None:
        self.problems.append(Problem(code, line.place(cell), params))


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False
