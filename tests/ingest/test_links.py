"""Who shares an address or a contact: numbers of groups stay, what they share does not."""

from __future__ import annotations

import numpy as np

from evalkit.ingest import read_responses
from evalkit.ingest.links import links_of
from evalkit.quality import respondent_checks
from evalkit.scoring import score

META = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]


def test_addresses_and_numbers_become_groups(workbook, village):
    rows = [
        [1, "2026/09/03 12:00:00", "60秒", "微信", "甲[x]", "1.2.3.4(湖北-武汉)", "是", 30, "13800000001"],
        [2, "2026/09/03 13:00:00", "60秒", "微信", "乙[y]", "1.2.3.4(湖北-武汉)", "否", 40, "13800000002"],
        [3, "2026/09/09 12:00:00", "60秒", "微信", "丙[z]", "1.2.3.4", "是", 50, "13800000001"],
        [4, "2026/09/09 12:00:00", "60秒", "微信", "丁[w]", None, "是", 60, "(空)"],
    ]
    found = read_responses(workbook([[*META, "1、您去过互助站吗？", "2、您的年龄", "3、联系方式"], *rows]), village)
    links = found.codebook.links
    assert links["network"].tolist() == [1, 1, 1, 0] and links["contact"].tolist() == [1, 2, 1, 0]
    assert not {"ip", "phone", "nickname", "network", "contact"} & set(found.frame)
    data = score(found)
    checks = respondent_checks(data)
    assert checks.flags["network"].tolist()[:3] == [1, 1, 0] and np.isnan(checks.flags["network"][4])
    assert checks.flags["duplicate_contact"].tolist()[:3] == [0, 0, 1]
    shown = str(checks.dossiers().to_dict()) + str(checks.tidy().to_dict())
    assert "1.2.3.4" not in shown and "1380000" not in shown


def test_device_parts_an_address_and_a_chain_of_contacts_is_one_group(village):
    private = {
        "ip": np.array(["1.1.1.1", "1.1.1.1", "1.1.1.1"], dtype=object),
        "user_id": np.array(["a", "b", np.nan], dtype=object),
        "phone": np.array(["13800000001", "13800000002", "13800000002"], dtype=object),
    }
    meta = {"system": np.array(["iOS", "Android", "iOS"], dtype=object)}
    found = links_of(meta, private, village, ("credamo",), 3)
    assert found["network"].tolist() == [1, 2, 1] and found["contact"].tolist() == [1, 2, 2]
    field = links_of({}, {"user_id": np.array(["x", "x"], dtype=object)}, village, ("kobo",), 2)
    assert field == {}  # the account is the interviewer's


def test_columns_without_any_value_link_nobody(village):
    nothing = np.array([np.nan, np.nan])
    found = links_of({"system": nothing}, {"ip": nothing, "user_id": nothing}, village, ("credamo",), 2)
    assert found["network"].tolist() == [0, 0] and found["contact"].tolist() == [0, 0]
