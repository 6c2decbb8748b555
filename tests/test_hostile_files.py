"""Every hostile file through the whole program, each in a process of its own that is watched.

Each ends within 20 s and 1.5 GB with a clear message or a correct reading; none takes the process down, touches
the network, or writes outside the target folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from ingest import word_files
from sheets.crafted import parts, write

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="watched by POSIX means")]

SECONDS, MEGABYTES = 20, 1536
HEADER = "".join(f'<c r="{c}1" t="str"><v>{v}</v></c>' for c, v in zip("ABC", ("编号", "年龄", "建议"), strict=True))
ROWS = (
    f'<row r="1">{HEADER}</row>'
    '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>35</v></c><c r="C2" t="str"><v>种树</v></c></row>'
    '<row r="3"><c r="A3"><v>2</v></c><c r="B3"><v>41</v></c><c r="C3" t="str"><v>停车</v></c></row>'
)
INSTRUMENT = """format = "evalkit-instrument/1"
id = "hostile"
version = "1"
languages = ["zh", "en"]
title = {zh = "甲", en = "A"}
[[items]]
id = "age"
type = "integer"
zh = "年龄"
en = "Age"
[[items]]
id = "remark"
type = "text"
zh = "建议"
en = "Remarks"
"""
# Ends the process where it does what reading a file never needs: 97 network, 98 a file written elsewhere.
WATCH = """
import os, sys
TARGET = os.environ["WATCH_TARGET"]
ALLOWED = (TARGET, "/dev/", os.environ["WATCH_SCRATCH"])
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind"):
        os._exit(97)
    if event == "open" and isinstance(args[0], (str, bytes)) and isinstance(args[2], int):
        writing = args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        path = os.path.abspath(os.fsdecode(args[0]))
        if writing and not path.startswith(ALLOWED):
            os.write(2, path.encode())
            os._exit(98)
