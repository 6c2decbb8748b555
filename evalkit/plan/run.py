"""A plan in, a run folder out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.contract import AnalysisError, EvalkitError, PlanError, Problem, Result, codebook_of
from evalkit.descriptive.withheld import Withheld, withheld
from evalkit.plan import catalogue, manifest, output
from evalkit.plan.casework import material, on_cases
from evalkit.plan.coded import files_of
from evalkit.plan.completed import RESPONSES, pooled_step
from evalkit.plan.compose import RAKING, compose
from evalkit.plan.conditions import rows_where
from evalkit.plan.families import FAMILY, adjusted_families, complete
from evalkit.plan.flow import Sample, load_sample
from evalkit.plan.hypotheses import judge
from evalkit.plan.joined import require_units
from evalkit.plan.linked import with_links
from evalkit.plan.model import Plan, Step
from evalkit.plan.outcome import Outcome, Run
from evalkit.plan.private import removed, still_small, study_key
from evalkit.plan.reader import read_plan
from evalkit.plan.referred import with_results
from evalkit.plan.resolve import resolve_steps
from evalkit.plan.sampled import shown_margins
from evalkit.plan.varied import ABOUT, Resolved, about
from evalkit.resample import child_seed

Progress = Callable[[str], None]
_OUR_NAMES = ("tables", "tables-zh", "tables-en")
"""Of workbooks in the run folder, where the plan's own copy stands too."""


def run(
    plan: str | Path | Plan,
    out: str | Path | None = None,
    *,
    force: bool = False,
    strict: bool = False,
    progress: Progress = lambda step: None,
) -> Run:
    """Carry out a plan.

    Parameters
    ----------
    plan : path or Plan
    out : path, optional
        Folder to write; None computes without writing.
    force : bool
        Overwrite a folder that holds files a run did not write.
    strict : bool
        Keep the old folder when a step could not be computed.
    progress : callable
        Told the id of each step before it starts, then `output`.

    Returns
    -------
    Run

    Raises
    ------
    InputError, InstrumentError, PlanError
        Before anything is computed; nothing is written.
    OutputError
        The target cannot be written or would lose an author's work.
    AnalysisError
        With `strict`, if a step could not be computed.
    """
    plan = plan if isinstance(plan, Plan) else read_plan(plan)
    target = None if out is None else Path(out).resolve()
    if target is not None:
        if plan.path.stem in _OUR_NAMES and plan.path.suffix == ".xlsx":
            raise PlanError(Problem("E545", params={"file": plan.path.name}))
        output.protect(target, _files(plan))
        output.heal(target)
        output.guard(target, force=force)
    study_key(plan, target)
    sample = load_sample(plan)
    require_units(plan, sample)
    outcomes: list[Outcome] = []
    resolved = resolve_steps(plan, sample.used, sample.casework)
    for step, arguments in resolved:
        progress(step.id)
        done = {outcome.step.id: outcome.result for outcome in outcomes}
        outcomes.append(_carry_out(step, arguments, plan, sample, done, resolved))
    found = Run(plan, sample, with_links(outcomes) if plan.privacy.suppress else tuple(outcomes))
    families = adjusted_families(plan, found.results)
    found = replace(found, families=families, verdicts=judge(plan, {**found.results, **complete(families)}))
    if strict and found.failures:
        raise AnalysisError(p for o in found.failures for p in o.problems)
    if target is None:
        return found
    progress("output")
    return _write(found, target)


def _carry_out(
    step: Step,
    arguments: Mapping[str, Any],
    plan: Plan,
    sample: Sample,
    done: Mapping[str, Result | None],
    resolved: Resolved,
) -> Outcome:
    """One step. A fault of the data or arguments becomes a problem of the step; the others go on."""
    started = time.perf_counter()
    data = sample.used
    known = catalogue.parameters(step.do)
    given, left_out = with_results(step, arguments, done, plan)
    cases = on_cases(step, plan)
    if cases:
        try:
            data, more = material(step, arguments, sample.casework, done)
        except AnalysisError as error:
            return Outcome(step, arguments, None, error.problems, 0, None, 0.0)
        given |= more
    if step.do in ABOUT:
        given, taken = about(step, given, resolved, plan, sample)
        data = data.loc[taken]
    rows = data
    if step.where is not None and "where" in known:
        given["where"] = rows_where(data, step.where)  # the rows outside still count as drawn
    elif step.where is not None:
        rows = data.loc[rows_where(data, step.where)]
    seed = None
    if "seed" in known:
        seed = given.setdefault("seed", child_seed(plan.seed, step.id))
    if step.do == "disclosure":
        given.setdefault("k", plan.privacy.min_cell)
    if step.do == "open_answers" and plan.privacy.suppress:
        given.setdefault("least", plan.privacy.min_cell)  # a word that few wrote points at them
    if step.do == "profile" and step.where is None and not cases:
        given |= shown_margins(sample.drawn, data, given)
    design = codebook_of(data).design
    if design is not None and "design" in known:
        given.setdefault("design", design)
    unheard = () if design is None or "design" in known else (Problem("W531", params={"step": step.id, "do": step.do}),)
    unheard = (*left_out, *unheard)
    result: Result | None = None
    try:
        if step.data == RESPONSES or cases:
            result = catalogue.function(step.do)(rows, **given)
        else:
            result = pooled_step(step, given, done, plan, sample)
        if plan.privacy.suppress:
            result = withheld(result, plan.privacy.min_cell)
            unheard = (*unheard, *still_small(result, step.do, plan.privacy.min_cell))
        problems = (*unheard, *result.notices)
    except EvalkitError as error:
        problems = (*unheard, *error.problems)
    return Outcome(step, arguments, result, problems, len(rows), seed, time.perf_counter() - started)


