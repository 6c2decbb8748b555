"""What is private in one wave, file or sheet is private in all that is made of them; labels hold no personal data."""

from __future__ import annotations

import html
import io
import zipfile

import openpyxl
import pandas as pd
import pyreadstat
import pytest
from messy import AGREE, HEADER, INSTRUMENT, write

from evalkit.cli import main
from evalkit.contract.words import say
from evalkit.ingest import read_responses
from evalkit.ingest.desk import append, collect
from evalkit.instrument import parse_instrument

NAMES = ("rid", "used", "v1", "v2", "v3", "age", "remark")
HEADS = [HEADER[name] for name in NAMES]
ASKED = parse_instrument(INSTRUMENT, "desk.toml")
PHONES = ["13812345678", "13987654321", "13712345678", "13611112222"]
WORDS = ["多开几次会，谢谢", "停车位太少了", "挺好的活动", "希望装电梯"]


def rows(remarks, first=1, start="r"):
    return [[f"{start}{k}", "是", AGREE[2], AGREE[3], AGREE[1], 40 + k, r] for k, r in enumerate(remarks, first)]


def saved(path, remarks, **how):
    write(path, [HEADS, *rows(remarks, **how)])
    return path


def everything(folder):
    texts = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as package:
                # Some writers put characters beyond ASCII into the package by number.
                texts += [html.unescape(package.read(name).decode("utf-8", "replace")) for name in package.namelist()]
        else:
            texts.append(content.decode("utf-8", "replace"))
    return "\n".join(texts)


@pytest.mark.parametrize("which", ["older", "newer"])
def test_append_keeps_apart_what_one_of_the_files_shows_to_be_personal(tmp_path, which):
    texts = (PHONES, WORDS) if which == "older" else (WORDS, PHONES)
    old = read_responses(saved(tmp_path / "a.xlsx", texts[0]), ASKED)
    new = read_responses(saved(tmp_path / "b.xlsx", [*texts[1][:2], "好的呀"], first=3), ASKED)
    assert ("remark" in old.private) == (which == "older")
    found = append(old, new)
    both = found.responses
    assert "remark" in both.private and "remark" not in both.frame and "remark" not in both.missing
    assert "remark" not in both.codebook.variables and both.personal["remark"] == "mobile"
    assert both.private["remark"].tolist() == [*texts[0][:2], *texts[1][:2], "好的呀"]
    told = "".join(say(p, lang) for p in (*found.problems, *both.problems) for lang in ("zh", "en"))
    told += found.cells.astype(str).to_csv()
    assert not any(text in told for text in (*PHONES, *WORDS))


def test_a_question_private_in_one_wave_is_so_in_all(tmp_path):
    old = saved(tmp_path / "2025.xlsx", WORDS)
    new = saved(tmp_path / "2026.xlsx", WORDS)
    head = 'id = "remark"\n'
    assert INSTRUMENT.count(head) == 1
    secret = parse_instrument(INSTRUMENT.replace(head, head + "private = true\n"), "desk.toml")
    for versions in ((secret, ASKED), (ASKED, secret)):
        found = read_responses({"2025": old, "2026": new}, dict(zip(("2025", "2026"), versions, strict=True)))
        assert found.instrument.item("remark").private
        assert "remark" not in found.frame and found.private["remark"].tolist() == WORDS * 2


@pytest.fixture
def inbox(tmp_path):
    """Two communities, one of which wrote telephone numbers where the other wrote words; both with a bad cell."""
    folder = tmp_path / "收件"
    for name, remarks, start in (("幸福社区", PHONES, "a"), ("和平社区", WORDS, "b")):
        made = rows(remarks, start=start)
        made[0][2] = "满意吧吧"
        book = write(folder / f"{name}.xlsx", [HEADS, *made])
        beside = book.create_sheet("联络")
        for line in (["街道联络表", None], ["姓名", "人数"], ["钱多多", 3], ["孙小圣", 4]):
            beside.append(line)
        book.save(folder / f"{name}.xlsx")
    write(folder / "名册.xlsx", [["编号", "名称"], ["A1", "幸福社区"], ["A2", "和平社区"]])
    return folder


def test_problem_workbooks_of_the_desk_hide_it_in_every_file_and_sheet(inbox, tmp_path):
    found = collect(inbox, ASKED, roster=inbox / "名册.xlsx")
    assert "remark" in found.responses.private and "remark" not in found.responses.frame
    found.write(tmp_path / "登记", lang="zh")
    assert len(list((tmp_path / "登记" / "问题").iterdir())) == 2
    told = everything(tmp_path / "登记")
    assert not [text for text in (*PHONES, *WORDS, "钱多多", "孙小圣") if text in told] and "满意吧吧" in told
    book = openpyxl.load_workbook(tmp_path / "登记" / "问题" / "和平社区-问题.xlsx")
    assert [cell.value for cell in book["联络"]["A"]] == ["街道联络表", "姓名", None, None]
    assert [cell.value for cell in book["联络"]["B"]] == [None, "人数", 3, 4]


def test_check_hides_headed_columns_of_sheets_that_were_not_read(inbox, tmp_path):
    (tmp_path / "desk.toml").write_text(INSTRUMENT, encoding="utf-8")
    words = ["check", str(inbox / "和平社区.xlsx"), "-i", str(tmp_path / "desk.toml")]
    (tmp_path / "登记").mkdir()
    assert main([*words, "-o", str(tmp_path / "登记" / "a.xlsx")]) == 1
    told = everything(tmp_path / "登记")
    assert "钱多多" not in told and "孙小圣" not in told and "街道联络表" in told


PLAN = """format = "evalkit-plan/1"
title = {zh = "来访", en = "Visits"}
language = ["zh", "en"]

[data]
file = "来访.sav"

[[step]]
id = "t1"
do = "profile"
"""


def test_labels_drafted_from_a_file_are_covered_in_every_output(tmp_path):
    """Value labels of a statistics package may name who came."""
    labels = {1.0: "上门", 2.0: "找李主任13812345678", 3.0: "王阿姨"}
    data = pd.DataFrame({"way": [1.0, 2, 3] * 6, "times": [float(k) for k in range(18)]})
    pyreadstat.write_sav(data, str(tmp_path / "来访.sav"), variable_value_labels={"way": labels})
    found = read_responses(tmp_path / "来访.sav")
    shown = [c.zh for c in found.codebook.variables["way"].categories]
    assert shown[0] == "上门" and all("***" in text for text in shown[1:])
    assert found.frame["way"].tolist() == [1, 2, 3] * 6
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    assert main(["run", str(tmp_path / "plan.toml"), "-o", str(tmp_path / "out")]) == 0
    told = everything(tmp_path / "out")
    assert not [text for text in ("13812345678", "李主任", "王阿姨") if text in told] and "上门" in told


def test_a_column_of_answers_that_name_people_gets_no_labels(tmp_path):
    ways = ["电话"] * 9 + ["上门"] * 8 + ["李主任"]
    write(tmp_path / "来访.xlsx", [["方式", "次数"], *([way, k % 5] for k, way in enumerate(ways))])
    found = read_responses(tmp_path / "来访.xlsx")
    assert [v.kind for v in found.codebook.variables.values()] == ["text", "number"] and found.flagged == {"c1": 1}
