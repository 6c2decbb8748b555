"""casebook.toml 里的底稿写成模拟资料册。casebook.toml in, the simulated casebook out: the same bytes every time.

python make_casebook.py [文件夹 folder]
"""

import csv
import hashlib
import io
import random
import sys
import tomllib
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = "casebook-simulated"
INFORMAL = ("E.7.1", "E.7.2", "E.8.1", "E.8.2", "E.9.1", "E.9.2")
VOICES = {"社区工作人员": "社|", "街道工作人员": "社|", "文件": "文|"}


class Draw:
    """Draws that mean the same on every Python: only `random()` of the generator is promised to stay."""

    def __init__(self, seed):
        self._next = random.Random(seed).random

    def hit(self, share):
        return self._next() < share

    def one(self, items):
        items = list(items)
        return items[int(self._next() * len(items))]

    def some(self, items, n):
        left = list(items)
        return [left.pop(int(self._next() * len(left))) for _ in range(n)]


# 谁说什么 Who says what


def source_id(case, k):
    """Without hyphens, at which a table would break it."""
    return f"sim_{case.replace('-', '')}_{k}"


def sources_of(model):
    """One entry a person or document, case by case."""
    found = []
    for case in model["cases"]:
        roles = [*case["interviews"], *(["文件"] if case.get("document") else [])]
        for k, role in enumerate(roles, 1):
            found.append(
                {"id": source_id(case["id"], k), "case": case["id"], "role": role, "voice": VOICES.get(role, "")}
            )
    return found


def lines_in(code, voice):
    """What a voice can say about a code, without its mark."""
    if voice:
        return [line.removeprefix(voice) for line in code.get("say", []) if line.startswith(voice)]
    return [line for line in code.get("say", []) if "|" not in line]


def spread(model, people, draw):
    """Source -> codes it speaks of: every code of a case is with one of its sources at least, and no others are."""
    codes = {code["id"]: code for code in model["codes"]}
    found = {person["id"]: [] for person in people}
    for case in model["cases"]:
        mine = [person for person in people if person["case"] == case["id"]]
        for code in leaves(case, codes, draw):
            able = [person["id"] for person in mine if lines_in(codes[code], person["voice"])]
            sure = draw.one(able)
            for person in able:
                if person == sure or draw.hit(0.45):
                    found[person].append(code)
    order = list(codes)
    return {person: sorted(said, key=order.index) for person, said in found.items()}


def leaves(case, codes, draw):
    """The codes of a case; one with codes below it stands for one or more of these."""
    for code in f"{case['context']} {case['tools']}".split():
        below = [c for c in codes if codes[c].get("parent") == code]
        sure = draw.one(below) if below else None
        yield from [c for c in below if c == sure or draw.hit(0.6)] if below else [code]


def answers(model, people, said, draw):
    """Source -> answers: code (empty where there is none), sentence, what follows it, and what a slip may see."""
    codes, talk = {code["id"]: code for code in model["codes"]}, model["talk"]
    used = {}

    def filled(line):
        words = {"low": draw.one(talk["lows"]), "high": draw.one(talk["highs"]), "n": draw.one(range(3, 10))}
        return line.format(**words)

    found = {}
    for person in people:
        mine = []
        for code in said[person["id"]]:
            lines = lines_in(codes[code], person["voice"])
            fewest = min(used.get(line, 0) for line in lines)
            line = draw.one([line for line in lines if used.get(line, 0) == fewest])
            used[line] = used.get(line, 0) + 1
            tail = draw.one(talk["tails"]) if person["voice"] != "文|" and draw.hit(0.35) else ""
            mine.append({"code": code, "say": filled(line), "tail": tail, "near": codes[code]["near"]})
        if not person["voice"]:
            for idle in draw.some(model["idle"], 1 + draw.hit(0.5)):
                mine.append({"code": "", "say": idle["say"], "tail": "", "near": [idle["near"]]})
        found[person["id"]] = mine
    return found


