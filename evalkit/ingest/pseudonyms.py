"""Identifiers and a secret key in, pseudonyms out: the same id gives the same one in every file and wave."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.contract import InputError, Problem, UsageError
from evalkit.ingest.wording import clean

LEAST_KEY = 32
"""Characters a key must have; a new one has twice as many, hexadecimal."""
LENGTH = 26
"""Characters of a pseudonym: 128 bits in base 32."""


@dataclass(frozen=True)
class Key:
    """A secret; it never shows itself."""

    secret: bytes = field(repr=False)


def read_key(path: str | Path, *, new: bool = False, away_from: Path | None = None) -> Key:
    """The key of a study.

    Parameters
    ----------
    path : path
        A text file with the key; blanks around it do not count.
    new : bool
        Make the file, readable by its owner only, where there is none.
    away_from : Path, optional
        A folder that is given away, in which no key may lie.

    Raises
    ------
    UsageError
        E343 no such file, E344 not a file or a key too short, E345 others on the machine may read it, E346 it lies
        in the folder `away_from`. The key is never part of a message.
    """
    path = Path(path)
    if away_from is not None and path.resolve().is_relative_to(away_from.resolve()):
        raise UsageError(Problem("E346", params={"file": path.name, "folder": away_from.name}))
    if new and not path.exists():
        _make(path)
    if not path.exists():
        raise UsageError(Problem("E343", params={"file": path.name}))
    if not path.is_file():
        raise UsageError(Problem("E344", params={"file": path.name, "least": LEAST_KEY}))
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO:
        raise UsageError(Problem("E345", params={"file": path.name}))
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise UsageError(Problem("E343", params={"file": path.name})) from error
    if len(secret) < LEAST_KEY:
        raise UsageError(Problem("E344", params={"file": path.name, "least": LEAST_KEY}))
    return Key(secret)


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(LEAST_KEY) + "\n")
    except OSError as error:
        raise UsageError(Problem("E343", params={"file": path.name})) from error


def pseudonyms(values: pd.Series, key: Key) -> pd.Series:
    """A column of identifiers with each replaced by its pseudonym.

    Parameters
    ----------
    values : Series
        Texts or numbers; 7, 7.0, "7" and full-width digits are one id. Missing ones stay missing.

    Returns
    -------
    Series of str
        Same index and name.

    Raises
    ------
    InputError
        E347 if two ids got one pseudonym.

    Notes
    -----
    The first 128 bits of HMAC-SHA256 (RFC 2104) of the id, in base 32 (RFC 4648), small letters. Without the key
    nobody can tell whether a guessed id is among them, as with a plain hash. Whoever holds the key can: the data
    stay personal.
    """
    codes, distinct = pd.factorize(values.array)
    ids = [_normal(value) for value in distinct]
    made = [_pseudonym(text, key) for text in ids]
    if len(set(made)) != len(set(ids)):
        raise InputError(Problem("E347", params={"column": str(values.name)}))
    table = np.array([*made, np.nan], dtype=object)
    return pd.Series(table[codes], index=values.index, name=values.name, dtype=object)


def _normal(value: object) -> str:
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    return f"{float(value):.15g}" if number else clean(str(value))  # type: ignore[arg-type]


def _pseudonym(text: str, key: Key) -> str:
    digest = hmac.new(key.secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return base64.b32encode(digest[:16]).decode("ascii").rstrip("=").lower()[:LENGTH]
