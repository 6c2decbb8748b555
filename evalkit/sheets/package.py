"""A zip container in, its parts out: found through relationships, counted while they are inflated."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets.markup import Attributes, oversized, parse_part

# Inflated bytes. Absolute, not a ratio: real answer files compress 100:1, a bomb 1000:1, and only size hurts.
# A sheet may be larger than what the parser is given at most (MAX_PARSED): plain rows do not go through it.
MAX_PART = 1 << 30
MAX_TOTAL = 3 << 29
MAX_STRINGS = 1 << 29
MAX_SMALL = 1 << 26
MAX_ENTRIES = 10_000

BLOCK = 1 << 18


@dataclass(frozen=True)
class Relationship:
    """What a part points to: the last word of the type, and the target part."""

    kind: str
    target: str


class Package:
    """An open zip container of office parts. Use as a context manager.

    Raises
    ------
    InputError
        E119 if there are too many entries, E108 if it is no readable zip or holds a part twice.
    """

    def __init__(self, path: Path) -> None:
        self.file = path.name
        self._zip = zipfile.ZipFile(path)
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES:
            self._zip.close()
            raise InputError(Problem("E119", Place(self.file), {"n": len(entries), "limit": MAX_ENTRIES}))
        self._parts: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            name = entry.filename.replace("\\", "/").lstrip("/").lower()
            if name in self._parts:
                self._zip.close()
                raise InputError(Problem("E108", Place(self.file), {"part": entry.filename}))
            self._parts[name] = entry
        self._total = 0
        self._streams: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        for stream in self._streams:  # a reader that was stopped by an error leaves its part open
            stream.close()
        self._zip.close()

    def __contains__(self, part: str) -> bool:
        return part.lower() in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    @property
    def names(self) -> list[str]:
        """Names of the entries as they are stored."""
        return [entry.filename for entry in self._parts.values()]

    @property
    def declared_size(self) -> int:
        """Inflated size of all entries as the directory states it."""
        return sum(entry.file_size for entry in self._parts.values())

    def blocks(self, part: str, limit: int = MAX_SMALL) -> Iterator[bytes]:
        """The inflated bytes of a part, block by block.

        Raises
        ------
        InputError
            E106 beyond `limit` bytes of the part or MAX_TOTAL of all parts read; E108 if it is not there;
            E105 if the entry is encrypted.
        """
        entry = self._parts.get(part.lower())
        if entry is None:
            raise InputError(Problem("E108", Place(self.file), {"part": part}))
        if entry.flag_bits & 1:
            raise InputError(Problem("E105", Place(self.file)))
        # The reader stops at the declared size, so what the directory declares is refused before inflating.
        if entry.file_size > limit:
            raise InputError(oversized(self.file, limit, part))
        read = 0
        stream = self._zip.open(entry)
        self._streams.append(stream)
        with stream:
            while block := stream.read(BLOCK):
                read += len(block)
                self._total += len(block)
                if read > limit or self._total > MAX_TOTAL:
                    raise InputError(oversized(self.file, min(limit, MAX_TOTAL), part))
                yield block

    def relationships(self, part: str = "") -> Mapping[str, Relationship]:
        """Id -> what the part points to inside the package; external targets are left out."""
        folder, name = posixpath.split(part)
        source = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, Relationship] = {}

        def relationship(attributes: Attributes) -> None:
            if attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "").replace("\\", "/")
                full = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = Relationship(kind, full.lstrip("/"))

        if source in self:
            parse_part(self.blocks(source), self.file, source, {"Relationship": relationship})
        return found