def texts_of(model, people, said):
    """Source -> text; the answers learn where their sentences stand."""
    found = {}
    for person in people:
        spoken = person["role"] != "文件"
        text = f"{model['header']}\n编号：{person['id']}　身份：{person['role']}·模拟\n"
        for topic, part in groupby(said[person["id"]], key=lambda a: "".join(a["code"].split(".")[:2]) or "idle"):
            text += f"\n问：{model['talk']['questions'][topic]}\n" if spoken else "\n"
            for answer in part:
                text += "答：" if spoken else ""
                answer["start"] = len(text)
                answer["stop"] = len(text) + len(answer["say"])
                text += answer["say"] + answer["tail"]
                answer["end"] = len(text)
                text += "\n"
        found[person["id"]] = text
    return found


# 编码 Codings


def coded(model, people, said, texts, draw):
    """Two coders' first round with its slips, and what they agreed on."""
    slips, rows = model["slips"], []

    def add(person, start, end, code, coder, round_, quotable):
        rows.append(
            {
                "coding_id": f"c{len(rows) + 1:04d}", "source_id": person["id"], "start": start, "end": end,
                "quote": texts[person["id"]][start:end], "code_id": code, "coder": coder, "round": round_,
                "memo": "", "quotable": quotable,
            }
        )  # fmt: skip

    for person in people:
        for answer in said[person["id"]]:
            barred = 0 if draw.hit(0.03) else ""
            for coder in model["coders"]:
                code = judged(answer, slips, draw)
                end = answer["end"] if draw.hit(slips["wide"]) else answer["stop"]
                if code:
                    add(person, answer["start"], end, code, coder, "1", barred)
            if answer["code"]:
                where = answer["start"], answer["stop"]
                add(person, *where, answer["code"], model["consensus"], "consensus", barred)
    return rows


def judged(answer, slips, draw):
    """The code that a coder gives in the first round; none where nothing is seen."""
    if not answer["code"]:
        return answer["near"][0] if draw.hit(slips["idle"]) else ""
    if draw.hit(slips["miss"]):
        return ""
    return draw.one(answer["near"]) if draw.hit(slips["confuse"]) else answer["code"]


def unit_rows(people, said):
    return [
        {"unit_id": f"{p['id']}:{k}", "source_id": p["id"], "start": a["start"], "end": a["end"]}
        for p in people
        for k, a in enumerate(said[p["id"]], 1)
    ]


