"""The catalogue and the source hold each other: nothing unsaid, nothing said for nobody, both languages alike."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import evalkit
from evalkit.contract.words import LANGUAGES, catalogue

PACKAGE = Path(evalkit.__file__).parent
CODE = re.compile(r"[EWN]\d{3,4}")
HAN = "\u3400-\u9fff"


@cache
def sources() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def topics() -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    files = sorted((PACKAGE / "contract" / "words").glob("*.toml"))
    return {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in files}


@cache
def constants() -> dict[str, list[str]]:
    """Every string in the source with the places where it stands; docstrings too, they never look like a key."""
    found: dict[str, list[str]] = {}
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.setdefault(node.value, []).append(place(path, node))
    return found


@cache
def patterns() -> tuple[re.Pattern[str], ...]:
    """f-strings that may make a key, as patterns: `f"kind.{kind}"` is `kind\\..+`."""
    found = []
    for tree in sources().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [re.escape(v.value) if isinstance(v, ast.Constant) else ".+" for v in node.values]
                if "\\." in "".join(parts) and not any("\n" in part or " " in part for part in parts):
                    found.append(re.compile("".join(parts)))
    return tuple(found)


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(PACKAGE)}:{node.lineno}"  # type: ignore[attr-defined]


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a plain name in the source."""
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield place(path, node), node


