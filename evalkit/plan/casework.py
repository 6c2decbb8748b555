"""The casebook of a plan: what [casebook] says, the frame that a step works on, and the frames it is given besides."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.cases.calibrating import CalibrationResult
from evalkit.cases.quantitising.analysis import columns_made
from evalkit.contract import (
    AnalysisError,
    Codebook,
    Label,
    PlanError,
    Problem,
    Result,
    ScaleEntry,
    Variable,
    attach,
    codebook_of,
    label_of,
)
from evalkit.ingest.casebook import Casebook, read_casebook
from evalkit.measurement.between_groups import between_groups
from evalkit.plan import catalogue
from evalkit.plan.kinds import as_list
from evalkit.plan.lines import Lines
from evalkit.plan.model import CasebookSource, Plan, Step
from evalkit.plan.names import Names

FRAMES = ("codings", "cases", "ties", "sources", "evidence", "findings", "ledger")
"""Sheets that a step can name as its data."""
GIVEN: Mapping[str, str] = {
    **{
        name: name
        for name in (
            "sources",
            "codebook",
            "codings",
            "units",
            "cases",
            "actors",
            "ties",
            "evidence",
            "findings",
            "fit",
        )
    },
    "calibration": "conditions",
}
"""Parameter of a step on the casebook -> sheet that it is given, unless the plan sets it."""
CALIBRATES = "calibrate_sets"
NUMBERS, TYPES = "quantitise", "qualitise"
MAKES_CASES = (CALIBRATES, NUMBERS, TYPES)
"""Steps whose result another can take as its data: the cases with further columns."""
DISPLAYS = "joint_display"
"""The step that names scales, and shows what the survey says of each case by them."""
SURVEYED = ("mean", "n", "sd", "se", "reliability")
"""What the survey says of a case, in columns `<scale>_mean` and so on."""


def casebook_of(raw: Mapping[str, Any], lines: Lines, fault: Callable[..., None]) -> CasebookSource | None:
    """[casebook]; faults: E506 without a file, E404 for a tab or line break in its name."""
    given = raw.get("casebook")
    if given is None:
        return None
    if not given.get("file"):
        fault("E506", lines.table("casebook"), key="file", table="[casebook]")
    elif any(ord(c) < 32 for c in given["file"]):
        fault("E404", lines.key("casebook", 0, "file"))
    simulated = bool(given.get("simulated", False))
    return CasebookSource(given.get("file", ""), given.get("community"), lines.table("casebook"), simulated)


def needed(do: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Parameters that a step of a plan must set: those without a default which the casebook does not give."""
    given = GIVEN if entry.get("data") in FRAMES else {}
    return tuple(name for name in catalogue.required(do) if name not in given)


@dataclass(frozen=True, eq=False)
class Casework:
    """A casebook as the steps of a plan see it.

    `cases` has beside the columns of its sheet what the survey says of each case; `files` are relative to the plan.
    """

    casebook: Casebook
    cases: pd.DataFrame
    files: Mapping[str, str]
    notices: tuple[Problem, ...] = ()

    @property
    def account(self) -> Label:
        """What the casebook holds, in words."""
        return Label("casebook.holds", sheets=self.casebook.counts(), texts=len(self.casebook.texts))

    def frame(self, name: str) -> pd.DataFrame:
        """A sheet; the cases with what the survey says of them, findings with the words of its scales."""
        if name == "cases":
            return self.cases
        found = self.casebook.frame(name)
        words = Codebook().with_scales(codebook_of(self.cases).scales.values())
        return attach(found, words) if name == "findings" else found

    def given(self, do: str, arguments: Mapping[str, Any], data: str) -> dict[str, Any]:
        """What the runner hands to a step on the casebook: sheets that are there, texts, the column of cases."""
        open_ = [name for name in catalogue.parameters(do) if name not in arguments]
        found: dict[str, Any] = {
            name: self.frame(GIVEN[name]) for name in open_ if name in GIVEN and self.casebook.tables[GIVEN[name]].given
        }
        if "texts" in open_:
            found["texts"] = self.casebook.texts
        if "case" in open_ and data not in ("codings", "ties"):
            found["case"] = "case_id"
        return found


def read_cases(plan: Plan, used: pd.DataFrame) -> Casework | None:
    """Read the casebook and join the survey to its cases.

    Raises
    ------
    InputError
        What `read_casebook` finds.
    PlanError
        E5101 for a step on a sheet that the casebook lacks; E5102 for a parameter that such a sheet would give; E5103
        for a `community` that the cases or the answers do not have; E5106 for a column of the cases that has the
        name of what the survey would add.
    """
    source = plan.casebook
    if source is None:
        return None
    path = plan.folder / source.file
    book = read_casebook(path)
    folder = Path(source.file) if path.is_dir() else Path(source.file).parent
    files = {(folder / name).as_posix(): digest for name, digest in book.files.items()}
    _require_sheets(plan, book)
    cases, notices = book.cases, tuple(book.problems)
    if source.community is not None:
        cases, more = _surveyed(plan, source, book, used)
        notices += more
    return Casework(book, cases, files, notices)


