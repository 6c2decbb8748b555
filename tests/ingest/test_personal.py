"""Personal data: what is recognised, what is not, and what becomes of it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.contract.identities import bank_card, identity_number, like_identity_number
from evalkit.contract.masking import COVER
from evalkit.contract.personal import personal_hits, personal_kinds
from evalkit.contract.words import say
from evalkit.ingest import find_personal_data, masked, masked_text, read_responses
from evalkit.ingest.privacy import personal_column

HELD = {
    "11010519491231002X": ("identity", "11010519491231002X"),
    "证号１１０１０５１９４９１２３１００２Ｘ。": ("identity", "１１０１０５１９４９１２３１００２Ｘ"),
    "110105 19491231 002x": ("identity", "110105 19491231 002x"),
    "110105194912310021": ("identity", "110105194912310021"),  # wrong check digit: still somebody's
    "110105491231002": ("identity", "110105491231002"),
    "电话13812345678谢谢": ("mobile", "13812345678"),
    "+86 138-1234-5678": ("mobile", "+86 138-1234-5678"),
    "138\u200b1234\u200b5678": ("mobile", "138\u200b1234\u200b5678"),
    "0571-88886666": ("landline", "0571-88886666"),
    "(010) 88886666": ("landline", "(010) 88886666"),
    "写信到 li.na+1@mail.example.cn 吧": ("email", "li.na+1@mail.example.cn"),
    "10.0.0.1(北京-北京)": ("ip", "10.0.0.1"),
    "2001:db8::8a2e:370:7334": ("ip", "2001:db8::8a2e:370:7334"),
    "微信号：abc_12345": ("wechat", "abc_12345"),
    "wxid_a1b2c3d4": ("wechat", "wxid_a1b2c3d4"),
    "QQ：123456789": ("qq", "123456789"),
    "卡号 6222 0212 3456 7890 128": ("bank_card", "6222 0212 3456 7890 128"),
    "中山路12号3栋501室": ("address", "中山路12号3栋501室"),
    "住3栋2单元501": ("address", "3栋2单元501"),
    "12弄5号301室": ("address", "12弄5号301室"),
    "找李书记反映过": ("name", "李"),
    "王建国主任很好": ("name", "王建国"),
    "我叫张伟": ("name", "张伟"),
    "联系人：欧阳娜娜": ("name", "欧阳娜娜"),
}
NOT_HELD = (
    "3.5", "2026", "1985", "5", "2026-09-03 12:00:00", "20260903", "12:30:45", "1.2.3.4", "0.13812345678", "138",
    "12812345678", "20260900123", "15412345678", "138123456789", "A13812345678", "13812345678.5", "SAT13800138000",
    "J_PG12", "20261121000123456", "999999999999999", "123456789012345678", "1763766000000", "6222021234567890127",
    "社区书记很好", "居委会主任", "对方主任", "党支部书记", "街道主任", "副主任", "王村书记", "老王说", "好的老师",
    "5号线", "3号楼电梯坏了", "100元", "中山路很堵", "15栋100户", "3号楼1200元", "2栋15年没修", "周一到周五", "",
)  # fmt: skip


@pytest.mark.parametrize("text", HELD)
def test_personal_data_is_found_where_it_stands(text):
    assert [(hit.kind, text[hit.start : hit.end]) for hit in personal_hits(text)] == [HELD[text]]


@pytest.mark.parametrize("text", NOT_HELD)
def test_scores_years_codes_and_order_numbers_are_none(text):
    assert personal_hits(text) == ()


def test_check_digits():
    assert identity_number("11010519491231002X") and not identity_number("110105194912310021")
    assert not like_identity_number("110105194913310021")  # no month 13
    assert not like_identity_number("990105194912310021")  # no such province
    assert bank_card("4111111111111111") and not bank_card("4111111111111112") and not bank_card("7992739871399999")


@given(st.integers(0, 10**9 - 1), st.integers(0, 99999), st.integers(0, 16))
@settings(max_examples=40)
def test_one_wrong_digit_is_always_noticed(tail, area, place):
    body = f"1{area:05d}19{tail:09d}"
    right = next(body + c for c in "0123456789X" if identity_number(body + c))
    other = right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :]
    assert not identity_number(other)


@given(st.lists(st.sampled_from([*HELD, *NOT_HELD, "建议多开会", "｜"]), max_size=6))
@settings(max_examples=40)
def test_what_is_masked_holds_nothing_more(texts):
    masks = [masked_text(text) for text in texts]
    assert all(personal_kinds(mask) == () for mask in masks)
    assert all((mask == text) == (not personal_kinds(text)) for text, mask in zip(texts, masks, strict=True))


def test_a_series_is_masked_by_distinct_value():
    values = pd.Series(["电话13812345678", None, "好", 13812345678.0, 3.0], index=[3, 1, 4, 8, 9], name="q")
    found = masked(values)
    assert found.tolist()[::2] == [f"电话{COVER}", "好", 3.0] and found[8] == COVER and pd.isna(found[1])
    assert found.index.tolist() == [3, 1, 4, 8, 9] and found.name == "q"
    plain = pd.Series([1.0, 2.0, np.nan])
    assert masked(plain) is plain


@pytest.mark.parametrize(
    ("header", "texts", "kind"),
    [
        ("姓名", ["甲"], "name"),
        ("3、您的微信号", ["x"], "wechat"),
        ("微信", ["abc_1234", "zhang-san"], "wechat"),
        ("QQ", ["12345678"], "qq"),
        ("负责人", ["王建国", "李娜", "陈伟"], "name"),
        ("昵称", ["小王"], "nickname"),
        ("家庭地址", ["不详"], "address"),
        ("地址", ["文三路5号", "幸福小区3栋"], "address"),
        ("备注", ["13812345678", "无", "无", "无", "无"], "mobile"),
        ("备注", ["浙江省杭州市西湖区文三路12号3栋501室", "无"], "address"),
    ],
)
def test_columns_are_told_by_heading_and_content(header, texts, kind):
    assert personal_column(header, texts, [1] * len(texts)).kind == kind


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        ("您用微信吗", ["是", "否"]),
        ("微信", ["常用", "不用"]),
        ("负责人", ["满意", "不满意"]),
        ("地址", ["城市", "农村"]),
        ("手机部数", ["1", "2"]),
        ("订单号", ["20260900123", "20260900124"]),
        ("出生年", ["1985", "1990"]),
        ("得分", ["3.75", "13.8"]),
        ("建议", ["请找李书记", "王主任好"]),
        ("备注", ["13812345678"] + ["无"] * 5),
    ],
)
def test_columns_that_are_none(header, texts):
    assert personal_column(header, texts, [1] * len(texts)) is None


@pytest.fixture
def filled(workbook):
    rows = [["您的年龄", "您的建议", "您需要什么", "微信", "备注"]]
    rows += [[30 + k, f"建议{k}", "停车", f"wx_user{k}", "无"] for k in range(10)]
    rows[3][1], rows[4][2], rows[5][4] = "请打13812345678找李书记", "停车┋其他〖住3栋2单元501〗", "13912345678"
    return workbook(rows)


def test_single_cells_stay_and_are_flagged_without_their_value(filled, village):
    found = read_responses(filled, village)
    cells = {p.at.cell: p for p in found.problems if p.code == "W340"}
    assert set(cells) == {"B4", "C5"}
    for lang in ("zh", "en"):
        said = "".join(say(p, lang) for p in found.problems)
        assert not any(value in said for value in ("13812345678", "13912345678", "李书记", "501", "wx_user"))
    assert "手机号、姓名" in say(cells["B4"], "zh") and "mobile number, name" in say(cells["B4"], "en")
    assert dict(found.flagged) == {"remark": 1, "need__9__text": 1}
    assert found.frame["remark"].iloc[2].startswith("请打138")


def test_columns_of_personal_data_are_kept_apart_and_it_is_said_why(filled, village):
    found = read_responses(filled, village)
    assert found.personal["column_D"] == "wechat" and "column_D" in found.private
    note = next(p for p in found.problems if p.code == "N313")
    assert note.at.cell == "D1" and "微信" in say(note, "zh") and "heading" in say(note, "en")


def test_an_open_question_answered_with_numbers_leaves_the_frame(workbook, village):
    rows = [["您的年龄", "您的建议"], *([30 + k, f"138123456{k:02d}"] for k in range(9)), [40, "没有"]]
    found = read_responses(workbook(rows), village)
    assert "remark" not in found.frame and "remark" not in found.missing and len(found.private["remark"]) == 10
    note = next(p for p in found.problems if p.code == "N313")
    assert "10 个已填单元格中 9 个" in say(note, "zh") and found.personal["remark"] == "mobile"
    assert not any("1381" in say(p, lang) for p in found.problems for lang in ("zh", "en"))


def test_the_table_of_what_was_found(filled, village):
    result = find_personal_data(read_responses(filled, village))
    rows = {(r.term, r.level): (r.group, r.count) for r in result.tidy().itertuples()}
    assert rows == {
        ("column_D", "wechat"): ("private", 10),
        ("remark", "mobile"): ("masked", 1),
        ("remark", "name"): ("masked", 1),
        ("need__9__text", "address"): ("masked", 1),
    }
    assert result.glance()["count"].item() == 13
    text = str([cell.value for row in result.table().rows for cell in row.cells])
    assert not any(value in text for value in ("13812345678", "501", "wx_user"))


def test_a_plain_frame_is_looked_through_too():
    data = pd.DataFrame({"tel": [13812345678, 13912345678], "score": [3, 4], "姓名": ["甲", "乙"], "x": ["a", "b"]})
    found = find_personal_data(data).tidy()
    assert found["term"].tolist() == ["tel", "姓名"] and found["level"].tolist() == ["mobile", "name"]
    assert find_personal_data(pd.DataFrame({"x": [1.5, np.nan]})).glance()["n_items"].item() == 0