def fields(text: str) -> set[str]:
    """Names in braces."""
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def literal(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def entries() -> Iterator[tuple[str, str, dict[str, str]]]:
    for table, texts in catalogue().items():
        for key, entry in texts.items():
            yield table, key, dict(entry)


def test_no_key_is_defined_twice():
    keys = [
        ("messages" if table == "messages" else "labels", key)
        for t in topics().values()
        for table in t
        for key in t[table]
    ]
    assert [key for key, n in Counter(keys).items() if n > 1] == []


def test_files_hold_known_tables_only():
    assert {table for topic in topics().values() for table in topic} <= {"messages", "labels", "notes"}


def test_every_entry_speaks_both_languages():
    assert [key for _, key, entry in entries() if not all(entry.get(lang, "").strip() for lang in LANGUAGES)] == []


def test_entries_have_no_other_texts():
    allowed = {"messages": {"zh", "en", "zh_fix", "en_fix"}, "labels": {"zh", "en"}}
    assert [key for table, key, entry in entries() if not set(entry) <= allowed[table]] == []


def test_a_remedy_stands_in_both_languages_and_with_every_error():
    messages = [(key, entry) for table, key, entry in entries() if table == "messages"]
    assert [key for key, entry in messages if ("zh_fix" in entry) != ("en_fix" in entry)] == []
    assert [key for key, entry in messages if key[0] == "E" and not entry.get("zh_fix")] == []


@pytest.mark.parametrize("part", ["", "_fix"])
def test_both_languages_name_the_same_parameters(part):
    odd = {
        key: (sorted(fields(entry.get("zh" + part, ""))), sorted(fields(entry.get("en" + part, ""))))
        for _, key, entry in entries()
        if fields(entry.get("zh" + part, "")) != fields(entry.get("en" + part, ""))
    }
    assert odd == {}


def test_parameters_have_names_and_other_braces_are_doubled_just_where_there_are_parameters():
    """Without parameters a text is said as it stands; with them braces that are none must be doubled."""
    odd = []
    for _, key, entry in entries():
        names = {name for text in entry.values() for name in fields(text)}
        plain = not any(name.isidentifier() for name in names)
        doubled = any("{{" in text or "}}" in text for text in entry.values())
        if doubled if plain else not all(name.isidentifier() for name in names):
            odd.append(key)
    assert odd == []


def test_chinese_has_full_width_marks_and_english_has_none():
    half, call = re.compile(f"[{HAN}][,;:!?]|[,;:!?][{HAN}]"), re.compile(r"[a-z]+\([^)]*\)")
    chinese = [k for _, k, e in entries() if half.search(call.sub("x", e["zh"] + "\n" + e.get("zh_fix", "")))]
    english = [k for _, k, e in entries() if re.search("[，。：；（）！？]", e["en"] + e.get("en_fix", ""))]
    assert (chinese, english) == ([], [])


def test_messages_are_sentences():
    part = re.compile(r"\{\w+\}$")  # a sentence may end with another one
    messages = [(key, entry) for table, key, entry in entries() if table == "messages"]
    chinese = [key for key, entry in messages if not part.sub("", entry["zh"]).endswith(("。", "：", "？"))]
    english = [key for key, entry in messages if not part.sub("", entry["en"]).rstrip().endswith((".", ":", "?"))]
    assert (chinese, english) == ([], [])


def test_every_code_used_is_in_the_catalogue():
    used = {code for code in constants() if CODE.fullmatch(code)}
    assert {code: constants()[code] for code in sorted(used - catalogue()["messages"].keys())} == {}


def test_every_code_of_the_catalogue_is_used():
    assert sorted(code for code in catalogue()["messages"] if code not in constants()) == []


def test_codes_are_codes_and_no_number_has_two_letters():
    codes = list(catalogue()["messages"])
    assert [code for code in codes if not CODE.fullmatch(code)] == []
    assert [number for number, n in Counter(code[1:] for code in codes).items() if n > 1] == []


def test_problems_give_every_parameter_their_sentences_name():
    lacking = {}
    for where, call in calls("Problem"):
        code = literal(call.args[0]) if call.args else None
        given = next(
            (k.value for k in call.keywords if k.arg == "params"), call.args[2] if len(call.args) > 2 else None
        )
        if code not in catalogue()["messages"] or not (given is None or isinstance(given, ast.Dict)):
            continue
        if given is not None and any(literal(key) is None for key in given.keys):
            continue  # joined from several mappings: the rooms' own tests say them
        names = {literal(key) for key in given.keys} if given is not None else set()
        needs = set().union(*(fields(text) for text in catalogue()["messages"][code].values()))
        if needs - names:
            lacking[where] = (code, sorted(needs - names))
    assert lacking == {}


def test_every_label_in_the_source_is_in_the_catalogue():
    missing = {}
    for where, call in calls("Label"):
        key = literal(call.args[0]) if call.args else None
        if key and key not in catalogue()["labels"]:
            missing[where] = key
    assert missing == {}


def test_labels_give_every_parameter_their_texts_name():
    lacking = {}
    for where, call in calls("Label"):
        key = literal(call.args[0]) if call.args else None
        if key not in catalogue()["labels"] or any(k.arg is None for k in call.keywords):
            continue
        needs = set().union(*(fields(text) for text in catalogue()["labels"][key].values()))
        if needs - {k.arg for k in call.keywords}:
            lacking[where] = (key, sorted(needs - {k.arg for k in call.keywords}))
    assert lacking == {}


@pytest.mark.parametrize(("maker", "position"), [("Head", 0), ("Note", 1), ("Drop", 0)])
def test_word_keys_of_heads_notes_and_drops_are_in_the_catalogue(maker, position):
    missing, unfilled = {}, {}
    for where, call in calls(maker):
        key = literal(call.args[position]) if len(call.args) > position else None
        if key and key not in catalogue()["labels"]:
            missing[where] = key
        elif key and any(fields(text) for text in catalogue()["labels"][key].values()):
            unfilled[where] = key
    assert (missing, unfilled) == ({}, {})


def test_reasons_of_cells_are_in_the_catalogue():
    missing = {}
    for where, call in calls("Cell"):
        reason = next((literal(k.value) for k in call.keywords if k.arg == "reason"), None)
        if reason and reason not in catalogue()["labels"]:
            missing[where] = reason
    assert missing == {}


def test_every_label_of_the_catalogue_is_used():
    unused = [
        key
        for key in catalogue()["labels"]
        if key not in constants() and not any(pattern.fullmatch(key) for pattern in patterns())
    ]
    assert unused == []
