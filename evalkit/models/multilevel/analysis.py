"""A data frame, a formula and a group in; multilevel models from the null model on out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, label_of
from evalkit.models.generalised.outcomes import Outcome, outcome_of
from evalkit.models.linear import model_blocks, variable_labels
from evalkit.models.matrix import numeric_outcome
from evalkit.models.multilevel.cross_level import CrossLevel, cross_levels, is_cross_level
from evalkit.models.multilevel.options import Options, checked_design, options_of
from evalkit.models.multilevel.result import MixedResult
from evalkit.models.multilevel.sample import Nested, centred_labels, level_two, nested_rows
from evalkit.models.multilevel.series import Task, series
from evalkit.models.sample import relevant
from evalkit.sampling import Design


def mixed(
    data: pd.DataFrame,
    formula: str | None = None,
    *,
    group: str,
    y: str | None = None,
    x: Sequence[str] | None = None,
    random: Sequence[str] = ("1",),
    correlated: bool = True,
    family: str = "linear",
    centre: Mapping[str, str] | None = None,
    reml: bool | None = None,
    df: str | None = None,
    interval: str | None = None,
    n_quad: int | None = None,
    conf_level: float = 0.95,
    unweighted: bool = False,
    design: Design | None = None,
) -> MixedResult:
    """Multilevel models of people in groups: null model, random intercepts, random slopes, cross-level products.

    Parameters
    ----------
    data : DataFrame
        Nominal variables (by the codebook's kind) become dummies against their first category.
    formula : str
        `"y ~ a + b | + w | + a:w"`: each `|` opens a block that is added to those before, and each block is a model.
        The null model always comes first. Whether a variable is of level 1 or 2 is seen in the data.
    group : str
        Column of the groups (communities).
    y, x : str and list of names
        The same without a formula, in one block.
    random : list of str
        `"1"` for the random intercept and the level-1 numbers whose slopes vary between groups. Slopes become random
        just before the first block with a cross-level product of theirs, or in a model of their own at the end.
    correlated : bool
        Whether random effects may covary.
    family : str
        `linear`; `logit` and `ordered_logit` have a random intercept only.
    centre : mapping, optional
        Variable -> `within` (group mean taken away), `between` (the group mean itself), `both` (the first in the
        variable's place, the second beside it as `<name>.mean`) or `grand` (mean of the rows taken away). Means are
        those of the rows used; products are made afterwards.
    reml : bool, optional
        Linear models: restricted maximum likelihood (default), or maximum likelihood.
    df : str, optional
        Linear models: `satterthwaite` (default), `kenward_roger` (REML only; standard errors are adjusted too),
        `inner_outer` (as in nlme) or `normal` (z tests).
    interval : str, optional
        `t` (default of linear models), `normal` (Wald), or `profile` (by the ML likelihood; standard deviations of the
        random effects get one too).
    n_quad : int, optional
        Points of the adaptive Gauss-Hermite quadrature of the logits, 15 by default; 1 is Laplace's approximation.
    conf_level : float
    unweighted : bool
        Multilevel models take no sampling weights: a design with weights is refused unless this is true.
    design : Design, optional
        Default: that of the codebook. Strata and clusters other than the groups are named in a notice.

    Returns
    -------
    MixedResult
        All models use the rows complete in every variable of the call. Fixed parts are compared by likelihood ratio of
        ML fits, random parts by the criterion in use, with the p-value of the mixture at the boundary beside. A fit
        whose random effects have no variance left (a singular one) is named (W6072). What cannot be estimated is nan,
        and a notice says why.

    Raises
    ------
    AnalysisError
        As `regress` and `outcome_model`; E6060 to E6066 for options, random effects, centring and weights that mean
        nothing here; E6074 for a group that stands in the model; E6075 for slopes that cannot vary; E6082.

    Notes
    -----
    Bates, Maechler, Bolker & Walker (2015), Journal of Statistical Software 67(1); Satterthwaite's degrees of freedom:
    Kuznetsova, Brockhoff & Christensen (2017), Journal of Statistical Software 82(13); Kenward & Roger (1997),
    Biometrics 53, 983-997.
    """
    options = options_of(
        family=family, random=random, correlated=correlated, reml=reml, df=df, interval=interval, n_quad=n_quad,
        conf_level=conf_level,
    )  # fmt: skip
    outcome, terms = model_blocks(formula, y, None if x is None else [x])
    centre = dict(centre or {})
    names = list(dict.fromkeys([outcome, *(n for block in terms for term in block for n in term)]))
    if group in names:
        raise AnalysisError(Problem("E6074", params={"name": group}))
    notices = checked_design(data, design, group, unweighted)
    data = relevant(data, [*names, group], None, Design())
    values, known, more = _outcome(data, outcome, options)
    nested = nested_rows(data, terms, group, centre, values)
    _check_slopes(nested, options.slopes)
    task = _task(nested, values, known, options)
    models = series(task)
    columns = nested.blocks[-1]
    labels = variable_labels(data, outcome, columns, group)
    labels |= centred_labels(data, columns, nested.terms, group, centre)
    found = [*notices, *more, *nested.notices, *(p for m in models for p in m.notices)]
    return MixedResult(
        outcome=outcome,
        family=family,
        group=group,
        models=models,
        levels=_levels(nested),
        centre=centre,
        options=options,
        cross=_cross(nested, models[-1].terms, options),
        group_names=nested.names,
        sizes=nested.sizes,
        labels=labels | _category_labels(known, task),
        names={name: label_of(data, name) for name in names},
        references=dict(columns.references),
        n_obs=len(nested.rows),
        dropped=nested.dropped,
        notices=tuple(dict.fromkeys(found)),
    )


def _outcome(data: pd.DataFrame, name: str, options: Options) -> tuple[np.ndarray, Outcome | None, list[Problem]]:
    """Numbers or codes of categories, nan where missing."""
    if options.family == "linear":
        values, binary = numeric_outcome(data, name)
        return values, None, [Problem("N668", params={"name": name})] if binary else []
    found = outcome_of(data, name, options.family)
    return found.values, found, []


def _task(nested: Nested, values: np.ndarray, known: Outcome | None, options: Options) -> Task:
    y = values[nested.rows]
    if known is None:
        return Task(nested, y, (), options)
    used = np.unique(y).astype(int)
    return Task(nested, np.searchsorted(used, y), tuple(known.codes[i] for i in used), options)


def _check_slopes(nested: Nested, slopes: Sequence[str]) -> None:
    """E6075: a slope that is no number of level 1 in the fixed part."""
    known = nested.blocks[-1].terms
    wrong = [name for name in slopes if name not in known or (len(nested.rows) and level_two(nested, name))]
    if wrong:
        raise AnalysisError(Problem("E6075", params={"names": wrong}))


def _levels(nested: Nested) -> dict[str, str]:
    """Term id -> `1`, `2` or `cross`."""
    out = {term: "1" if varies else "2" for term, varies in nested.varying.items()}
    for block in nested.terms:
        for term in block:
            if len(term) > 1 and len(nested.rows) and is_cross_level(nested, term):
                parts = [t for t in out if t.count(":") == len(term) - 1 and _made_of(t, term)]
                out |= dict.fromkeys(parts, "cross")
    return out


def _made_of(term: str, names: Sequence[str]) -> bool:
    """Whether a column id belongs to a term: `gender.2:age` to (gender, age)."""
    return all(part == name or part.startswith(f"{name}.") for part, name in zip(term.split(":"), names, strict=True))


def _cross(nested: Nested, terms: tuple[str, ...], options: Options) -> tuple[CrossLevel, ...]:
    if options.family == "ordered_logit" or not len(nested.rows):
        return ()
    return cross_levels(nested, len(nested.blocks) - 1, terms)


def _category_labels(known: Outcome | None, task: Task) -> dict[str, Label]:
    if known is None:
        return {}
    names = dict(zip(known.codes, known.categories, strict=True))
    below = [names[code] for code in task.codes]
    return {
        f"threshold.{code}": Label("outcomes.threshold", below=below[i], above=below[i + 1])
        for i, code in enumerate(task.codes[:-1])
    }
