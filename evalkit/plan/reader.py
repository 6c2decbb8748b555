"""A plan file in, a checked `Plan` out; every fault with its line, all at once."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from evalkit.contract import EvalkitError, Label, Place, PlanError, Problem, pair
from evalkit.formula import Expression, parse_expression
from evalkit.plan import catalogue
from evalkit.plan.arguments import fits, kind_keys, kinds_of
from evalkit.plan.canonical import to_toml
from evalkit.plan.casework import casebook_of, needed
from evalkit.plan.completed import data_faults
from evalkit.plan.data_reader import check_paths, data_of, require_answers
from evalkit.plan.drafts import parse_draft, places_of, read_draft
from evalkit.plan.families import families_of
from evalkit.plan.kinds import as_list, both, is_of, kind_names, parts_of
from evalkit.plan.lines import Lines
from evalkit.plan.model import Derive, Exclude, Hypothesis, Join, JoinedTable, Plan, Step
from evalkit.plan.output_reader import formats_of, privacy_of
from evalkit.plan.recipe import NEEDED, RECIPES, can_expand, expand
from evalkit.plan.sampling_reader import design_of, raking_of, sampling_of
from evalkit.plan.schema import FORMAT, LISTS, REPEATED, TABLES, TOP_KEYS, TOP_KINDS, Kinds
from evalkit.plan.workbook_reader import Draft

_IN_CELLS = {"E505": "E541", "E506": "E542", "E519": "E543"}
"""Messages that explain how TOML is written -> the same for cells."""


def read_plan(path: str | Path) -> Plan:
    """Read and check a plan, a TOML file or a workbook.

    Raises
    ------
    InputError
        If a workbook is damaged.
    PlanError
        With every fault found: syntax explained, unknown keys and names with the nearest known one,
        each with its line or cell.
    """
    path = Path(path)
    return _checked(read_draft(path), path)


def parse_plan(text: str, path: Path) -> Plan:
    """The same from text; `path` gives the name in messages and the folder of relative paths."""
    return _checked(parse_draft(text, path), path)


def _checked(draft: Draft, path: Path) -> Plan:
    recipe = can_expand(draft.raw)
    if draft.text is not None and not recipe:
        return _Reading(draft.raw, Lines(draft.text, path.name), path, draft.text).plan()
    raw, places = draft.raw, places_of(draft, path)
    made: tuple[str, ...] = ()
    if recipe:
        expansion = expand(raw, places, path.parent)
        raw, places, made = expansion.raw, expansion.places, expansion.steps
    text, keys = to_toml(raw)
    top = places["", 0, ""]
    lines = {line: places.get(key) or places.get((key[0], key[1], "")) or top for line, key in keys.items()}
    try:
        plan = _Reading(raw, Lines(text, path.name), path, text, lines).plan()
    except PlanError as error:
        if draft.text is not None:
            raise
        raise PlanError(replace(p, code=_IN_CELLS.get(p.code, p.code)) for p in error.problems) from None
    digest = hashlib.sha256(draft.source).hexdigest()
    return replace(plan, sha256=digest, source=draft.source, notices=tuple(draft.notices), from_recipe=made)


class _Reading:
    """One reading: collects problems while it builds, raises them together at the end."""

    def __init__(
        self,
        raw: Mapping[str, Any],
        lines: Lines,
        path: Path,
        text: str,
        places: Mapping[int, Place] = MappingProxyType({}),
    ) -> None:
        self.raw, self.lines, self.path, self.text, self.places = raw, lines, path, text, places
        self.problems: list[Problem] = []
        self.meant: set[tuple[str, int, str]] = set()  # keys that a misspelt one was probably meant to be

    def plan(self) -> Plan:
        if self.raw.get("format") != FORMAT:
            self.fault("E503", self.lines.key("", 0, "format"), found=str(self.raw.get("format", "")), wanted=FORMAT)
            if str(self.raw.get("format", "")).startswith("evalkit-"):
                raise PlanError(self.problems)  # another kind of file, e.g. an instrument
        self._check_keys("", 0, self.raw, TOP_KEYS)
        self._check_kinds("", 0, self.raw, TOP_KINDS)
        self._check_seed("", 0, self.raw)
        self._check_recipe()
        for name, allowed in TABLES.items():
            self._check_table(name, allowed)
        if any(problem.code in ("E504", "E505", "E519") for problem in self.problems):
            raise PlanError(self.problems)  # nothing can be built from values of the wrong kind
        plan = Plan(
            path=self.path,
            text=self.text,
            sha256=hashlib.sha256(self.text.encode()).hexdigest(),
            title=pair(self.raw.get("title") or {"zh": self.path.stem, "en": self.path.stem}),
            languages=self._languages(),
            style=str(self.raw.get("style", "cn")),
            seed=int(self.raw.get("seed", 20260101)),
            instrument=self.raw.get("instrument"),
            data=data_of(self.raw, self.lines, self.fault, self.meant),
            joins=tuple(self._each("join", self._join)),
            sampling=sampling_of(self.raw, self.lines, self.fault),
            casebook=casebook_of(self.raw, self.lines, self.fault),
            design=design_of(self.raw),
            raking=raking_of(self.raw, self.lines, self.fault),
            derives=tuple(self._each("derive", self._derive)),
            excludes=tuple(self._each("exclude", self._exclude)),
            scales=tuple(self._each("scales", self._scale)),
            steps=tuple(self._each("step", self._step)),
            tables=tuple(self._each("table", self._table)),
            families=tuple(families_of(self.raw, self.lines, self.fault, self._step_ids())),
            hypotheses=tuple(self._each("hypothesis", self._hypothesis)),
            formats=formats_of(self.raw, self.lines, self.fault),
            privacy=privacy_of(self.raw, self.lines, self.fault),
            source=self.text.encode(),
            places=MappingProxyType(dict(self.places)),
        )
        self._unique("step", [s.id for s in plan.steps])
        self._unique("scales", [s["id"] for s in plan.scales])
        self._unique("derive", [d.id for d in plan.derives])
        self._unique("hypothesis", [h.id for h in plan.hypotheses])
        self._references(plan)
        require_answers(plan, self.raw, self.lines, self.fault)
        if self.problems:
            raise PlanError(self.problems)
        return plan

    # -- faults -------------------------------------------------------------------------------

    def fault(self, code: str, line: int, **params: Any) -> None:
        self.problems.append(Problem(code, self.place(line), params))

    def place(self, line: int) -> Place:
        return self.places.get(line) or Place(file=self.path.name, line=line)

    def _check_keys(self, table: str, index: int, given: Mapping[str, Any], allowed: Iterable[str]) -> None:
        allowed = list(allowed)
        for key in given:
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, 1, 0.5)
                self.meant.update((table, index, name) for name in near)
                line = self.lines.key(table, index, key)
                self.fault("E501", line, key=key, table=table or "plan", near=near or allowed)

    def _check_table(self, name: str, allowed: Mapping[str, Kinds]) -> None:
        value = self.raw.get(name)
        if value is None:
            return
        if name in REPEATED and not (isinstance(value, list) and all(isinstance(v, dict) for v in value)):
            self.fault("E504", self.lines.table(name), table=f"[[{name}]]")
            return
        if name not in REPEATED and not isinstance(value, dict):
            self.fault("E504", self.lines.table(name), table=f"[{name}]")
            return
        for index, entry in enumerate(value if name in REPEATED else [value]):
            if name not in ("step", "derive"):
                self._check_keys(name, index, entry, allowed)
            self._check_kinds(name, index, entry, allowed)

    def _check_seed(self, table: str, index: int, entry: Mapping[str, Any]) -> None:
        if isinstance(entry.get("seed"), int) and entry["seed"] < 0:
            self.fault("E532", self.lines.key(table, index, "seed"), seed=entry["seed"])

    def _check_recipe(self) -> None:
        roles, recipe = self.raw.get("roles"), self.raw.get("recipe")
        if recipe is None and roles is not None:
            self.fault("E506", self.lines.table("roles"), key="recipe", table="plan")
        elif recipe is not None and recipe not in RECIPES:
            self.fault("E546", self.lines.key("", 0, "recipe"), found=str(recipe), near=list(RECIPES))
        elif recipe is not None:
            for role in NEEDED:
                if not isinstance(roles, dict) or not roles.get(role):
                    self.fault("E506", self.lines.table("roles"), key=role, table="[roles]")

    def _check_kinds(self, table: str, index: int, entry: Mapping[str, Any], allowed: Mapping[str, Kinds]) -> None:
        for key, wanted in allowed.items():
            if key not in entry:
                continue
            if not is_of(entry[key], wanted):
                self.fault("E505", self.lines.key(table, index, key), key=key, wanted=kind_names(wanted))
            elif (table, key) in LISTS and not all(is_of(v, LISTS[table, key]) for v in parts_of(entry[key])):
                wanted_parts = kind_names(LISTS[table, key])
                self.fault("E519", self.lines.key(table, index, key), key=key, wanted=wanted_parts)

    def _each(self, name: str, build: Any) -> Iterable[Any]:
        entries = self.raw.get(name, [])
        if not isinstance(entries, list):
            return
        for index, entry in enumerate(entries):
            if isinstance(entry, dict):
                built = build(index, entry)
                if built is not None:
                    yield built

    def _required(self, table: str, index: int, entry: Mapping[str, Any], keys: Sequence[str]) -> bool:
        missing = [k for k in keys if k not in entry]
        for key in missing:
            if (table, index, key) not in self.meant:
                self.fault("E506", self.lines.table(table, index), key=key, table=f"[[{table}]]")
        return not missing

    def _expression(self, text: Any, line: int, *, steps: bool = False) -> Expression | None:
        try:
            return parse_expression(str(text), at=self.place(line), steps=steps)
        except EvalkitError as error:
            self.problems.extend(error.problems)
            return None

    def _unique(self, table: str, ids: Sequence[str]) -> None:
        for index, name in enumerate(ids):
            if name in ids[:index]:
                self.fault("E507", self.lines.key(table, index, "id"), id=name, table=f"[[{table}]]")

    def _step_ids(self) -> list[str]:
        entries = self.raw.get("step", [])
        return [entry["id"] for entry in entries if isinstance(entry.get("id"), str)]

    # -- the parts ----------------------------------------------------------------------------

    def _languages(self) -> tuple[str, ...]:
        given = self.raw.get("language", ["zh", "en"])
        given = [given] if isinstance(given, str) else list(given)
        if not given or any(lang not in ("zh", "en") for lang in given):
            self.fault("E508", self.lines.key("", 0, "language"), found=given)
        return tuple(given)

    def _join(self, index: int, entry: Mapping[str, Any]) -> Join | None:
        if not self._required("join", index, entry, ("id",) if "repeat" in entry else ("id", "key")):
            return None
        known = {k: entry.get(k) for k in ("file", "form", "instrument", "repeat")}
        beside = [key for key in ("key", "file", "form", "instrument") if key in entry]
        if "repeat" in entry and beside:
            self.fault("E555", self.lines.key("join", index, beside[0]), id=entry["id"], keys=beside)
        check_paths(self.lines, self.fault, "join", index, "file", as_list(entry.get("file")))
        aggregate = MappingProxyType(dict(entry.get("aggregate", {})))
        return Join(entry["id"], entry.get("key", ""), self.lines.table("join", index), aggregate=aggregate, **known)

    def _scale(self, index: int, entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return entry if self._required("scales", index, entry, ("id",)) else None

    def _derive(self, index: int, entry: Mapping[str, Any]) -> Derive | None:
        if not self._required("derive", index, entry, ("id",)):
            return None
        self._check_keys("derive", index, entry, TABLES["derive"])
        rest = {k: v for k, v in entry.items() if k not in ("id", "zh", "en")}
        line = self.lines.table("derive", index)
        return Derive(entry["id"], line, MappingProxyType(rest), entry.get("zh", ""), entry.get("en", ""))

    def _exclude(self, index: int, entry: Mapping[str, Any]) -> Exclude | None:
        if not self._required("exclude", index, entry, ("when",)):
            return None
        line = self.lines.key("exclude", index, "when")
        when = self._expression(entry["when"], line)
        reason = pair(entry["reason"]) if "reason" in entry else Label(zh=str(entry["when"]), en=str(entry["when"]))
        return Exclude(when, reason, line) if when else None

    def _step(self, index: int, entry: Mapping[str, Any]) -> Step | None:
        line = self.lines.table("step", index)
        if not self._required("step", index, entry, ("id", "do")):
            return None
        do = catalogue.called(entry["do"])
        if do is None:
            known = [*catalogue.STEPS, *(word for name in catalogue.STEPS for word in catalogue.words(name))]
            near = difflib.get_close_matches(entry["do"], known, 1, 0.5) or list(catalogue.STEPS)
            self.fault("E509", self.lines.key("step", index, "do"), do=entry["do"], near=near)
            return None
        for code, params in data_faults(self.raw, index, do):
            self.fault(code, self.lines.key("step", index, "data"), **params)
        arguments = {k: v for k, v in entry.items() if k not in TABLES["step"]}
        self._check_arguments(index, do, arguments)
        where = self._expression(entry["where"], self.lines.key("step", index, "where")) if "where" in entry else None
        hypotheses = entry.get("hypothesis", ())
        hypotheses = (hypotheses,) if isinstance(hypotheses, str) else tuple(hypotheses)
        title, data = pair(entry["title"]) if "title" in entry else None, entry.get("data", "responses")
        return Step(entry["id"], do, line, title, where, hypotheses, data, MappingProxyType(arguments))

    def _check_arguments(self, index: int, do: str, arguments: Mapping[str, Any]) -> None:
        # The sampling design is declared once, for all steps, in [design]; a result cannot be written in a plan.
        allowed = [k for k in (*catalogue.parameters(do), *TABLES["step"]) if k not in ("design", "weighting")]
        self._check_keys("step", index, arguments, allowed)
        wanted = kinds_of(do)
        for key, value in arguments.items():
            if key in allowed and not fits(value, wanted[key]):
                kinds = [both(name) for name in kind_keys(wanted[key])]
                self.fault("E505", self.lines.key("step", index, key), key=key, wanted=kinds)
        self._check_seed("step", index, arguments)
        for name in needed(do, self.raw["step"][index]):
            if name not in arguments and ("step", index, name) not in self.meant:
                self.fault("E506", self.lines.table("step", index), key=name, table=f'[[step]] do = "{do}"')
        used = [v for k in ("x", "m", "y") for v in as_list(arguments.get(k)) if isinstance(v, str)]
        for twice in sorted({v for v in used if used.count(v) > 1}):
            self.fault("E511", self.lines.table("step", index), name=twice)

    def _table(self, index: int, entry: Mapping[str, Any]) -> JoinedTable | None:
        if not self._required("table", index, entry, ("id", "template")):
            return None
        if entry["template"] not in catalogue.JOINED_TABLES:
            line, near = self.lines.key("table", index, "template"), list(catalogue.JOINED_TABLES)
            self.fault("E512", line, template=entry["template"], near=near)
        title = pair(entry["title"]) if "title" in entry else None
        line = self.lines.table("table", index)
        return JoinedTable(entry["id"], entry["template"], line, tuple(entry.get("steps", ())), title)

    def _hypothesis(self, index: int, entry: Mapping[str, Any]) -> Hypothesis | None:
        if not self._required("hypothesis", index, entry, ("id",)):
            return None
        line = self.lines.key("hypothesis", index, "confirm_if")
        rule = self._expression(entry["confirm_if"], line, steps=True) if "confirm_if" in entry else None
        return Hypothesis(entry["id"], pair(entry), line, rule)

    def _references(self, plan: Plan) -> None:
        steps = [s.id for s in plan.steps]
        for index, table in enumerate(plan.tables):
            for name in table.steps:
                if name not in steps:
                    self._unknown_step("table", index, "steps", name, steps)
        judged = [*steps, *(family.id for family in plan.families)]
        for index, hypothesis in enumerate(plan.hypotheses):
            for ref in hypothesis.confirm_if.steps if hypothesis.confirm_if else ():
                if ref.step not in judged:
                    self._unknown_step("hypothesis", index, "confirm_if", ref.step, judged)
        known = [h.id for h in plan.hypotheses]
        for index, step in enumerate(plan.steps):
            for name in step.hypothesis:
                if name not in known:
                    near = difflib.get_close_matches(name, known, 1, 0.5) or known
                    self.fault("E515", self.lines.key("step", index, "hypothesis"), name=name, near=near)

    def _unknown_step(self, table: str, index: int, key: str, name: str, steps: Sequence[str]) -> None:
        near = difflib.get_close_matches(name, steps, 1, 0.4) or list(steps)
        self.fault("E514", self.lines.key(table, index, key), name=name, near=near)
