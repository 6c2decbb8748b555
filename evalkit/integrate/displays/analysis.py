"""Cases with everything known of them in, a joint display out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, Result, require_columns
from evalkit.integrate.displays.by_case import by_case
from evalkit.integrate.displays.by_construct import by_hypothesis, side_by_side
from evalkit.integrate.displays.by_path import by_path
from evalkit.integrate.displays.by_strand import by_strand
from evalkit.integrate.displays.by_theme import by_theme
from evalkit.integrate.displays.coded import Coded, coded_of
from evalkit.integrate.displays.judgements import judgements_of, said
from evalkit.integrate.displays.places import places_of, roles_of
from evalkit.integrate.displays.quoting import Choice
from evalkit.integrate.displays.request import Request
from evalkit.integrate.displays.result import JointDisplayResult, Sheet
from evalkit.integrate.displays.survey import score_of


@dataclass(frozen=True)
class Kind:
    """A kind of display: who makes it, the options it uses, and those that are given row by row."""

    make: Callable[[Request], Sheet]
    uses: tuple[str, ...]
    by_row: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "cases": Kind(by_case, ("scores", "codes", "configurations", "network", "belongs", "lead", "sort", "ascending")),
    "side_by_side": Kind(side_by_side, ("scores", "codes"), ("scores", "codes")),
    "themes": Kind(by_theme, ("scores", "codes", "groups")),
    "configurations": Kind(by_path, ("codes", "configurations"), ("codes",)),
    "convergence": Kind(by_strand, ()),
    "hypotheses": Kind(by_hypothesis, ("codes",), ("codes",)),
}
"""The kinds; what a kind does not use may not be set."""
_THIRDS = 3


def joint_display(
    data: pd.DataFrame,
    *,
    kind: str = "cases",
    scores: str | Sequence[str] | Mapping[str, Sequence[str]] = (),
    codes: str | Sequence[str] | Mapping[str, Sequence[str]] = (),
    quotes: int = 1,
    shortest: int = 12,
    longest: int = 60,
    sort: str | None = None,
    ascending: bool = False,
    outcome: str | None = None,
    groups: str | int | None = None,
    configurations: Result | Sequence[Result] | None = None,
    network: Result | None = None,
    belongs: str | None = None,
    lead: str | Mapping[str, Any] | None = None,
    round: str | None = None,
    case: str | None = None,
    conf_level: float = 0.95,
    least: int = 0,
    codings: pd.DataFrame | None = None,
    sources: pd.DataFrame | None = None,
    codebook: pd.DataFrame | None = None,
    findings: pd.DataFrame | None = None,
    fit: pd.DataFrame | None = None,
    actors: pd.DataFrame | None = None,
    ties: pd.DataFrame | None = None,
    hypotheses: pd.DataFrame | None = None,
) -> JointDisplayResult:
    """Set what the survey, the interviews, the comparison of cases and the network say of the same cases side by side.

    Parameters
    ----------
    data : DataFrame
        Cases, one row each; of a scale the columns `<scale>_mean`, `_n`, `_sd`, `_se`, `_reliability`; perhaps `label`.
    kind : str
        `cases`: a row a case, in order; `side_by_side`: a block a construct; `themes`: codes by groups of cases;
        `configurations`: a row a path; `convergence`: constructs by strands of `findings`; `hypotheses`: table J1.
    scores : str, sequence, or mapping
        Scales or columns of numbers; for `side_by_side` construct -> scales.
    codes : str, sequence, or mapping
        Codes, each with what stands below it; default the highest ones that occur. For `side_by_side`, `hypotheses`
        and `configurations` construct, hypothesis or condition -> codes.
    quotes, shortest, longest : int
        Quotes a cell, the characters one should have at least, and those at which it is cut (`Choice.quotes`).
    sort : str, optional
        Score or column that orders the cases, largest first unless `ascending`; default the first score, else the
        outcome.
    outcome : str, optional
        Column; default `outcome` where there is one.
    groups : str or int, optional
        For `themes`: a column, or how many groups of about equal size to make by the first score; default 3, or the
        outcome where there is no score.
    configurations : Result or sequence of Result
        Of `qca`; in a plan ids of steps.
    network : Result
        Of `network`; in a plan the id of a step.
    belongs : str, optional
        Column of `actors` that names the case of an actor; default `case_id`.
    lead : str or mapping, optional
        An actor, or column of `actors` -> value: whose share of a case's ties is told; default the lead of the network.
    round : str, optional
        Round of the codings; default the consensus where there is one, else all.
    case : str, optional
        Column of case ids; default the row index.
    least : int
        Of cases with fewer respondents (but some) no score is told.
    codings, sources, codebook, findings, fit, actors, ties : DataFrame, optional
        Sheets of a casebook. `fit` holds judgements (`construct`, `judgement`, `rationale`) about a row by its name:
        case, construct, hypothesis, code or path. They are printed, never computed.
    hypotheses : DataFrame, optional
        A row a number that decided: hypothesis, zh, en, decision, step, method_zh, method_en, term_zh, term_en,
        estimate, conf_low, conf_high, p_value.

    Returns
    -------
    JointDisplayResult
        Strands that are missing are left out and named in a notice; a row that nobody judged says so.

    Raises
    ------
    AnalysisError
        E600, E610 for columns; E614 for options; E6630 for the kind; E6631 for an option that the kind does not use;
        E6632 for a code; E6633 for a result of another kind; E6634, E6635 for a judgement; E6636 for the lead; E6637
        for a kind whose material is missing; E6638 for groups; E6639 for cases listed twice; E2143 for the round.

    Notes
    -----
    Guetterman, Fetters & Creswell (2015), Annals of Family Medicine 13, 554-561; Miles, Huberman & Saldaña (2014),
    Qualitative data analysis, chapters 7 and 8 (case-ordered matrices).
    """
    if kind not in KINDS:
        raise AnalysisError(Problem("E6630", params={"kind": kind, "known": list(KINDS)}))
    given = {"scores": scores or None, "codes": codes or None, "sort": sort, "ascending": ascending or None,
             "groups": groups, "configurations": configurations, "network": network, "belongs": belongs,
             "lead": lead}  # fmt: skip
    numbers = {"quotes": (quotes, quotes >= 0), "shortest": (shortest, shortest >= 0),
               "longest": (longest, longest >= 8), "conf_level": (conf_level, 0 < conf_level < 1)}  # fmt: skip
    _check_options(kind, given, numbers)
    ids = _ids(data, case)
    outcome = outcome or ("outcome" if "outcome" in data else None)
    scores, codes = _listed(scores), _listed(codes)
    survey = {name: score_of(data, name, conf_level, least) for name in dict.fromkeys(_each(scores))}
    require_columns(data, [name for name in (outcome, sort) if name and name not in survey])
    coded = None if codings is None else coded_of(codings, sources, codebook, "case_id", round)
    codes = _known(kind, codes, coded)
    if network is not None and belongs is not None and actors is not None:
        require_columns(actors, [belongs])
    beside = {"actors": actors, "ties": ties, "sources": sources, "belongs": belongs or "case_id", "lead": lead}
    request = Request(
        data=data, ids=ids, labels=_labels(data, ids), outcome=outcome, scores=scores, survey=survey, codes=codes,
        coded=coded, choice=Choice(quotes, shortest, longest), roles=roles_of(configurations),
        places=None if network is None else places_of(network, ids, **beside),  # type: ignore[arg-type]
        fit=judgements_of(fit), findings=findings, hypotheses=hypotheses,
        groups=groups if groups is not None else (_THIRDS if survey else outcome or _THIRDS), sort=sort,
        ascending=ascending, conf_level=conf_level, least=least,
    )  # fmt: skip
    return _result(kind, request, tuple(_notices(kind, request, codings, network)))


def _result(kind: str, request: Request, notices: tuple[Problem, ...]) -> JointDisplayResult:
    """The display as its kind makes it, with the quotes that it holds and withholds."""
    sheet = KINDS[kind].make(request)
    printed = sum(len(request.quotes(*cell)) for cell in sheet.quoted)
    shut = request.n_withheld(sheet.quoted) if request.choice.most else 0
    return JointDisplayResult(kind, sheet, printed, shut, len(request.ids), notices=notices)


def _check_options(kind: str, given: Mapping[str, Any], numbers: Mapping[str, tuple[float, bool]]) -> None:
    """Options that the kind does not use, numbers out of bounds, lists for rows and rows for lists."""
    uses, by_row = KINDS[kind].uses, KINDS[kind].by_row
    unused = [name for name, value in given.items() if value is not None and name not in uses]
    problems = [Problem("E6631", params={"option": name, "kind": kind, "uses": list(uses) or ["—"]}) for name in unused]
    problems += [Problem("E614", params={"option": k, "value": v}) for k, (v, fine) in numbers.items() if not fine]
    for name in ("scores", "codes"):
        value = given[name]
        rows = isinstance(value, Mapping)
        wrong = rows != (name in by_row) and not (kind == "configurations" and not rows)
        if value is not None and name in uses and wrong:
            code = "E6642" if name in by_row else "E6643"
            problems.append(Problem(code, params={"option": name, "kind": kind}))
    if problems:
        raise AnalysisError(problems)


def _listed(given: Any) -> Any:
    if isinstance(given, Mapping):
        return {str(key): [v] if isinstance(v, str) else list(v) for key, v in given.items()}
    return [given] if isinstance(given, str) else list(given)


def _each(given: Any) -> list[str]:
    """The names of a list, or of every row."""
    return [name for part in (given.values() if isinstance(given, Mapping) else [given]) for name in part]


def _ids(data: pd.DataFrame, case: str | None) -> tuple[str, ...]:
    require_columns(data, [case] if case else [])
    ids = tuple((data[case] if case else pd.Series(data.index, index=data.index)).map(str))
    doubled = sorted({i for i in ids if ids.count(i) > 1}) if len(set(ids)) < len(ids) else []
    if doubled:
        raise AnalysisError(Problem("E6639", params={"cases": doubled}))
    return ids


def _labels(data: pd.DataFrame, ids: Sequence[str]) -> dict[str, Label]:
    """The id, with the label of the case where it has another, and `label_en` in English."""
    given = list(data["label"]) if "label" in data else [""] * len(ids)
    english = list(data["label_en"]) if "label_en" in data else given
    found = {}
    for name, label, other in zip(ids, given, english, strict=True):
        zh, en = (
            name if said(text) in ("", name) else f"{name} {said(text)}" for text in (label, said(other) or label)
        )
        found[name] = Label(zh=zh, en=en)
    return found


def _known(kind: str, codes: Any, coded: Coded | None) -> Any:
    """The codes of the display, checked; by default the highest ones that occur."""
    if coded is None:
        return codes
    coded.require(_each(codes))
    return codes or ({} if kind in ("side_by_side", "hypotheses") else list(coded.top))


def _notices(kind: str, request: Request, codings: pd.DataFrame | None, network: Result | None) -> Iterator[Problem]:
    """N6640 for the strands that a display of cases lacks; W6644, W6645 where cases cannot be joined to a strand."""
    if kind == "cases":
        there = {
            "survey": any(s.surveyed for s in request.survey.values()),
            "codes": request.coded is not None,
            "qca": bool(request.roles),
            "network": request.places is not None,
        }
        lacking = [name for name, is_there in there.items() if not is_there]
        if lacking:
            yield Problem("N6640", params={"strands": [_both(f"displays.strand.{name}") for name in lacking]})
        if network is not None and (request.places is None or not request.places.of):
            yield Problem("W6645")
    if codings is not None and request.coded is None:
        yield Problem("W6644")
    if kind == "hypotheses" and request.hypotheses is None:
        yield Problem("W6646")


def _both(key: str) -> dict[str, str]:
    return {lang: Label(key).text(lang) for lang in ("zh", "en")}
