"""Scales in; how models with fewer factors, or a second-order one, fit beside one factor a scale out (table T8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Cell,
    Drop,
    Head,
    Label,
    Note,
    Problem,
    Row,
    Table,
    label_of,
    tidy_frame,
)
from evalkit.measurement.method_effects.candidates import (
    Candidate,
    Setting,
    Tried,
    cells,
    difference_cells,
    free_name,
    measurement,
)
from evalkit.measurement.reported_fit import UNCORRECTED
from evalkit.measurement.validation.scales import Scales, complete_rows, scales_of
from evalkit.sampling import Design, design_of

_NAN = float("nan")


NAMED = 8
"""Most scales that T8 names one by one."""
_MARKS = {"zh": "；", "en": "; "}


@dataclass(frozen=True, eq=False)
class ComparisonResult:
    """Competing models over the same rows.

    Parameters
    ----------
    models : tuple of Candidate
        The first has one factor a scale; the others differ from it by `against`.
    target : float
        Target coefficient of the second-order model, chi-square of the first model over its own; nan without it.
    """

    models: tuple[Candidate, ...]
    target: float
    estimator: str
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T8",)

    @property
    def rivals(self) -> tuple[Candidate, ...]:
        """Models whose AIC is no higher than the first's, but for a second-order model that is the same one."""
        bound = self.models[0].measures["aic"]
        others = [m for m in self.models[1:] if not (m.id == "second_order" and m.against.df == 0)]
        return tuple(m for m in others if m.measures["aic"] <= bound)

    def tidy(self) -> pd.DataFrame:
        """Every measure of every model, its difference from the first, and the target coefficient."""
        rows: list[dict[str, Any]] = [row for m in self.models for row in m.rows(self.n_obs)]
        rows.append({"term": "model.target", "estimate": self.target, "n_obs": self.n_obs})
        names = ("model", "term", "estimate", "statistic", "df", "p_value", "n_obs")
        columns = {k: [r.get(k, None if k in ("model", "term") else _NAN) for r in rows] for k in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: the model of one factor a scale, and how many others fit no worse by AIC (`count`)."""
        first = self.models[0]
        names = ("chisq", "df", "p_value", "chisq_df", "cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "srmr", "aic",
                 "bic")  # fmt: skip
        row = {n: first.measures[n] for n in names}
        return pd.DataFrame([{"model": first.id, **row, "count": len(self.rivals), "n_obs": self.n_obs}])

    def table(self, template: str = "T8") -> Table:
        """T8: model, factors, chi-square, df, ratio, RMSEA with 90 % interval, SRMR, CFI, TLI, difference."""
        heads = ("method.model", "method.makeup", "structural.chisq", "df", "structural.chisq_df", "structural.rmsea",
                 "structural.rmsea_interval", "structural.srmr", "structural.cfi", "structural.tli",
                 "method.chisq_change", "method.df_change")  # fmt: skip
        rows = []
        for m in self.models:
            ends = Cell((m.measures["rmsea_low"], m.measures["rmsea_high"]), "interval", reason="method.reason_fit")
            first = (Cell(m.label, "label"), Cell(m.makeup, "text"), *cells(m, "chisq", "df", "chisq_df", "rmsea"))
            rows.append(Row((*first, ends, *cells(m, "srmr", "cfi", "tli"), *difference_cells(m.against))))
        notes = [Label("method.note_t8"), Label("method.note_t8_norms")]
        if np.isfinite(self.target):
            notes.append(Label("method.note_target", target=f"{self.target:.3f}"))
        corrected = self.estimator not in UNCORRECTED
        key = "method.note_corrected" if corrected else "structural.note_method"
        notes.append(Label(key, estimator=self.estimator, n=self.n_obs))
        general = tuple(Note("general", label) for label in notes)
        return Table("compare_models", template, Label("method.t8"), (tuple(map(Head, heads)),), tuple(rows), general)


def compare_models(
    data: pd.DataFrame,
    scales: Scales,
    *,
    joined: Sequence[Sequence[str]] | None = None,
    steps: int = 4,
    second_order: bool = True,
    models: Mapping[str, str] | None = None,
    estimator: str | None = None,
    ordinal: bool | Sequence[str] = False,
    cluster: str | None = None,
    design: Design | None = None,
) -> ComparisonResult:
    """Confirmatory models that compete: one factor a scale, scales joined, a single factor, a second-order factor.

    Parameters
    ----------
    data : DataFrame
    scales : str, sequence of str or mapping
        Ids, or items by name of a factor.
    joined : sequence of sequences of str, optional
        For each further model the scales that share one factor in it. By itself the two factors with the highest
        latent correlation are joined, again and again.
    steps : int
        How many models of joined factors are tried by themselves; the single factor always follows.
    second_order : bool
        Try one factor above the others; takes three scales, and says something from four on (N717).
    models : mapping, optional
        Further models by name, in lavaan's language over the same items.
    estimator, ordinal, cluster, design
        As in `cfa`.

    Returns
    -------
    ComparisonResult
        Over the rows complete on every item. A model that cannot be fitted is nan with a notice (W715).

    Raises
    ------
    ModelError
        E900-E919 for the text of `models`.
    AnalysisError
        E600, E610, E611, E770; E718 for scales in `joined` that are none of `scales`, or fewer than two.

    Notes
    -----
    Differences: see `structure.compare`. Target coefficient: Marsh & Hocevar (1985), Psychological Bulletin 97,
    562-582.
    """
    wanted = scales_of(data, scales)
    members = {s.id: s.columns for s in wanted}
    labels = {s.id: s.label for s in wanted}
    unknown = [list(part) for part in joined or () if len(set(part)) < 2 or not set(part) <= set(members)]
    if unknown:
        raise AnalysisError(Problem("E718", params={"names": unknown[0], "known": list(members)}))
    columns = [c for own in members.values() for c in own]
    complete = complete_rows(data, columns)[1]
    setting = Setting(
        data[complete], estimator, Design(clusters=cluster) if cluster else design_of(data, design), ordinal
    )
    first = _grouped(setting, [[name] for name in members], members, labels)
    tried = [first, *_joined(setting, first, members, labels, joined, steps)]
    notices: list[Problem] = []
    target = _NAN
    if second_order and len(members) > 2:
        higher = _second_order(setting, members, labels)
        tried.append(higher)
        if higher.fit is not None and first.fit is not None and higher.fit.converged and first.fit.converged:
            target = first.fit.test.statistic / higher.fit.test.statistic
        if len(members) == 3:
            notices.append(Problem("N717"))
    for name, text in (models or {}).items():
        words = Label(zh=name, en=name)
        tried.append(setting.tried(f"given{1 + sum(t.id.startswith('given') for t in tried)}", words, text))
    candidates, found = [first.candidate()], list(first.notices)
    for model in tried[1:]:
        difference, more = model.difference(first) if _comparable(model, first) else (None, ())
        candidates.append(model.candidate(difference))
        found += [*model.notices, *more]
    lost = int((~complete).sum())
    return ComparisonResult(
        tuple(candidates), target, first.fit.options.estimator if first.fit is not None else estimator or "ML",
        labels | {c: label_of(data, c) for c in columns}, int(complete.sum()),
        (Drop("drop.incomplete", lost),) if lost else (), tuple(dict.fromkeys([*found, *notices])),
    )  # fmt: skip


def _comparable(one: Tried, other: Tried) -> bool:
    """Whether both are models of the same variables."""
    if one.fit is None or other.fit is None:
        return True
    return set(one.fit.table.observed) == set(other.fit.table.observed)


def _grouped(
    setting: Setting, groups: Sequence[Sequence[str]], members: Mapping[str, Sequence[str]], labels: Mapping[str, Label]
) -> Tried:
    """A model with one factor for each group of scales."""
    factors = {part[0]: [c for name in part for c in members[name]] for part in groups}
    makeup = _makeup(groups, labels)
    id = "factors" + "_".join(str(len(part)) for part in groups) if len(groups) < len(members) else "full"
    at = {name: i for i, name in enumerate(members, 1)}
    if 1 < len(groups) < len(members):
        id = "joined_" + "_".join("+".join(str(at[n]) for n in part) for part in groups if len(part) > 1)
    elif len(groups) == 1 and len(members) > 1:
        id = "single"
    return setting.tried(id, Label("method.n_factors", k=len(groups)), measurement(factors), makeup)


def _makeup(groups: Sequence[Sequence[str]], labels: Mapping[str, Label]) -> Label:
    """Which scales stand under which factor; of many, only those that were joined."""
    if sum(map(len, groups)) > NAMED:
        if len(groups) == 1:
            return Label("method.makeup_single")
        joined = [part for part in groups if len(part) > 1]
        if not joined:
            return Label("method.makeup_each")
        said = {lang: mark.join(_sum(part, labels, lang) for part in joined) for lang, mark in _MARKS.items()}
        return Label("method.makeup_joined", joined=Label(**said))
    return Label(**{lang: mark.join(_sum(part, labels, lang) for part in groups) for lang, mark in _MARKS.items()})


def _sum(part: Sequence[str], labels: Mapping[str, Label], lang: str) -> str:
    return " + ".join(labels[name].text(lang) for name in part)


def _joined(
    setting: Setting, first: Tried, members: Mapping[str, Sequence[str]], labels: Mapping[str, Label],
    joined: Sequence[Sequence[str]] | None, steps: int,
) -> Iterator[Tried]:  # fmt: skip
    """Models with joined scales, then the single factor."""
    groups = [[name] for name in members]
    if len(groups) < 2:
        return
    if joined is not None:
        for part in joined:
            if len(set(part)) < len(members):
                rest = [[n] for n in members if n not in part]
                yield _grouped(setting, [list(dict.fromkeys(part)), *rest], members, labels)
    else:
        model = first
        while len(groups) > 2 and steps > 0 and model.fit is not None and model.fit.converged:
            r = np.abs(np.tril(model.fit.latent_cor().to_numpy(), -1))
            i, j = np.unravel_index(r.argmax(), r.shape)
            groups = [g + groups[i] if k == j else g for k, g in enumerate(groups) if k != i]
            model = _grouped(setting, groups, members, labels)
            yield model
            steps -= 1
    yield _grouped(setting, [list(members)], members, labels)


def _second_order(setting: Setting, members: Mapping[str, Sequence[str]], labels: Mapping[str, Label]) -> Tried:
    used = {*members, *(c for own in members.values() for c in own), *map(str, setting.data.columns)}
    above = f"{free_name('higher', used)} =~ {' + '.join(members)}"
    names = Label(**{lang: _sum(list(members), labels, lang) for lang in _MARKS})
    makeup = Label("method.second_order_all" if len(members) > NAMED else "method.second_order_of", names=names)
    return setting.tried("second_order", Label("method.second_order"), measurement(members) + "\n" + above, makeup)
