"""Answers in, what is missing out: by item, group, kind and pattern, and whether it is missing by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import (
    MISSING_KINDS,
    AnalysisError,
    Drop,
    Figure,
    Label,
    Problem,
    Table,
    attach,
    codebook_of,
    label_of,
    require_columns,
    tidy_frame,
)
from evalkit.quality import missing_tables as tables
from evalkit.quality.checks import answered, not_asked
from evalkit.quality.mcar import LittleTest, little_test
from evalkit.quality.respondents import FLAGS, NOT_ASKED, both, kinds_of
from evalkit.quality.scope import Scope, scope_of
from evalkit.quality.twins import equal_rows

MOST_COVERAGE = 12
MOST_GROUPS = 20
MOST_TOLD = 50
_NUMERIC = ("item", "ordinal", "number", "score", "count")


@dataclass(frozen=True)
class ItemMissing:
    """One item: respondents asked, missing among them, all gaps by kind, and (asked, missing) by group."""

    name: str
    n_asked: int
    n_missing: int
    kinds: Mapping[str, int]
    groups: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Pattern:
    """One pattern: `key` has a 1 for each item answered (or not asked) and a 0 for each gap, in order."""

    key: str
    missing: tuple[str, ...]
    count: int


@dataclass(frozen=True, eq=False)
class MissingAnswers:
    """What is missing. `n_obs` counts all rows; `coverage` is the share answered by pair, shape (k, k)."""

    items: tuple[ItemMissing, ...]
    groups: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    rows_by_gaps: Mapping[int, int]
    coverage: pd.DataFrame
    little: LittleTest
    little_items: tuple[str, ...]
    contradictions: Mapping[str, int]
    labels: Mapping[str, Label]
    group_labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """Items and Little's test; patterns where there are gaps; coverage of up to twelve items."""
        wanted = {
            "missing": True,
            "patterns": self.n_gaps > 0,
            "coverage": 1 < len(self.items) <= MOST_COVERAGE and self.n_gaps > 0,
            "mcar": True,
        }
        return tuple(name for name, there in wanted.items() if there)

    @property
    def n_cells(self) -> int:
        """Answers asked for."""
        return sum(item.n_asked for item in self.items)

    @property
    def n_gaps(self) -> int:
        """Answers asked for and missing."""
        return sum(item.n_missing for item in self.items)

    @property
    def n_rows_with_gaps(self) -> int:
        return self.n_obs - self.rows_by_gaps.get(0, 0)

    def tidy(self) -> pd.DataFrame:
        """Items, kinds (level `kind.x`), groups, pairs (level `with.x`), patterns and the whole, a row each.

        Of an item: `n_obs` were asked, `n_missing` of them did not answer, `estimate` is the per cent of those asked;
        `count` and `percent` are all gaps of the column. Rows of the whole have the terms `all.cells`, `all.rows`,
        `all.gaps` (level: gaps of a row), `all.pattern` (the 50 most frequent) and `all.little`. Pairs stand here
        for up to twelve items; `coverage` and `patterns` have them all.
        """
        rows: list[dict[str, object]] = []
        for item in self.items:
            rows.append({"term": item.name} | self._numbers(item))
            rows += [self._share(n, term=item.name, level=f"kind.{kind}") for kind, n in item.kinds.items()]
            for level, (asked, missing) in item.groups.items():
                own = {"n_obs": asked, "n_missing": missing, "estimate": _percent(missing, asked)}
                rows.append({"term": item.name, "group": level} | own)
        names = list(self.coverage)
        for i, name in enumerate(names if len(names) <= MOST_COVERAGE else ()):
            for j in range(i):
                share = 100 * float(self.coverage.iloc[i, j])
                rows.append({"term": name, "level": f"with.{names[j]}", "percent": share, "estimate": share})
        rows += [{"term": name, "level": "astray", "count": n} for name, n in self.contradictions.items()]
        rows.append({"term": "all.cells", "n_obs": self.n_cells, "count": self.n_gaps,
                     "percent": _percent(self.n_gaps, self.n_cells)})  # fmt: skip
        rows.append(self._share(self.n_rows_with_gaps, term="all.rows"))
        rows += [self._share(n, term="all.gaps", level=str(gaps)) for gaps, n in self.rows_by_gaps.items()]
        rows += [self._share(p.count, term="all.pattern", level=p.key) for p in self.patterns[:MOST_TOLD]]
        test = self.little
        rows.append({"term": "all.little", "statistic": test.statistic, "df": test.df, "p_value": test.p_value,
                     "n_obs": test.n_obs, "count": test.n_patterns})  # fmt: skip
        text, numbers = ("group", "term", "level"), ("estimate", "statistic", "df", "p_value", "n_obs", "count",
                                                     "n_missing", "percent")  # fmt: skip
        columns = {n: [r.get(n, None if n in text else np.nan) for r in rows] for n in (*text, *numbers)}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: rows, items, gaps (`n_missing`) and their per cent of what was asked, Little's test."""
        test = self.little
        numbers = (self.n_obs, len(self.items), self.n_gaps, _percent(self.n_gaps, self.n_cells),
                   test.statistic, test.df, test.p_value)  # fmt: skip
        names = ("n_obs", "n_items", "n_missing", "percent", "statistic", "df", "p_value")
        return pd.DataFrame([dict(zip(names, map(float, numbers), strict=True))])

    def table(self, template: str = "missing") -> Table:
        """`missing` (items), `patterns`, `coverage` or `mcar`."""
        makers = {
            "missing": tables.items_table,
            "patterns": tables.patterns_table,
            "coverage": tables.coverage_table,
            "mcar": tables.mcar_table,
        }
        return makers[template](self)

    def figure(self) -> Figure | None:
        """The most frequent patterns over the items they lack; None where nothing is missing."""
        return tables.upset(self)

    def _numbers(self, item: ItemMissing) -> dict[str, object]:
        gaps = sum(item.kinds.values())
        return {
            "estimate": _percent(item.n_missing, item.n_asked),
            "n_obs": item.n_asked,
            "n_missing": item.n_missing,
            "count": gaps,
            "percent": _percent(gaps, self.n_obs),
        }

    def _share(self, n: int, **keys: str) -> dict[str, object]:
        return {**keys, "count": n, "n_obs": self.n_obs, "percent": _percent(n, self.n_obs)}


