"""A source's text and its codings in, a Word file with comments out, which reads again as the same codings."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from lxml import etree

from evalkit.contract import OutputError, Problem, UsageError
from evalkit.report.docx_package import empty_document, put_footer
from evalkit.report.docx_xml import element, has_chinese, w
from evalkit.report.styles import load_style
from evalkit.sheets.archive import rewrite_zip, write_bytes

LABELS = ("id", "name")
_UNHOLDABLE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f]|^\.|^~|[. ]$')
_MARKS = re.compile(r"[;；、:：\n]")
_DAY, _MOMENT = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"
_CONTENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
_STYLE = "cn"


class Coded(Protocol):
    """A casebook, as far as it is written here: texts, and the sheets `codings`, `codebook` and `sources`."""

    @property
    def texts(self) -> Mapping[str, str]: ...

    def frame(self, name: str) -> pd.DataFrame: ...


def write_comments(
    casebook: Coded,
    path: str | Path,
    *,
    source: str | None = None,
    round: str | None = None,
    label: str = "id",
    force: bool = False,
) -> tuple[Problem, ...]:
    """Write sources as Word files, their codings as comments: to code in Word, and to be read by `read_casebook`.

    Parameters
    ----------
    casebook : Casebook
        Sources without a text are left out.
    path : path
        A .docx for one source; anything else is a folder that gets one file `<source>.docx` for each.
    source : str, optional
        Which one; needed for a .docx where several have a text.
    round : str, optional
        Codings of this round alone.
    label : {"id", "name"}
        What a comment calls a code; where a name would not be found again, its id stands.
    force : bool
        Write over files that are there: they may hold somebody's comments.

    Returns
    -------
    tuple of Problem
        What comments cannot hold: codings without offsets (W2190), characters that XML does not have, each replaced
        by one sign (W2191), rounds, ids and some dates of codings (N2189); and N2199 for texts that may not be quoted.

    Raises
    ------
    UsageError
        E2188 for a source without text or not named, or a round that no coding has; E2197 for a source whose id
        cannot be a file's name, or another label.
    OutputError
        E2198 for a file that is there, E131 for one that cannot be written.
    """
    path = Path(path)
    single = path.suffix.lower() == ".docx"
    sources = _sources(casebook, source, single)
    codings = casebook.frame("codings")
    if label not in LABELS:
        raise UsageError(Problem("E2197", params={"name": label, "known": list(LABELS)}))
    if round is not None and round not in set(codings["round"].dropna()):
        raise UsageError(
            Problem("E2188", params={"name": round, "near": sorted(set(codings["round"].dropna())) or ["–"]})
        )
    codings = codings if round is None else codings[codings["round"] == round]
    targets = {path: sources[0]} if single else {path / f"{_file_name(name)}.docx": name for name in sources}
    there = [target.name for target in targets if target.exists()]
    if there and not force:
        raise OutputError(Problem("E2198", params={"files": there}))
    called = _caller(casebook.frame("codebook"), label)
    if not single:
        _make_folder(path)
    loss: Counter[str] = Counter()
    for target, name in targets.items():
        own = codings[codings["source_id"] == name]
        write_bytes(target, _content(name, casebook.texts[name], own, called, loss))
    return tuple(_told(loss, codings[codings["source_id"].isin(sources)], casebook.frame("sources"), sources, round))


def _sources(casebook: Coded, source: str | None, single: bool) -> list[str]:
    known = list(casebook.texts)
    if source is not None and source in casebook.texts:
        return [source]
    if source is not None or not known or (single and len(known) > 1):
        raise UsageError(Problem("E2188", params={"name": source or "source", "near": known[:6] or ["–"]}))
    return known


def _file_name(source: str) -> str:
    if _UNSAFE.search(source):
        raise UsageError(Problem("E2197", params={"name": source, "known": ["S1", "S2"]}))
    return source


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise OutputError(Problem("E131", params={"file": path.name})) from fault


def _caller(codebook: pd.DataFrame, label: str) -> Callable[[str], str]:
    """Code -> what a comment calls it: its name where that finds the code again, and only that one."""
    if label == "id":
        return str
    names = {str(c): str(n) for c, n in zip(codebook["code_id"], codebook["name"], strict=True) if not pd.isna(n)}
    uses = Counter([*names, *names.values()])
    plain = {code: name for code, name in names.items() if uses[name] == 1 + (name == code) and not _MARKS.search(name)}
    return lambda code: plain.get(code, code)


def _told(
    loss: Counter[str], codings: pd.DataFrame, sheet: pd.DataFrame, sources: Sequence[str], round: str | None
) -> Iterator[Problem]:
    if loss["place"]:
        yield Problem("W2190", params={"n": loss["place"]})
    if loss["sign"]:
        yield Problem("W2191", params={"n": loss["sign"]})
    rounds = 0 if round is not None else int(codings["round"].notna().sum())
    if rounds or loss["date"]:
        yield Problem("N2189", params={"rounds": rounds, "dates": loss["date"]})
    refused = sheet.loc[sheet["source_id"].isin(sources) & (sheet["quotable"] == 0), "source_id"]
    if len(refused):
        yield Problem("N2199", params={"sources": list(refused)})


# -- the document -----------------------------------------------------------------------------


@dataclass
class _Marks:
    """What stands at one offset: comments that end there, and comments that begin."""

    ends: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)


def _content(name: str, text: str, codings: pd.DataFrame, called: Callable[[str], str], loss: Counter[str]) -> bytes:
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    placed = codings.dropna(subset=["start", "end"]).sort_values(["start", "end"], kind="stable")
    loss["place"] += len(codings) - len(placed)
    style, lang = load_style(_STYLE), "zh" if has_chinese(text) else "en"
    document = empty_document(style, lang)
    put_footer(document, "")
    document.core_properties.title = _held(name, Counter())
    marks: dict[int, _Marks] = {}
    for number, (start, end) in enumerate(zip(placed["start"], placed["end"], strict=True)):
        marks.setdefault(int(start), _Marks()).starts.append(number)
        marks.setdefault(int(end), _Marks()).ends.append(number)
    body = document.element.body
    last = body.sectPr
    for line in _paragraphs(_held(text, loss), marks):
        last.addprevious(line)
    if len(placed):
        root = element("comments", *(_comment(k, row, called, loss) for k, row in enumerate(placed.to_dict("records"))))
        blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
        part = Part(PackURI("/word/comments.xml"), _CONTENT, blob, document.part.package)
        document.part.relate_to(part, _RELATION)
    stream = io.BytesIO()
    document.save(stream)
    return rewrite_zip(stream.getvalue())


def _held(text: str, loss: Counter[str]) -> str:
    """The text with a sign in the place of each character that XML cannot hold, so that offsets stay."""
    held, n = _UNHOLDABLE.subn("\ufffd", text)
    loss["sign"] += n
    return held


def _paragraphs(text: str, marks: Mapping[int, _Marks]) -> Iterator[Any]:
    """A paragraph for each line, with the marks of the comments at their offsets."""
    cuts = sorted(marks)
    at, next_cut = 0, 0
    for line in text.split("\n"):
        end = at + len(line)
        made = element("p")
        while next_cut < len(cuts) and cuts[next_cut] <= end:
            cut = cuts[next_cut]
            made.extend(_runs(text[at:cut]))
            made.extend(_marked(marks[cut]))
            at, next_cut = cut, next_cut + 1
        made.extend(_runs(text[at:end]))
        at = end + 1
        yield made


def _marked(marks: _Marks) -> Iterator[Any]:
    for number in marks.ends:
        yield element("commentRangeEnd", id=number)
        yield element("r", element("commentReference", id=number))
    for number in marks.starts:
        yield element("commentRangeStart", id=number)


def _runs(text: str) -> list[Any]:
    """One run of text, tabs as tabs and line breaks as such; none for no text."""
    if not text:
        return []
    made = element("r", element("rPr", element("rFonts", hint="eastAsia")) if has_chinese(text) else None)
    for piece in re.split("([\t\n])", text):
        if piece in ("\t", "\n"):
            made.append(element("tab" if piece == "\t" else "br"))
        elif piece:
            made.append(element("t"))
            made[-1].text = piece
            made[-1].set(_SPACE, "preserve")
    return [made]


def _comment(number: int, row: Mapping[str, Any], called: Callable[[str], str], loss: Counter[str]) -> Any:
    """`code：memo` in one paragraph; line breaks of the memo stay inside it."""
    coder, memo, date = ("" if pd.isna(row[key]) else str(row[key]) for key in ("coder", "memo", "date"))
    said = called(str(row["code_id"])) + (f"：{memo}" if memo else "")
    made = element("comment", element("p", *_runs(_held(said, loss))), id=number, author=_held(coder, loss))
    made.set(w("initials"), _held(coder, Counter())[:2])
    if _MOMENT.fullmatch(date):
        made.set(w("date"), f"{date}Z" if date.count(":") == 2 else f"{date}:00Z")
    elif _DAY.fullmatch(date):
        made.set(w("date"), f"{date}T00:00:00Z")
    else:
        loss["date"] += bool(date)
    return made
