"""A stranger's file in, a drafted instrument and plan out: what can be seen in the data, with the evidence for it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evalkit.contract import Label, Place, Problem
from evalkit.ingest.dialects import CONFIRMED_ONLY
from evalkit.ingest.draft.choosing import clear_draft
from evalkit.ingest.draft.mappings import mapping_of
from evalkit.ingest.draft.plan_text import plan_text
from evalkit.ingest.draft.scales import evidence_of, propose_scales, with_scales
from evalkit.ingest.opening import TYPED_FORMATS, filled_sheets, open_books
from evalkit.instrument import Instrument, dump_toml


@dataclass(frozen=True)
class Draft:
    """What `evalkit init` writes.

    Attributes
    ----------
    comments : mapping
        Id -> evidence in zh and en, one line each.
    plan_text, instrument_text : str
        TOML; both load at once.
    instrument_name : str
        File name the plan expects.
    n_rows : int
        Respondents found.
    mapping_text : str
        A mapping to be confirmed, for a platform that is read only behind one; else empty.
    mapping_name : str
        File name the plan expects for it.
    """

    instrument: Instrument
    comments: Mapping[str, str]
    plan_text: str
    instrument_text: str
    problems: tuple[Problem, ...]
    instrument_name: str
    n_rows: int
    mapping_text: str = ""
    mapping_name: str = ""


def draft(
    path: str | Path,
    *,
    sheet: str | None = None,
    dialect: str = "auto",
    lang: str = "zh",
    folder: str | Path | None = None,
) -> Draft:
    """Draft an instrument and a plan from a file of answers.

    Parameters
    ----------
    path : path
        Any file `read_responses` can read; the first sheet with answers counts.
    lang : str
        Language that stands first in comments.
    folder : path, optional
        Where the drafts will lie, if not beside the file: the plan names the file from there.

    Returns
    -------
    Draft
        Types, options and their order, matrices, multiple responses, proposed scales and likely reverse items, each
        with the evidence as a comment. Nothing in it is certain: names, order and scales are the author's to settle.

    Raises
    ------
    InputError
        If the file cannot be read, or holds no answers; E312 if two dialects fit it nearly alike and would make
        different drafts.
    """
    (book,) = open_books(path, sheet=sheet)
    first = filled_sheets(book)[0]
    stem = Path(path).stem
    typed = book.format in TYPED_FORMATS
    layout, found, part = clear_draft(first, dialect, typed=typed, name=_id(stem), title=stem)
    answers = {
        item.id: part.decoded.values[item.id].astype(float)
        for item in found.instrument.items
        if item.is_numeric and item.type == "single" and item.id in part.decoded.values
    }
    known = {item.id for item in found.instrument.items if item.type == "single" and item.is_numeric}
    answers |= {name: np.full(len(part.rows), np.nan) for name in known - answers.keys()}
    proposals = propose_scales(found.instrument, answers)
    instrument = with_scales(found.instrument, proposals)
    labels = {id: list(texts) for id, texts in found.comments.items() if texts}
    for proposal in proposals:
        for id, label in evidence_of(proposal).items():
            labels.setdefault(id, []).append(label)
    labels[""] = [Label("draft.head", file=book.name, rows=len(part.rows), dialect=layout.dialect)]
    comments = {id: _lines(texts, lang) for id, texts in labels.items()}
    name = f"{stem}.instrument.toml"
    mapping = f"{stem}.mapping.toml" if layout.dialect in CONFIRMED_ONLY else ""
    at = Place(file=book.name, sheet=first.name)
    guessed = (
        [Problem("N350", at, {"n": len(found.guessed), "items": list(found.guessed)[:10]})] if found.guessed else []
    )
    scales = (
        [Problem("N351", at, {"n": len(proposals), "scales": [p.scale.id for p in proposals]})] if proposals else []
    )
    return Draft(
        instrument=instrument,
        comments=comments,
        plan_text=plan_text(
            instrument, proposals, file=_seen_from(folder, Path(path)), instrument_name=name, name=stem, mapping=mapping
        ),
        instrument_text=dump_toml(instrument, comments=comments),
        problems=(*book.problems, *first.problems, *part.problems, *guessed, *scales),
        instrument_name=name,
        n_rows=len(part.rows),
        mapping_text=mapping_of([part], instrument, lang)[1] if mapping else "",
        mapping_name=mapping,
    )


def _seen_from(folder: str | Path | None, path: Path) -> str:
    """The file's name as a plan in that folder writes it; on another drive there is no way but the whole path."""
    if folder is None:
        return path.name
    try:
        return Path(os.path.relpath(path.resolve(), Path(folder).resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def _lines(labels: list[Label], lang: str) -> str:
    """Each label in both languages, the wanted one first."""
    order = ("en", "zh") if lang == "en" else ("zh", "en")
    return "\n".join(label.text(one) for label in labels for one in order)


def _id(stem: str) -> str:
    """An instrument id out of a file name."""
    plain = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")
    return plain if re.match(r"^[a-z]", plain) else f"survey-{plain}".rstrip("-")
