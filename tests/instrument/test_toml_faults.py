"""Files that are not TOML, or not saved as UTF-8: line, reason and remedy in plain words."""

from __future__ import annotations

import pytest

from evalkit.contract.problems import InstrumentError
from evalkit.contract.words import say
from evalkit.instrument import load_instrument, parse_instrument, shipped


def problem_of(text: str):
    with pytest.raises(InstrumentError) as raised:
        parse_instrument(text, "q.toml")
    (problem,) = raised.value.problems
    assert say(problem, "zh") and say(problem, "en")
    return problem


@pytest.mark.parametrize(
    ("line", "code", "params"),
    [
        ('id ＝ "a"', "E403", {"found": "＝", "use": "="}),
        ("id = “a”", "E403", {"found": "“", "use": '"'}),
        ('id = "a”', "E403", {"found": "”", "use": '"'}),
        ("id = ‘a’", "E403", {"found": "‘", "use": "'"}),
        ('languages = ["zh"，"en"]', "E403", {"found": "，", "use": ","}),
        ("［choices］", "E403", {"found": "［", "use": "["}),
        ('file = "C:\\data\\x.xlsx"', "E404", {}),
        ('file = "C:\\Users\\x.xlsx"', "E404", {}),
        ('题目 = "a"', "E405", {"key": "题目"}),
        ('row = {编号 = "a"}', "E405", {"key": "编号"}),
        ('id: "a"', "E406", {"key": "id"}),
        ('format = "again"', "E407", {}),
        ('id = "a', "E408", {}),
        ("id = 'a", "E408", {}),
        ('row = {id = "a",', "E409", {}),
        ('row = {id = "a",}', "E409", {}),
        ("id = demo", "E410", {"found": "demo"}),
        ("id = 您好", "E410", {"found": "您好"}),
        ("required = True", "E410", {"found": "True"}),
    ],
)
def test_the_line_and_the_reason_are_named(line, code, params):
    problem = problem_of(f'format = "evalkit-instrument/1"\n\n{line}\nversion = "1"\n')
    assert (problem.code, problem.params) == (code, params)
    assert problem.at.line == 3


def test_what_has_no_better_reason_keeps_the_readers_own_words():
    problem = problem_of('id = "a"\nlist = [1, 2\nversion = "1"\n')
    assert problem.code == "E411" and problem.at.line in (2, 3)
    assert problem_of("a = " + "[" * 5000).code == "E411"


def test_full_width_signs_inside_texts_are_fine():
    assert problem_of('id = "（全角）＝“引号”"\nx ＝ 1\n').at.line == 2


def test_a_file_saved_as_gbk_is_named_so(tmp_path):
    file = tmp_path / "q.toml"
    file.write_bytes('id = "a"\ntitle = "问卷"\n'.encode("gbk"))
    with pytest.raises(InstrumentError) as raised:
        load_instrument(file)
    (problem,) = raised.value.problems
    assert (problem.code, problem.at.line, problem.params["encoding"]) == ("E401", 2, "GBK / ANSI")
    file.write_bytes('id = "a"'.encode("utf-16"))
    with pytest.raises(InstrumentError) as raised:
        load_instrument(file)
    assert raised.value.problems[0].params["encoding"] == "UTF-16"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    text = 'format = "evalkit-instrument/1"\nid = "a"\nversion = "1"\nlanguages = ["zh"]\ntitle = "题"\n'
    text += '[[items]]\nid = "x"\ntype = "text"\nzh = "问"\n'
    file = tmp_path / "a.toml"
    file.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    inst = load_instrument(file)
    assert [problem.code for problem in inst.problems] == ["N412"]
    assert inst == parse_instrument(text)
    assert inst.source == "a.toml"


def test_an_unknown_id_names_the_shipped_ones(tmp_path):
    with pytest.raises(InstrumentError) as raised:
        load_instrument("j-comunity-renovation")
    (problem,) = raised.value.problems
    assert problem.code == "E444"
    assert problem.params["near"][0] == "j-community-renovation"
    assert problem.params["known"] == shipped()
    with pytest.raises(InstrumentError) as raised:
        load_instrument(tmp_path / "none.toml")
    assert raised.value.problems[0].code == "E402"
    assert raised.value.problems[0].params == {"file": "none.toml"}
    assert raised.value.exit_code == 4