def _require_sheets(plan: Plan, book: Casebook) -> None:
    problems = []
    for step in plan.steps:
        if step.data not in FRAMES:
            continue
        at = plan.place(step.line)
        if not book.tables[step.data].given:
            problems.append(Problem("E5101", at, {"step": step.id, "sheet": step.data}))
        for name in catalogue.required(step.do):
            if name in GIVEN and name not in step.arguments and not book.tables[GIVEN[name]].given:
                problems.append(Problem("E5102", at, {"step": step.id, "key": name, "sheet": GIVEN[name]}))
    if problems:
        raise PlanError(problems)


def _surveyed(
    plan: Plan, source: CasebookSource, book: Casebook, used: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """The cases with mean, n, sd and standard error of every scale among their respondents."""
    at = plan.place(Lines(plan.text, plan.path.name).key("casebook", 0, "community"))
    community = str(source.community)
    names = Names(used)
    column = names.resolve(community)
    own = community if community in book.cases else "case_id"
    if column is None or column not in used:
        raise PlanError(Problem("E5103", at, {"name": community, "near": names.problem(community).params["near"]}))
    key = _keys(used[column])
    cases = book.cases
    told: list[Problem] = []
    lacking = [str(c) for c, k in zip(cases["case_id"], _keys(cases[own]), strict=True) if k not in set(key)]
    if lacking:
        told.append(Problem("W5104", at, {"cases": lacking, "column": community}))
    scores = _scores(book, used, [names.resolve(name) for name in scores_named(plan)])
    found = {}
    for name in scores:
        each = _each(used[name].to_numpy(dtype=float), key, _weights(used))
        for part in SURVEYED:
            found[f"{name}_{part}"] = _keys(cases[own]).map(each[part]).astype(float)
            if part == "n":
                found[f"{name}_n"] = found[f"{name}_n"].fillna(0.0)
    clash = [name for name in found if name in cases]
    if clash:
        raise PlanError(Problem("E5106", at, {"names": clash}))
    # In one piece: a frame grown by a column at a time is slow, and pandas warns of it.
    cases = pd.concat([cases, pd.DataFrame(found, index=cases.index)], axis=1)
    return _labelled(cases, used, scores), tuple(told)


def scores_named(plan: Plan) -> list[str]:
    """What displays call scores: scales or numbers of the survey whose means by case they show."""
    given = [step.arguments.get("scores") for step in plan.steps if step.do == DISPLAYS]
    parts = [list(v.values()) if isinstance(v, Mapping) else [v] for v in given]
    return [str(name) for part in parts for value in part for name in as_list(value)]


def _labelled(cases: pd.DataFrame, used: pd.DataFrame, scores: list[str]) -> pd.DataFrame:
    """The cases with words for what the survey adds; a score itself is known by its own label."""
    labels = {name: label_of(used, name) for name in scores}
    words = {f"{name}_{part}": Label(f"casework.{part}", name=one) for name, one in labels.items() for part in SURVEYED}
    variables = [Variable(name, "number", zh=one.text("zh"), en=one.text("en")) for name, one in words.items()]
    scales = [ScaleEntry(name, (), zh=label.text("zh"), en=label.text("en")) for name, label in labels.items()]
    return attach(cases, Codebook().with_variables(variables).with_scales(scales))


def _scores(book: Casebook, used: pd.DataFrame, shown: list[str | None]) -> list[str]:
    """Scales, and other numbers that displays show or whose mean, n, sd or standard error a condition names."""
    sheet = book.conditions
    told = [*sheet["from"].dropna(), *sheet["std_error"].dropna()]
    asked = {re.split("[:：]", name, maxsplit=1)[-1].strip().rpartition("_")[0] for name in told}
    known = [*codebook_of(used).scales, *(str(c) for c in used.columns if str(c) in {*asked, *shown})]
    return [name for name in dict.fromkeys(known) if name in used and pd.api.types.is_numeric_dtype(used[name])]


def _keys(values: pd.Series) -> pd.Series:
    """Keys compare as text: 3, 3.0 and "3" are the same community."""
    return values.map(
        lambda v: "" if pd.isna(v) else f"{v:.15g}" if isinstance(v, (int, float, np.number)) else str(v).strip()
    )


def _weights(used: pd.DataFrame) -> np.ndarray:
    design = codebook_of(used).design
    name = None if design is None else design.weights
    return np.ones(len(used)) if name is None else used[name].to_numpy(dtype=float)


def _each(x: np.ndarray, key: pd.Series, weights: np.ndarray) -> pd.DataFrame:
    """By community: n, weighted mean and sd, standard error of the mean (linearised; without weights sd / sqrt(n)).

    The reliability of the means is that of the one-way analysis of variance over all communities, without weights.
    """
    keep = ~np.isnan(x) & (weights > 0)
    part = pd.DataFrame({"key": key.to_numpy()[keep], "w": weights[keep], "x": x[keep]})
    part["wx"] = part["w"] * part["x"]
    sums = part.groupby("key")[["w", "wx"]].sum()
    n = part.groupby("key")["x"].size().astype(float)
    mean = sums["wx"] / sums["w"]
    away = part["x"] - part["key"].map(mean)
    part["ss"], part["ss2"] = part["w"] * away**2, (part["w"] * away) ** 2
    spread = part.groupby("key")[["ss", "ss2"]].sum()
    small = (n / (n - 1)).where(n > 1)
    sd = np.sqrt(small * spread["ss"] / sums["w"])
    place, names = pd.factorize(part["key"])
    reliable = pd.Series(between_groups(part["x"].to_numpy(), place, len(names)).mean_reliability, index=names)
    se = np.sqrt(small * spread["ss2"]) / sums["w"]
    return pd.DataFrame({"n": n, "mean": mean, "sd": sd, "se": se, "reliability": reliable})


def on_cases(step: Step, plan: Plan) -> bool:
    """Whether a step works on the casebook, or on cases with columns that an earlier step made."""
    return step.data in FRAMES or any(s.id == step.data and s.do in MAKES_CASES for s in plan.steps)


def material(
    step: Step, arguments: Mapping[str, Any], casework: Casework | None, done: Mapping[str, Result | None]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The frame that a step on the casebook works on, and the arguments that the runner adds.

    Raises
    ------
    AnalysisError
        E5107 where the step that makes its data gave no result.
    """
    if casework is not None and step.data in FRAMES:
        return casework.frame(step.data), casework.given(step.do, arguments, step.data)
    source: Any = done.get(step.data)
    source = getattr(source, "result", source)  # a result with small counts withheld wraps the result itself
    if source is None:
        raise AnalysisError(Problem("E5107", params={"step": step.data}))
    more = {} if casework is None else casework.given(step.do, arguments, "cases")
    if "case_id" not in source.data:
        more.pop("case", None)
    known = catalogue.parameters(step.do)
    if not isinstance(source, CalibrationResult):
        return source.data, more
    if "calibration" in known and "calibration" not in arguments:
        more["calibration"] = source  # how the memberships were made, not the sheet anew
    if "expectations" in known and "expectations" not in arguments:
        used = arguments.get("conditions", ())
        more["expectations"] = {n: v for n, v in source.expectations.items() if n in used}
    return source.data, more


def seen(step: Step, plan: Plan, casework: Casework) -> tuple[pd.DataFrame, Names]:
    """A frame with the columns that a step on the casebook will see, and every name that its arguments may use."""
    frame = casework.frame(step.data) if step.data in FRAMES else _before(step, plan, casework)
    beside = [f for f in casework.given(step.do, step.arguments, step.data).values() if isinstance(f, pd.DataFrame)]
    names = dict.fromkeys(str(c) for f in (frame, *beside) for c in f.columns)
    known = pd.DataFrame({name: pd.Series(dtype=float) for name in names})
    return frame, Names(attach(known, codebook_of(casework.cases)) if step.do == DISPLAYS else known)


def _before(step: Step, plan: Plan, casework: Casework) -> pd.DataFrame:
    """The cases with a column for all that the step makes which this one works on."""
    made = next(s for s in plan.steps if s.id == step.data and s.do in MAKES_CASES)
    if made.do == NUMBERS:
        given = casework.given(made.do, made.arguments, made.data)
        return columns_made(casework.frame(made.data), **{**given, **made.arguments})
    frame = casework.frame(made.data) if made.data in FRAMES else pd.DataFrame()
    if any(s.id == made.data and s.do in MAKES_CASES for s in plan.steps):
        frame = _before(made, plan, casework)
    if made.do == TYPES:
        return frame.assign(**{made.arguments.get("name", "profile_type"): pd.Series(dtype=object)})
    rules = made.arguments.get("calibration")
    sets = casework.casebook.conditions["name"] if rules is None else list(rules)
    return frame.assign(**dict.fromkeys(map(str, sets), np.nan))