def _write(found: Run, out: Path) -> Run:
    plan = found.plan
    weighting = found.sample.weighting
    rows = [] if weighting is None else manifest.statistics(RAKING, weighting, "rake")
    rows += [s for o in found.outcomes if o.result for s in manifest.statistics(o.step.id, o.result, o.step.do)]
    rows += [s for id, family in found.families.items() for s in manifest.statistics(id, family, FAMILY)]
    with output.staged(out) as folder:
        compose(found, manifest.results_frame(rows), folder)
        manifest.write_json(folder / "results.json", rows)
        (folder / plan.path.name).write_bytes(plan.source)
        records = [_record(o) for o in found.outcomes]
        content = manifest.manifest(plan, _inputs(found), _account(found.sample), records, folder)
        content |= _of_answers(found.sample)
        content.setdefault("privacy", {})["suppressed_cells"] = {
            o.step.id: o.result.n_withheld for o in found.outcomes if isinstance(o.result, Withheld)
        }
        content["notices"] = manifest.notices_of((*plan.notices, *found.sample.problems))
        manifest.write_json(folder / output.MANIFEST, content)
        files = tuple(content["outputs"])
    return replace(found, out=out, files=files)


def _account(sample: Sample) -> dict[str, Any]:
    """How many rows of answers came, went and stayed; nothing where there was no survey."""
    if sample.responses is None:
        return {}
    return {
        "in": int(sample.responses.rows_in),
        "rejected": sample.n_rejected,
        "loaded": len(sample.complete),
        "excluded": [
            {"reason": {"zh": e.reason.text("zh"), "en": e.reason.text("en")}, "n": e.n} for e in sample.exclusions
        ],
        "used": len(sample.used),
    }


def _of_answers(sample: Sample) -> dict[str, Any]:
    """By what the answers were decoded, and what was taken out of them."""
    if sample.responses is None:
        return {}
    instrument = sample.responses.instrument
    return {
        "decoded_by": _decoders(sample.responses.source),
        "instrument": {"id": instrument.id, "version": instrument.version, "sha256": instrument.sha256},
        "privacy": removed(sample.responses, sample.pseudonyms),
    }


def _decoders(source: pd.DataFrame) -> dict[str, dict[str, int]]:
    """File -> `id@version` of each instrument that decoded rows of it, and how many."""
    counted = source.groupby(["file", "instrument"], sort=False).size()
    found: dict[str, dict[str, int]] = {}
    for (file, instrument), n in counted.items():
        found.setdefault(str(file), {})[str(instrument)] = int(n)
    return found


def _files(plan: Plan) -> list[Path]:
    """Every file that the plan reads, and the plan itself."""
    named = [
        *plan.data.files,
        plan.casebook.file if plan.casebook else None,
        plan.data.mapping,
        *files_of(plan),
        plan.sampling.file if plan.sampling else None,
        *(name for join in plan.joins for name in (join.file, join.instrument) if name),
    ]
    beside = [plan.folder / name for name in (*named, *plan.data.asked.values(), plan.instrument, plan.style) if name]
    return [plan.path, *(path for path in beside if path.is_file())]


def _inputs(found: Run) -> dict[str, str]:
    plan, casework = found.plan, found.sample.casework
    sheet = plan.sampling.file if plan.sampling else None
    named = [plan.data.mapping, *files_of(plan), sheet, *(j.file for j in plan.joins)]
    names = [*plan.data.files, *filter(None, named)]
    return {name: output.sha256_of(plan.folder / name) for name in names} | dict(casework.files if casework else {})


def _record(outcome: Outcome) -> dict[str, Any]:
    result = outcome.result
    return {
        "id": outcome.step.id,
        "do": outcome.step.do,
        "seed": outcome.seed,
        "rows": outcome.n_rows,
        "used": result.n_obs if result else 0,
        "dropped": [{"reason": _reason(d.reason), "n": d.n} for d in result.dropped] if result else [],
        "notices": manifest.notices_of(outcome.problems),
        "seconds": round(outcome.seconds, 3),
    }


def _reason(reason: Any) -> Any:
    return reason if isinstance(reason, str) else {"zh": reason.text("zh"), "en": reason.text("en")}
