from __future__ import annotations

import dataclasses
import io
import re
import subprocess
import sys
from collections.abc import Callable

import matplotlib
import numpy as np
import pandas as pd
import pytest
from defusedxml import ElementTree
from PIL import Image

from evalkit.contract import Figure, Label, OutputError, UsageError
from evalkit.contract.words import say
from evalkit.report.figures import KINDS, Drawn, draw, draw_file, palette, render
from evalkit.report.styles import load_style

SVG = "{http://www.w3.org/2000/svg}"


def test_the_svg_is_a_whole_picture_with_its_text_as_outlines(sample, lang):
    drawn = draw(sample, lang=lang)
    root = ElementTree.fromstring(drawn.svg)
    assert root.tag == SVG + "svg"
    assert root.get("aria-label") == drawn.alt
    assert [float(v) for v in root.get("viewBox").split()] == pytest.approx([0, 0, drawn.width, drawn.height], abs=0.01)
    assert {e.tag.removeprefix(SVG) for e in root.iter()} == {"svg", "defs", "path", "g", "use"}
    ids = {e.get("id") for e in root.iter() if e.get("id")}
    uses = {e.get("{http://www.w3.org/1999/xlink}href") for e in root.iter(SVG + "use")}
    assert uses == {"#" + name for name in ids}
    assert all(name.startswith(f"{sample.id}-{lang}-") for name in ids)


def test_the_png_has_the_size_and_nothing_but_the_picture(sample, lang):
    drawn = draw(sample, lang=lang)
    picture = Image.open(io.BytesIO(drawn.png))
    scale = render.DPI / 72
    assert picture.size == (round(drawn.width * scale), round(drawn.height * scale))
    assert set(picture.info) == {"dpi"}
    corner = np.asarray(picture)[0, 0]
    assert tuple(corner) == (255, 255, 255)
    assert 0.005 < np.mean(np.asarray(picture.convert("L")) < 128) < 0.4


def test_the_same_bytes_twice(sample, lang):
    first, second = draw(sample, lang=lang), draw(sample, lang=lang)
    assert first.svg == second.svg
    assert first.png == second.png


def test_the_same_bytes_in_another_process_and_without_pyplot(samples, lang, tmp_path):
    sample = samples["path"]("serial", 2)
    sample.frame.to_pickle(tmp_path / "frame.pkl")
    code = (
        "import sys, hashlib, pandas as pd\n"
        "from evalkit.contract import Figure, Label\n"
        "from evalkit.report.figures import draw\n"
        f"f = Figure('a', 'path', Label(zh='z', en='e'), pd.read_pickle({str(tmp_path / 'frame.pkl')!r}))\n"
        f"d = draw(f, lang={lang!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "print(hashlib.sha256(d.svg + d.png).hexdigest())"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout
        for env in (_environment(tmp_path, "1"), _environment(tmp_path, "2"))
    ]
    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == 64


