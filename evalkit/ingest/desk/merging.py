"""Two tables of answers and what to take of the newer one in, one table out; every cell knows its file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from evalkit.contract import Place, attach
from evalkit.contract.masking import masked
from evalkit.ingest.desk.comparing import Places
from evalkit.ingest.findings import KIND
from evalkit.ingest.links import links_of
from evalkit.ingest.responses import Responses


@dataclass(frozen=True)
class Step:
    """What to take: `add` whole rows of the newer table, or `take` some columns of one of its rows into older rows."""

    what: str
    new: Sequence[int]
    old: Sequence[int] = ()
    names: Sequence[str] = field(default=())


def told_apart(old: Responses, new: Responses) -> Responses:
    """The newer answers, their files under another name where the older ones have a file of that name."""
    taken = set(old.source["file"]) | set(old.columns["file"])
    names = {name: _free(name, taken) for name in {*new.source["file"], *new.columns["file"]} if name in taken}
    if not names:
        return new

    def here(at: Place | None) -> Place | None:
        return dataclasses.replace(at, file=names[at.file]) if at is not None and at.file in names else at

    frames = {
        name: getattr(new, name).assign(file=getattr(new, name)["file"].replace(names))
        for name in ("source", "rejected", "columns")
    }
    return dataclasses.replace(
        new,
        **frames,
        letters={(names.get(file, file), sheet): found for (file, sheet), found in new.letters.items()},
        sha256={names.get(file, file): digest for file, digest in new.sha256.items()},
        problems=tuple(dataclasses.replace(problem, at=here(problem.at)) for problem in new.problems),
    )


def _free(name: str, taken: Iterable[str]) -> str:
    n = 2
    while f"{name} ({n})" in taken:
        n += 1
    return f"{name} ({n})"


def kept_apart(one: Responses, other: Responses) -> Responses:
    """The first table with every column private that is so in the other."""
    names = [str(name) for name in one.frame.columns if name in other.private.columns]
    if not names:
        return one
    variables = {name: v for name, v in one.codebook.variables.items() if name not in names}
    missing = one.missing.drop(columns=names, errors="ignore")
    book = dataclasses.replace(one.codebook, variables=MappingProxyType(variables), missing=missing)
    return dataclasses.replace(
        one,
        frame=attach(one.frame.drop(columns=names), book),
        missing=missing,
        private=one.private.join(one.frame[names]),
        codebook=book,
        personal={**{name: other.personal[name] for name in names}, **one.personal},
        flagged={name: n for name, n in one.flagged.items() if name not in names},
    )


def merged(old: Responses, new: Responses, steps: Sequence[Step], fates: Sequence[str]) -> Responses:
    """One table of both.

    Parameters
    ----------
    fates : sequence of str
        Status of each row of the newer table; those not added become rejected rows for that reason.
    """
    added = [k for step in steps if step.what == "add" for k in step.new]
    first = int(old.frame.index.max()) + 1 if len(old.frame) else 1
    index = pd.Index([*old.frame.index, *range(first, first + len(added))])
    takes = [step for step in steps if step.what == "take"]
    tables = {
        name: _stacked(getattr(old, name), getattr(new, name), added, takes, index)
        for name in ("frame", "missing", "private")
    }
    book = old.codebook.with_variables(
        v for name, v in new.codebook.variables.items() if name not in old.codebook.variables
    )
    dialects = tuple(dict.fromkeys([*old.dialect.split("+"), *new.dialect.split("+")]))
    apart, seen = ({str(n): tables[t][n].to_numpy() for n in tables[t]} for t in ("private", "frame"))
    links = links_of(seen, apart, old.instrument, dialects, len(index))
    decoders = dict.fromkeys(one for r in (old, new) for one in r.codebook.decoded_by.split(" + ") if one)
    book = dataclasses.replace(
        book,
        missing=tables["missing"],
        links=pd.DataFrame(links, index=index, dtype=np.int64),
        simulated=old.codebook.simulated or new.codebook.simulated,
        decoded_by=" + ".join(decoders),
    )
    rest = [k for k, fate in enumerate(fates) if fate != "new"]
    aside = new.source.iloc[rest][["file", "sheet", "row"]].assign(reason=[fates[k] for k in rest])
    return dataclasses.replace(
        old,
        frame=attach(tables["frame"], book),
        missing=tables["missing"],
        private=tables["private"],
        codebook=book,
        source=_below(old.source, new.source.iloc[added]).set_axis(index),
        rejected=_below(_below(old.rejected, new.rejected), aside).reset_index(drop=True),
        columns=_below(old.columns, new.columns).reset_index(drop=True),
        rows_in=old.rows_in + new.rows_in,
        columns_in=old.columns_in + new.columns_in,
        unmapped=(*old.unmapped, *new.unmapped),
        dialect="+".join(dialects),
        sha256={**old.sha256, **new.sha256},
        letters={**old.letters, **new.letters},
        personal={**old.personal, **new.personal},
        flagged=_flagged(tables["frame"], {*old.flagged, *new.flagged}),
        repeats=_repeats(old, new, dict(zip(new.frame.index[added], index[len(old.frame) :], strict=True))),
        taken={**old.taken, **_taken(old, new, takes)},
    )


def _below(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The rows of one table below another's; an empty one says nothing about types."""
    if not len(other):
        return one
    return pd.concat([one, other]) if len(one) else other


