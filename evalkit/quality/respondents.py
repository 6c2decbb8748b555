"""Respondent checks: a value a row for each, nothing taken out; the plan's `[[exclude]]` decides."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from evalkit.contract import (
    MISSING_KINDS,
    AnalysisError,
    Codebook,
    Label,
    Problem,
    Variable,
    attach,
    codebook_of,
)

FLAGS = ("duplicate", "duplicate_id", "attention_failed", "missing_share", "longest_run")

_KINDS = {
    "duplicate": "number",
    "duplicate_id": "number",
    "attention_failed": "count",
    "missing_share": "number",
    "longest_run": "count",
}
_ANSWER_KINDS = ("nominal", "ordinal", "item", "option", "number", "text")
_META_ROLES = ("respondent_id", "paradata", "weight")
NOT_ASKED = [MISSING_KINDS.index(kind) for kind in ("not_asked", "not_in_file")]
BLANK = [MISSING_KINDS.index(kind) for kind in ("no_answer", "refused")]


def flag(data: pd.DataFrame, *, respondent_id: str | None = None, min_answers: int = 10) -> pd.DataFrame:
    """Add what is doubtful about each respondent, as numbers.

    Parameters
    ----------
    data : DataFrame
        Scored or unscored answers, one row a respondent, with a Codebook where there is one.
    respondent_id : str, optional
        Column that should be different in each row; by default the one of role `respondent_id`.
    min_answers : int
        Rows with fewer answered questions are never called a duplicate: whoever was screened out after two
        questions has the same answers as many others.

    Returns
    -------
    DataFrame
        The data and five columns that the Codebook knows.
        `duplicate`: 1 if every answer equals that of an earlier row. `duplicate_id`: 1 if an earlier row has the
        same id. `attention_failed`: attention checks that were shown and not answered as told.
        `missing_share`: share (0 to 1) of the scale items asked that were left blank or refused; "don't know" is
        an answer; nan where none was asked. `longest_run`: longest run of equal answers as given, within one
        matrix, in displayed order; a missing answer ends a run.

    Raises
    ------
    AnalysisError
        E800 if the data hold such columns already; E600 if `respondent_id` is not a column.

    Notes
    -----
    Runs: Johnson (2005), Journal of Research in Personality 39, 103-129, restricted to one displayed block.
    """
    taken = [name for name in FLAGS if name in data]
    if taken:
        raise AnalysisError(Problem("E800", params={"names": taken}))
    book = codebook_of(data)
    answers = data[answer_columns(data, book)]
    key = id_column(data, book, respondent_id)
    values = {
        "duplicate": answers.duplicated().to_numpy() & (answers.notna().sum(axis=1).to_numpy() >= min_answers),
        "duplicate_id": _repeated(data, key, book) if key else np.zeros(len(data)),
        "attention_failed": attention_failed(data, book),
        "missing_share": missing_share(data, book),
        "longest_run": _longest_run(data, book),
    }
    added = pd.DataFrame({name: np.asarray(values[name], dtype=float) for name in FLAGS}, index=data.index)
    variables = [Variable(name, _KINDS[name], *both(Label(f"quality.{name}"))) for name in FLAGS]
    return attach(pd.concat([data, added], axis=1), book.with_variables(variables))


def summary(data: pd.DataFrame, *, missing_above: float = 0.2) -> pd.DataFrame:
    """Count what `flag` found.

    Parameters
    ----------
    data : DataFrame
        Flagged data.
    missing_above : float
        Share of blank scale items from which a row counts as flagged.

    Returns
    -------
    DataFrame
        One row a check: `check`, `flagged` (rows), `rows` (rows for which it could be computed), `percent`,
        `median`, `maximum`. A run is described, not judged: `flagged` is nan for `longest_run`.
    """
    rules = dict.fromkeys(FLAGS, 0.0) | {"missing_share": missing_above, "longest_run": np.inf}
    rows = []
    for name, above in rules.items():
        values = data[name].dropna()
        flagged = float((values > above).sum()) if np.isfinite(above) else np.nan
        rows.append(
            {
                "check": name,
                "flagged": flagged,
                "rows": len(values),
                "percent": 100 * flagged / len(values) if len(values) else np.nan,
                "median": values.median(),
                "maximum": values.max(),
            }
        )
    return pd.DataFrame(rows)


def answer_columns(data: pd.DataFrame, book: Codebook) -> list[str]:
    """Columns that hold answers: not ids, dates, scores, keyed copies or what the platform recorded."""
    asked = data.columns if book.missing is None else [c for c in data.columns if c in book.missing.columns]
    own = [name for name in asked if name not in FLAGS]
    return [name for name in own if name in book.variables and _is_answer(book.variables[name])]


def _is_answer(variable: Variable) -> bool:
    return variable.kind in _ANSWER_KINDS and variable.reversed_from is None and variable.role not in _META_ROLES


def id_column(data: pd.DataFrame, book: Codebook, given: str | None) -> str | None:
    """The column given, else the one of role `respondent_id`, else the one of that name."""
    if given is not None:
        if given not in data:
            near = [name for name, v in book.variables.items() if v.kind == "id"] or list(data.columns[:5])
            raise AnalysisError(Problem("E600", params={"name": given, "near": near}))
        return given
    declared = [name for name, v in book.variables.items() if v.role == "respondent_id" and name in data]
    return (declared or [name for name in ("respondent_id",) if name in data] or [None])[0]


def _repeated(data: pd.DataFrame, key: str, book: Codebook) -> np.ndarray:
    """Whether an earlier row, of the same wave, has the same id."""
    wave = book.variables.get("wave")
    keys = [key, "wave"] if "wave" in data and wave is not None and wave.role == "paradata" else [key]
    return (data.duplicated(keys) & data[key].notna()).to_numpy()


def kinds_of(data: pd.DataFrame, book: Codebook, columns: Iterable[str]) -> pd.DataFrame:
    """Missing kinds of the columns; without any kept, an empty cell is "no answer"."""
    columns = list(columns)
    blank = data[columns].isna().astype("int8") * np.int8(MISSING_KINDS.index("no_answer"))
    if book.missing is None:
        return blank
    kept = [name for name in columns if name in book.missing.columns]
    blank[kept] = book.missing.loc[data.index, kept]
    return blank


def attention_failed(data: pd.DataFrame, book: Codebook) -> np.ndarray:
    """Attention checks shown and not answered as told, shape (n,)."""
    checks = [v for v in book.variables.values() if v.check is not None and v.name in data and not v.reversed_from]
    failed = np.zeros(len(data))
    for variable in checks:
        shown = ~kinds_of(data, book, [variable.name])[variable.name].isin(NOT_ASKED).to_numpy()
        failed += shown & (data[variable.name].to_numpy(dtype=float, na_value=np.nan) != variable.check)
    return failed


def missing_share(data: pd.DataFrame, book: Codebook, items: Iterable[str] | None = None) -> np.ndarray:
    """Share of the scale items asked that were left blank or refused, shape (n,); nan where none was asked."""
    scale_items = items or [
        v.name for v in book.variables.values() if v.kind == "item" and not v.reversed_from and v.name in data
    ]
    kinds = kinds_of(data, book, scale_items)
    asked = (~kinds.isin(NOT_ASKED)).sum(axis=1).to_numpy()
    blank = kinds.isin(BLANK).sum(axis=1).to_numpy()
    return np.divide(blank, asked, out=np.full(len(data), np.nan), where=asked > 0)


def _longest_run(data: pd.DataFrame, book: Codebook) -> np.ndarray:
    blocks: dict[str, list[str]] = {}
    for name in data.columns:
        variable = book.variables.get(name)
        if variable and variable.block and variable.kind in ("item", "ordinal") and not variable.reversed_from:
            blocks.setdefault(variable.block, []).append(name)
    longest = np.zeros(len(data))
    for columns in blocks.values():
        if len(columns) < 2:
            continue
        run, before = np.zeros(len(data)), np.full(len(data), np.nan)
        for name in columns:
            now = data[name].to_numpy(dtype=float, na_value=np.nan)
            run = np.where(np.isnan(now), 0, np.where(now == before, run + 1, 1))
            longest, before = np.maximum(longest, run), now
    return longest


def both(label: Label) -> tuple[str, str]:
    """The words of a label in zh and en."""
    return label.text("zh"), label.text("en")
