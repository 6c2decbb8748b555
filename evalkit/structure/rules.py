"""A model and the rules of cfa() and sem() in, the parameter table out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from itertools import combinations

from evalkit.contract import AnalysisError, Problem
from evalkit.structure.language import Model, Modifier
from evalkit.structure.table import NAN, Parameter, ParameterTable
from evalkit.structure.tokens import ModelError, fault, shown

EQUAL = (
    "loadings", "intercepts", "means", "regressions", "residuals", "residual_covariances",
    "lv_variances", "lv_covariances", "thresholds",
)  # fmt: skip
"""What `group_equal` may name."""


@dataclass(frozen=True)
class Rules:
    """How a model is completed.

    Parameters
    ----------
    std_lv : bool
        Latent variances are 1; otherwise the first loading of each latent variable is.
    meanstructure : bool
    fixed_x : bool
        Moments of exogenous observed variables are taken from the sample.
    group_equal, group_partial : tuple of str
        What is equal over groups (names of `EQUAL`), and which parameters are not (`x2~1`, `f=~x3`).
    complete : bool
        Whether variances, covariances and intercepts are added and loadings scaled; False: as written.
    thresholds : mapping
        How many thresholds each ordered variable has.
    theta : bool
        Whether the residual variances of ordered variables are the parameters (fixed at 1), not their scales.
    """

    std_lv: bool = False
    meanstructure: bool = False
    fixed_x: bool = True
    group_equal: tuple[str, ...] = ()
    group_partial: tuple[str, ...] = ()
    complete: bool = True
    thresholds: Mapping[str, int] = field(default_factory=dict, hash=False)
    theta: bool = False


@dataclass
class _Row:
    lhs: str
    op: str
    rhs: str
    free: bool = True
    label: str = ""
    value: float = NAN
    start: float = NAN
    user: bool = False
    exo: bool = False
    equal_to: str = ""
    derived: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        sides = sorted((self.lhs, self.rhs)) if self.op == "~~" else (self.lhs, self.rhs)
        return sides[0], self.op, sides[1]

    def fix(self, value: float) -> None:
        self.free, self.value = False, value


@dataclass(frozen=True)
class Roles:
    """Who is what in a model: every name stands in `observed` or `latent`; the others are subsets."""

    observed: tuple[str, ...]
    latent: tuple[str, ...]
    exogenous_observed: tuple[str, ...]
    exogenous_latent: tuple[str, ...]
    outcomes: tuple[str, ...]
    indicators: tuple[str, ...]


@lru_cache(maxsize=128)
def roles_of(model: Model) -> Roles:
    """Roles as lavaan defines them (lavNames)."""
    latent = model.latent
    indicators = _right(model, "=~")
    dependent = [n for s in model.statements if s.op == "~" if any(t.name for t in s.terms) for n, _ in s.left]
    predictors = _right(model, "~")
    others = [n for s in model.statements if s.op != "=~" for n in (*(x for x, _ in s.left), *s.names)]
    named = dict.fromkeys((*indicators, *dependent, *predictors, *others))
    exo = [n for n in dict.fromkeys(predictors) if n not in {*indicators, *dependent, *latent}]
    observed = tuple(n for n in named if n not in latent and n not in exo) + tuple(exo)
    free_latent = tuple(n for n in latent if n not in indicators and n not in dependent)
    outcomes = [n for n in dict.fromkeys(dependent) if n not in {*indicators, *predictors}]
    order = (*(n for n in latent if n in outcomes), *(n for n in outcomes if n not in latent))
    return Roles(observed, latent, tuple(exo), free_latent, order, tuple(dict.fromkeys(indicators)))


def check_names(model: Model, known: Sequence[str]) -> None:
    """Every observed variable must be a column.

    Raises
    ------
    ModelError
        E913 for each unknown variable, with a caret and the nearest names.
    """
    columns = [str(name) for name in known]
    unknown = [name for name in roles_of(model).observed if name not in set(columns)]
    if unknown:
        near = {name: get_close_matches(name, columns, n=3, cutoff=0.5) for name in unknown}
        raise ModelError(
            [shown("E913", model.text, model.place_of(n), name=n, near=near[n] or columns[:5]) for n in unknown]
        )


@lru_cache(maxsize=128)
def build_table(model: Model, rules: Rules, groups: tuple[str, ...] = ("",)) -> ParameterTable:
    """Complete a model.

    Raises
    ------
    ModelError
        E914 for a parameter written twice, E915 for a modifier with another number of values than groups, E916 for
        an unknown label in an equation, E917 for a threshold named otherwise than t1, t2, ..., E918 for an unknown
        `equal()`, E919 for a variable measured by itself; AnalysisError E928 for an unknown name in `group_partial`.
    """
    roles = roles_of(model)
    blocks = [_group(model, rules, roles, g, len(groups)) for g in range(len(groups))]
    if len(blocks) > 1:
        _equal_over_groups(blocks, rules, roles)
    known = {row.key for rows in blocks for row in rows}
    for text in rules.group_partial:
        if _partial_key(text) not in known:
            near = get_close_matches(text, ["".join((r.lhs, r.op, r.rhs)) for r in blocks[0]], n=5, cutoff=0.0)
            raise AnalysisError(Problem("E928", params={"option": "group_partial", "value": text, "known": near}))
    for rows in blocks:
        _equal_terms(rows, model)
    numbers: dict[str, int] = {}
    fixed = {r.label: r.value for rows in blocks for r in rows if r.label and not r.free and not r.exo}
    out: list[Parameter] = []
    n = 0
    for g, rows in enumerate(blocks, 1):
        for row in rows:
            if row.free and row.label in fixed:
                row.fix(fixed[row.label])
            free = 0
            if row.free:
                free = numbers.get(row.label, 0) if row.label else 0
                if not free:
                    n += 1
                    free = n
                    if row.label:
                        numbers[row.label] = free
            seen = (row.label, row.value, row.start, row.user, row.exo, row.derived)
            out.append(Parameter(row.lhs, row.op, row.rhs, g, free, *seen))
    exogenous = roles.exogenous_observed if rules.fixed_x and rules.complete and not _models_x(model, roles) else ()
    table = ParameterTable(
        tuple(out), roles.observed, roles.latent, exogenous, rules.meanstructure,
        model.definitions, model.constraints, tuple(groups),
    )  # fmt: skip
    _check_labels(model, table)
    return table


def _right(model: Model, op: str) -> list[str]:
    return [name for s in model.statements if s.op == op for name in s.names]


def _group(model: Model, rules: Rules, roles: Roles, group: int, n_groups: int) -> list[_Row]:
    rows, modifiers = _written(model, rules)
    by_key = {row.key: row for row in rows}
    touched = {key for key, found in modifiers.items() if any(m.kind in ("fixed", "free") for m in found)}
    if rules.complete:
        _scale(rows, rules, roles, touched)
        _add(rows, by_key, rules, roles, rules.fixed_x and not _models_x(model, roles))
    for name in roles.observed:
        if name in rules.thresholds:
            _order(name, rows, by_key, rules)
    for row in rows:
        for modifier in modifiers.get(row.key, ()):
            _apply(row, modifier, group, n_groups, model)
    if group and rules.complete:
        _free_later_groups(rows, rules, roles)
    return rows


def _written(model: Model, rules: Rules) -> tuple[list[_Row], dict[tuple[str, str, str], list[Modifier]]]:
    rows: dict[tuple[str, str, str], _Row] = {}
    modifiers: dict[tuple[str, str, str], list[Modifier]] = {}
    for statement in model.statements:
        for name, _ in statement.left:
            for term in statement.terms:
                op = "~1" if statement.op == "~" and not term.name else statement.op
                row = _Row(name, op, term.name, user=True)
                if op == "~1" and not rules.meanstructure:
                    continue
                if name == term.name and op in ("=~", "~"):
                    fault("E919", model.text, term.position, name=name)
                if op == "|" and not (term.name[:1] == "t" and term.name[1:].isdigit()):
                    fault("E917", model.text, term.position, name=term.name)
                if row.key in rows and not term.modifiers:
                    fault("E914", model.text, term.position, name=f"{name} {op} {term.name}".strip())
                rows.setdefault(row.key, row)
                modifiers.setdefault(row.key, []).extend(term.modifiers)
    return list(rows.values()), modifiers


def _scale(rows: list[_Row], rules: Rules, roles: Roles, touched: set[tuple[str, str, str]]) -> None:
    if rules.std_lv:
        return
    for latent in roles.latent:
        first = next(row for row in rows if row.op == "=~" and row.lhs == latent)
        if first.key not in touched:
            first.fix(1.0)


def _models_x(model: Model, roles: Roles) -> bool:
    """Whether the model itself speaks of the moments of an exogenous observed variable: then none is taken as given."""
    moments = (s for s in model.statements if s.op == "~~" or (s.op == "~" and not all(t.name for t in s.terms)))
    return any(name in roles.exogenous_observed for s in moments for name, _ in s.left)


def _add(rows: list[_Row], by_key: dict[tuple[str, str, str], _Row], rules: Rules, roles: Roles, given: bool) -> None:
    def add(lhs: str, op: str, rhs: str) -> _Row:
        row = _Row(lhs, op, rhs)
        if row.key in by_key:
            return by_key[row.key]
        rows.append(row)
        by_key[row.key] = row
        return row

    exo = set(roles.exogenous_observed)
    inner = [name for name in roles.observed if name not in exo]
    alone = {r.rhs for r in rows if r.op == "=~" and sum(o.lhs == r.lhs and o.op == "=~" for o in rows) == 1}
    for name in inner:
        row = add(name, "~~", name)
        if name in alone and not row.user and name not in rules.thresholds:
            row.fix(0.0)
    for name in roles.latent:
        row = add(name, "~~", name)
        if rules.std_lv:
            row.fix(1.0)
    for pairs in (combinations(roles.exogenous_latent, 2), combinations(roles.outcomes, 2)):
        for left, right in pairs:
            add(left, "~~", right)
    for i, left in enumerate(roles.exogenous_observed):
        for right in roles.exogenous_observed[i:]:
            _given(add(left, "~~", right), given)
    if rules.meanstructure:
        for name in inner:
            add(name, "~1", "")
        for name in roles.exogenous_observed:
            _given(add(name, "~1", ""), given)
        for name in roles.latent:
            row = add(name, "~1", "")
            if not row.user:
                row.fix(0.0)


def _order(name: str, rows: list[_Row], by_key: dict[tuple[str, str, str], _Row], rules: Rules) -> None:
    """What an ordered variable needs: thresholds, no intercept, and a scale or a residual variance of 1."""
    wanted = [("|", f"t{k + 1}") for k in range(rules.thresholds[name])] + [("~1", ""), ("~~", name)]
    for op, rhs in [*wanted, *([] if rules.theta else [("~*~", name)])]:
        key = (name, op, rhs)
        if key not in by_key:
            by_key[key] = _Row(name, op, rhs)
            rows.append(by_key[key])
        row = by_key[key]
        if op == "~1" and not row.user:
            row.fix(0.0)
        elif op == "~*~" or (op == "~~" and rules.theta):
            row.fix(1.0)
        elif op == "~~":
            row.free, row.derived = False, True


def _given(row: _Row, given: bool) -> None:
    if given:
        row.free, row.exo = False, True


def _apply(row: _Row, modifier: Modifier, group: int, n_groups: int, model: Model) -> None:
    if len(modifier.values) not in (1, n_groups):
        fault("E915", model.text, modifier.position, n=len(modifier.values), groups=n_groups)
    value = modifier.of(group)
    if modifier.kind == "free" or (modifier.kind == "fixed" and value is None):
        row.free, row.value, row.exo = True, NAN, False
    elif isinstance(value, float):
        if modifier.kind == "fixed":
            row.fix(value)
            row.exo = False
        else:
            row.start = value
    elif isinstance(value, str):
        if modifier.kind == "equal":
            row.equal_to = value
        else:
            row.label = value


def _free_later_groups(rows: list[_Row], rules: Rules, roles: Roles) -> None:
    """What equality over groups identifies becomes free after the first group."""
    for row in rows:
        if row.user or row.lhs not in roles.latent:
            continue
        mean = row.op == "~1" and "intercepts" in rules.group_equal and "means" not in rules.group_equal
        spread = rules.std_lv and row.op == "~~" and row.lhs == row.rhs and "loadings" in rules.group_equal
        if mean or (spread and "lv_variances" not in rules.group_equal):
            row.free, row.value = True, NAN
    if "thresholds" not in rules.group_equal:
        return
    partial = {_partial_key(text) for text in rules.group_partial}
    for row in rows:
        if row.lhs in rules.thresholds and not row.user and _loosened(row, rules, row.key in partial):
            row.free, row.value = True, NAN


def _loosened(row: _Row, rules: Rules, partial: bool) -> bool:
    """Whether equal thresholds identify a parameter of an ordered variable (Wu & Estabrook 2016, Psychometrika 81,
    1014-1045): its intercept, and its scale or residual variance. One threshold alone tells no stretch; with the
    loadings equal the residual variance is what is left to differ."""
    equal = rules.group_equal
    if row.op == "~1":
        return "intercepts" not in equal or partial
    stretch = row.op == "~*~" or (row.op == "~~" and row.lhs == row.rhs and rules.theta)
    told = rules.thresholds[row.lhs] > 1 or "loadings" in equal
    return stretch and told and ("residuals" not in equal or partial)


def _kind_of(row: _Row, roles: Roles) -> str:
    same, latent = row.lhs == row.rhs, row.lhs in roles.latent
    return {
        "=~": "loadings",
        "~": "regressions",
        "|": "thresholds",
        "~1": "means" if latent else "intercepts",
        "~~": ("lv_" if latent else "residual_") + ("variances" if same else "covariances"),
    }.get(row.op, "").replace("residual_variances", "residuals")


def _equal_over_groups(blocks: list[list[_Row]], rules: Rules, roles: Roles) -> None:
    partial = {_partial_key(text) for text in rules.group_partial}
    later = [{row.key: row for row in rows} for rows in blocks[1:]]
    for number, row in enumerate(blocks[0], 1):
        if _kind_of(row, roles) not in rules.group_equal or row.key in partial or row.exo or not row.free:
            continue
        twins = [rows[row.key] for rows in later if row.key in rows]
        if any(twin.label and twin.label != row.label for twin in twins):
            continue  # the user's own labels say which groups are equal
        row.label = row.label or f".p{number}."
        for twin in twins:
            if twin.free:
                twin.label = row.label


def _partial_key(text: str) -> tuple[str, str, str]:
    plain = "".join(text.split())
    for op in ("=~", "~~", "~*~", "~1", "~", "|"):
        if op in plain:
            left, _, right = plain.partition(op)
            return _Row(left, op, right).key
    return plain, "", ""


def _equal_terms(rows: list[_Row], model: Model) -> None:
    by_name = {f"{row.lhs}{row.op}{row.rhs}": row for row in rows}
    for row in rows:
        if not row.equal_to:
            continue
        target = by_name.get(row.equal_to)
        if target is None:
            fault("E918", model.text, max(model.text.find("equal("), 0), name=row.equal_to)
        target.label = target.label or f".e{rows.index(target) + 1}."
        row.label = target.label


def _check_labels(model: Model, table: ParameterTable) -> None:
    known = {row.label for row in table.rows if row.label}

    def near(name: str) -> list[str]:
        return get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)[:5]

    for equation in (*model.definitions, *model.constraints):
        for formula in (equation.left, equation.right):
            for name in formula.names if formula is not None else ():
                if name not in known:
                    at = model.text.find(name, equation.position)
                    fault("E916", model.text, max(at, equation.position), name=name, near=near(name))
        if equation.op == ":=":
            known.add(equation.name)
