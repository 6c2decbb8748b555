"""Codings in, one row a case and one column a code out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.cases.quantitising.codes import CodeEntry, entries_of, require_codes
from evalkit.cases.quantitising.material import Material, id_text, material_of
from evalkit.cases.quantitising.measures import RULES, check_rule, measured, pooling_problems
from evalkit.cases.quantitising.origins import code_label
from evalkit.cases.quantitising.result import Quantified, QuantitiseResult
from evalkit.contract import AnalysisError, Problem, attach, codebook_of, require_columns
from evalkit.contract.codebook import Variable

_OFFSETS = {"characters": "n_chars", "sources": "n_sources"}


def quantitise(
    data: pd.DataFrame,
    *,
    codes: Sequence[str] | None = None,
    rule: str = "presence",
    sources: pd.DataFrame | None = None,
    codebook: pd.DataFrame | None = None,
    cases: pd.DataFrame | None = None,
    code: str = "code_id",
    source: str = "source_id",
    case: str = "case_id",
    round: str | None = None,
    offset: Literal["characters", "sources"] | None = None,
) -> QuantitiseResult:
    """Turn codings into numbers of cases.

    Parameters
    ----------
    data : DataFrame
        Codings, one row each: columns of codes and sources; perhaps start, end, coder, round; the case where there is
        no `sources`.
    codes : sequence of str, optional
        Codes to count; default all of the codebook. A code counts what stands below it too.
    rule : str
        `presence` (0 or 1), `share_of_sources`, `share_of_segments`, `share_of_characters`, `count` (distinct
        stretches), `per_10000` (stretches per 10,000 characters).
    sources : DataFrame, optional
        Columns source_id, `case`, n_chars.
    codebook : DataFrame, optional
        Columns code_id, name, parent_id, status.
    cases : DataFrame, optional
        Frame whose column `case` names the cases asked about; its columns stand in the result's data too.
    round : str, optional
        Round of the codings; by default each source counts with its consensus, else with its last round.
    offset : str, optional
        Raw counts of cases with texts of unequal length are refused, unless the model they go into has this offset:
        `characters` or `sources`; the data then have the column n_chars or n_sources.

    Returns
    -------
    QuantitiseResult
        `.data` has one row a case, and a column a code (its id, with _ for what no name can hold). A case without a
        source is missing, not 0.

    Raises
    ------
    AnalysisError
        E600 for a column; E614 for the rule; E2141-E2144 for codebook, round and sources; E6682 for a code; E6683,
        E6684, E6685 for what a rule cannot be had from; E6692 for a column that is there already.

    Notes
    -----
    Presence follows Sandelowski, Voils & Knafl (2009), Journal of Mixed Methods Research 3, 208-222: a code that was
    not applied to what a case's sources say counts as 0, which takes silence for absence.
    """
    if rule not in RULES:
        raise AnalysisError(Problem("E614", params={"option": "rule", "value": rule}))
    names = None
    if cases is not None:
        require_columns(cases, [case])
        names = [id_text(value) for value in cases[case]]
    material = material_of(
        data, sources, codebook, cases=names, code=code, source=source, case=case, round_=round
    )  # fmt: skip
    wanted = list(dict.fromkeys(map(str, codes))) if codes is not None else list(material.entries)
    require_codes(wanted, material.entries)
    check_rule(rule, material, offset)
    found = tuple(_one(material, material.entries[name], rule) for name in wanted)
    return QuantitiseResult(
        data=_frame(found, material, cases, case, offset if rule == "count" else None),
        cases=material.cases,
        case_labels=_called(cases, material.cases),
        codes=found,
        rule=rule,
        round_note=material.round_note,
        n_sources=material.n_sources,
        n_chars=material.n_chars,
        n_obs=int((material.n_sources > 0).sum()),
        dropped=material.dropped,
        notices=(*material.notices, *pooling_problems(material, [rule])),
    )


def _one(material: Material, entry: CodeEntry, rule: str) -> Quantified:
    return Quantified(
        entry.id, column_of(entry.id), code_label(entry), entry.depth, measured(material, [entry.id], rule)
    )


def column_of(code: str) -> str:
    """A code's id as the name of a column: E.4 gives E_4, 4a gives C4a."""
    plain = re.sub(r"\W", "_", code)
    return plain if plain[:1].isalpha() else f"C{plain}"


def columns_made(
    data: pd.DataFrame,
    *,
    cases: pd.DataFrame | None = None,
    codebook: pd.DataFrame | None = None,
    codes: Sequence[str] | None = None,
    code: str = "code_id",
    case: str = "case_id",
    offset: str | None = None,
    **_: object,
) -> pd.DataFrame:
    """A frame with the columns that `quantitise` will give, so that names can be checked before it runs."""
    used = [str(c) for c in dict.fromkeys(data[code].dropna())] if code in data else []
    named = (
        list(map(str, codes)) if codes is not None else list(entries_of(codebook, [] if codebook is not None else used))
    )
    columns = [column_of(name) for name in named] + ([_OFFSETS[offset]] if offset in _OFFSETS else [])
    frame = pd.DataFrame({case: []}) if cases is None else cases
    return frame.assign(**dict.fromkeys((c for c in columns if c not in frame), np.nan))


def _frame(
    found: Sequence[Quantified], material: Material, cases: pd.DataFrame | None, case: str, offset: str | None
) -> pd.DataFrame:
    frame = pd.DataFrame({case: list(material.cases)}) if cases is None else cases
    made = {} if offset is None else {_OFFSETS[offset]: getattr(material, _OFFSETS[offset])}
    names = [one.column for one in found]
    clash = [name for name in (*names, *made) if name in frame or names.count(name) > 1]
    if clash:
        raise AnalysisError(Problem("E6692", params={"names": list(dict.fromkeys(clash))}))
    made |= {one.column: one.measured.values for one in found}
    book = codebook_of(frame).with_variables(
        Variable(one.column, "number", zh=one.label.zh, en=one.label.en) for one in found
    )
    return attach(frame.assign(**{name: np.asarray(values) for name, values in made.items()}), book)


def _called(cases: pd.DataFrame | None, names: Sequence[str]) -> dict[str, str]:
    """Case -> what the sheet of cases calls it."""
    if cases is None or "label" not in cases:
        return {}
    return {n: str(text) for n, text in zip(names, cases["label"], strict=True) if not pd.isna(text)}
