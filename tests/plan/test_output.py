"""The run folder: whole or not at all, and an author's work is never lost."""

from __future__ import annotations

import json

import pytest

from evalkit.contract import OutputError
from evalkit.plan import output


def written(folder, files):
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    listed = {name: output.sha256_of(folder / name) for name in files}
    (folder / output.MANIFEST).write_text(json.dumps({"outputs": listed}))


def codes(caught):
    return [p.code for p in caught.value.problems]


def test_a_run_of_its_own_may_be_replaced(tmp_path):
    written(tmp_path / "out", {"report.html": "a"})
    output.guard(tmp_path / "out")
    with output.staged(tmp_path / "out") as folder:
        (folder / "report.html").write_text("b")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["report.html"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out"]


@pytest.mark.parametrize("kind", ["edited", "added", "no manifest"])
def test_a_folder_with_other_work_is_refused(tmp_path, kind):
    out = tmp_path / "out"
    written(out, {"tables.docx": "a"})
    if kind == "edited":
        (out / "tables.docx").write_text("the author's own words")
    elif kind == "added":
        (out / "notes.txt").write_text("mine")
    else:
        (out / output.MANIFEST).unlink()
    with pytest.raises(OutputError) as caught:
        output.guard(out)
    assert codes(caught) == ["E552"]
    output.guard(out, force=True)


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError) as caught:
        output.guard(tmp_path / "out")
    assert codes(caught) == ["E551"]


def test_a_failure_inside_leaves_the_old_folder_as_it_was(tmp_path):
    written(tmp_path / "out", {"report.html": "old"})
    with pytest.raises(RuntimeError), output.staged(tmp_path / "out") as folder:
        (folder / "report.html").write_text("half")
        raise RuntimeError
    assert (tmp_path / "out" / "report.html").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_next_run_heals_a_swap_that_was_cut_off(tmp_path):
    (tmp_path / ".out.old").mkdir()
    (tmp_path / ".out.old" / "report.html").write_text("old")
    (tmp_path / ".out.new").mkdir()
    output.heal(tmp_path / "out")
    assert (tmp_path / "out" / "report.html").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_target_that_cannot_be_made_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError) as caught, output.staged(tmp_path / "file" / "out"):
        pass
    assert codes(caught) == ["E550"]