sys.addaudithook(watch)
"""


@dataclass(frozen=True)
class Ended:
    code: int
    text: str
    seconds: float
    megabytes: float


@pytest.fixture
def run(tmp_path) -> Callable[..., Ended]:
    """`run("check", path, ...)`: evalkit in a watched process."""
    watch, target, scratch = (tmp_path / name for name in ("watch", "target", "scratch"))
    for folder in (watch, target, scratch):
        folder.mkdir(exist_ok=True)
    (watch / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(watch), str(Path(__file__).parents[1])]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(scratch),
        "WATCH_TARGET": str(target),
        "WATCH_SCRATCH": str(scratch),
    }

    def go(*words: object) -> Ended:
        child = subprocess.Popen(
            [sys.executable, "-m", "evalkit", *map(str, words), "--lang", "en"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=target,
            env=environment,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert child.stdout is not None
        text = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        child.stdout.close()
        # Processor time, its own children's too: a busy machine makes the clock say nothing.
        return Ended(child.returncode, text, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)

    return go


def workbook(path: Path, rows: str = ROWS, **keys) -> Path:
    return write(path, parts(rows, **keys))


def zip_bomb(path: Path) -> Path:
    made = parts(ROWS)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in made.items():
            if name != "xl/worksheets/odd1.xml":
                archive.writestr(name, content)
        with archive.open("xl/worksheets/odd1.xml", "w", force_zip64=True) as stream:
            stream.write(made["xl/worksheets/odd1.xml"].partition("</sheetData>")[0].encode())
            for _ in range(2200):
                stream.write(b" " * (1 << 20))
    return path


def entity_bomb(path: Path) -> Path:
    made = parts(ROWS)
    levels = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 10))
    body = made["xl/worksheets/odd1.xml"].partition("?>")[2].replace("种树", "&e9;")
    made["xl/worksheets/odd1.xml"] = f'<!DOCTYPE x [<!ENTITY e0 "ha">{levels}]>{body}'
    return write(path, made)


def external_entity(path: Path) -> Path:
    made = parts(ROWS)
    body = made["xl/worksheets/odd1.xml"].partition("?>")[2].replace("种树", "&x;")
    made["xl/worksheets/odd1.xml"] = f'<!DOCTYPE x [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>{body}'
    return write(path, made)


def path_trick(path: Path) -> Path:
    return write(path, parts(ROWS) | {"../../escaped.txt": "out", "/tmp/escaped.txt": "out", "xl/../../e.xml": "<a/>"})


def blank_styled_rows(path: Path) -> Path:
    return workbook(path, ROWS + "".join(f'<row r="{r}"><c r="A{r}" s="0"/></row>' for r in range(4, 1_000_004)))


def long_cell(path: Path) -> Path:
    return workbook(path, ROWS.replace("种树", "树" * 1_000_000))


def control_characters(path: Path) -> Path:
    return workbook(path, ROWS.replace("种树", "_x0000_种_x0007_树_x001B_"))


def lone_surrogates(path: Path) -> Path:
    return workbook(path, ROWS.replace("种树", "_xD800_树_xDFFF_"))


def truncated(path: Path) -> Path:
    whole = workbook(path).read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    return path


def text_file(content: bytes | str) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def one_line(gigabytes: float) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        with open(path, "wb") as stream:
            stream.write("编号,年龄,建议\n1,35,".encode())
            for _ in range(int(gigabytes * 1024)):
                stream.write(b"x" * (1 << 20))
        return path

    return make


def document(path: Path, main: str, comments: str = "") -> Path:
    return word_files.write(path, main, comments)


def document_bomb(path: Path) -> Path:
    """A Word file whose main part inflates to 2 GB."""
    whole = word_files.write(path.with_suffix(".zip"), "")
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            if name != "word/document.xml":
                archive.writestr(name, source.read(name))
        with archive.open("word/document.xml", "w", force_zip64=True) as stream:
            for _ in range(2200):
                stream.write(b" " * (1 << 20))
    whole.unlink()
    return path


def document_entities(path: Path) -> Path:
    levels = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 10))
    text = f'<!DOCTYPE x [<!ENTITY e0 "ha">{levels}]><w:document xmlns:w="{word_files.W}">&e9;</w:document>'
    return word_files.write(path, "", **{"word/document.xml": text})


def document_path_trick(path: Path) -> Path:
    return word_files.write(path, word_files.p("一"), **{"../../escaped.txt": "out", "/tmp/escaped.txt": "out"})


FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
WIDE = ",".join(f"c{k}" for k in range(16_384))

# name -> file name, maker, exit codes of `check` that are right, what must be said
FILES = {
    "a zip bomb": ("a.xlsx", zip_bomb, {3}, "E106"),
    "an entity bomb": ("a.xlsx", entity_bomb, {3}, "E107"),
    "an external entity": ("a.xlsx", external_entity, {3}, "E107"),
    "a path trick": ("a.xlsx", path_trick, {0, 3}, ""),
    "a stated million rows": ("a.xlsx", lambda p: workbook(p, head='<dimension ref="A1:XFD1048576"/>'), {0}, "2"),
    "a value in the last cell": ("a.xlsx", lambda p: workbook(p, ROWS + FAR), {0, 1}, "W204"),
    "a million blank styled rows": ("a.xlsx", blank_styled_rows, {0}, "2"),
    "a cell of a million characters": ("a.xlsx", long_cell, {0, 1}, ""),
    "control characters": ("a.xlsx", control_characters, {0, 1}, ""),
    "lone surrogates": ("a.xlsx", lone_surrogates, {0, 1}, ""),
    "a truncated zip": ("a.xlsx", truncated, {3}, "E108"),
    "an xlsx that is a csv": ("a.xlsx", text_file("年龄,建议\n35,种树\n"), {0}, "N120"),
    "an xlsx that is html": (
        "a.xlsx",
        text_file("<html><table><tr><td>年龄<td>建议</tr><tr><td>35<td>树</tr></table>"),
        {0},
        "N120",
    ),
    "sixteen thousand columns": ("a.csv", text_file(f"年龄,{WIDE[:-7]}\n35,{'1,' * 16_382}1\n"), {0}, "W304"),
    "ragged rows": ("a.csv", text_file("年龄,建议\n35\n41,停车,多余,更多\n\n,\n"), {0, 1}, ""),
    "an unmatched quote": ("a.csv", text_file('年龄,建议\n35,"种树\n41,停车\n'), {3}, "E116"),
    "mixed encodings": (
        "a.csv",
        text_file("年龄,建议\n35,种树\n".encode() + "41,停车位不足\n".encode("gb18030")),
        {3},
        "E109",
    ),
    "NUL in a csv": ("a.csv", text_file(b"\xe5\xb9\xb4\0,b\n1,2\n"), {3}, "E104"),
    "a line of 2 GB": ("a.csv", one_line(2), {3}, "E106"),
    "a line just below the limit": ("a.csv", one_line(0.9), {3}, "E1"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_hostile_file_is_told_or_read(case, run, tmp_path):
    name, make, codes, said = FILES[case]
    path = make(tmp_path / name)
    (tmp_path / "hostile.toml").write_text(INSTRUMENT, encoding="utf-8")
    size = path.stat().st_size
    ended = run("check", path, "-i", tmp_path / "hostile.toml", "-o", tmp_path / "target" / "problems.xlsx")
    assert ended.code in codes, ended
    assert said in ended.text and "Traceback" not in ended.text, ended.text[:2000]
    assert ended.seconds < SECONDS and ended.megabytes < MEGABYTES, ended
    assert path.stat().st_size == size
    outside = {p.name for p in tmp_path.iterdir()} - {"watch", "target", "scratch", "hostile.toml", name}
    assert not outside and {p.name for p in (tmp_path / "target").iterdir()} <= {"problems.xlsx"}
    path.unlink()  # two gigabytes need not stay


DOCUMENTS = {
    "a zip bomb": (document_bomb, {3}, "E2181"),
    "an entity bomb": (document_entities, {3}, "E2182"),
    "a path trick": (document_path_trick, {0}, "N2195"),
    "four million empty paragraphs": (lambda p: document(p, "<w:p/>" * 4_000_000), {3}, "E2181"),
    "a million runs": (lambda p: document(p, "<w:p>" + "<w:r><w:t>a</w:t></w:r>" * 1_000_000 + "</w:p>"), {0}, "N2195"),
    "a deep nest": (lambda p: document(p, "<w:sdt>" * 2_000_000 + "</w:sdt>" * 2_000_000), {0}, "N2195"),
    "a million comments": (lambda p: document(p, "", "<w:comment/>" * 1_000_000), {3}, "E2181"),
    "a comment of colons": (lambda p: document(p, "", word_files.comment(1, "x", "：" * 5_000_000)), {0}, ""),
    "a comment of codes": (lambda p: document(p, "", word_files.comment(1, "x", "a；" * 200_000)), {0}, "N2192"),
    "forty thousand codes": (
        lambda p: document(p, "", "".join(word_files.comment(k, "x", f"code {k}") for k in range(40_000))),
        {0},
        "N2192",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_hostile_document_is_told_or_read(case, run, tmp_path):
    make, codes, said = DOCUMENTS[case]
    path = make(tmp_path / "a.docx")
    ended = run("check", path, "-o", tmp_path / "target" / "problems.xlsx")
    assert ended.code in codes, ended
    assert said in ended.text and "Traceback" not in ended.text, ended.text[:2000]
    assert ended.seconds < SECONDS and ended.megabytes < MEGABYTES, ended
    outside = {p.name for p in tmp_path.iterdir()} - {"watch", "target", "scratch", "a.docx"}
    assert not outside and {p.name for p in (tmp_path / "target").iterdir()} <= {"problems.xlsx"}


def project_bomb(path: Path) -> Path:
    archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
    with archive, archive.open("project.qde", "w", force_zip64=True) as stream:
        for _ in range(2200):
            stream.write(b" " * (1 << 20))
    return path


def project_entities(path: Path) -> Path:
    levels = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 10))
    return write(path, {"project.qde": f'<!DOCTYPE x [<!ENTITY e0 "ha">{levels}]><Project>&e9;</Project>'})


def project_paths(path: Path) -> Path:
    return write(path, {"project.qde": "<Project/>", "../../escaped.txt": "out", "/tmp/escaped.txt": "out"})


PROJECTS = {
    "a zip bomb": (project_bomb, "E2151"),
    "an entity bomb": (project_entities, "E2152"),
    "a path trick": (project_paths, "E2154"),
    "no zip": (text_file("hello"), "E2153"),
}


@pytest.mark.parametrize("case", PROJECTS)
def test_a_hostile_project_is_told(case, run, tmp_path):
    make, said = PROJECTS[case]
    path = make(tmp_path / "a.qdpx")
    size = path.stat().st_size
    ended = run("check", path)
    assert ended.code == 3 and said in ended.text and "Traceback" not in ended.text, ended.text[:2000]
    assert ended.seconds < SECONDS and ended.megabytes < MEGABYTES, ended
    assert path.stat().st_size == size
    assert not {p.name for p in tmp_path.iterdir()} - {"watch", "target", "scratch", "a.qdpx"}
    assert not list((tmp_path / "target").iterdir())


@pytest.mark.parametrize("case", [c for c in FILES if c not in ("a line of 2 GB", "a zip bomb")])
def test_init_bears_it_too(case, run, tmp_path):
    name, make, _, _ = FILES[case]
    path = make(tmp_path / name)
    ended = run("init", path, "-o", tmp_path / "target" / "study")
    assert ended.code in {0, 1, 3} and "Traceback" not in ended.text, ended.text[:2000]
    assert ended.seconds < SECONDS and ended.megabytes < MEGABYTES, ended
    path.unlink()


def test_the_watch_sees_what_it_is_to_see(run, tmp_path):
    """A program that opens a socket or writes elsewhere is ended: the checks above can fail."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "watch"),
        "WATCH_TARGET": "/none",
        "WATCH_SCRATCH": "/none",
    }
    for code, program in ((97, "import socket; socket.getaddrinfo('localhost', 1)"), (98, "open('x.txt', 'w')")):
        done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=False, stderr=-3)
        assert done.returncode == code
