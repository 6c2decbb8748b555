"""From the plan's files to the rows that are analysed, and the account of every row on the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, InstrumentError, Label, PlanError, Problem, attach, codebook_of
from evalkit.formula import Expression
from evalkit.ingest import Responses, read_responses
from evalkit.instrument import Instrument, load_instrument
from evalkit.plan.casework import Casework, read_cases
from evalkit.plan.coded import with_themes
from evalkit.plan.conditions import condition_problems, rows_where
from evalkit.plan.derive import AGGREGATES, derive
from evalkit.plan.lines import Lines
from evalkit.plan.model import Join, Plan
from evalkit.plan.names import Names
from evalkit.plan.private import Disguise, disguised
from evalkit.plan.repeated import with_repeat
from evalkit.plan.sampled import Drawn, drawn_of, raked
from evalkit.quality import flag
from evalkit.sampling import Design, WeightingResult
from evalkit.scoring import score


@dataclass(frozen=True)
class Exclusion:
    """Rows taken out by one rule (rows that an earlier rule took do not count again)."""

    reason: Label
    n: int
    line: int


@dataclass(frozen=True, eq=False)
class Sample:
    """The rows analysed and how they came to be.

    `responses` is None where the plan has a casebook and no survey; `complete` holds all loaded rows with derived
    columns; `used` the ones that no rule excluded;
    `excluded_by` gives, for each row of `complete`, the number of the rule that took it (-1: used);
    `pseudonyms` names the columns of ids that stand under pseudonyms; `drawn` is what the sampling sheet says;
    `weighting` made the weights of `used`, where the plan rakes; `casework` is the casebook, where it names one.
    """

    responses: Responses | None
    complete: pd.DataFrame
    used: pd.DataFrame
    excluded_by: np.ndarray
    exclusions: tuple[Exclusion, ...]
    pseudonyms: tuple[str, ...] = ()
    drawn: Drawn | None = None
    weighting: WeightingResult | None = None
    casework: Casework | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        told = (*(self.drawn.notices if self.drawn else ()), *(self.weighting.notices if self.weighting else ()))
        cases = self.casework.notices if self.casework else ()
        own = self.responses.problems if self.responses is not None else ()
        return (*own, *codebook_of(self.used).notices, *told, *cases)

    @property
    def n_rejected(self) -> int:
        return 0 if self.responses is None else len(self.responses.rejected)


def load_sample(plan: Plan) -> Sample:
    """Read, score, flag, add coded themes, join, derive, exclude and rake, in this order.

    Raises
    ------
    InputError, InstrumentError, PlanError
        Before any analysis: nothing is written.
    """
    if not plan.data.files:
        nobody = pd.DataFrame()
        return Sample(None, nobody, nobody, np.zeros(0, dtype=int), (), casework=read_cases(plan, nobody))
    responses, disguise = disguised(_read(plan), plan)
    data = with_themes(flag(_scored(responses, plan)), plan)
    for join in plan.joins:
        if join.repeat is not None:
            data = with_repeat(data, responses.repeats, join, plan)
        else:
            data = _joined(data, join, plan, disguise)
    data = derive(data, plan)
    data = _with_design(data, plan)
    excluded_by, exclusions = _exclude(data, plan)
    drawn = drawn_of(plan, data)
    used, weighting = raked(data.loc[excluded_by < 0], plan, drawn)
    pseudonyms = disguise.columns if disguise else ()
    casework = read_cases(plan, used)
    return Sample(responses, data, used, excluded_by, exclusions, pseudonyms, drawn, weighting, casework)


def instrument_of(plan: Plan) -> Instrument | None:
    """The plan's instrument."""
    return _instrument(plan, plan.instrument, Lines(plan.text, plan.path.name).key("", 0, "instrument"))


def _instrument(plan: Plan, name: str | None, line: int) -> Instrument | None:
    """A path relative to the plan, else a shipped id; named on that line of the plan."""
    if name is None:
        return None
    beside = plan.folder / name
    try:
        return load_instrument(beside if beside.is_file() else name)
    except InstrumentError as error:
        raise InstrumentError(_placed(p, plan, line) for p in error.problems) from None


def _read(plan: Plan) -> Responses:
    paths = [plan.folder / name for name in plan.data.files]
    source = plan.data
    waves = {wave: [plan.folder / name for name in names] for wave, names in source.waves.items()}
    return read_responses(
        waves or (paths if len(paths) > 1 else paths[0]),
        _asked_by_wave(plan) if source.asked else instrument_of(plan),
        sheet=source.sheet,
        dialect=source.dialect,
        form=source.form,
        mapping=None if source.mapping is None else plan.folder / source.mapping,
    )


def _asked_by_wave(plan: Plan) -> dict[str, Instrument]:
    """What each wave was asked: its own version of the instrument, else the plan's."""
    line = Lines(plan.text, plan.path.name).key("data", 0, "file")
    own = {wave: _instrument(plan, name, line) for wave, name in plan.data.asked.items()}
    found = {wave: own[wave] if wave in own else instrument_of(plan) for wave in plan.data.waves}
    return {wave: instrument for wave, instrument in found.items() if instrument is not None}


def _placed(problem: Problem, plan: Plan, line: int) -> Problem:
    """The problem at a line of the plan, unless it knows a place of its own."""
    return problem if problem.at is not None else Problem(problem.code, plan.place(line), problem.params)


def _scored(responses: Responses, plan: Plan) -> pd.DataFrame:
    """Scale scores; a fault in the plan's own [[scales]] is a fault of the plan, with its line."""
    if not plan.scales:
        return score(responses)
    try:
        return score(responses, list(plan.scales))
    except AnalysisError as error:
        raise PlanError(_placed(p, plan, _scale_line(p, plan)) for p in error.problems) from None


