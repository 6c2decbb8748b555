"""`write`: tables or results in, a file by its suffix, clear refusals."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import pandas as pd
import pytest
from sample_tables import NOTICES, mediation_table, regression_table

from evalkit.contract import Figure, Label, OutputError, UsageError
from evalkit.report import WRITERS, draw, load_style, write


@dataclass(frozen=True)
class Fitted:
    """A result as far as writing goes."""

    notices: tuple = NOTICES

    def table(self, template: str = "T14"):
        return mediation_table()


def test_every_writer_of_the_table_can_write():
    for module in WRITERS.values():
        assert callable(import_module(module).write)


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_every_format_writes_tables_and_results(tmp_path, suffix):
    path = tmp_path / f"tables.{suffix}"
    write([regression_table(), Fitted()], path, lang="en")
    assert path.stat().st_size > 500
    write(mediation_table(), path, style=load_style("apa7"))
    assert path.stat().st_size > 500


def test_notices_of_a_result_are_printed(tmp_path):
    write(Fitted(), tmp_path / "t.md", lang="en")
    assert "E706" in (tmp_path / "t.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("tables", "name", "lang", "code"),
    [
        (mediation_table(), "t.pdf", "zh", "E705"),
        (mediation_table(), "t", "zh", "E705"),
        ([], "t.md", "zh", "E706"),
        (mediation_table(), "t.md", "fr", "E707"),
        ([mediation_table(), 3], "t.md", "zh", "E709"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, tables, name, lang, code):
    with pytest.raises(UsageError) as refused:
        write(tables, tmp_path / name, lang=lang)
    assert [p.code for p in refused.value.problems] == [code]
    assert not list(tmp_path.iterdir())


def test_an_unwritable_place_is_said(tmp_path):
    with pytest.raises(OutputError) as refused:
        write(mediation_table(), tmp_path / "nowhere" / "t.md")
    assert refused.value.problems[0].code == "E131"


def test_draw_writes_a_figure_by_its_suffix(tmp_path):
    frame = pd.DataFrame({"row": ["b"], "column": ["a"], "estimate": [0.5], "p_value": [0.01]})
    figure = Figure("c", "heatmap", Label(zh="热图", en="Heat map"), frame, {})
    draw(figure, tmp_path / "c.svg", lang="en")
    draw(figure, tmp_path / "c.png")
    assert b"<svg" in (tmp_path / "c.svg").read_bytes()
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError):
        draw(figure, tmp_path / "c.bmp")
