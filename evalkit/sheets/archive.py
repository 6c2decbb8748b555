"""Bytes in, the same bytes every time, and on disk all at once or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import re
import secrets
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from evalkit.contract.problems import OutputError, Problem

ZIP_DATE = (1980, 1, 1, 0, 0, 0)
CORE_DATE = "2000-01-01T00:00:00Z"
CORE_PART = "docProps/core.xml"
REPLACE_TRIES, REPLACE_PAUSE = 6, 0.1  # seconds; a virus scanner lets go of a new file within half a second

_KEPT_CORE = ("dc:title", "dc:subject", "dc:language")


def rewrite_zip(data: bytes, changes: Mapping[str, Callable[[bytes], bytes]] | None = None) -> bytes:
    """The same archive with sorted entries, fixed dates and fixed core properties.

    Parameters
    ----------
    data : bytes
        A zip container of ours (xlsx, docx).
    changes : mapping, optional
        Part name -> function that gives the part's new bytes.

    Returns
    -------
    bytes
        Equal for equal contents, whatever the clock, the user and the system. Title, subject and language of
        the core properties stay; the creator becomes `evalkit`.
    """
    out = io.BytesIO()
    changes = {CORE_PART: _core, **(changes or {})}
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            # A picture is compressed already.
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o600 << 16
            target.writestr(entry, changes[name](content) if name in changes else content, compresslevel=6)
    return out.getvalue()


def write_bytes(path: Path | str, data: bytes) -> None:
    """Write a file all at once: a temporary one in the same folder, flushed to disk, then renamed.

    Raises
    ------
    OutputError
        E131 if the target cannot be written, e.g. because it is open in Excel; the old file is still there.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OutputError(Problem("E131", params={"file": target.name}))
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.tmp")
    try:
        _write_and_flush(temporary, data)
        _replace(temporary, target)
    except OSError as fault:
        raise OutputError(Problem("E131", params={"file": target.name})) from fault
    finally:
        with contextlib.suppress(OSError):  # the folder may be a file: nothing was written then
            temporary.unlink()


def _write_and_flush(path: Path, data: bytes) -> None:
    with open(path, "xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _replace(temporary: Path, target: Path) -> None:
    for attempt in range(REPLACE_TRIES):
        try:
            os.replace(temporary, target)
            return
        except PermissionError:
            if attempt == REPLACE_TRIES - 1:
                raise
            time.sleep(REPLACE_PAUSE)


def _core(content: bytes) -> bytes:
    """Core properties without clock and user. `content` was written by a library of ours, so its form is known."""
    text = content.decode("utf-8")
    kept = ""
    for tag in _KEPT_CORE:
        found = re.search(rf"<{tag}(?: [^>]*)?>([^<]*)</{tag}>", text)
        if found and found.group(1):
            kept += f"<{tag}>{found.group(1)}</{tag}>"
    moment = f'xsi:type="dcterms:W3CDTF">{CORE_DATE}'
    who = "evalkit"
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:dcmitype="http://purl.org/dc/dcmitype/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{kept}<dc:creator>{who}</dc:creator><cp:lastModifiedBy>{who}</cp:lastModifiedBy>"
        f"<cp:revision>1</cp:revision><dcterms:created {moment}</dcterms:created>"
        f"<dcterms:modified {moment}</dcterms:modified></cp:coreProperties>"
    ).encode()
