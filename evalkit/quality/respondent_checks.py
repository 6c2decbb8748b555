"""Answers in, a dossier of every respondent out: all checks at once, and nobody is dropped."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

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
    tidy_frame,
)
from evalkit.quality.checks import all_checks
from evalkit.quality.found import Check
from evalkit.quality.scope import scope_of
from evalkit.quality.thresholds import CHECKS, with_defaults

MOST_DOSSIERS = 30
"""Respondents in the table of dossiers; `RespondentChecks.dossiers` has them all."""


@dataclass(frozen=True, eq=False)
class RespondentChecks:
    """Every check of every respondent. `n_obs` counts all rows; none is taken out."""

    checks: tuple[Check, ...]
    thresholds: Mapping[str, float]
    index: pd.Index
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("respondent_checks", "dossiers")

    @property
    def values(self) -> pd.DataFrame:
        """One row a respondent, one column a check; nan where there is no value. `n_flags` counts the flags."""
        columns = {check.name: check.values for check in self.checks}
        return pd.DataFrame(columns | {"n_flags": self._n_flags()}, index=self.index)

    @property
    def flags(self) -> pd.DataFrame:
        """One row a respondent, one column a check: 1 found, 0 not found, nan where nothing can be said."""
        return pd.DataFrame({check.name: check.flagged for check in self.checks}, index=self.index)

    def dossier(self, row: Hashable, *, lang: str = "en") -> pd.DataFrame:
        """All that is known about one respondent.

        Parameters
        ----------
        row : hashable
            Label of the row in the data's index.
        lang : str
            `zh` or `en`.

        Returns
        -------
        DataFrame
            One row a check: `check` (id), `wording`, `value`, `verdict` (flag, review, report, fine, not
            computable; in words), `rule` with its bounds, `reason` why nothing can be said, and `like_row`, the
            first row with the same or nearly the same answers (None without one).

        Raises
        ------
        AnalysisError
            E804 if there is no such row.
        """
        if row not in self.index:
            raise AnalysisError(Problem("E804", params={"row": row}))
        place = int(np.flatnonzero(self.index == row)[0])
        rows = []
        for check in self.checks:
            reason = check.reasons[check.reason[place]] if check.reason[place] >= 0 else ""
            partner = -1 if check.partner is None else int(check.partner[place])
            rows.append(
                {
                    "check": check.name,
                    "wording": _name(check).text(lang),
                    "value": check.values[place],
                    "verdict": Label(f"quality.verdict.{_verdict(check, place)}").text(lang),
                    "rule": self._rule(check).text(lang),
                    "reason": Label(f"quality.reason.{reason}").text(lang) if reason else "",
                    "like_row": self.index[partner] if partner >= 0 else None,
                }
            )
        found = pd.DataFrame(rows)
        found["like_row"] = pd.Series([row["like_row"] for row in rows], dtype=object)
        return found

    def dossiers(self, *, lang: str = "en") -> pd.DataFrame:
        """Every finding about every respondent.

        Returns
        -------
        DataFrame
            One row a finding, in the order of the data: `row`, `n_flags` of that respondent, `check`, `wording`,
            `value`, `verdict`, `rule`, `like_row`. Respondents without a finding have none.
        """
        flags = self._n_flags()
        parts = []
        for order, check in enumerate(self.checks):
            places = np.flatnonzero(check.flagged == 1)
            partner = np.full(len(places), -1) if check.partner is None else check.partner[places]
            verdict = Label(f"quality.verdict.{CHECKS[check.name][0]}").text(lang)
            like = pd.Series([self.index[k] if k >= 0 else None for k in partner], dtype=object)
            parts.append(
                pd.DataFrame(
                    {
                        "place": places,
                        "order": order,
                        "row": self.index[places],
                        "n_flags": flags[places],
                        "check": check.name,
                        "wording": _name(check).text(lang),
                        "value": check.values[places],
                        "verdict": verdict,
                        "rule": self._rule(check).text(lang),
                        "like_row": like,
                    }
                )
            )
        together = pd.concat(parts, ignore_index=True).sort_values(["place", "order"], kind="stable")
        return together.drop(columns=["place", "order"]).reset_index(drop=True)

    def tidy(self) -> pd.DataFrame:
        """One row a check (term), then one row each of its bounds (level).

        Of a check: `estimate` and `percent` are the per cent found among the rows that could be judged (`n_obs`),
        `count` their number, `n_missing` the rows that could not, and the median, least and greatest value.
        """
        rows: list[dict[str, object]] = []
        for check in self.checks:
            rows.append({"term": check.name} | _numbers(check))
            rows += [{"term": check.name, "level": b, "estimate": self.thresholds[b]} for b in CHECKS[check.name][1]]
        names = ("term", "level", "estimate", "n_obs", "count", "n_missing", "percent", "median", "min", "max")
        blank = {"term": None, "level": None}
        return tidy_frame(n_rows=len(rows), **{n: [r.get(n, blank.get(n, np.nan)) for r in rows] for n in names})

    def glance(self) -> pd.DataFrame:
        """One row: respondents, and how many have a flag at all (`count`)."""
        count = float((self._n_flags() > 0).sum())
        share = 100 * count / self.n_obs if self.n_obs else np.nan
        return pd.DataFrame({"n_obs": [float(self.n_obs)], "count": [count], "percent": [share]})

    def table(self, template: str = "respondent_checks") -> Table:
        """`respondent_checks`: each check with its rule and bounds, how many could be judged, how many were found, and
        its source. `dossiers`: the respondents with most flags, and what was found about each."""
        if template == "dossiers":
            return self._dossier_table()
        heads = ("quality.head.check", "quality.head.rule", "quality.head.judged", "quality.head.found", "percent",
                 "quality.head.action", "quality.head.source")  # fmt: skip
        rows = tuple(self._row(check) for check in self.checks)
        return Table(
            "respondent_checks",
            template,
            Label("quality.title"),
            (tuple(Head(head) for head in heads),),
            rows,
            tuple(self._notes()),
        )

    def _dossier_table(self) -> Table:
        flags = self._n_flags()
        anything = np.any([check.flagged == 1 for check in self.checks], axis=0)
        worst = np.flatnonzero(anything)[np.argsort(-flags[anything], kind="stable")]
        heads = ("quality.head.row", "quality.head.flags", "quality.head.findings")
        rows = []
        for place in worst[:MOST_DOSSIERS]:
            found = [check for check in self.checks if check.flagged[place] == 1]
            texts = {lang: [f"{_name(c).text(lang)} {c.values[place]:.4g}" for c in found] for lang in ("zh", "en")}
            said = Label(zh="；".join(texts["zh"]), en="; ".join(texts["en"]))
            cells = (Cell(str(self.index[place]), "label"), Cell(float(flags[place]), "count"), Cell(said, "label"))
            rows.append(Row(cells))
        note = Label("quality.note.dossiers", shown=len(rows), n=len(worst), all=self.n_obs)
        title = Label("quality.dossiers.title")
        return Table(
            "dossiers", "dossiers", title, (tuple(Head(h) for h in heads),), tuple(rows), (Note("general", note),)
        )

    def _row(self, check: Check) -> Row:
        none = not check.n_computed
        reason = f"quality.reason.{max(check.obstacles(), key=check.obstacles().get)}" if none and self.n_obs else None  # type: ignore[arg-type]
        id = f"{check.name}#"
        return Row(
            (
                Cell(_name(check), "label"),
                Cell(self._rule(check), "label"),
                Cell(check.n_computed, "count", id=id + "n_obs"),
                Cell(np.nan if none else check.n_flagged, "count", id=id + "count", reason=reason),
                Cell(_percent(check), "percent", id=id + "percent", reason=reason),
                Cell(Label(f"quality.verdict.{CHECKS[check.name][0]}"), "label"),
                Cell(Label(f"quality.source.{check.name}"), "label"),
            )
        )

    def _notes(self) -> list[Note]:
        by_number = self._n_flags()
        counts = {k: int((by_number == k).sum()) for k in range(3)}
        notes = [Label("quality.note.base", n=self.n_obs),
                 Label("quality.note.flags", none=counts[0], one=counts[1], two=counts[2],
                       more=self.n_obs - sum(counts.values()))]  # fmt: skip
        for check in self.checks:
            for key, n in check.obstacles().items():
                notes.append(
                    Label("quality.note.reason", check=_name(check), n=n, reason=Label(f"quality.reason.{key}"))
                )
        return [Note("general", note) for note in notes]

    def _rule(self, check: Check) -> Label:
        bounds = CHECKS[check.name][1]
        return Label(f"quality.rule.{check.name}", **{name: f"{self.thresholds[name]:g}" for name in bounds})

    def _n_flags(self) -> np.ndarray:
        found = [check.flagged == 1 for check in self.checks if CHECKS[check.name][0] == "flag"]
        return np.sum(found, axis=0).astype(float)


def respondent_checks(
    data: pd.DataFrame,
    *,
    items: Sequence[str] | None = None,
    thresholds: Mapping[str, float] | None = None,
    respondent_id: str | None = None,
    duration: str | None = None,
    submitted: str | None = None,
    interviewer: str | None = None,
    same: Sequence[Sequence[str]] = (),
    opposite: Sequence[Sequence[str]] = (),
) -> RespondentChecks:
    """Check every respondent for careless, hurried, contradictory and copied answers.

    Parameters
    ----------
    data : DataFrame
        One row a respondent; a Codebook says what the columns are.
    items : sequence of str, optional
        Scale items as given, in displayed order; by default all that the Codebook knows.
    thresholds : mapping, optional
        Bounds in place of the defaults (`quality.thresholds.DEFAULTS`), e.g. `{"seconds_per_item": 1}`.
    respondent_id, duration, submitted : str, optional
        Columns of the id, of the seconds taken and of the time of submission; by default `respondent_id`,
        `duration_s` and `submitted_at` where there are any.
    interviewer : str, optional
        Column that says who asked; without it nothing is said about interviewers.
    same, opposite : sequence of pairs of str
        Questions that ask the same, or the opposite, beside those the questionnaire declares (`check = {same_as =
        "..."}`, `check = {opposite_of = "..."}`).

    Returns
    -------
    RespondentChecks
        Values and flags of every respondent, with the reason where a check could not be computed. Nobody is
        dropped: that is for the plan's `[[exclude]]` to decide.

    Raises
    ------
    AnalysisError
        E600 for an unknown column, E801 and E802 for bounds, E803 for an item that holds no numbers, E809 for
        a pair that does not name two questions.

    Notes
    -----
    Meade & Craig (2012), Psychological Methods 17, 437-455, compare the indices; none sees every kind of
    carelessness. Each one's formula and source stands with its function in `quality.indices`, `distance`,
    `timing`, `twins`, `open_answers` and `funnel`.
    """
    bounds = with_defaults(thresholds)
    named = {"respondent_id": respondent_id, "duration": duration, "submitted": submitted, "interviewer": interviewer}
    scope = scope_of(data, items, named, same, opposite)
    return RespondentChecks(tuple(all_checks(scope, bounds)), bounds, data.index, len(data))


def _name(check: Check) -> Label:
    return Label(f"quality.check.{check.name}")


def _verdict(check: Check, place: int) -> str:
    flagged = check.flagged[place]
    if np.isnan(flagged):
        return "unknown"
    return CHECKS[check.name][0] if flagged == 1 else "fine"


def _percent(check: Check) -> float:
    return 100 * check.n_flagged / check.n_computed if check.n_computed else np.nan


def _numbers(check: Check) -> dict[str, object]:
    known = check.values[~np.isnan(check.values)]
    spread = (np.median(known), known.min(), known.max()) if known.size else (np.nan,) * 3
    return {
        "estimate": _percent(check),
        "n_obs": check.n_computed,
        "count": check.n_flagged if check.n_computed else np.nan,
        "n_missing": len(check.values) - check.n_computed,
        "percent": _percent(check),
        **dict(zip(("median", "min", "max"), spread, strict=True)),
    }
