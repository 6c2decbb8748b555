"""An outline of 问卷星 is read as it would be imported there; faults are told by line."""

from __future__ import annotations

import pytest

from evalkit.contract.problems import InstrumentError
from evalkit.instrument import dump_toml, load_instrument, parse_instrument, parse_outline

TEXT = """老旧小区改造居民问卷
您好，本问卷不记名。

1. 您的性别[单选题] [必答]
男
女

2、您从哪里了解改造信息？【多选题】
A. 公告栏
B. 微信群
C. 其他____
D. 没有了解过[互斥]

3. 您对下列说法的看法[矩阵量表题] *
非常不同意
一般
非常同意
行：
施工及时
态度好

4. 请评价[矩阵单选题]
行：环境 安全
选项：
差
好

5. 您的建议[填空题]
6. 请按重要程度排序[排序题]
电梯
停车
"""


def test_every_kind_of_question_is_read():
    found = parse_outline(TEXT, "outline.txt")
    assert (found.languages, found.title) == (("zh",), {"zh": "老旧小区改造居民问卷"})
    assert [(block.id, block.type) for block in found.blocks] == [
        ("opening", "note"), ("q1", "single"), ("q2", "multi"), ("q3", "matrix"), ("q4", "matrix"), ("q5", "text"),
        ("q6", "rank"),
    ]  # fmt: skip
    assert [(option.code, option.zh) for option in found.item("q1").options] == [(1, "男"), (2, "女")]
    assert [option.zh for option in found.item("q2").options] == ["公告栏", "微信群", "其他", "没有了解过"]
    assert [option.fill for option in found.item("q2").options] == [False, False, True, False]
    assert [option.exclusive for option in found.item("q2").options] == [False, False, False, True]
    assert [item.zh for item in found.blocks[3].items] == ["施工及时", "态度好"]
    assert [option.zh for option in found.item("q3_2").options] == ["非常不同意", "一般", "非常同意"]
    assert [item.zh for item in found.blocks[4].items] == ["环境", "安全"]
    assert [item.id for item in found.items if item.required] == ["q1", "q3_1", "q3_2"]
    assert found.item("q3_2").line == 20
    assert parse_instrument(dump_toml(found)) == found


def test_a_text_file_is_read_by_its_path(tmp_path):
    (tmp_path / "outline.txt").write_text(TEXT, encoding="utf-8")
    assert load_instrument(tmp_path / "outline.txt") == parse_outline(TEXT, "outline.txt")


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("题\n1. 甲[滑动条]\n", "E483", 2),
        ("1. 甲[单选题]\n2. 乙[填空题]\n", "E446", 1),
        ("1. 甲[矩阵题]\n好\n差\n", "E446", 1),
        ("1. 甲[填空题]\n好\n", "E496", 2),
        ("1. 甲[填空题] 跳到第3题\n", "E496", 1),
        ("1. 甲[填空题]\n1. 乙[填空题]\n", "E490", 2),
        ("只有标题\n", "E446", 1),
        ("1. 甲[单选题]\n好\n好\n", "E440", 2),
        ("1. 甲[单选题]\n好\n没有[互斥]\n", "E425", None),
    ],
)
def test_a_fault_is_named_with_its_line(text, code, line):
    with pytest.raises(InstrumentError) as caught:
        parse_outline(text, "outline.txt")
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.at.file == "outline.txt"
    assert line is None or problem.at.line == line
