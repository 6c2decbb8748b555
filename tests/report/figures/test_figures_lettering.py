from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evalkit.report.figures import lettering
from evalkit.report.figures.lettering import GETA, drawable, width, wrap

WORDS = st.lists(
    st.one_of(
        st.text("社区党组织改造居民，。（）、", min_size=1, max_size=8),
        st.text("abcdefghij", min_size=1, max_size=9),
        st.sampled_from(["n = 120", "(R)", "p < 0.05,", "J_PG1", "3.5%"]),
    ),
    min_size=1,
    max_size=12,
)


def test_width_is_the_sum_of_the_advances_of_the_font():
    assert width("中国", 10) == 20
    assert width("ab", 1000) == lettering.glyph("a").advance + lettering.glyph("b").advance
    assert width("中国", 7.5) == 15


@given(WORDS, st.sampled_from([60.0, 90.0, 160.0]), st.booleans())
def test_wrapped_lines_fit_and_lose_nothing(words, limit, even):
    text = " ".join(words)
    lines = wrap(text, limit, 8.5, even=even)
    assert all(width(line, 8.5) <= limit for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(WORDS)
def test_latin_words_are_not_broken_and_even_lines_are_not_more(words):
    text = " ".join(words)
    lines = wrap(text, 90, 8.5)
    for word in (w for w in words if w.isascii() and w.isalpha() and width(w, 8.5) < 60):
        assert any(word in line for line in lines)
    assert len(lines) == len(wrap(text, 90, 8.5, even=False))


def test_marks_stay_with_their_words():
    for limit in range(40, 140, 7):
        lines = wrap("社区党组织（包括党支部），会把“居民的需要”转告给服务单位。", limit, 8.5)
        assert not any(line[0] in "，。（）”、"[2:] and line[0] in "）”，。" for line in lines)
        assert not any(line[-1] in "（“" for line in lines)


def test_a_name_with_its_explanation_breaks_before_the_bracket():
    assert wrap("愿景共识（使命管理）", 80, 8.5) == ("愿景共识", "（使命管理）")


def test_an_equation_stays_on_one_line():
    assert any("n = 120" in line for line in wrap("valid answers of all residents, n = 120", 75, 8.5))


def test_an_id_without_wording_breaks_behind_its_underscores():
    lines = wrap("organisational_identification_scale", 90, 8.5)
    assert all(line.endswith("_") for line in lines[:-1])


def test_a_missing_character_becomes_a_geta_mark_and_is_named():
    assert drawable("好😀") == ("好" + GETA, ("😀",))
    assert drawable("䶮㛃 β²−≥") == ("䶮㛃 β²−≥", ())


def test_control_and_invisible_characters_are_not_drawn():
    assert drawable("a\u200b\ufe0f\tb\r\n c\x07") == ("a b c", ())
