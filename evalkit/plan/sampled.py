"""The plan's sampling sheet held against the data: issued counts, population margins, raked weights."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Place,
    PlanError,
    Problem,
    Variable,
    attach,
    codebook_of,
)
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.descriptive.profile import categorical_items
from evalkit.formula import code_text
from evalkit.plan.lines import Lines
from evalkit.plan.model import Plan, Raking
from evalkit.plan.names import Names
from evalkit.sampling import (
    Community,
    Design,
    SamplingSheet,
    WeightingResult,
    rake,
    rake_within,
    read_sampling_sheet,
)

Margins = Mapping[str, Mapping[str, float]]
WEIGHT = "raked_weight"
_MOST = 6


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the sampling sheet says about this data.

    Attributes
    ----------
    column : str, optional
        Column of the community; None where no question of the data is about it.
    units : mapping
        Code of the data, as text -> line of the sheet.
    names : mapping
        Variable as the sheet writes it -> column.
    """

    sheet: SamplingSheet
    column: str | None
    units: Mapping[str, Community]
    names: Mapping[str, str]
    notices: tuple[Problem, ...] = ()

    @property
    def issued(self) -> Mapping[str, int]:
        """Unit -> questionnaires handed out; nothing where the sheet does not say."""
        return {code: unit.issued for code, unit in self.units.items() if unit.issued is not None}

    @property
    def all_issued(self) -> int | None:
        """Questionnaires handed out in all; None if a community lacks its number."""
        return sum(self.issued.values()) if len(self.issued) == len(self.units) else None

    def margins(self, community: str = "") -> Margins:
        """Column -> category -> share or count; `community`: code of the sheet, empty for all."""
        return {self.names[name]: values for name, values in self.sheet.margins_of(community).items()}


def drawn_of(plan: Plan, data: pd.DataFrame) -> Drawn | None:
    """Read the plan's sampling sheet and find its communities and variables in the data.

    Raises
    ------
    InputError
        If the sheet cannot be read or its totals disagree.
    PlanError
        E162 issued counts here and in [data]; E163 a community that the question does not offer; E164 a category
        that a variable has not; E516 an unknown column.
    """
    source = plan.sampling
    if source is None:
        return None
    sheet = read_sampling_sheet(plan.folder / source.file)
    lines = Lines(plan.text, plan.path.name)
    if sheet.issued and plan.data.issued:
        raise PlanError(Problem("E162", plan.place(lines.key("data", 0, "issued")), {"file": sheet.file}))
    names = Names(data)
    column = _community_column(plan, data, names, lines)
    problems: list[Problem] = []
    closed = plan.instrument is not None or bool(plan.data.asked)
    units = _units(sheet, data, column, closed, problems)
    found: dict[str, str] = {}
    for variable in dict.fromkeys(margin.variable for margin in sheet.margins):
        name = names.resolve(variable)
        if name is None or name not in data:
            unknown = names.problem(variable)
            problems.append(Problem(unknown.code, sheet.place_of(variable), unknown.params))
        else:
            found[variable] = name
            problems += _strange_categories(sheet, variable, data, name)
    if problems:
        raise PlanError(problems)
    notices = (*sheet.problems, *_differences(sheet, data, column, units))
    return Drawn(sheet, column, units, found, notices)


