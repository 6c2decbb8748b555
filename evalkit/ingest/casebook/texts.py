"""The texts of the sources: read from the folder `texts` beside the sheets, and held against what the sheet says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from types import MappingProxyType

import numpy as np
import pandas as pd

from evalkit.contract import InputError, Place
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.sheets import Reading
from evalkit.ingest.word_comments import Document, read_document
from evalkit.ingest.word_comments.document import SUFFIXES

FOLDER = "texts"
MAX_BYTES = 1 << 26
WORD = (*SUFFIXES, ".doc")
_SAFE = re.compile(r"[\w.-]+")


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts by source, the sources whose text is not what the sheet says it was, and those that are Word files."""

    of: dict[str, str]
    changed: dict[str, Place]
    documents: dict[str, Document]


def read_texts(sources: Table, reading: Reading, own: Mapping[str, Path] = MappingProxyType({})) -> Texts:
    """The text of every source that has one, LF and without byte order mark.

    A source without a path has the text `texts/<source_id>.txt`, if there is one, or `.docx` (W2186: there are both).
    The sources in `own` have these Word files.

    Faults: E2126 for a path that leaves the folder; E2127 for a file that is not there; E2128 for one that cannot be
    read, and what `read_document` finds. N2129 for a text in GB18030.
    """
    found = Texts({}, {}, {})
    frame = sources.frame
    for row, (source, path) in enumerate(zip(frame["source_id"], frame["path"], strict=True)):
        if pd.isna(source):
            continue
        if source in own:
            _document(sources, row, own[source], own[source].name, found, reading)
            continue
        named = not pd.isna(path)
        at = sources.place(row, "path" if named else "source_id")
        file = _inside(reading.folder / FOLDER, str(path)) if named else _usual(reading, str(source), at)
        if file is None and named:
            reading.fault("E2126", at, path=str(path), folder=FOLDER)
        elif file is None:
            continue
        elif not file.is_file():
            reading.fault("E2127", at, path=str(path), folder=FOLDER)
        elif file.suffix.lower() in WORD:
            _document(sources, row, file, _name(file, reading), found, reading)
        else:
            text = _text(file, _name(file, reading), at, reading)
            if text is not None:
                found.of[str(source)] = text[0]
                _compare(sources, row, text, str(source), found)
    return found


def _usual(reading: Reading, source: str, at: Place) -> Path | None:
    folder = reading.folder / FOLDER
    files = [folder / f"{source}{suffix}" for suffix in (".txt", *SUFFIXES)] if _SAFE.fullmatch(source) else []
    there = [file for file in files if file.is_file() and _is_inside(folder, file)]
    if len(there) > 1:
        reading.fault("W2186", at, file=there[0].name, other=there[1].name)
    return there[0] if there else None


def _name(file: Path, reading: Reading) -> str:
    return f"{FOLDER}/{file.relative_to(reading.folder / FOLDER).as_posix()}"


def _document(sources: Table, row: int, file: Path, name: str, found: Texts, reading: Reading) -> None:
    """The text and the comments of a Word file."""
    try:
        document = read_document(file)
    except InputError as error:
        reading.problems += error.problems
        return
    source = str(sources.frame.at[row, "source_id"])
    reading.files[name] = document.sha256
    found.of[source], found.documents[source] = document.text, document
    _compare(sources, row, (document.text, document.sha256), source, found)


def _inside(folder: Path, path: str) -> Path | None:
    """The file that a path names in the folder; None where it would lead out of it."""
    parts = PureWindowsPath(path)  # knows both slashes, drives and shares
    if parts.drive or parts.root or ".." in parts.parts or any(ord(c) < 32 for c in path):
        return None
    names = parts.parts[1:] if parts.parts and parts.parts[0] == FOLDER else parts.parts
    file = folder.joinpath(*names)
    return file if _is_inside(folder, file) else None


def _is_inside(folder: Path, file: Path) -> bool:
    """Also after links are followed."""
    try:
        return file.resolve().is_relative_to(folder.resolve())
    except OSError:
        return False


def _text(file: Path, name: str, at: Place, reading: Reading) -> tuple[str, str] | None:
    """The text, and the hash of the file's bytes."""
    if file.stat().st_size > MAX_BYTES:
        reading.fault("E2128", at, path=name)
        return None
    data = file.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    reading.files[name] = digest
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        if encoding == "gb18030":
            reading.fault("N2129", at, path=name)
        return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff"), digest
    reading.fault("E2128", at, path=name)
    return None


def _compare(sources: Table, row: int, text: tuple[str, str], source: str, found: Texts) -> None:
    """Note a hash or length in the sheet that is not the text's, and fill in what the sheet does not say."""
    frame = sources.frame
    own = hashlib.sha256(text[0].encode()).hexdigest()
    said, length = frame.at[row, "sha256"], frame.at[row, "n_chars"]
    if not pd.isna(said) and str(said).strip().lower() not in (own, text[1]):
        found.changed[source] = sources.place(row, "sha256")
    elif not np.isnan(length) and length != len(text[0]):
        found.changed[source] = sources.place(row, "n_chars")
    frame.at[row, "sha256"], frame.at[row, "n_chars"] = own, float(len(text[0]))
