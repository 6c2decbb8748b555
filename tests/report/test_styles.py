"""Journal styles are data, checked as a whole."""

from __future__ import annotations

import pytest

from evalkit.contract import PlanError
from evalkit.report.styles import load_style, shipped

HEAD = 'format = "evalkit-style/1"\nid = "own"\n'


def write(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_styles_load():
    assert shipped() == ["apa7", "cn"]
    cn, apa = load_style("cn"), load_style("apa7")
    assert (cn.rules.top, cn.rules.header, cn.rules.bottom) == (1.5, 0.75, 1.5)
    assert (apa.decimals["coefficient"], apa.no_leading_zero) == (2, frozenset({"bounded", "p"}))


def test_own_style_stands_on_a_shipped_one(tmp_path):
    style = load_style(write(tmp_path, HEAD + 'extends = "apa7"\n[decimals]\nstd_error = 4\n'))
    assert style.decimals["std_error"] == 4
    assert style.thousands is True
    assert style.id == "own"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD + "[decimal]\np = 3\n", "E703"),
        (HEAD + "[decimals]\nmeen = 3\n", "E703"),
        (HEAD + "[decimals]\nmean = 2.5\n", "E704"),
        (HEAD + "[decimals]\np = 2\n", "E704"),
        (HEAD + '[stars]\nset = "7"\n', "E704"),
        (HEAD + '[notes]\norder = ["general"]\n', "E704"),
        (HEAD + '[caption]\ntable = {zh = "{title}", en = "Table {n} {title}"}\n', "E704"),
        (HEAD + '[numbers]\nno_leading_zero = ["odds"]\n', "E704"),
        (HEAD + "[page]\nleft = 150\n", "E704"),
        (HEAD + "decimals = 3\n", "E704"),
        (HEAD + '[fonts]\nitalic_symbols = "M"\n', "E704"),
        ('id = "own"\n', "E704"),
        (HEAD + 'extends = "nowhere"\n', "E701"),
        (HEAD + "[decimals\n", "E702"),
    ],
)
def test_bad_styles_are_refused(tmp_path, text, code):
    with pytest.raises(PlanError) as refused:
        load_style(write(tmp_path, text))
    assert [p.code for p in refused.value.problems] == [code]
    assert str(refused.value)


def test_all_findings_come_at_once(tmp_path):
    with pytest.raises(PlanError) as refused:
        load_style(write(tmp_path, HEAD + '[decimals]\nmean = 99\n[caption]\nalign = "right"\n'))
    assert {p.params["key"] for p in refused.value.problems} == {"decimals.mean", "caption.align"}


def test_a_style_that_is_nowhere_names_the_shipped_ones():
    with pytest.raises(PlanError) as refused:
        load_style("chicago")
    assert refused.value.problems[0].params["known"] == ["apa7", "cn"]