def shown_margins(drawn: Drawn | None, data: pd.DataFrame, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`margins` for a profile of the whole sample: those of the variables that it shows as categories."""
    if drawn is None or "margins" in arguments:
        return {}
    shown = set(categorical_items(data, arguments.get("items")))
    margins = {name: values for name, values in drawn.margins().items() if name in shown}
    return {"margins": margins} if margins else {}


def raked(data: pd.DataFrame, plan: Plan, drawn: Drawn | None) -> tuple[pd.DataFrame, WeightingResult | None]:
    """The rows in use with weights that meet the sheet's margins, declared as their design.

    Raises
    ------
    PlanError
        E165 for a variable without margins, E166 without the communities' column; whatever keeps `rake` from weights.
    """
    wanted = plan.raking
    if wanted is None or drawn is None:
        return data, None
    at = plan.place(wanted.line)
    names = Names(data)
    variables = {name: names.resolve(name) for name in wanted.variables}
    if unknown := [name for name, id in variables.items() if id is None]:
        raise PlanError(Problem(p.code, at, p.params) for p in map(names.problem, unknown))
    ids = list(dict.fromkeys(str(id) for id in variables.values()))
    try:
        result = _weights(data, drawn, wanted, ids, at)
    except AnalysisError as error:
        raise PlanError(p if p.at else Problem(p.code, at, p.params) for p in error.problems) from None
    if WEIGHT in data:
        raise PlanError(Problem("E507", at, {"id": WEIGHT, "table": "[design]"}))
    book = codebook_of(data)
    words = {lang: text_of("plan.raked_weight", lang) for lang in LANGUAGES}
    book = book.with_variables([Variable(WEIGHT, "number", words["zh"], words["en"], role="weight")])
    design = dataclasses.replace(book.design or Design(), weights=WEIGHT)
    return attach(data.assign(**{WEIGHT: result.weights}), dataclasses.replace(book, design=design)), result


def _weights(data: pd.DataFrame, drawn: Drawn, wanted: Raking, ids: list[str], at: Place) -> WeightingResult:
    if not wanted.within:
        margins = _chosen(drawn.margins(), ids, at)
        return rake(data, margins, population=_counted(margins), lower=wanted.lower, upper=wanted.upper)
    if drawn.column is None:
        raise PlanError(Problem("E166", at))
    own = {code: _chosen(drawn.margins(unit.code), ids, at, unit) for code, unit in drawn.units.items()}
    # A community from which nothing came has nobody who could stand for it.
    there = {code_text(value) for value in data[drawn.column].dropna().unique()}
    margins_there = {code: margins for code, margins in own.items() if code in there}
    return rake_within(data, drawn.column, margins_there, lower=wanted.lower, upper=wanted.upper)


def _chosen(margins: Margins, ids: list[str], at: Place, unit: Community | None = None) -> Margins:
    if lacking := [name for name in ids if name not in margins]:
        where = {"names": lacking, "community": unit.name if unit else _everybody()}
        raise PlanError(Problem("E165", at, where))
    return {name: margins[name] for name in ids}


def _everybody() -> dict[str, str]:
    return {lang: text_of("total", lang) for lang in LANGUAGES}


def _counted(margins: Margins) -> float | None:
    """People in the population, where a variable counts them: shares of other variables refer to them."""
    totals = [sum(values.values()) for values in margins.values()]
    return next((total for total in totals if abs(total - 1) > 1e-6), None)


# -- the sheet's names ------------------------------------------------------------------------


def _community_column(plan: Plan, data: pd.DataFrame, names: Names, lines: Lines) -> str | None:
    """The column named in the plan, else the first closed question that says where somebody lives."""
    source = plan.sampling
    if source is None or source.community is None:
        known = (codebook_of(data).variables[str(name)] for name in data.columns)
        return next((v.name for v in known if v.role == "cluster" and v.categories), None)
    found = names.resolve(source.community)
    if found is None or found not in data:
        problem = names.problem(source.community)
        raise PlanError(Problem(problem.code, plan.place(lines.key("sampling", 0, "community")), problem.params))
    return found


def _units(
    sheet: SamplingSheet, data: pd.DataFrame, column: str | None, closed: bool, problems: list[Problem]
) -> dict[str, Community]:
    """Code of the data -> line of the sheet; where the question is closed, each line is one of its options."""
    if column is None:
        return {member.code: member for member in sheet.communities}
    offered = [c for c in codebook_of(data).variables[column].categories if c.missing is None]
    called = {text: code_text(c.code) for c in offered for text in (c.en, c.zh, code_text(c.code)) if text}
    found: dict[str, Community] = {}
    for member in sheet.communities:
        code = called.get(member.code) or called.get(member.name)
        if code is None and closed and offered:
            near = difflib.get_close_matches(member.name, called, 3, 0.4) or list(called)[:_MOST]
            problems.append(Problem("E163", member.place, {"name": member.name, "column": column, "near": near}))
        elif (first := found.setdefault(code or _spelt(member, data[column]), member)) is not member:
            other = first.place.cell if first.place else ""
            problems.append(Problem("E153", member.place, {"name": member.name, "other": other}))
    return found


def _spelt(member: Community, values: pd.Series) -> str:
    """The community as the data write it: by its code, else by its name."""
    there = {code_text(value) for value in values.dropna().unique()}
    return member.name if member.code not in there and member.name in there else member.code


def _strange_categories(sheet: SamplingSheet, variable: str, data: pd.DataFrame, name: str) -> Iterator[Problem]:
    offered = [c for c in codebook_of(data).variables[name].categories if c.missing is None]
    known = {text for c in offered for text in (code_text(c.code), c.zh, c.en)}
    known |= {code_text(value) for value in data[name].dropna().unique()[:100]}
    for margin in sheet.margins:
        strange = [category for category in margin.values if category not in known]
        if margin.variable == variable and strange:
            near = difflib.get_close_matches(strange[0], known, 3, 0.4) or sorted(known)[:_MOST]
            yield Problem("E164", margin.place, {"names": strange, "column": variable, "near": near})


def _differences(
    sheet: SamplingSheet, data: pd.DataFrame, column: str | None, units: Mapping[str, Community]
) -> Iterator[Problem]:
    """W170 for communities of the data that the sheet has not, W171 where it counts other returns than came."""
    at = Place(sheet.file)
    if column is None:
        stated = [unit.returned for unit in units.values()]
        if all(n is not None for n in stated) and sum(n or 0 for n in stated) != len(data):
            said = f"{sum(n or 0 for n in stated)} / {len(data)}"
            yield Problem("W171", at, {"names": [said]})
        return
    counts = data[column].dropna().map(code_text).value_counts()
    offered = codebook_of(data).variables[column].categories
    words = {code_text(c.code): {"zh": c.zh or c.en, "en": c.en or c.zh} for c in offered}
    if strange := [words.get(code, code) for code in sorted(counts.index) if code not in units]:
        yield Problem("W170", at, {"names": strange})
    differing = [
        f"{unit.name} ({unit.returned} / {int(counts.get(code, 0))})"
        for code, unit in units.items()
        if unit.returned is not None and unit.returned != int(counts.get(code, 0))
    ]
    if differing:
        yield Problem("W171", at, {"names": differing})
