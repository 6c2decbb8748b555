"""A REFI-QDA file in, its XML and its texts out: read where they lie, nothing unpacked, nothing followed outside."""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalkit.contract import InputError, Place, Problem
from evalkit.ingest.refi.outline import Node, outline
from evalkit.sheets.book import require_regular
from evalkit.sheets.markup import MAX_PARSED, oversized
from evalkit.sheets.package import BLOCK, Package

MAX_TEXT = 1 << 25
"""Bytes of one text."""
MAX_TEXTS = 1 << 28
"""Bytes of all texts together."""

_SAID = {"E105": "E2164", "E106": "E2151", "E107": "E2152", "E108": "E2153", "E119": "E2165"}
"""What the guards of workbooks say -> what is said of a project."""
_SCHEME = re.compile(r"([a-z]+):/{0,3}", re.IGNORECASE)


@contextmanager
def told_of_projects(file: str) -> Iterator[None]:
    """Faults of a container and its XML in words for projects."""
    try:
        yield
    except InputError as fault:
        raise InputError(Problem(_SAID.get(p.code, p.code), p.at, p.params) for p in fault.problems) from fault
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as fault:
        raise InputError(Problem("E2153", Place(file), {"part": file})) from fault


class Container(ABC):
    """Where a project's XML and texts are found.

    Attributes
    ----------
    file, part : str
        Name of the file, and of the XML in it (empty where the file is the XML).
    """

    file: str
    part: str
    _read = 0

    def outline(self) -> Node:
        """The XML as a tree."""
        return outline(self._blocks(self.part, MAX_PARSED), self.file, self.part or self.file)

    def text(self, path: str, at: Place) -> bytes | None:
        """The bytes of a text that a source names; None if the project does not hold it.

        Raises
        ------
        InputError
            E2154 for a path that leads out of the project; E106 for too large a text, or too many.
        """
        name = inner_path(path)
        if name is None:
            raise InputError(Problem("E2154", at, {"path": path}))
        found = self._find(name) if name else None
        if found is None:
            return None
        data = b"".join(self._blocks(found, MAX_TEXT))
        self._read += len(data)
        if self._read > MAX_TEXTS:
            raise InputError(oversized(self.file, MAX_TEXTS, "sources"))
        return data

    @abstractmethod
    def _blocks(self, part: str, limit: int) -> Iterator[bytes]: ...

    @abstractmethod
    def _find(self, name: str) -> str | None: ...


def inner_path(path: str) -> str | None:
    """A source's path inside the project; empty for one that names a file elsewhere, None for one that climbs out.

    `internal://x.txt` is the file x.txt of the folder of sources; some writers leave the scheme away, or some of its
    slashes, or add the folder. `relative:` and `absolute:` name files of the computer on which the project was made.
    """
    scheme = _SCHEME.match(path)
    plain = path[scheme.end() :] if scheme else path
    parts = [part for part in plain.replace("\\", "/").split("/") if part not in ("", ".")]
    if scheme and scheme[1].lower() == "absolute":
        return ""
    if ".." in parts or any(ord(c) < 32 for c in path):
        return None if not scheme or scheme[1].lower() == "internal" else ""
    if scheme and scheme[1].lower() not in ("internal", "relative"):
        return ""
    if not scheme and plain.startswith(("/", "\\")):
        return None
    if parts and parts[0].lower() == "sources":
        parts = parts[1:]
    return "/".join(parts)


class Zipped(Container):
    """A .qdpx."""

    def __init__(self, path: Path, package: Package) -> None:
        self.file, self._package = path.name, package
        for name in package.names:
            parts = name.replace("\\", "/").split("/")
            if ".." in parts or parts[0] == "" or re.match(r"[A-Za-z]:", parts[0]):
                raise InputError(Problem("E2154", Place(self.file), {"path": name}))
        self.part = _project_in(package, self.file)
        self._folder = self.part.rpartition("/")[0]

    def _blocks(self, part: str, limit: int) -> Iterator[bytes]:
        return self._package.blocks(part, limit)

    def _find(self, name: str) -> str | None:
        base = f"{self._folder}/" if self._folder else ""
        return next((p for p in (f"{base}sources/{name}", f"{base}{name}") if p in self._package), None)


def _project_in(package: Package, file: str) -> str:
    """`project.qde`; or the only .qde, for a folder packed by hand stands one level deeper.

    Raises
    ------
    InputError
        E2150 if there is none.
    """
    found = [name for name in package if name.endswith(".qde") and name.count("/") < 2]
    if "project.qde" in found:
        return "project.qde"
    if len(found) != 1:
        inside = sorted(name for name in package if name.endswith((".qdpx", ".qde")))[:3]
        raise InputError(Problem("E2150", Place(file), {"inside": inside or ["–"]}))
    return found[0]


class Loose(Container):
    """A .qde or .qdc that is no zip; texts of a .qde stand in the folder `sources` beside it."""

    def __init__(self, path: Path) -> None:
        self.file, self.part = path.name, ""
        self._path = path

    def _blocks(self, part: str, limit: int) -> Iterator[bytes]:
        path = self._path.parent / part if part else self._path
        read = 0
        with open(path, "rb") as stream:
            while block := stream.read(BLOCK):
                read += len(block)
                if read > limit:
                    raise InputError(oversized(self.file, limit, part or self.file))
                yield block

    def _find(self, name: str) -> str | None:
        folder = self._path.parent.resolve()
        for inside in (f"sources/{name}", f"Sources/{name}", name):
            file = (folder / inside).resolve()  # after links are followed, too
            if file.is_relative_to(folder) and file.is_file():
                return inside
        return None


@contextmanager
def opened(path: Path) -> Iterator[Container]:
    """The container of a file, and what is wrong with it in words for projects.

    Raises
    ------
    InputError
        E101 to E103 if it cannot be opened, E2150 to E2154, E2164, E2165.
    """
    require_regular(path)
    try:
        with told_of_projects(path.name):
            if path.suffix.lower() != ".qdpx":
                yield Loose(path)
                return
            with Package(path) as package:
                yield Zipped(path, package)
    except PermissionError as fault:
        raise InputError(Problem("E103", Place(path.name))) from fault


def digest_of(path: Path) -> str:
    """sha256 of the file."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
