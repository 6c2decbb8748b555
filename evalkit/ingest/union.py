"""The parts read from one or more sheets in, one table of answers out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.contract import Codebook, Place, Problem, attach
from evalkit.ingest.findings import HIDDEN, KIND, shown
from evalkit.ingest.links import links_of
from evalkit.ingest.meta import PRIVATE_META
from evalkit.ingest.parts import Part
from evalkit.ingest.responses import Responses
from evalkit.ingest.targets import expected_items, fill_column, item_columns, option_column
from evalkit.ingest.variables import META_KINDS, variables_of

if TYPE_CHECKING:
    from evalkit.instrument import Instrument, Item

MOST_ROWS = 10
"""Rows named for one doubled id."""


def unite(
    parts: Sequence[Part],
    instrument: Instrument,
    *,
    form: str | None,
    before: Iterable[Problem],
    sha256: Mapping[str, str],
) -> Responses:
    """Stack the parts: columns that one of them lacks are `not_in_file` there.

    Parameters
    ----------
    before : iterable of Problem
        What was found before any part was read (files, sheets left out).
    """
    items, problems = _expected(parts, instrument, form)
    n = sum(len(part.rows) for part in parts)
    index = pd.RangeIndex(1, n + 1)
    apart = {name for part in parts for name in part.sensitive.apart}
    frame, missing, private = _item_frames(parts, items, apart)
    meta = _meta_frame(parts, instrument)
    private = {name: _stack(parts, name, "private") for name in _names(parts, "private")} | private
    decoder = f"{instrument.id}@{instrument.version}"
    source = _source(parts, index).assign(instrument=decoder)
    data = pd.DataFrame(meta | frame, index=index)
    kinds = pd.DataFrame(
        {name: column for name, column in missing.items() if name in frame}, index=index, dtype=np.int8
    )
    fates = pd.DataFrame([fate for part in parts for fate in part.fates], columns=_FATE_COLUMNS)
    dialects = tuple(dict.fromkeys(part.layout.dialect for part in parts))
    links = pd.DataFrame(links_of(meta, private, instrument, dialects, n), index=index, dtype=np.int64)
    codebook = Codebook(missing=kinds, links=links, simulated=any(map(_says_simulated, parts)), decoded_by=decoder)
    codebook = codebook.with_variables(variables_of(instrument, data.columns))
    found = [*before, *problems]
    found += [p for part in parts for p in (*_unmapped_note(part), *part.problems)]
    found += _doubles(data, source, parts, instrument)
    return Responses(
        frame=attach(data, codebook),
        missing=kinds,
        private=pd.DataFrame(private, index=index),
        problems=tuple(found),
        unmapped=tuple(
            f"{f['letter']} {f['header']}".strip() for p in parts for f in p.fates if f["fate"] == "unmapped"
        ),
        rejected=_rejected(parts),
        source=source,
        instrument=instrument,
        dialect="+".join(dialects),
        codebook=codebook,
        columns=fates.reset_index(drop=True),
        rows_in=sum(part.sheet.n_rows - 1 for part in parts),
        columns_in=sum(part.sheet.n_columns for part in parts),
        sha256=dict(sha256),
        personal=_personal(parts, private),
        flagged=_flagged(parts, data.columns),
        letters={(part.sheet.book, part.sheet.name): dict(part.letters) for part in parts},
    )


def _personal(parts: Sequence[Part], private: Iterable[str]) -> dict[str, str]:
    """Private column -> the kind of personal data it holds, `declared` where only the instrument says so."""
    found = {name: why.kind for part in parts for name, why in part.sensitive.apart.items()}
    return {name: found.get(name) or PRIVATE_META.get(name, "declared") for name in private}


def _flagged(parts: Sequence[Part], columns: Iterable[str]) -> dict[str, int]:
    """Column of the frame -> cells in it that hold personal data."""
    counts = {name: sum(part.sensitive.flagged.get(name, 0) for part in parts) for name in columns}
    return {name: n for name, n in counts.items() if n}


_FATE_COLUMNS = ["file", "sheet", "letter", "header", "fate", "target", "how", "score"]


def _expected(parts: Sequence[Part], instrument: Instrument, form: str | None) -> tuple[list[Item], list[Problem]]:
    """Items that get columns, and notes on those the files lack.

    Without `form`, items of forms of which nothing is in the files are set aside, not counted as lacking. What
    several forms share says which form it is only where nothing else does.
    """
    present = {name for part in parts for name in part.decoded.values}
    items = list(expected_items(instrument, form))
    has = {item.id: any(name in present for name in item_columns(item)) for item in items}
    given = [item.form for item in items if has[item.id]]
    alone = {some[0] for some in given if len(some) == 1}
    seen = alone or {one for some in given for one in some}
    aside = [item for item in items if form is None and item.form and seen.isdisjoint(item.form) and seen]
    lacking = [item for item in items if not has[item.id] and item not in aside and item.type != "meta"]
    problems = []
    at = Place(file=parts[0].sheet.book, sheet=parts[0].sheet.name)
    if lacking:
        problems.append(Problem("W309", at, {"n": len(lacking), "items": _some([item.id for item in lacking])}))
    if aside:
        forms = sorted({one for item in aside for one in item.form})
        problems.append(Problem("N311", at, {"n": len(aside), "forms": forms}))
    absent = [item for item in items if item.type == "meta" and not has[item.id]]
    return [item for item in items if item not in aside and item not in absent], problems


def _item_frames(
    parts: Sequence[Part], items: Sequence[Item], apart: Collection[str]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Answers, missing kinds and private answers; a column that is personal in one part is so in all."""
    frame: dict[str, np.ndarray] = {}
    missing: dict[str, np.ndarray] = {}
    private: dict[str, np.ndarray] = {}
    for item in items:
        given = [name for name in item_columns(item) if _worth(item, name, parts)]
        for name in given:
            target = private if item.private or name in apart else frame
            target[name] = _stack(parts, name, "values")
            if item.type != "meta":
                missing[name] = _stack_kinds(parts, name)
        for option in item.options:
            name = fill_column(item.id, option.code)
            if any(name in part.decoded.fills for part in parts):
                target = private if item.private or name in apart else frame
                target[name] = _stack(parts, name, "fills")
    return frame, missing, private