def _environment(folder, seed: str) -> dict[str, str]:
    """Another hash seed, no home and no fonts but the bundled one."""
    import os

    return {**os.environ, "PYTHONHASHSEED": seed, "MPLCONFIGDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}


def test_the_users_matplotlib_settings_change_nothing(samples):
    plain = draw(samples["likert"](3), lang="zh")
    with matplotlib.rc_context({"font.size": 30, "text.color": "red", "savefig.dpi": 30, "lines.linewidth": 9}):
        assert draw(samples["likert"](3), lang="zh").png == plain.png
    assert matplotlib.rcParams["font.size"] == matplotlib.rcParamsDefault["font.size"]


def test_alt_text_names_the_key_numbers(samples):
    assert "（4.02）" in draw(samples["likert"](), lang="zh").alt
    assert "“Too few parking places” 72.4% (830)" in draw(samples["multiple"](), lang="en").alt
    assert "0.621***" in draw(samples["heatmap"](), lang="en").alt
    assert "“服务链接”0.390*** [0.261, 0.520]" in draw(samples["coefficients"](), lang="zh").alt
    assert "0.288, 95% CI [0.233, 0.344]" in draw(samples["path"](), lang="en").alt


def test_alt_text_is_in_one_language(sample):
    assert not re.search("[\u4e00-\u9fff。，；（]", draw(sample, lang="en").alt)
    assert draw(sample, lang="zh").alt.endswith("。")


def test_the_style_gives_digits_and_stars(samples):
    figure = samples["heatmap"](4)
    assert "−0.244***" in draw(figure, lang="en").alt
    assert "−.24***" in draw(figure, lang="en", style="apa7").alt
    assert draw(figure, lang="en", style=load_style("apa7")).svg == draw(figure, lang="en", style="apa7").svg


def test_data_are_the_numbers_drawn(sample):
    drawn = draw(sample, lang="zh")
    pd.testing.assert_frame_equal(drawn.data, sample.frame)
    assert drawn.data is not sample.frame


def test_a_character_without_glyph_is_noticed_and_marked(samples):
    figure = samples["multiple"]()
    labels = figure.labels | {"j_need__1": Label(zh="绿化😀", en="Greenery")}
    drawn = draw(dataclasses.replace(figure, labels=labels), lang="zh")
    assert [p.code for p in drawn.notices] == ["W730"]
    assert drawn.notices[0].params["text"] == "绿化〓"
    assert "U+1F600" in say(drawn.notices[0], "zh")
    assert draw(figure, lang="zh").notices == ()


@pytest.mark.parametrize(
    "wording", ["$x^2$", "<b>&\"'", "a\nb", "\u202eabc", "\\frac{", "%s {n}", "好" * 300, "x" * 200]
)
def test_hostile_wording_is_drawn_as_it_stands(samples, wording, lang):
    small = (samples["likert"](2), samples["multiple"](), samples["heatmap"](3), samples["coefficients"](1))
    for figure in (*small, samples["path"]("serial", 2)):
        labels = {key: Label(zh=wording, en=wording) for key in figure.labels}
        drawn = draw(dataclasses.replace(figure, labels=labels), lang=lang)
        ElementTree.fromstring(drawn.svg)
        assert not drawn.notices


def test_a_frame_without_wordings_shows_its_ids(sample, lang):
    bare = dataclasses.replace(sample, labels={}, notes=())
    assert isinstance(draw(bare, lang=lang), Drawn)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_draw_is_said(kind):
    empty = Figure("f", kind, Label(zh="图", en="Figure"), pd.DataFrame())
    with pytest.raises(OutputError) as err:
        draw(empty, lang="zh")
    assert err.value.problems[0].code == "E733"


def test_unknown_kinds_and_languages_are_refused(samples):
    figure = samples["likert"](2)
    with pytest.raises(UsageError, match="pie"):
        draw(dataclasses.replace(figure, kind="pie"), lang="zh")
    with pytest.raises(UsageError) as err:
        draw(figure, lang="fr")
    assert err.value.problems[0].code == "E707"


@pytest.mark.parametrize("suffix", ["svg", "PNG"])
def test_a_file_holds_the_same_bytes(samples, tmp_path, suffix):
    target = tmp_path / f"图1.{suffix}"
    target.write_bytes(b"old")
    drawn = draw_file(samples["likert"](2), target, lang="en")
    assert target.read_bytes() == (drawn.svg if suffix == "svg" else drawn.png)
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("name", ["a.pdf", "a", "svg"])
def test_other_suffixes_are_refused_before_anything_is_written(samples, tmp_path, name):
    with pytest.raises(UsageError) as err:
        draw_file(samples["likert"](2), tmp_path / name)
    assert err.value.problems[0].code == "E732"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n", range(2, 8))
def test_neighbouring_answer_levels_differ_in_grey(n):
    shades = [palette.lightness(colour) for colour in palette.levels(n)]
    assert min(abs(a - b) for a, b in zip(shades, shades[1:], strict=False)) >= 9
    assert abs(shades[0] - shades[-1]) >= 18


def test_neighbouring_bars_differ_in_grey_and_text_is_read_on_its_ground():
    shades = [palette.lightness(colour) for colour in palette.FILLS]
    assert min(abs(a - b) for a, b in zip(shades, shades[1:], strict=False)) >= 10
    for colour in (*palette.levels(7), *(palette.signed(r / 10) for r in range(-10, 11))):
        assert abs(palette.lightness(palette.ink_on(colour)) - palette.lightness(colour)) > 40


def test_every_kind_has_a_sample(samples):
    makers: dict[str, Callable[..., Figure]] = samples
    assert {make().kind for make in makers.values()} == set(KINDS)
