"""Rows in groups and options in, a null model and the models of every block out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evalkit.contract import Problem
from evalkit.models.fit import is_constant
from evalkit.models.matrix import INTERCEPT, term_columns
from evalkit.models.multilevel.category_model import category_model
from evalkit.models.multilevel.cross_level import is_cross_level
from evalkit.models.multilevel.linear_fit import LinearFit
from evalkit.models.multilevel.linear_model import linear_model
from evalkit.models.multilevel.model import LevelModel, undefined
from evalkit.models.multilevel.options import Options
from evalkit.models.multilevel.sample import Nested, group_means
from evalkit.moments import least_squares

FEW_GROUPS = 30
"""Fewer groups leave the variances between them and cross-level effects unsure: Maas & Hox (2005)."""


@dataclass(frozen=True)
class Step:
    """One model to be: which block is in (-1: none), and whether slopes are random."""

    block: int
    slopes: bool
    part: str


@dataclass(frozen=True, eq=False)
class Task:
    """What all models of a series share.

    Attributes
    ----------
    y : ndarray, shape (n,)
        Numbers, or codes 0 .. J of categories.
    codes : tuple of str
        Of the categories; nothing for numbers.
    """

    data: Nested
    y: np.ndarray
    codes: tuple[str, ...]
    options: Options


@dataclass(frozen=True, eq=False)
class Prepared:
    """The columns of one model.

    Attributes
    ----------
    terms : tuple of str
        Every term; `kept` are the places of those with an estimate.
    x : ndarray, shape (n, kept)
        Constant first.
    z : ndarray, shape (n, q)
    """

    step: Step
    name: str
    terms: tuple[str, ...]
    kept: list[int]
    x: np.ndarray
    z: np.ndarray
    random: tuple[str, ...]
    notices: tuple[Problem, ...]


def steps_of(data: Nested, slopes: tuple[str, ...]) -> tuple[Step, ...]:
    """Null model, random intercepts, random slopes, cross-level products.

    Slopes become random just before the first block that multiplies one of their variables by a level-2 variable, so
    that there is a variance to be explained; without such a block they do at the end.
    """
    out = [Step(-1, False, "null")]
    on = crossed = False
    for i, block in enumerate(data.terms):
        if not data.blocks[i].terms:
            continue
        here = any(len(t) > 1 and is_cross_level(data, t) for t in block)
        crossed = crossed or here
        wanted = slopes and here and any(set(t) & set(slopes) and len(t) > 1 for t in block)
        if wanted and not on:
            ready = i > 0 and all(name in data.blocks[i - 1].terms for name in slopes)
            if ready:
                out.append(Step(i - 1, True, "slope"))
            else:
                out.append(Step(i, False, "intercept"))
            on = True
        out.append(Step(i, on, "cross" if crossed else "slope" if on else "intercept"))
    if slopes and not on:
        out.append(Step(len(data.blocks) - 1, True, "cross" if crossed else "slope"))
    return tuple(out)


def series(task: Task) -> tuple[LevelModel, ...]:
    """The models in order, each with its change against the one before."""
    models: list[LevelModel] = []
    fits: list[LinearFit | None] = []
    for number, step in enumerate(steps_of(task.data, task.options.slopes)):
        prepared = _prepared(task, step, "null" if step.block < 0 else str(number))
        why, problems = _fault(task, prepared)
        if why:
            model, fit = undefined(prepared.name, step.part, prepared.terms, prepared.random, why), None
        elif task.options.family == "linear":
            model, fit = linear_model(task, prepared, models, fits)
        else:
            model, fit = category_model(task, prepared, models), None
        models.append(replace(model, notices=(*prepared.notices, *problems, *model.notices)))
        fits.append(fit)
    return tuple(models)


def _prepared(task: Task, step: Step, name: str) -> Prepared:
    data = task.data
    n = len(task.y)
    columns = data.blocks[step.block] if step.block >= 0 else None
    terms = (INTERCEPT, *(columns.terms if columns is not None else ()))
    values = np.empty((n, 0)) if columns is None else columns.values
    full = np.column_stack([np.ones(n), values])
    dropped = least_squares(full, np.zeros(n)).dropped if n else ()
    kept = [j for j in range(len(terms)) if j not in dropped]
    notices = tuple(Problem("W655" if is_constant(full[:, j]) else "W656", params={"term": terms[j]}) for j in dropped)
    slopes = task.options.slopes if step.slopes else ()
    parts = [term_columns(data.frame, (name,)).values for name in slopes]
    z = np.column_stack([np.ones(n), *parts])
    return Prepared(step, name, terms, kept, full[:, kept], z, ("intercept", *slopes), notices)


def _fault(task: Task, prepared: Prepared) -> tuple[str, tuple[Problem, ...]]:
    """Why a model cannot be estimated: too few rows or groups, an outcome or groups that do not vary."""
    n, groups = len(task.y), len(task.data.names)
    k = len(prepared.kept) + 1 + len(prepared.random)
    if n <= k:
        return "mixed.why_rows", (Problem("W657", params={"n": n, "k": k}),)
    if is_constant(task.y):
        return "mixed.why_rows", (Problem("W658", params={"n": n}),)
    if groups < 2:
        return "mixed.why_groups", (Problem("W6067", params={"n": groups}),)
    q = len(prepared.random)
    if groups * q >= n or int(task.data.sizes.max()) == 1:
        return "mixed.why_groups", (Problem("W6068", params={"n": n, "groups": groups, "q": q}),)
    if task.options.family == "linear" and _exact(task, prepared):
        return "mixed.why_no_maximum", (Problem("W6071", params={"model": prepared.name}),)
    notices: tuple[Problem, ...] = ()
    if groups < FEW_GROUPS:
        notices = (Problem("N6069", params={"n": groups, "enough": FEW_GROUPS}),)
    between = [t for j, t in enumerate(prepared.terms) if j in prepared.kept and not task.data.varying.get(t, False)]
    if groups <= len(between):
        notices = (*notices, Problem("W6070", params={"n": groups, "k": len(between)}))
    return "", notices


def _exact(task: Task, prepared: Prepared) -> bool:
    """Whether groups and predictors leave no residual but rounding."""
    groups = task.data.groups
    apart = task.y - group_means(task.y, groups)
    inner = np.column_stack([column - group_means(column, groups) for column in prepared.x.T])
    return least_squares(inner, apart).residual_ss <= 1e-12 * float(((task.y - task.y.mean()) ** 2).sum())