def _worth(item: Item, name: str, parts: Sequence[Part]) -> bool:
    """Every column of an item is there, but of a list of names only as many as the files have."""
    several = item.type == "text" and (item.max_choices or 1) > 1
    return not several or name == option_column(item.id, 1) or any(name in part.decoded.values for part in parts)


def _stack(parts: Sequence[Part], name: str, kind: str) -> np.ndarray:
    """One column of all parts, one below the other; nan or NaT where a part lacks it."""
    columns = [_table(part, kind).get(name) for part in parts]
    known = [column for column in columns if column is not None]
    if not known:
        return np.full(sum(len(part.rows) for part in parts), np.nan)
    dtype = known[0].dtype if len({column.dtype for column in known}) == 1 else np.dtype(object)
    blank = np.datetime64("NaT") if dtype.kind == "M" else np.nan
    pieces = [np.full(len(p.rows), blank, dtype=dtype) if c is None else c for p, c in zip(parts, columns, strict=True)]
    return pieces[0] if len(pieces) == 1 else np.concatenate([piece.astype(dtype) for piece in pieces])


def _stack_kinds(parts: Sequence[Part], name: str) -> np.ndarray:
    absent = KIND["not_in_file"]
    pieces = [part.decoded.missing.get(name, np.full(len(part.rows), absent, dtype=np.int8)) for part in parts]
    return np.concatenate(pieces).astype(np.int8)


def _table(part: Part, kind: str) -> Mapping[str, np.ndarray]:
    tables: dict[str, Mapping[str, np.ndarray]] = {
        "values": part.decoded.values,
        "fills": part.decoded.fills,
        "meta": part.meta,
        "private": part.private,
    }
    return tables[kind]


def _names(parts: Sequence[Part], kind: str) -> list[str]:
    return list(dict.fromkeys(name for part in parts for name in _table(part, kind)))


def _meta_frame(parts: Sequence[Part], instrument: Instrument) -> dict[str, np.ndarray]:
    """Meta columns; the instrument's own respondent id, where there is one, takes the place of the running number."""
    found = {name: _stack(parts, name, "meta") for name in META_KINDS if name in _names(parts, "meta")}
    several = len(parts) > 1
    own = _own_id(parts, instrument)
    if "respondent_id" in found and (own or several):
        found["sequence"] = found.pop("respondent_id")
    if own:
        found = {"respondent_id": _stack(parts, own, "values")} | found
    elif "sequence" in found:
        # Every export counts from 1, so the number alone would make strangers one person.
        places = _numbered(parts)
        ids = [
            f"{k}-{text}" if isinstance(text, str) else np.nan
            for k, text in zip(places, found["sequence"], strict=True)
        ]
        found = {"respondent_id": np.array(ids, dtype=object)} | found
    if several:
        found["source_file"] = np.repeat([p.sheet.book for p in parts], [len(p.rows) for p in parts]).astype(object)
        found["source_sheet"] = np.repeat([p.sheet.name for p in parts], [len(p.rows) for p in parts]).astype(object)
    return {name: found[name] for name in META_KINDS if name in found}


