"""The run folder: written whole or not at all, and never over an author's own work."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from evalkit.contract import OutputError, Problem, UsageError

MANIFEST = "run.json"
NO_ROOM = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC})
"""Faults of the target, not of ours: no permission, read-only, full."""


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def heal(out: Path) -> None:
    """Finish or undo a swap that was cut off: without `out`, its `.old` comes back; leftovers go."""
    new, old = _beside(out, ".new"), _beside(out, ".old")
    try:
        if old.exists() and not out.exists():
            old.rename(out)
        for rest in (new, old):
            if rest.exists():
                shutil.rmtree(rest)
    except OSError as error:
        raise OutputError(Problem("E550", params={"path": out.name})) from error


def protect(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse a target that holds what the run reads: to replace it would lose plan or data, `force` or not.

    Raises
    ------
    OutputError
        E553, with the files.
    """
    held = sorted({path.name for path in inputs if path.resolve().is_relative_to(out)})
    if held and out.is_dir():
        raise OutputError(Problem("E553", params={"path": out.name or str(out), "files": held}))


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


def check_suffix(path: Path, *known: str) -> None:
    """UsageError E574 for a file name that does not end in one of these."""
    if path.suffix.lower() not in known:
        raise UsageError(Problem("E574", params={"suffix": path.suffix or path.name, "known": known}))


def make_folder(path: Path) -> None:
    """Make a folder that may be there already.

    Raises
    ------
    OutputError
        E551 if a file has its name, E550 if it cannot be made.
    """
    if path.exists() and not path.is_dir():
        raise OutputError(Problem("E551", params={"path": path.name}))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(Problem("E550", params={"path": path.name})) from error


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
    except BaseException as error:
        if new.exists():
            shutil.rmtree(new, ignore_errors=True)
        if old.exists() and not out.exists():
            old.rename(out)
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise OutputError(Problem("E550", params={"path": out.name})) from error
        raise
    if old.exists():
        shutil.rmtree(old, ignore_errors=True)  # what is still open somewhere, the next run takes away


def _beside(out: Path, suffix: str) -> Path:
    """`.out.new` beside `out`: a name nobody gives to a folder of their own."""
    return out.with_name(f".{out.name}{suffix}")
