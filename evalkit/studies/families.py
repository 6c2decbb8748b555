"""Results of several analyses in, their tests as one family with adjusted p-values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import (
    KEYS,
    AnalysisError,
    Cell,
    Drop,
    Head,
    Label,
    Note,
    Problem,
    Result,
    Row,
    Table,
    tidy_frame,
)
from evalkit.descriptive.comparison.adjustment import METHODS, adjusted
from evalkit.studies.imputation.naming import Naming, given

ADJUSTMENTS = tuple(name for name in METHODS if name != "none")
ALPHA = 0.05
_ASIDE = (
    "intercept", "threshold.", "model.", "test.", "variance.", "sd.", "covariance.", "ame.", "mem.", "floodlight.",
    "predicted.", "beta.", "anova.", "equivalence", "levene", "bartlett", "fligner", "shapiro", "mean.",
)  # fmt: skip
_NO_EFFECTS = ("variance", "covariance", "intercept", "loading", "threshold", "scale")
"""What terms and levels are no tests of the question that an analysis asks."""
_COMPARISONS = ("CompareResult", "KnownGroupsResult")
_SERIES = ("RegressionResult", "OutcomeResult", "MixedResult", "ModerationResult", "SurfaceResult")
_MEDIATIONS = (
    "ChainResult", "PathModelResult", "NaturalResult", "MultilevelMediationResult", "LatentMediationResult",
    "LongitudinalMediationResult",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class FamilyResult:
    """Tests of several analyses, adjusted for their number.

    Attributes
    ----------
    tests : DataFrame
        step, the keys of the test, estimate, p_value, p_adjusted, n_obs.
    words : tuple of (Label, Label)
        Analysis and test of each row.
    method : str
        One of `ADJUSTMENTS`.
    n_obs : int
        Rows of the analysis that used fewest.
    """

    tests: pd.DataFrame
    words: tuple[tuple[Label, Label], ...]
    method: str
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("family",)

    def tidy(self) -> pd.DataFrame:
        """A row a test; `model` is its analysis and, after a slash, its model."""
        columns = {
            name: self.tests[name].tolist() for name in (*KEYS[1:], "estimate", "p_value", "n_obs", "p_adjusted")
        }
        model = [f"{s}/{m}" if given(m) else s for s, m in zip(self.tests["step"], self.tests["model"], strict=True)]
        return tidy_frame(len(self.tests), model=model, **columns)

    def glance(self) -> pd.DataFrame:
        """Tests, and the smallest adjusted p."""
        least = float(self.tests["p_adjusted"].min()) if len(self.tests) else np.nan
        return pd.DataFrame([{"n_obs": self.n_obs, "count": len(self.tests), "p_adjusted": least}]).astype(float)

    def table(self, template: str = "family") -> Table:
        """Analysis, test, estimate, p and adjusted p.

        Raises
        ------
        AnalysisError
            E652 for an unknown template.
        """
        if template not in self.templates:
            raise AnalysisError(Problem("E652", params={"name": template, "known": list(self.templates)}))
        rows, before = [], None
        for (step, test), row, key in zip(self.words, self.tests.to_dict("records"), self._ids(), strict=True):
            cells = (
                Cell(step if step != before else "", "label"),
                Cell(test, "label"),
                *(_cell(row[name], name, f"{key}#{name}") for name in ("estimate", "p_value", "p_adjusted")),
            )
            rows.append(Row(cells))
            before = step
        heads = ("family.step", "family.test", "family.estimate", "family.p", "family.p_adjusted")
        return Table("family", template, Label("family.title"), (tuple(map(Head, heads)),), tuple(rows), self._notes())

    def _ids(self) -> list[str]:
        keys = self.tidy()[list(KEYS)]
        return ["/".join(str(v) for v in key if given(v)) for key in keys.itertuples(index=False)]

    @property
    def label(self) -> Label:
        """Number of tests and method in words."""
        how = Label(f"descriptive.compare.adjust.{self.method}")
        return Label("family.of", k=len(self.tests), adjust=how)

    def _notes(self) -> tuple[Note, ...]:
        rate = "rate" if self.method in ("bh", "by") else "error"
        notes = [Note("general", self.label), Note("general", f"family.note_{rate}")]
        lost = (self.tests["p_value"] < ALPHA) & (self.tests["p_adjusted"] >= ALPHA)
        names = [test for (_, test), gone in zip(self.words, lost, strict=True) if gone]
        if names:
            zh, en = ("、".join(n.text("zh") for n in names), ", ".join(n.text("en") for n in names))
            notes.append(Note("general", Label("family.lost", names=Label(zh=zh, en=en), alpha=f"{ALPHA:g}")))
        return tuple(notes)


def adjust_tests(
    results: Mapping[str, Result],
    *,
    terms: Sequence[str] = (),
    method: str = "holm",
    titles: Mapping[str, Label] | None = None,
) -> FamilyResult:
    """The tests of several analyses as one family.

    Parameters
    ----------
    results : mapping
        Name of the analysis -> its result.
    terms : list of str
        Which tests: the term, or the whole path (as `model/outcome/group/term/level` with empty parts dropped), with
        `*` for any letters. By default every test of an analysis but those of constants, variances, assumptions and
        whole models: of models block by block those of the last, of comparisons the test over all groups, of
        mediations the effects.
    method : {"holm", "hochberg", "hommel", "bonferroni", "bh", "by"}
        `bh` and `by` hold the share of false discoveries, the others the chance of any.
    titles : mapping, optional
        What the analyses are called in the table.

    Returns
    -------
    FamilyResult
        Rows without a p-value take no part and are named (N6782).

    Raises
    ------
    AnalysisError
        E6783 for an unknown method; E6781 for a term that no analysis has, or where there are no tests.

    Notes
    -----
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70; Hochberg (1988); Hommel (1988); Benjamini & Hochberg
    (1995), JRSS B 57, 289-300; Benjamini & Yekutieli (2001).
    """
    if method not in ADJUSTMENTS:
        raise AnalysisError(Problem("E6783", params={"name": method, "known": list(ADJUSTMENTS)}))
    rows, words, seen, without = [], [], set(), []
    near: list[str] = []
    for name, result in results.items():
        naming = Naming(getattr(result, "labels", None) or {}, _source(result))
        for row, path, last, asked in _candidates(result):
            near += [path] if asked else []
            wanted = [term for term in terms if _meant(term, row, path, last)]
            seen.update(wanted)
            if not (wanted if terms else asked):
                continue
            if not np.isfinite(row["p_value"]):
                without += [f"{name}/{path}"] if terms else []
                continue
            rows.append({"step": name} | row)
            words.append(((titles or {}).get(name) or Label(zh=name, en=name), naming.row(row, outcome=True)))
    strange = [term for term in terms if term not in seen]
    if strange or not rows:
        params = {"terms": strange or list(terms) or list(results), "near": list(dict.fromkeys(near))[:12]}
        raise AnalysisError(Problem("E6781", params=params))
    frame = pd.DataFrame(rows)
    frame["p_adjusted"] = adjusted(frame["p_value"].to_numpy(float), method)
    return FamilyResult(
        tests=frame,
        words=tuple(words),
        method=method,
        n_obs=min(int(result.n_obs) for result in results.values()),
        notices=(Problem("N6782", params={"terms": without}),) if without else (),
    )


def _source(result: Any) -> str:
    """Class of the result, or of the results pooled in it."""
    return str(getattr(result, "source", None) or type(result).__name__)


def _candidates(result: Any) -> Iterator[tuple[dict[str, Any], str, bool, bool]]:
    """Rows of a result, their paths, whether they stand in its last model, and whether they are what it asks."""
    tidy = result.tidy()
    keys = tidy[list(KEYS)].astype(object)
    keys = keys.where(keys.notna(), None)
    p = tidy["p_value"].to_numpy(float)
    if "p_boot" in tidy:  # the conclusion of a bootstrapped regression rests on it
        p = np.where(np.isfinite(tidy["p_boot"].to_numpy(float)), tidy["p_boot"].to_numpy(float), p)
    last = _last_model(result, keys["model"])
    for i, key in enumerate(keys.itertuples(index=False, name=None)):
        row: dict[str, Any] = dict(zip(KEYS, key, strict=True))
        row |= {"estimate": float(tidy["estimate"].iloc[i]), "p_value": float(p[i])}
        row["n_obs"] = float(tidy["n_obs"].iloc[i])
        here = last is None or row["model"] in (None, last)
        path = "/".join(str(v) for v in key if v is not None)
        yield row, path, here, here and np.isfinite(p[i]) and not _is_path(result, i, row) and _asked(result, row)


def _last_model(result: Any, models: pd.Series) -> str | None:
    """The last of models that were entered block by block."""
    named = [name for name in dict.fromkeys(models) if name is not None]
    return str(named[-1]) if _source(result) in _SERIES and named else None


def _meant(term: str, row: Mapping[str, Any], path: str, last: bool) -> bool:
    """A path means its row; a term alone that of the last model."""
    return fnmatchcase(path, term) or (last and fnmatchcase(str(row["term"]), term))


def _is_path(result: Any, place: int, row: Mapping[str, Any]) -> bool:
    """Whether a row of a mediation is a coefficient, not an effect."""
    effects = getattr(result, "effects", None)
    if _source(result) in _MEDIATIONS and isinstance(effects, pd.DataFrame):
        return place >= len(effects)
    return _source(result) in _MEDIATIONS and row["outcome"] is not None


def _asked(result: Any, row: Mapping[str, Any]) -> bool:
    """Whether a row is a test of the question that its analysis asks."""
    term = str(row["term"])
    if _source(result) in _COMPARISONS:
        return term in ("test", "difference")
    return not term.startswith(_ASIDE) and row["level"] not in _NO_EFFECTS


def _cell(value: float, kind: str, id: str) -> Cell:
    if not np.isfinite(value):
        return Cell(None, kind)
    return Cell(float(value), kind, id=id)