@dataclass(frozen=True, eq=False)
class _Gaps:
    """Gaps of each item: kinds (0 = answered), shape (n, k), and whether the item was asked."""

    names: tuple[str, ...]
    columns: Mapping[str, list[str]]
    kinds: np.ndarray

    @property
    def asked(self) -> np.ndarray:
        return ~np.isin(self.kinds, NOT_ASKED)

    @property
    def lacking(self) -> np.ndarray:
        """Asked and missing."""
        return self.asked & (self.kinds > 0)


def missing_answers(
    data: pd.DataFrame, variables: Sequence[str] | None = None, *, by: str | None = None
) -> MissingAnswers:
    """Describe what is missing.

    Parameters
    ----------
    data : DataFrame
    variables : sequence of str, optional
        Columns, scale ids (their items, not their scores) and ids of multiple-response questions; by default every
        answer.
    by : str, optional
        Column whose values are the groups, at most 20.

    Returns
    -------
    MissingAnswers
        Shares by item, kind and group; patterns; coverage by pair; Little's test over the items that hold numbers
        and were asked of all; answers given to questions that were not asked. A question not asked is no gap.

    Raises
    ------
    AnalysisError
        E600 for an unknown name; E807 if `by` has too many values; E808 without any variable.

    Notes
    -----
    Little (1988), Journal of the American Statistical Association 83, 1198-1202. A small p says that values are not
    missing completely at random; a large one does not say that they are.
    """
    data = attach(data, codebook_of(data))
    scope = scope_of(data, None, {"respondent_id": None, "duration": None, "submitted": None})
    gaps = _gaps(scope, variables)
    levels, group_labels = _levels(data, by)
    tested = [name for name in gaps.names if _testable(scope, gaps, name)]
    little = little_test(data[tested].to_numpy(dtype=float, na_value=np.nan))
    n_gaps, size = np.unique(gaps.lacking.sum(axis=1), return_counts=True)
    return MissingAnswers(
        items=tuple(_items(gaps, data[by] if by else None, levels)),
        groups=tuple(levels),
        patterns=_patterns(gaps),
        rows_by_gaps={int(k): int(n) for k, n in zip(n_gaps, size, strict=True)},
        coverage=_coverage(gaps),
        little=little,
        little_items=tuple(tested),
        contradictions=_contradictions(scope, gaps),
        labels={name: label_of(data, name) for name in gaps.names},
        group_labels=group_labels,
        n_obs=len(data),
        notices=tuple(_notices(gaps, tested, little)),
    )


