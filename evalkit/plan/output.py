"""The run folder: written whole or not at all, and never over an author's own work."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalkit.contract import OutputError, Problem

MANIFEST = "run.json"


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def heal(out: Path) -> None:
    """Finish or undo a swap that was cut off: without `out`, its `.old` comes back; leftovers go."""
    new, old = _beside(out, ".new"), _beside(out, ".old")
    if old.exists() and not out.exists():
        old.rename(out)
    for rest in (new, old):
        if rest.exists():
            shutil.rmtree(rest)


def guard(out: Path, *, force: bool = False) -> None:
    """Refuse a target that cannot be written, or that holds files a run did not write or that were changed.

    Raises
    ------
    OutputError
        E550 not writable, E551 not a folder, E552 files that are not the run's own, named.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(Problem("E551", params={"path": out.name}))
    parent = next(p for p in (out.absolute(), *out.absolute().parents) if p.exists())
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(Problem("E550", params={"path": out.name}))
    foreign = [] if force or not out.exists() else list(_foreign(out))
    if foreign:
        raise OutputError(Problem("E552", params={"path": out.name, "files": foreign[:5], "n": len(foreign)}))


def _foreign(out: Path) -> Iterator[str]:
    """Files in the folder that its manifest does not list, or whose bytes have changed."""
    manifest = out / MANIFEST
    try:
        listed = json.loads(manifest.read_text(encoding="utf-8"))["outputs"] if manifest.is_file() else {}
    except (ValueError, KeyError, TypeError):
        listed = {}
    for path in sorted(p for p in out.rglob("*") if not p.is_dir()):
        name = path.relative_to(out).as_posix()
        if name == MANIFEST and listed:
            continue
        if name not in listed or path.is_symlink() or sha256_of(path) != listed[name]:
            yield name


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """A new folder to write into; it replaces `out` when the block ends well and vanishes otherwise."""
    new, old = _beside(out, ".new"), _beside(out, ".old")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        new.mkdir()
    except OSError as error:
        raise OutputError(Problem("E550", params={"path": out.name})) from error
    try:
        yield new
        # A non-empty folder cannot be replaced in one move: old aside, new in, old away; `heal` mends a cut.
        if out.exists():
            out.rename(old)
        new.rename(out)
    except BaseException:
        if new.exists():
            shutil.rmtree(new, ignore_errors=True)
        if old.exists() and not out.exists():
            old.rename(out)
        raise
    if old.exists():
        shutil.rmtree(old)


def _beside(out: Path, suffix: str) -> Path:
    return out.with_name(out.name + suffix)
