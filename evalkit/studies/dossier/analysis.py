"""Data and scales in, their dossier out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from evalkit.contract import (
    Drop,
    EvalkitError,
    Problem,
    codebook_of,
    require_columns,
)
from evalkit.contract.words import LANGUAGES, say, text_of
from evalkit.sampling import Design, design_of
from evalkit.studies.dossier.judgements import judged
from evalkit.studies.dossier.parts import PARTS, Part, Setting
from evalkit.studies.dossier.result import Finished, ScaleDossier
from evalkit.studies.dossier.rules import Rule, rules_of
from evalkit.studies.dossier.screen import screened

FEW = 0.5
"""Share of the rows below which the measurement model is said to rest on few."""

MOST_ALIKE = 5
"""Notices of one code that are given; the steps on their own give all."""


def scale_dossier(
    data: pd.DataFrame,
    scales: str | Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    *,
    groups: Sequence[str] = (),
    cluster: str | None = None,
    rules: Mapping[str, float | Mapping[str, Any]] | Iterable[Rule] | None = None,
    estimator: str | None = None,
    ordinal: bool = False,
    conf_level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    design: Design | None = None,
    appendix: bool = False,
) -> ScaleDossier:
    """Everything a reviewer asks about the scales of an instrument.

    Parameters
    ----------
    data : DataFrame
    scales : str, sequence of str or mapping, optional
        Scale ids, or items by the name of their scale. By default every scale of the codebook that stands on items
        itself; scales made of other scales are left to models of their own.
    groups : sequence of str
        Columns over whose groups measurement must be the same.
    cluster : str, optional
        Column of the units (communities, teams) to which perceptions may be aggregated.
    rules : mapping or iterable of Rule, optional
        Bounds that replace those of `RULES`: `{"alpha": 0.6}` or `{"ave": {"at": 0.4, "source": "..."}}`.
    estimator : str, optional
        Of the measurement models, over the rows complete on all their items. By default that of the single steps: ML,
        MLR for invariance; WLSMV with ordinal items.
    ordinal : bool
        Take the items as ordered categories: polychoric correlations in the models, thresholds in the ladder. Method
        bias still takes them as continuous, by ML (N754).
    conf_level, resamples, seed : optional
        Of the intervals.
    design : Design, optional
        Honoured by the parts that can; a notice names the others.
    appendix : bool
        Compute and print the tables of the appendix too.

    Returns
    -------
    ScaleDossier
        A part that cannot be computed is a notice that names it, says why and what to do (W869); the others stand.
        Scales that no measurement model can hold (formative ones, a single item, an item constant, unanswered or the
        copy of another) are left out of the models with a notice (N864-W868) and stay in the other parts.

    Raises
    ------
    AnalysisError
        E600, E610, E611 for unknown names and columns of no numbers; E860, E861 for the rules; E862, E863 for the
        scales.
    """
    in_force = rules_of(rules)
    screen = screened(data, scales)
    require_columns(screen.data, [*groups, *([cluster] if cluster else [])])
    setting = Setting(
        screen, in_force, tuple(groups), cluster, estimator, ordinal, conf_level, resamples, seed,
        design_of(screen.data, design), appendix,
    )  # fmt: skip
    parts = tuple(_finished(setting))
    found = {f.part.id: f.result for f in parts if f.result is not None}
    judgements = judged(found, in_force)
    notices = [*screen.problems, *_unheard(setting, parts)]
    for f in parts:
        notices += f.problems if f.result is None else f.result.notices
    answered = screen.data[list(screen.items)].notna().any(axis=1)
    lost = int((~answered).sum())
    book = codebook_of(screen.data)
    labels = {c: book.variables[c].label for c in screen.items} | {id: book.scales[id].label for id in screen.columns}
    return ScaleDossier(
        parts, judgements, in_force, labels | {j.about: j.label for j in judgements}, conf_level, appendix,
        int(answered.sum()), (Drop("efa.drop_empty", lost),) if lost else (), tuple(_brief(dict.fromkeys(notices))),
    )  # fmt: skip


def _brief(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The first few of every kind, and how many more there are: 21 scales have 210 pairs to be told of."""
    told = Counter[str]()
    for problem in problems:
        told[problem.code] += 1
        if told[problem.code] <= MOST_ALIKE:
            yield problem
    yield from (
        Problem("N753", params={"code": code, "n": n - MOST_ALIKE}) for code, n in told.items() if n > MOST_ALIKE
    )


def _unheard(setting: Setting, parts: Iterable[Finished]) -> Iterator[Problem]:
    """The parts that do not honour a design; few rows in the measurement model."""
    plain = [_name(f.part) for f in parts if f.result is not None and not f.part.weighted]
    if setting.design is not None and plain:
        yield Problem("N751", params={"parts": plain})
    if setting.ordinal and any(f.part.id == "method" for f in parts):
        yield Problem("N754")
    for f in parts:
        n, every = f.result.n_obs if f.result else 0, len(setting.screen.data)
        if f.part.id == "validity" and f.result is not None and n < FEW * every:
            yield Problem("W752", params={"n": n, "all": every})


def _name(part: Part) -> dict[str, str]:
    return {lang: text_of(f"dossier.part_{part.id}", lang) for lang in LANGUAGES}


def _finished(setting: Setting) -> Iterator[Finished]:
    """Every part that applies, in order."""
    failed: set[str] = set()
    for part in PARTS:
        if part.only_appendix and not setting.appendix:
            continue
        found = _carried_out(part, setting) if part.needs not in failed else _not_tried(part)
        if found is not None:
            failed |= {part.id} if found.result is None else set()
            yield found


def _not_tried(part: Part) -> Finished:
    why = {lang: text_of("dossier.not_tried", lang) for lang in LANGUAGES}
    return Finished(part, None, (Problem("W869", params={"part": _name(part), "why": why}),))


def _carried_out(part: Part, setting: Setting) -> Finished | None:
    """One part; None where it does not apply. A fault of the data becomes a notice that names the part."""
    try:
        result = part.make(setting)
    except EvalkitError as error:
        told = [{lang: say(problem, lang) for lang in LANGUAGES} for problem in error.problems]
        return Finished(part, None, tuple(Problem("W869", params={"part": _name(part), "why": why}) for why in told))
    return None if result is None else Finished(part, result)
