"""A sheet of claims in, every rule applied, one finding a row out."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Mapping

import pandas as pd

from evalkit.contract import InputError, Label, Place, Problem
from evalkit.integrate.printed import attainable, counts, periods, texts
from evalkit.integrate.printed.claim import FLAG, NONE, OK, REMARK, Claim, Finding, Unclear
from evalkit.integrate.printed.numbers import half_width, printed
from evalkit.integrate.printed.result import Checked, ClaimsResult

COLUMNS = (
    "claim",
    "rule",
    "label",
    "label_en",
    "value",
    "unit",
    "count",
    "n",
    "total",
    "parts",
    "low",
    "high",
    "sd",
    "items",
    "decimals",
    "date",
    "response",
    "wording",
    "source",
    "verdict",
    "remark",
    "remark_en",
)
"""What a sheet of claims may hold; only `claim` and `value` must be there."""

RULES: Mapping[str, Callable[[Claim], Finding]] = {
    "R1": counts.part_whole,
    "R2": counts.percent_of_count,
    "R3": counts.implied_total,
    "R4": attainable.attainable_share,
    "R5": counts.shares_of_one_whole,
    "R6": texts.repeated,
    "R7": periods.period_inclusion,
    "R8": periods.date_window,
    "R9": texts.enumerated,
    "R10": counts.product_and_range,
    "R11": texts.one_precision,
    "R12": texts.with_base,
    "R13": texts.source_keys,
    "R14": periods.duration,
    "R15": counts.divisible,
    "GRIM": attainable.grim,
    "GRIMMER": attainable.grimmer,
    "DEBIT": attainable.debit,
}
_BY_HAND = {"ok": OK, "remark": REMARK, "flag": FLAG, "none": NONE, "": NONE}


def check_claims(claims: pd.DataFrame) -> ClaimsResult:
    """Hold the numbers that a text prints against one another.

    Parameters
    ----------
    claims : DataFrame
        One row a claim and rule, all cells text as printed (zeros at the end kept, or the column `decimals`).
        Columns: `claim` (id), `rule` (R1-R15, GRIM, GRIMMER, DEBIT; blank: judged by hand in `verdict`), `label`,
        `value`, `unit`, `count`, `n`, `total`, `parts` (entries separated by ;), `low`, `high`, `sd`, `items`,
        `decimals`, `date`, `response` (multiple), `wording`, `source`, `verdict`, `remark`; `label_en`,
        `remark_en` for reports in English. A cell may name another claim's id instead of its number, unless the id
        itself could be a number or a date. `RULES` names each rule's function, whose docstring says what it needs.

    Returns
    -------
    ClaimsResult
        One finding a row: ok, remark, flag or none (nothing to check, or not testable). A row that its rule
        cannot read is none, with a notice.

    Raises
    ------
    InputError
        E6530 a column that is lacking or not known; E6537 a claim twice under one rule.

    Notes
    -----
    Exact rational arithmetic on the printed digits. Half-up, half-even and cutting off are tried; a value is
    impossible only where none fits. 余 and 多: from n to n plus one unit of its last non-zero place; 约: half that
    unit either way; 以上: n or more; 万: 10,000.

    Examples
    --------
    >>> row = {"claim": "a", "rule": "R1", "value": "4616", "parts": "1604; 2657; 353"}
    >>> check_claims(pd.DataFrame([row])).verdicts["a"]
    'flag'
    """
    _checked_columns(claims)
    rows = [_cells(row) for row in claims.to_dict("records")]
    printed_by = {
        row["claim"]: (row["value"], row.get("decimals", ""))
        for row in reversed(rows)
        if "value" in row and printed(row["claim"]) is None and periods.period(row["claim"]) is None
    }
    places = _places(claims)
    _checked_ids(rows, places)
    problems: list[Problem] = []
    found: list[Checked] = []
    for row, place in zip(rows, places, strict=True):
        claim = Claim(row["claim"], row.get("rule", "").upper(), row, printed_by, place)
        try:
            finding = _finding(claim)
        except Unclear as fault:
            problems.append(fault.problem)
            finding = Finding(NONE, (Label("claims.say.unread"),))
        if claim.rule and claim.has("verdict"):
            problems.append(claim.problem("W6544", "verdict"))
        found.append(_checked(claim, finding))
    return ClaimsResult(tuple(found), notices=tuple(problems))


def _finding(claim: Claim) -> Finding:
    if not claim.rule:
        verdict = claim.cells.get("verdict", "").casefold()
        if verdict not in _BY_HAND:
            raise Unclear(claim.problem("W6538", "verdict", text=claim.cells["verdict"]))
        return Finding(_BY_HAND[verdict], ())
    if claim.rule not in RULES:
        near = difflib.get_close_matches(claim.rule, RULES, 1, 0.5)
        raise Unclear(claim.problem("W6539", "rule", known=near[0] if near else "R1-R15, GRIM, GRIMMER, DEBIT"))
    return RULES[claim.rule](claim)


def _checked(claim: Claim, finding: Finding) -> Checked:
    given = claim.cells
    return Checked(
        claim.id,
        claim.rule,
        Label(zh=given.get("label", claim.id), en=given.get("label_en", "")),
        given.get("value", ""),
        given.get("unit", ""),
        given.get("source", ""),
        finding,
        Label(zh=given["remark"], en=given.get("remark_en", "")) if "remark" in given else None,
        claim.names(),
    )


def _checked_columns(claims: pd.DataFrame) -> None:
    problems = [
        Problem("E6530", _place(claims), {"names": [name], "known": list(COLUMNS)})
        for name in ("claim", "value")
        if name not in claims.columns
    ]
    unknown = [str(name) for name in claims.columns if name not in COLUMNS]
    if unknown:
        problems.append(Problem("E6540", _place(claims), {"names": unknown, "known": list(COLUMNS)}))
    if problems:
        raise InputError(problems)


def _cells(row: Mapping[object, object]) -> dict[str, str]:
    """Non-blank texts of a row."""
    texts_of = {str(name): _text(value) for name, value in row.items()}
    cells = {name: text for name, text in texts_of.items() if text}
    return {**cells, "claim": half_width(cells.get("claim", "")), "rule": half_width(cells.get("rule", ""))}


def _text(value: object) -> str:
    """A cell's text; a whole number that a frame keeps as float has no decimals."""
    if value is None or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _checked_ids(rows: list[dict[str, str]], places: list[dict[str, Place]]) -> None:
    keys = [(row["claim"], row["rule"].upper()) for row in rows]
    seen: Counter[tuple[str, str]] = Counter()
    problems = []
    for key, place in zip(keys, places, strict=True):
        seen[key] += 1
        if not key[0] or " " in key[0]:
            problems.append(Problem("E6541", place.get("claim"), {"claim": key[0]}))
        elif seen[key] == 2:
            problems.append(Problem("E6537", place.get("claim"), {"claim": key[0], "rule": key[1]}))
    if problems:
        raise InputError(problems)


def _place(claims: pd.DataFrame) -> Place | None:
    file = claims.attrs.get("file")
    return Place(file, claims.attrs.get("sheet", "")) if file else None


def _places(claims: pd.DataFrame) -> list[dict[str, Place]]:
    """Where each cell stands, for a frame that `read_claims` made: its index holds the sheet's row numbers."""
    at = _place(claims)
    letters: Mapping[str, str] = claims.attrs.get("letters", {})
    if at is None:
        return [{} for _ in range(len(claims))]
    return [
        {name: Place(at.file, at.sheet, f"{letter}{row}") for name, letter in letters.items()} for row in claims.index
    ]
