"""Hostile REFI-QDA files: each is refused or read in a bounded time and space, and nothing leaves the file."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from ingest.qda_projects import CODEBOOK, Made, code, coding, guid, selection, tag, text_source, value, write

import evalkit as ek
from evalkit.contract import InputError
from evalkit.contract.words import say
from evalkit.ingest.refi import outline, project

TEXT = "楼长挨家挨户动员。"
SECONDS, MEGABYTES = 20, 1500


def made(**changed: object) -> Made:
    parts = {"codes": [code("上门")], "sources": [text_source("访谈", selection(0, 2, coding("上门"), name="楼长"))],
             "texts": {"访谈": TEXT}}  # fmt: skip
    return Made(**(parts | changed))  # type: ignore[arg-type]


def with_xml(path: Path, text: str | bytes) -> Path:
    return write(path, made().files() | {"project.qde": text if isinstance(text, bytes) else text.encode()})


def entity_bomb(path: Path) -> Path:
    levels = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 10))
    bare = made().qde().partition("?>")[2].replace("上门", "&e9;")
    return with_xml(path, f'<!DOCTYPE x [<!ENTITY e0 "ha">{levels}]>{bare}')


def external_entity(path: Path) -> Path:
    bare = made().qde().partition("?>")[2].replace("上门", "&x;")
    return with_xml(path, f'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]>{bare}')


def bomb(name: str, megabytes: int) -> object:
    def make(path: Path) -> Path:
        files = {n: c for n, c in made().files().items() if n != name}
        write(path, files)
        with (
            zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
            archive.open(name, "w", force_zip64=True) as stream,
        ):
            for _ in range(megabytes):
                stream.write(b" " * (1 << 20))
        return path

    return make


def lying_size(path: Path) -> Path:
    """Many bytes that the directory says are a few."""
    xml = made().qde().encode().ljust(20 << 20)
    data = bytearray(write(path, made().files() | {"project.qde": xml}).read_bytes())
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = -1
        while (place := data.find(mark, place + 1)) >= 0:
            if struct.unpack_from("<I", data, place + at)[0] == 20 << 20:
                struct.pack_into("<I", data, place + at, 100)
    path.write_bytes(data)
    return path


def stated_size(path: Path) -> Path:
    """A few bytes that the directory says are two gigabytes."""
    write(path, made().files())
    data = bytearray(path.read_bytes())
    place = data.find(b"PK\x01\x02")
    struct.pack_into("<I", data, place + 24, 2**31 - 1)
    path.write_bytes(data)
    return path


def nested(path: Path) -> Path:
    inner = made().write(path.with_name("inner.qdpx")).read_bytes()
    return write(path, {"inner.qdpx": inner})


def truncated(path: Path) -> Path:
    whole = made().write(path).read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    return path


def encrypted(path: Path) -> Path:
    data = bytearray(made().write(path).read_bytes())
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = -1
        while (place := data.find(mark, place + 1)) >= 0:
            data[place + at] |= 1
    path.write_bytes(data)
    return path


def source_at(path: str) -> object:
    return lambda file: made(sources=[text_source("访谈", path=path)]).write(file)


FILES = {
    "a project without project.qde": (lambda p: write(p, {"sources/a.txt": b"a"}), "E2150"),
    "two projects in one": (lambda p: write(p, {"a.qde": b"<Project/>", "b.qde": b"<Project/>"}), "E2150"),
    "a project inside a project": (nested, "E2150"),
    "an entry above the folder": (lambda p: write(p, made().files() | {"../../escaped.txt": b"x"}), "E2154"),
    "an entry at an absolute place": (lambda p: write(p, made().files() | {"/tmp/escaped.txt": b"x"}), "E2154"),
    "an entry on a drive": (lambda p: write(p, made().files() | {"C:\\escaped.txt": b"x"}), "E2154"),
    "a source above the folder": (source_at("internal://../../etc/passwd"), "E2154"),
    "a source at an absolute place": (source_at("/etc/passwd"), "E2154"),
    "an entity bomb": (entity_bomb, "E2152"),
    "an external entity": (external_entity, "E2152"),
    "an entry beyond the limit": (bomb("project.qde", 129), "E2151"),
    "a text beyond the limit": (bomb(f"sources/{guid('访谈')}.txt", 33), "E2151"),
    "an entry of two gigabytes": (bomb("project.qde", 2100), "E2151"),
    "an entry larger than it says": (lying_size, "E2153"),
    "an entry that says two gigabytes": (stated_size, "E2151"),
    "no XML": (lambda p: with_xml(p, b"PK\x03\x04 a zip inside"), "E2153"),
    "an XML of another kind": (lambda p: with_xml(p, "<html/>"), "E2155"),
    "an XML that ends early": (lambda p: with_xml(p, made().qde()[:-30]), "E2153"),
    "no zip": (lambda p: p.write_bytes(b"hello") and p, "E2153"),
    "an empty file": (lambda p: p.write_bytes(b"") or p, "E2153"),
    "a truncated zip": (truncated, "E2153"),
    "a password": (encrypted, "E2164"),
    "ten thousand entries": (lambda p: write(p, {f"sources/{n}": b"" for n in range(10_001)}), "E2165"),
    "codes nested without end": (lambda p: with_xml(p, deep(20_000)), "E2174"),
}  # fmt: skip


def deep(n: int) -> str:
    inner = '<Code guid="" name="a" isCodable="true">' * n + "</Code>" * n
    return f"<Project><CodeBook><Codes>{inner}</Codes></CodeBook></Project>"


SLOW = [pytest.param(n, marks=[pytest.mark.slow] if n == "an entry of two gigabytes" else []) for n in FILES]


@pytest.mark.parametrize("name", SLOW)
def test_a_hostile_project_is_refused_with_its_address(name, tmp_path):
    make, known = FILES[name]
    path = make(tmp_path / "hostile.qdpx")  # type: ignore[operator]
    size, before = path.stat().st_size, {p.name for p in tmp_path.iterdir()}
    start = time.process_time()
    tracemalloc.start()
    with pytest.raises(InputError) as raised:
        ek.read_casebook(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.process_time() - start < SECONDS and peak < MEGABYTES << 20
    assert [p.code for p in raised.value.problems] == [known]
    problem = raised.value.problems[0]
    assert problem.at is not None and problem.at.file == "hostile.qdpx"
    assert all(say(problem, lang) for lang in ("zh", "en"))
    assert path.stat().st_size == size and {p.name for p in tmp_path.iterdir()} == before
    path.unlink()


def test_other_files_of_the_format_are_guarded_too(tmp_path):
    for name, text, known in (
        ("a.qdc", f'<!DOCTYPE x><CodeBook xmlns="{CODEBOOK}"/>', "E2152"),
        ("b.qde", "<Project>", "E2153"),
        ("c.qdc", "<Codes/>", "E2155"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=known) as raised:
            ek.read_casebook(tmp_path / name)
        assert name in str(raised.value) and "()" not in str(raised.value) and "（）" not in str(raised.value)
    for name, known in (("missing.qdpx", "E101"), ("folder.qdpx", "E102")):
        (tmp_path / "folder.qdpx").mkdir(exist_ok=True)
        with pytest.raises(InputError, match=known):
            ek.read_casebook(tmp_path / name)


def test_a_qde_does_not_read_beside_its_folder(tmp_path):
    (tmp_path / "secret.txt").write_text(TEXT, encoding="utf-8")
    study = tmp_path / "study"
    (study / "sources").mkdir(parents=True)
    (study / "sources" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (study / "a.qde").write_text(
        made(sources=[text_source("访谈", path="internal://link.txt")]).qde(), encoding="utf-8"
    )
    assert ek.read_casebook(study / "a.qde").texts == {}


def test_too_many_elements_and_cells_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(outline, "MAX_ELEMENTS", 8)
    with pytest.raises(InputError, match="E2165"):
        ek.read_casebook(made().write(tmp_path / "a.qdpx"))


def test_a_stretch_coded_ever_again_is_refused(tmp_path, monkeypatch):
    again = [selection(0, len(TEXT), *(coding("上门", key=n) for n in range(40)))]
    path = made(sources=[text_source("访谈", *again)]).write(tmp_path / "a.qdpx")
    assert len(ek.read_casebook(path).codings) == 40
    monkeypatch.setattr(project, "MAX_COPIED", 39 * len(TEXT))
    with pytest.raises(InputError, match="E2151"):
        ek.read_casebook(path)


def test_ids_and_names_that_repeat_cost_no_more_than_others(tmp_path):
    same = [selection(0, 2, tag("Coding", tag("CodeRef", targetGUID=guid("上门")), guid=guid(1))) for _ in range(4000)]
    start = time.process_time()
    book = ek.read_casebook(made(sources=[text_source("访谈", *same)]).write(tmp_path / "a.qdpx"))
    assert book.codings["coding_id"].is_unique and len(book.codings) == 4000
    assert time.process_time() - start < SECONDS


def test_values_of_many_variables_and_sources_are_bounded(tmp_path, monkeypatch):
    from evalkit.ingest.refi import variables

    names = {f"v{n}": "Text" for n in range(30)}
    sources = [text_source(f"s{n}", value(f"v{n}", n)) for n in range(30)]
    path = made(variables=names, sources=sources, texts={}).write(tmp_path / "a.qdpx")
    assert len(ek.read_casebook(path).sources) == 30
    monkeypatch.setattr(variables, "MAX_CELLS", 899)
    with pytest.raises(InputError, match="E2165"):
        ek.read_casebook(path)