def _gaps(scope: Scope, variables: Sequence[str] | None) -> _Gaps:
    data, book = scope.data, scope.book
    if variables is None:
        plain = not book.scales and book.missing is None and not any(v.item for v in book.variables.values())
        own = [str(c) for c in data.columns if c not in FLAGS] if plain else list(scope.questions)
        variables = [name for name in own if not name.endswith("__text")]
    columns: dict[str, list[str]] = {}
    for name in variables:
        if name in book.scales and book.scales[name].columns:
            columns |= {item: [item] for item in map(scope.as_given, book.scales[name].columns)}
        elif name in data:
            columns[name] = [name]
        elif name in scope.questions:
            columns[name] = scope.questions[name]
        else:
            require_columns(data, [name])
    if not columns:
        raise AnalysisError(Problem("E808"))
    blank = {name: data[own].isna().to_numpy().all(axis=1) for name, own in columns.items()}
    kinds = np.column_stack([kinds_of(data, book, own[:1]).to_numpy()[:, 0] for own in columns.values()])
    # Values decide what is a gap; the kept kinds only say why.
    unknown = (kinds == 0) * np.int8(MISSING_KINDS.index("no_answer")) + kinds
    kinds = np.where(np.column_stack(list(blank.values())), unknown, 0)
    return _Gaps(tuple(columns), columns, kinds.astype(np.int8))


def _levels(data: pd.DataFrame, by: str | None) -> tuple[list[str], dict[str, Label]]:
    if by is None:
        return [], {}
    require_columns(data, [by])
    values = sorted(data[by].dropna().unique().tolist(), key=lambda v: (isinstance(v, str), v))
    if len(values) > MOST_GROUPS:
        raise AnalysisError(Problem("E807", params={"name": by, "n": len(values), "most": MOST_GROUPS}))
    worded = {_code(c.code): Label(zh=c.zh or _code(c.code), en=c.en or _code(c.code))
              for c in codebook_of(data).variables[by].categories}  # fmt: skip
    return [_code(v) for v in values], {_code(v): worded.get(_code(v), Label(zh=_code(v), en=_code(v))) for v in values}


def _code(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _items(gaps: _Gaps, by: pd.Series | None, levels: Sequence[str]) -> list[ItemMissing]:
    asked, lacking = gaps.asked, gaps.lacking
    group = np.array([_code(v) for v in by.tolist()], dtype=object) if by is not None else np.empty(0, dtype=object)
    rows = {level: group == level for level in levels}
    found = []
    for j, name in enumerate(gaps.names):
        counts = np.bincount(gaps.kinds[:, j], minlength=len(MISSING_KINDS))
        kinds = {kind: int(n) for kind, n in zip(MISSING_KINDS[1:], counts[1:], strict=True) if n}
        groups = {level: (int(asked[at, j].sum()), int(lacking[at, j].sum())) for level, at in rows.items()}
        found.append(ItemMissing(name, int(asked[:, j].sum()), int(lacking[:, j].sum()), kinds, groups))
    return found


def _patterns(gaps: _Gaps) -> tuple[Pattern, ...]:
    """Most frequent first, equally frequent ones in order of appearance."""
    lacking = gaps.lacking
    _, size, first = equal_rows(lacking.astype(np.uint8))
    order = np.argsort(-size, kind="stable")
    return tuple(
        Pattern(
            "".join("0" if gap else "1" for gap in lacking[first[i]]),
            tuple(gaps.names[j] for j in np.flatnonzero(lacking[first[i]])),
            int(size[i]),
        )
        for i in order
    )


def _coverage(gaps: _Gaps) -> pd.DataFrame:
    seen = (gaps.kinds == 0).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.DataFrame(seen.T @ seen / np.float64(len(seen)), index=gaps.names, columns=gaps.names)


def _testable(scope: Scope, gaps: _Gaps, name: str) -> bool:
    """Numbers that vary, asked of everybody: a gap by design would be read as one by chance."""
    if name not in scope.data or scope.book.variables[name].kind not in _NUMERIC:
        return False
    column = scope.data[name]
    everybody = bool(gaps.asked[:, gaps.names.index(name)].all())
    return everybody and pd.api.types.is_numeric_dtype(column) and column.nunique() > 1


def _contradictions(scope: Scope, gaps: _Gaps) -> dict[str, int]:
    """Questions answered though their condition does not hold, and by how many."""
    found = {}
    for condition, questions in scope.conditions().items():
        wanted = [q for q in questions if q in gaps.columns]
        astray = not_asked(scope, condition) if wanted else np.zeros(0, dtype=bool)
        found |= {q: int((astray & answered(scope, q)).sum()) for q in wanted}
    return {question: n for question, n in found.items() if n}


def _notices(gaps: _Gaps, tested: Sequence[str], little: LittleTest) -> list[Problem]:
    left = [name for name in gaps.names if name not in tested]
    found = [Problem("N805", params={"names": left[:20], "n": len(left)})] if left and len(tested) > 1 else []
    if little.reason and little.reason != "no_gaps":
        zh, en = both(Label(f"quality.reason.{little.reason}"))
        found.append(Problem("W806", params={"reason": {"zh": zh, "en": en}}))
    return found


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else np.nan