def _own_id(parts: Sequence[Part], instrument: Instrument) -> str:
    ids = [item.id for item in instrument.items if item.role == "respondent_id" and not item.private]
    return next((name for name in ids if any(name in part.decoded.values for part in parts)), "")


def _numbered(parts: Sequence[Part]) -> list[int]:
    return [k for k, part in enumerate(parts, 1) for _ in range(len(part.rows))]


def _source(parts: Sequence[Part], index: pd.RangeIndex) -> pd.DataFrame:
    sizes = [len(part.rows) for part in parts]
    files = np.repeat(np.array([part.sheet.book for part in parts], dtype=object), sizes)
    sheets = np.repeat(np.array([part.sheet.name for part in parts], dtype=object), sizes)
    rows = np.concatenate([part.sheet.rows[part.rows] for part in parts]).astype(np.int64)
    return pd.DataFrame({"file": files, "sheet": sheets, "row": rows}, index=index)


def _rejected(parts: Sequence[Part]) -> pd.DataFrame:
    rows = [(p.sheet.book, p.sheet.name, int(p.sheet.rows[k]), reason) for p in parts for k, reason in p.rejected]
    return pd.DataFrame(rows, columns=["file", "sheet", "row", "reason"])


def _unmapped_note(part: Part) -> list[Problem]:
    """Columns not read; without a header row a header may be a person's number, so then the letter alone."""
    fates = [fate for fate in part.fates if fate["fate"] == "unmapped"]
    left = [f"{f['letter']} {'' if shown(f['header']) is HIDDEN else f['header']}".strip() for f in fates]
    at = Place(file=part.sheet.book, sheet=part.sheet.name)
    return [Problem("W304", at, {"n": len(left), "columns": _some(left)})] if left else []


def _doubles(data: pd.DataFrame, source: pd.DataFrame, parts: Sequence[Part], instrument: Instrument) -> list[Problem]:
    """W232 for each id that occurs more than once, with the rows."""
    if "respondent_id" not in data:
        return []
    ids = data["respondent_id"]
    keys = ["respondent_id", "wave"] if "wave" in data else ["respondent_id"]  # a panel answers in every wave
    doubled = ids[ids.notna() & data.duplicated(keys, keep=False)]
    letter = _own_id(parts, instrument) or "respondent_id"
    problems = []
    for value, group in doubled.groupby(doubled, sort=False):
        rows = source.loc[group.index]
        second = rows.iloc[1]
        here = (second["file"], second["sheet"])
        column = next((p.letters.get(letter, "") for p in parts if (p.sheet.book, p.sheet.name) == here), "")
        at = Place(file=second["file"], sheet=second["sheet"], cell=f"{column}{second['row']}" if column else "")
        problems.append(
            Problem("W232", at, {"id": shown(str(value)), "n": len(rows), "rows": _some([str(r) for r in rows["row"]])})
        )
    return problems


def lacking_beside_others(parts: Sequence[Part]) -> list[Problem]:
    """W324 for each sheet of a book that lacks questions which other sheets read with it have."""
    problems = []
    have = [{name.split("__")[0]: None for name in part.decoded.values} for part in parts]
    for part, own in zip(parts, have, strict=True):
        lacking = [name for name in dict.fromkeys(name for one in have for name in one) if name not in own]
        if lacking:
            at = Place(file=part.sheet.book, sheet=part.sheet.name)
            problems.append(Problem("W324", at, {"n": len(lacking), "items": _some(lacking)}))
    return problems


def _says_simulated(part: Part) -> bool:
    said = f"{part.sheet.book} {part.sheet.name}".casefold()
    return "模拟数据" in said or "simulated" in said


def _some(texts: list[str]) -> list[str]:
    return texts if len(texts) <= MOST_ROWS else [*texts[:MOST_ROWS], "…"]


def alike(one: Part, other: Part) -> bool:
    """Whether two readings of a sheet give the same answers."""
    a, b = one.decoded, other.decoded
    return a.values.keys() == b.values.keys() and all(
        np.array_equal(a.missing[name], b.missing[name]) and _equal(a.values[name], b.values[name]) for name in a.values
    )


def _equal(a: Any, b: Any) -> bool:
    return bool(a.dtype == b.dtype and pd.Series(a).equals(pd.Series(b)))