def _scale_line(problem: Problem, plan: Plan) -> int:
    """The line of the scale a problem is about, or of the name in it that is not known."""
    lines = Lines(plan.text, plan.path.name)
    for index, scale in enumerate(plan.scales):
        for key in ("items", "reverse", "parts", "reverse_parts"):
            if problem.params.get("name") in scale.get(key, ()):
                return lines.value("scales", index, key, problem.params["name"])
        if problem.params.get("scale") == scale["id"]:
            return lines.table("scales", index)
    return lines.table("scales")


def _exclude(data: pd.DataFrame, plan: Plan) -> tuple[np.ndarray, tuple[Exclusion, ...]]:
    excluded_by = np.full(len(data), -1)
    exclusions = []
    for number, rule in enumerate(plan.excludes):
        _require(data, rule.when, plan, rule.line)
        taken = rows_where(data, rule.when) & (excluded_by < 0)
        excluded_by[taken] = number
        exclusions.append(Exclusion(rule.reason, int(taken.sum()), rule.line))
    return excluded_by, tuple(exclusions)


def _require(data: pd.DataFrame, condition: Expression, plan: Plan, line: int) -> None:
    found = condition_problems(data, condition)
    if found:
        raise PlanError(Problem(p.code, plan.place(line), p.params) for p in found)


def _with_design(data: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    if not plan.design:
        return data
    names = Names(data)
    lines = Lines(plan.text, plan.path.name)
    unknown = [(key, name) for key, name in plan.design.items() if names.resolve(name) is None]
    if unknown:
        raise PlanError(_placed(names.problem(name), plan, lines.key("design", 0, key)) for key, name in unknown)
    design = Design(**{part: names.resolve(name) for part, name in plan.design.items()})
    return attach(data, dataclasses.replace(codebook_of(data), design=design))


def _joined(data: pd.DataFrame, join: Join, plan: Plan, disguise: Disguise | None) -> pd.DataFrame:
    """Add the register's columns to each row with its key; a key under pseudonyms is so in the register too."""
    names = Names(data)
    key = names.resolve(join.key)
    if key is None:
        problem = names.problem(join.key)
        raise PlanError(Problem(problem.code, plan.place(join.line), problem.params))
    if join.file is None:
        raise PlanError(Problem("E526", plan.place(join.line), {"id": join.id}))
    register = _register(plan, join, plan.folder / join.file)
    if join.key not in register.columns:
        raise PlanError(Problem("E527", plan.place(join.line), {"key": join.key, "near": list(register.columns)}))
    if disguise and key in disguise.columns:
        register = disguise.of(register, [join.key])
    register = register.assign(**{join.key: _as_key(register[join.key])})
    if join.aggregate:
        register = _aggregated(register, join, plan)
    twice = register[join.key][register[join.key].duplicated()]
    if len(twice):
        raise PlanError(Problem("E528", plan.place(join.line), {"key": join.key, "values": sorted(set(twice))[:5]}))
    clash = [c for c in register.columns if c != join.key and c in data.columns]
    if clash:
        raise PlanError(Problem("E529", plan.place(join.line), {"names": clash}))
    found = register.set_index(join.key).reindex(_as_key(data[key]).to_numpy()).set_index(data.index)
    book = codebook_of(data).with_variables(codebook_of(register).variables[c] for c in found.columns)
    return attach(pd.concat([data, found], axis=1), book)


def _aggregated(register: pd.DataFrame, join: Join, plan: Plan) -> pd.DataFrame:
    """One row a key: each column named by its statistic within the key."""
    at = plan.place(Lines(plan.text, plan.path.name).key("join", plan.joins.index(join), "aggregate"))
    for name, statistic in join.aggregate.items():
        if name not in register.columns:
            raise PlanError(Problem("E516", at, {"name": name, "near": list(register.columns)}))
        if statistic not in AGGREGATES:
            raise PlanError(Problem("E525", at, {"id": join.id, "name": statistic, "near": list(AGGREGATES)}))
    grouped = register.groupby(join.key, as_index=False)
    return grouped.agg({name: AGGREGATES[statistic] for name, statistic in join.aggregate.items()})


def _register(plan: Plan, join: Join, path: Path) -> pd.DataFrame:
    line = Lines(plan.text, plan.path.name).key("join", plan.joins.index(join), "instrument")
    instrument = _instrument(plan, join.instrument, line)
    responses = read_responses(path, instrument, dialect="plain" if instrument is None else "auto", form=join.form)
    return score(responses)


def _as_key(values: pd.Series) -> pd.Series:
    """Keys compare as text: 3, 3.0 and "3" are the same community."""
    return values.map(
        lambda v: "" if v != v or v is None else f"{v:.15g}" if isinstance(v, (int, float)) else str(v).strip()
    )


def issued_counts(plan: Plan, sample: Sample) -> tuple[Mapping[str, int], str | None]:
    """Questionnaires handed out by unit, and the units' column; without a column the counts make the total only.

    Raises
    ------
    PlanError
        E516 for an unknown column in `[data] issued`.
    """
    if sample.drawn is not None and sample.drawn.issued:
        return sample.drawn.issued, sample.drawn.column
    if plan.data.issued_by is None:
        return plan.data.issued, None
    names = Names(sample.complete)
    column = names.resolve(plan.data.issued_by)
    if column is None:
        raise PlanError(names.problem(plan.data.issued_by))
    return plan.data.issued, column