def _stacked(
    old: pd.DataFrame, new: pd.DataFrame, added: Sequence[int], takes: Sequence[Step], index: pd.Index
) -> pd.DataFrame:
    """Older rows with the answers taken, and the added rows below."""
    moves: dict[str, tuple[list[int], list[int]]] = {}  # column -> rows of the older and of the newer table
    for step in takes:
        for name in step.names:
            olds, news = moves.setdefault(name, ([], []))
            olds += step.old
            news += list(step.new) * len(step.old)
    columns = {}
    for name in dict.fromkeys([*old.columns, *new.columns]):
        one = old[name].to_numpy() if name in old else None
        other = new[name].to_numpy() if name in new else None
        blank = KIND["not_in_file"] if (one if one is not None else other).dtype == np.int8 else np.nan
        values = np.concatenate([_sized(one, other, len(old), blank), _sized(other, one, len(new), blank)[list(added)]])
        if name in moves and other is not None:
            values[moves[name][0]] = other[moves[name][1]]
        columns[name] = values
    return pd.DataFrame(columns, index=index)


def _sized(own: np.ndarray | None, other: np.ndarray | None, n: int, blank: float) -> np.ndarray:
    """A column as both tables can hold it: its own values, or blanks like the other's."""
    if own is not None and other is not None and own.dtype != other.dtype:
        return own.astype(object)
    if own is not None:
        return own.astype(float) if own.dtype.kind in "ub" else own
    like = np.asarray(other).dtype
    return np.full(n, np.datetime64("NaT") if like.kind == "M" else blank, dtype=like)


def _flagged(frame: pd.DataFrame, names: Iterable[str]) -> dict[str, int]:
    """Cells of these columns that hold personal data."""
    found = {n: int((masked(frame[n]).ne(frame[n]) & frame[n].notna()).sum()) for n in sorted(names) if n in frame}
    return {name: n for name, n in found.items() if n}


def _repeats(old: Responses, new: Responses, labels: Mapping[object, object]) -> dict[str, pd.DataFrame]:
    """Repeated answers of the older rows, and of the rows added under their new labels."""
    found = dict(old.repeats)
    for sheet, table in new.repeats.items():
        more = table[table.index.isin(list(labels))]
        more = more.set_axis(more.index.map(labels).rename(table.index.name))
        found[sheet] = _below(found[sheet], more) if sheet in found else more
    return found


def _taken(old: Responses, new: Responses, takes: Sequence[Step]) -> dict[tuple[object, str], Place]:
    """Where the answers stand that were taken over."""
    places, labels = Places(new), old.frame.index.tolist()
    return {
        (labels[a], name): places.at(k, name)
        for step in takes
        for a, k in zip(step.old, list(step.new) * len(step.old), strict=True)
        for name in step.names
    }