def source_rows(people, texts, draw):
    """A third is held out for the check of saturation; some may not be quoted."""
    held = set(draw.some([p["id"] for p in people], len(people) // 3))
    silent = set(draw.some([p["id"] for p in people if p["role"] != "文件"], 5))
    return [
        {
            "source_id": p["id"], "case_id": p["case"], "kind": "document" if p["role"] == "文件" else "interview",
            "role": f"{p['role']}·模拟", "date": f"2026-04-{1 + k // 2:02d}", "path": f"{p['id']}.txt",
            "sha256": hashlib.sha256(texts[p["id"]].encode()).hexdigest(), "n_chars": len(texts[p["id"]]),
            "held_out": int(p["id"] in held), "quotable": int(p["id"] not in silent),
        }
        for k, p in enumerate(people)
    ]  # fmt: skip


# 案例与网络 Cases and network


def case_rows(model):
    """What is on record of each case; how many tools it used is counted from its codings."""
    kept = ("outcome", "party_group", "members_in_group", "compensation", "rule_in_force", "households_refusing")
    return [
        {"case_id": case["id"], "label": case["label"], "label_en": case["label_en"], **{k: case[k] for k in kept}}
        for case in model["cases"]
    ]


def condition_rows(model):
    empty = dict.fromkeys(("name", "from", "type", "cuts", "e", "c", "i", "std_error", "expectation", "rationale"), "")
    return [{**empty, "type": "crisp", **line} for line in model["conditions"]]


def actor_rows(model, draw):
    network, rows = model["network"], []

    def add(actor, words, role, case, city):
        zh, en = (" ".join(part) for part in zip(*(word.split(" ", 1) for word in words), strict=True))
        called = {"label": zh, "label_en": en, "role": role, "case_id": case, "city": city}
        rows.append({"actor_id": actor, **called, "note": "模拟 simulated"})

    for case in model["cases"]:
        leader = draw.one(network["leaders"])
        for letter, role in network["roles"].items():
            name = network["names"].get(letter, leader)
            add(f"{case['id']}-{letter}", (f"{case['id']} {case['id']}", name), role, case["id"], case["id"][:2])
    for city, name in network["cities"].items():
        add(f"{city}-S", (name, network["offices"]["S"]), "街道", "", city)
        add(f"{city}-F", (name, network["offices"]["F"]), "企业", "", city)
    return rows


def tie_rows(model, draw):
    """Who listens to whom in a building (names), who asks whom for advice (consults), works and support."""
    rows = []

    def add(start, end, relation, weight=1):
        rows.append({"from": start, "to": end, "relation": relation, "weight": weight, "period": "", "source_id": ""})

    for case in model["cases"]:
        tools, own, city = case["tools"].split(), case["id"], case["id"][:2]
        party, head, leader, low, high = (f"{own}-{letter}" for letter in "PHLDU")
        many = sum(tool in INFORMAL for tool in tools) >= 4
        for household in (low, high):
            add(household, head, "names", 1 + draw.hit(0.5))
            if many:
                add(household, leader, "names", 2 + draw.hit(0.5))
            elif draw.hit(0.4):
                add(household, party, "names")
        add(leader, head, "names" if many else "consults")
        if case["party_group"]:
            add(head, party, "consults", 2)
        if case["members_in_group"]:
            add(leader, party, "consults")
        if "E.6.1" in tools:
            add(party, f"{city}-S", "consults", 2)
            add(f"{city}-S", party, "supports")
        if case["outcome"]:
            add(head, f"{city}-F", "contracts")
        if "E.9.2" in tools or draw.hit(0.3):
            others = [c["id"] for c in model["cases"] if c["outcome"] and c["id"] != own]
            near = [c for c in others if c.startswith(city)]
            add(head, f"{draw.one(near if near and draw.hit(0.8) else others)}-H", "consults")
    return rows


# 证据、发现与判断 Evidence, findings, judgements


def evidence_rows(model):
    return [
        {"case_id": e["case"], "source_id": source_id(e["case"], e["source"])}
        | {k: e[k] for k in ("hypothesis", "step", "evidence", "test", "found", "p_h", "p_not_h")}
        for e in model["evidence"]
    ]


def finding_rows(model):
    rows = []
    for k, finding in enumerate(model["findings"], 1):
        listed = "; ".join(source_id(case, 1) for case in finding.get("cases", []))
        plain = {key: finding[key] for key in ("construct", "strand", "claim", "prominence")}
        rows.append({"finding_id": f"F{k:02d}", **plain, "sources": listed})
    return rows


def fit_rows(model):
    empty = dict.fromkeys(("construct", "pair", "meaning", "examples", "judgement", "rationale"), "")
    return [{**empty, **line, "by": model["judge"], "date": "2026-05-06"} for line in model["fit"]]


def code_rows(model):
    return [
        {"code_id": c["id"], "name": c["name"], "name_en": c["name_en"], "parent_id": c.get("parent", ""),
         "level": c["level"], "definition": c["definition"], "status": "active"}
        for c in model["codes"]
    ]  # fmt: skip


# 文件 Files


def casebook(model):
    """Path in the folder -> text."""
    draw = Draw(model["seed"])
    people = sources_of(model)
    said = answers(model, people, spread(model, people, draw), draw)
    texts = texts_of(model, people, said)
    codings = coded(model, people, said, texts, draw)
    sheets = {
        "sources": source_rows(people, texts, draw),
        "codebook": code_rows(model),
        "codings": codings,
        "units": unit_rows(people, said),
        "cases": case_rows(model),
        "conditions": condition_rows(model),
        "actors": actor_rows(model, draw),
        "ties": tie_rows(model, draw),
        "evidence": evidence_rows(model),
        "findings": finding_rows(model),
        "fit": fit_rows(model),
    }
    found = {f"{name}.csv": "\ufeff" + table(rows) for name, rows in sheets.items()}
    return found | {f"texts/{name}.txt": text for name, text in texts.items()}


def table(rows):
    """Rows as csv; the mark before it, set by `casebook`, lets a spreadsheet see that the file is UTF-8."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def main(folder):
    """Write the casebook."""
    model = tomllib.loads((HERE / "casebook.toml").read_text(encoding="utf-8"))
    for name, text in casebook(model).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / FOLDER)
