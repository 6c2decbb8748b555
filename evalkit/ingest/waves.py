"""Files of several waves and their instruments in, one `Responses` with a column `wave` out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.contract import Category, Problem, UsageError, Variable, attach
from evalkit.contract.words import text_of
from evalkit.ingest.opening import open_books
from evalkit.ingest.parts import Part
from evalkit.ingest.reading import read_parts
from evalkit.ingest.repeats import apart, repeats_of
from evalkit.ingest.responses import Responses
from evalkit.ingest.union import unite
from evalkit.ingest.versions import one_instrument

if TYPE_CHECKING:
    from evalkit.instrument import Instrument

Files = str | Path | Sequence[str | Path]


def read_waves(
    waves: Mapping[str, Files],
    instrument: Instrument | str | Path | Mapping[str, Instrument | str | Path] | None,
    *,
    form: str | None,
    sheet: str | None,
    encoding: str | None,
    **how: Any,
) -> Responses:
    """Read each wave with its own version of the instrument and stack them; see `read_responses`.

    Parameters
    ----------
    how
        What `read_parts` takes beside the form.

    Notes
    -----
    A person may answer in every wave: an id counts as doubled within a wave only. Running numbers, which every export
    starts from 1, become `<wave>-<number>`.
    """
    groups = {str(wave): [f] if isinstance(f, (str, Path)) else list(f) for wave, f in waves.items()}
    if not groups or not all(groups.values()):
        raise UsageError(Problem("E301"))
    if isinstance(instrument, Mapping) and (lacking := [w for w in groups if w not in map(str, instrument)]):
        raise UsageError(Problem("E362", params={"waves": lacking}))
    books = open_books([path for files in groups.values() for path in files], sheet=sheet, encoding=encoding)
    owner = dict(zip([b.name for b in books], [w for w, files in groups.items() for _ in files], strict=True))
    mains, beside = apart(books)
    asked: dict[str, Instrument] = {}
    parts: dict[str, list[Part]] = {}
    notes: list[Problem] = []
    for wave in groups:
        own = [book for book in mains if owner[book.name] == wave]
        wanted = {str(w): one for w, one in instrument.items()}[wave] if isinstance(instrument, Mapping) else instrument
        if wanted is None and asked:
            wanted = next(iter(asked.values()))  # what was drafted from the first wave
        asked[wave], parts[wave], found = read_parts(own, wanted, form=form, **how)
        notes += found
        for part in parts[wave]:
            part.meta["wave"] = np.full(len(part.rows), wave, dtype=object)
    whole, found = one_instrument(asked)
    everything = [part for some in parts.values() for part in some]
    repeats, more = repeats_of([*mains, *beside], everything)
    sha256 = {book.name: book.sha256 for book in books}
    together = unite(everything, whole, form=form, before=[*notes, *found, *more], sha256=sha256)
    return _told(dataclasses.replace(together, repeats=repeats), asked, parts)


def _told(together: Responses, asked: Mapping[str, Instrument], parts: Mapping[str, Sequence[Part]]) -> Responses:
    """With the waves as categories, ids that name the wave, and the version that decoded each row."""
    frame, wave = together.frame.copy(), together.frame["wave"]
    if "sequence" in frame and not _own_ids(together):
        several = {name: len(some) > 1 for name, some in parts.items()}
        places = [
            f"{name}-{k}" if several[name] else name for name, some in parts.items() for k, _ in enumerate(some, 1)
        ]
        sizes = [len(part.rows) for some in parts.values() for part in some]
        before = np.repeat(np.array(places, dtype=object), sizes)
        frame["respondent_id"] = [
            f"{place}-{n}" if isinstance(n, str) else np.nan for place, n in zip(before, frame["sequence"], strict=True)
        ]
    labels = [text_of("ingest.wave", lang) for lang in ("zh", "en")]
    variable = Variable(
        "wave", "nominal", *labels, tuple(Category(name, name, name) for name in asked), role="paradata"
    )
    versions = {name: f"{one.id}@{one.version}" for name, one in asked.items()}
    book = dataclasses.replace(
        together.codebook.with_variables([variable]), decoded_by=" + ".join(dict.fromkeys(versions.values()))
    )
    source = together.source.assign(instrument=wave.map(versions))
    return dataclasses.replace(together, frame=attach(frame, book), codebook=book, source=source)


def _own_ids(responses: Responses) -> bool:
    """Whether the questionnaire itself asks who answers."""
    own = [item.id for item in responses.instrument.items if item.role == "respondent_id" and not item.private]
    return any(name in responses.frame for name in own)
