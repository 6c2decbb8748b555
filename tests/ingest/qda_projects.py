"""REFI-QDA projects as the programs write them, for the tests; each deviation can be asked for."""

from __future__ import annotations

import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

PROJECT, CODEBOOK = "urn:QDA-XML:project:1.0", "urn:QDA-XML:codebook:1.0"


def guid(name: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"test/{name}"))


def tag(element: str, content: str = "", /, **attributes: object) -> str:
    told = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items() if value is not None)
    return f"<{element}{told}>{content}</{element}>" if content else f"<{element}{told}/>"


def code(name: str, *inner: str, folder: bool = False, description: str = "", key: str = "") -> str:
    said = tag("Description", escape(description)) if description else ""
    codable = "false" if folder else "true"
    return tag("Code", said + "".join(inner), guid=guid(key or name), name=name, isCodable=codable)


def coding(of: str, user: str | None = None, key: object = "") -> str:
    made = guid(user) if user else None
    return tag("Coding", tag("CodeRef", targetGUID=guid(of)), guid=guid(f"coding {of} {user} {key}"), creatingUser=made)


def selection(start: object, end: object, *codings: str, name: str | None = None, more: str = "") -> str:
    keys = {"guid": guid(f"selection {start} {end} {name}"), "name": name, "startPosition": start, "endPosition": end}
    return tag("PlainTextSelection", more + "".join(codings), **keys)


def value(variable: str, text: object, kind: str = "Text") -> str:
    inner = tag("VariableRef", targetGUID=guid(f"variable {variable}")) + tag(f"{kind}Value", escape(str(text)))
    return tag("VariableValue", inner)


def text_source(name: str, *inner: str, path: str | None = "", kind: str = "TextSource") -> str:
    """A source whose text is the file `<GUID>.txt`; another path may be given, or None."""
    known = f"internal://{guid(name)}.txt" if path == "" else path
    return tag(kind, "".join(inner), guid=guid(name), name=name, plainTextPath=known)


@dataclass
class Made:
    """The parts of a project."""

    codes: Sequence[str] = ()
    sources: Sequence[str] = ()
    users: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    cases: Sequence[str] = ()
    texts: Mapping[str, str | bytes] = field(default_factory=dict)
    after: str = ""
    folder: str = "sources"
    codebook_namespace: str = ""

    def qde(self) -> str:
        users = "".join(tag("User", guid=guid(name), name=name) for name in self.users)
        spaces = f' xmlns="{self.codebook_namespace}"' if self.codebook_namespace else ""
        book = f"<CodeBook{spaces}><Codes>{''.join(self.codes)}</Codes></CodeBook>" if self.codes else ""
        variables = "".join(
            tag("Variable", guid=guid(f"variable {name}"), name=name, typeOfVariable=kind)
            for name, kind in self.variables.items()
        )
        parts = {"Users": users, "": book, "Variables": variables}
        parts |= {"Cases": "".join(self.cases), "Sources": "".join(self.sources)}
        inner = "".join((f"<{n}>{c}</{n}>" if n else c) for n, c in parts.items() if c)
        return (
            f'<?xml version="1.0" encoding="utf-8"?>\n<Project name="p" xmlns="{PROJECT}">{inner}{self.after}</Project>'
        )

    def files(self) -> dict[str, bytes]:
        found = {"project.qde": self.qde().encode()}
        for name, text in self.texts.items():
            content = text if isinstance(text, bytes) else text.encode()
            found[f"{self.folder}/{guid(name)}.txt"] = content
        return found

    def write(self, path: Path, **more: bytes) -> Path:
        return write(path, self.files() | more)


def write(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
