"""Every code the room can raise has its words, and every word its code."""

import re
from pathlib import Path

import pytest

from evalkit.contract.words import catalogue

ROOM = Path(__file__).parent.parent.parent / "evalkit" / "ingest"
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in ROOM.rglob("*.py"))
RAISED = sorted(set(re.findall(r'"([EWN]\d{3})"', SOURCE)) - {"E101", "E103", "E600"})
LABELS = sorted(set(re.findall(r'Label\("((?:draft|ingest)\.[a-z_]+)"', SOURCE)))


@pytest.mark.parametrize("code", RAISED)
def test_a_code_has_a_message_and_a_remedy_in_both_languages(code):
    entry = catalogue()["messages"][code]
    assert entry["zh"] and entry["en"]
    assert code.startswith("N") or (entry["zh_fix"] and entry["en_fix"])
    fields = [set(re.findall(r"{(\w+)}", entry[one] + entry[f"{one}_fix"])) for one in ("zh", "en")]
    assert fields[0] == fields[1]


@pytest.mark.parametrize("key", LABELS)
def test_a_label_is_there_in_both_languages(key):
    assert catalogue()["labels"][key]["zh"] and catalogue()["labels"][key]["en"]


def test_numbers_lie_in_the_rooms_ranges_and_none_is_unused():
    """Beside its own numbers the room says anew what the reader of files (1xx) and outputs (70x) found."""
    own = {code for code in RAISED if not code[1:].startswith(("1", "70"))}
    assert all(_ours(code) for code in own)
    assert len({int(code[1:]) for code in RAISED}) == len(RAISED)
    assert {code for code in catalogue()["messages"] if _ours(code)} == own


def _ours(code):
    return 220 <= int(code[1:]) <= 299 or 301 <= int(code[1:]) <= 399
