"""A finished run in, its report in every format and language out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.contract import Cell, Drop, Figure, Label, Problem, Table, codebook_of
from evalkit.plan.families import title_of, with_notes
from evalkit.plan.framework import framework
from evalkit.plan.joined import T13_STEPS, hypothesis_table, models_side_by_side, survey_flow
from evalkit.plan.model import JoinedTable, Plan
from evalkit.plan.outcome import Outcome, Run
from evalkit.plan.parallel import together
from evalkit.sampling import WeightingResult

RAKING = "design-raking"
"""Id of the section and results about the weights; no id of a step looks like it."""

if TYPE_CHECKING:
    from evalkit.report import Report, Section, Style
    from evalkit.report.figures import Drawn


def compose(found: Run, results: pd.DataFrame, folder: Path) -> None:
    """Write report, workbook, Word file and figures into `folder`."""
    from evalkit.report import load_style, writer

    plan = found.plan
    style = load_style(_style(plan))
    report = report_of(found, results)
    pictures = together([partial(_draw, report, lang, style, folder) for lang in plan.languages])
    drawn = dict(zip(plan.languages, pictures, strict=True))
    report = _with_notices(report, drawn)

    def write(name: str, lang: str) -> None:
        file = "report.html" if name == "html" else f"tables{_suffix(plan.languages, lang)}.{name}"
        writer(name)(report, folder / file, lang=lang, style=style, drawn=drawn)

    together([partial(_each, write, part) for part in _shared_out(plan)])


def _shared_out(plan: Plan) -> list[list[tuple[str, str]]]:
    """Format and language of every file, one list a language: those with a file a language, html with the first."""
    html = [("html", plan.languages[0])] if "html" in plan.formats else []
    files = [[(name, lang) for name in plan.formats if name != "html"] for lang in plan.languages]
    return [files[0] + html, *files[1:]]


def _each(write: Callable[[str, str], None], files: list[tuple[str, str]]) -> None:
    for name, lang in files:
        write(name, lang)


def _suffix(languages: Sequence[str], lang: str) -> str:
    return "" if len(languages) == 1 else f"-{lang}"


def report_of(found: Run, results: pd.DataFrame) -> Report:
    """Everything that is printed, before any format."""
    from evalkit.report import Report

    plan = found.plan
    simulated = plan.simulated or codebook_of(found.sample.used).simulated
    return Report(
        title=plan.title,
        sections=tuple(_sections(found)),
        style=plan.style,
        languages=plan.languages,
        facts=tuple(_facts(found)),
        simulated=simulated,
        results=results,
        plan_hash=plan.sha256,
    )


def _style(plan: Plan) -> str:
    beside = plan.folder / plan.style
    return str(beside) if beside.is_file() else plan.style


def _facts(found: Run) -> Iterator[Label]:
    """How many rows came, went and stayed."""
    sample = found.sample
    if sample.casework is not None and sample.responses is None:
        yield sample.casework.account
    else:
        yield Label("run.rows", loaded=len(sample.complete), used=len(sample.used))
    if sample.n_rejected:
        yield Label("run.rejected", n=sample.n_rejected)
    for exclusion in sample.exclusions:
        yield Label("run.excluded", reason=exclusion.reason, n=exclusion.n)
    yield Label("run.seed", seed=found.plan.seed)


def _sections(found: Run) -> Iterator[Section]:
    plan = found.plan
    fitting = {outcome.step.id for outcome in found.outcomes if outcome.step.do in T13_STEPS}
    wanted = [table for table in plan.tables if table.template == "T13"]
    joined = {name: table for table in wanted for name in table.steps if name in fitting}
    yield from (_whole(found, table) for table in plan.tables if table.template == "T0")
    if found.sample.problems:
        yield _trouble(found.sample.problems)
    if found.sample.weighting is not None:
        yield _raking(found.sample.weighting, plan)
    printed: set[str] = set()
    for outcome in found.outcomes:
        table = joined.get(outcome.step.id)
        yield _section(outcome, found, without=None if table is None else "T13")
        if table and table.id not in printed and _last(table, outcome, found):
            printed.add(table.id)
            yield _whole(found, table)
    yield from (_whole(found, table) for table in wanted if table.id not in printed)
    yield from _families(found)
    yield from (_whole(found, table) for table in plan.tables if table.template == "T24")
    yield from (_framework(found, table) for table in plan.tables if table.template == "G1")


def _trouble(problems: tuple[Problem, ...]) -> Section:
    """What was wrong with the file, before any number made from it."""
    from evalkit.report import Section

    return Section("data", Label("run.trouble"), notices=problems)


def _raking(weighting: WeightingResult, plan: Plan) -> Section:
    """The weights that the steps use: what they meet, and what they cost."""
    from evalkit.report import Section

    at = plan.place(plan.raking.line if plan.raking else 0)
    where = f"{at.sheet}!{at.cell}" if at.cell else at.line
    made = Label("provenance.raking_cell" if at.cell else "provenance.raking", at=where)
    told = (made, *(Label("provenance.dropped", n=d.n, reason=_reason(d)) for d in weighting.dropped))
    table = _of_step(weighting.table(), RAKING, "weights")
    return Section(RAKING, Label("plan.raked_weight"), (table,), provenance=told)


def _last(table: JoinedTable, outcome: Outcome, found: Run) -> bool:
    """Whether this is the last of the table's regressions in the plan's order: the table stands there."""
    order = [o.step.id for o in found.outcomes if o.step.do in T13_STEPS]
    return order.index(outcome.step.id) == max(order.index(step) for step in table.steps if step in order)


def _section(outcome: Outcome, found: Run, *, without: str | None) -> Section:
    """What a step gave; `without` a table that stands joined with those of other steps."""
    from evalkit.report import Section, sentences

    step, result, plan = outcome.step, outcome.result, found.plan
    title = step.title or Label(f"do.{step.do}")
    if result is None:
        return Section(step.id, title, (), (), (), outcome.problems, tuple(_provenance(outcome, plan)))
    return Section(
        id=step.id,
        title=title,
        tables=tuple(
            with_notes(table, [step.id], plan, found.families)
            for table in _tables(outcome)
            if table.template != without
        ),
        figures=tuple(_figures(outcome)),
        sentences=sentences(step.do, result, step=step.id, style=_style(plan)),
        notices=outcome.problems,
        provenance=tuple(_provenance(outcome, plan)),
    )


def _tables(outcome: Outcome) -> Iterator[Table]:
    result = outcome.result
    if result is not None:
        for template in result.templates:
            yield _of_step(result.table(template), outcome.step.id, template)


def _of_step(table: Table, step: str, template: str) -> Table:
    """The table with ids that are unique in the report: results do not know the step that made them."""

    def named(cell: Cell) -> Cell:
        return dataclasses.replace(cell, id=f"{step}/{cell.id}") if cell.id else cell

    rows = tuple(dataclasses.replace(row, cells=tuple(map(named, row.cells))) for row in table.rows)
    return dataclasses.replace(table, id=f"{step}-{template}", rows=rows)


def _figures(outcome: Outcome) -> Iterator[Figure]:
    """The figure of a result, or each of those it names; the first has the id of its step."""
    make = getattr(outcome.result, "figure", None)
    if make is None:
        return
    names = getattr(outcome.result, "figures", ())
    made = [make(name) for name in names] if names else [make()]
    for k, figure in enumerate(made):
        if figure is not None:
            yield dataclasses.replace(figure, id=f"{outcome.step.id}-{names[k]}" if k else outcome.step.id)


def _provenance(outcome: Outcome, plan: Plan) -> Iterator[Label]:
    """Plan line or cell, function, rows used and every row dropped with its reason."""
    step, result = outcome.step, outcome.result
    at = plan.place(step.line)
    if at.cell:
        yield Label("provenance.step_cell", id=step.id, do=step.do, sheet=at.sheet, cell=at.cell)
    else:
        yield Label("provenance.step", id=step.id, do=step.do, line=at.line)
    if result is not None:
        yield Label("provenance.rows", given=outcome.n_rows, used=result.n_obs)
        yield from (Label("provenance.dropped", n=d.n, reason=_reason(d)) for d in result.dropped if d.n)
    if outcome.seed is not None:
        yield Label("provenance.seed", seed=outcome.seed)


def _reason(drop: Drop) -> Label:
    return Label(drop.reason) if isinstance(drop.reason, str) else drop.reason


def _whole(found: Run, wanted: JoinedTable) -> Section:
    """A table that no single step makes."""
    from evalkit.report import Section

    if wanted.template == "T0":
        table = survey_flow(wanted, found.plan, found.sample)
    elif wanted.template == "T24":
        methods = {o.step.id: o.step.title or Label(f"do.{o.step.do}") for o in found.outcomes}
        table = hypothesis_table(wanted, found.verdicts, methods)
    else:
        return _joined(found, wanted)
    return Section(wanted.id, table.title, (table,), (), (), (), ())


def _families(found: Run) -> Iterator[Section]:
    """Tests of several steps adjusted together, a table a family."""
    from evalkit.report import Section

    for family in found.plan.families:
        if family.id in found.families:
            result = found.families[family.id]
            table = dataclasses.replace(_of_step(result.table(), family.id, "family"), title=title_of(family))
            yield Section(family.id, title_of(family), (table,), notices=result.notices)


def _framework(found: Run, wanted: JoinedTable) -> Section:
    """The hypotheses as boxes and arrows; N6394 where none can be drawn."""
    from evalkit.report import Section

    steps = [(outcome.step, outcome.arguments) for outcome in found.outcomes]
    figure = framework(wanted, found.plan, steps, found.sample.used)
    notices = () if figure else (Problem("N6394", params={"table": wanted.id}),)
    title = wanted.title or Label("framework.title")
    return Section(wanted.id, title, figures=(figure,) if figure else (), notices=notices)


def _joined(found: Run, wanted: JoinedTable) -> Section:
    """Regressions side by side; steps that are none are named."""
    from evalkit.report import Section

    table = models_side_by_side(wanted, found.results)
    others = {o.step.id: o.step.do for o in found.outcomes if o.step.do not in T13_STEPS}
    notices = tuple(
        Problem("N6050", params={"table": wanted.id, "step": name, "do": others[name]})
        for name in wanted.steps
        if name in others
    )
    title = wanted.title or Label("regression.title_models")
    table = with_notes(table, wanted.steps, found.plan, found.families) if table else None
    return Section(wanted.id, table.title if table else title, (table,) if table else (), (), (), notices, ())


def _draw(report: Report, lang: str, style: Style, folder: Path) -> Mapping[str, Drawn]:
    """Every figure of the report in one language by its id, also as files."""
    from evalkit.report.figures import draw

    drawn = {f.id: draw(f, lang=lang, style=style) for section in report.sections for f in section.figures}
    suffix = _suffix(report.languages, lang)
    if drawn:
        (folder / "figures").mkdir(exist_ok=True)  # another language may have made it
    for name, picture in drawn.items():
        (folder / "figures" / f"{name}{suffix}.svg").write_bytes(picture.svg)
        (folder / "figures" / f"{name}{suffix}.png").write_bytes(picture.png)
    return drawn


def _with_notices(report: Report, drawn: Mapping[str, Mapping[str, Drawn]]) -> Report:
    """The report with what drawing found (a character that the font lacks) among each section's notices."""

    def told(section: Section) -> Section:
        found = [p for figure in section.figures for by_id in drawn.values() for p in by_id[figure.id].notices]
        return dataclasses.replace(section, notices=(*section.notices, *dict.fromkeys(found)))

    return dataclasses.replace(report, sections=tuple(told(section) for section in report.sections))
