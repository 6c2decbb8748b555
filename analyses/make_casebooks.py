"""casebook.toml 里的底稿写成模拟资料册。casebook.toml in, the simulated casebook out: the same bytes every time.

python analyses/make_casebooks.py [研究 study ...]
"""

import csv
import hashlib
import io
import math
import random
import sys
import tomllib
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent
MODEL, FOLDER = "casebook.toml", "casebook-simulated"
STUDIES = ("n-street-mutual-aid", "f-community-network", "party-alliance-innovation")


class Draw:
    """Draws that mean the same on every Python: only `random()` of the generator is promised to stay."""

    def __init__(self, seed):
        self.share = random.Random(seed).random

    def hit(self, share):
        return self.share() < share

    def one(self, items, weights=None):
        items = list(items)
        if weights is None:
            return items[int(self.share() * len(items))]
        left = self.share() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            left -= weight
            if left < 0:
                return item
        return items[-1]

    def shuffled(self, items):
        return [item for _, _, item in sorted((self.share(), k, item) for k, item in enumerate(items))]


# 编码、材料、编码记录 Codes, sources, codings


def codebook_of(model):
    """The codes in order; a code stands below the one whose id it continues."""
    known = {code["id"] for code in model["codes"]}
    for code in model["codes"]:
        above = code["id"].rpartition(".")[0]
        yield {
            "code_id": code["id"], "name": code["name"], "parent_id": above if above in known else "",
            "level": code["level"], "definition": code["definition"], "status": "active",
        }  # fmt: skip


def interviews_of(model, draw):
    """Sources, their texts and the codings of one coder: each code a source speaks of is one answer."""
    codes = {code["id"]: code for code in model["codes"]}
    sources, texts, codings = [], {}, []
    for source in model["sources"]:
        text = f"{model['header']}\n编号：{source['id']}　身份：{source['role']}（模拟）\n"
        for code in source["codes"].split():
            line = draw.one(codes[code]["say"])
            text += "\n答："
            codings.append(
                {
                    "coding_id": f"c{len(codings) + 1:03d}", "source_id": source["id"], "start": len(text),
                    "end": len(text) + len(line), "quote": line, "code_id": code, "coder": model["coder"], "round": 1,
                }
            )  # fmt: skip
            text += line
        texts[source["id"]] = text + "\n"
        rest = {k: v for k, v in source.items() if k not in ("id", "role", "codes", "quotable")}
        sources.append(
            {
                "source_id": source["id"], "kind": "interview", "role": f"{source['role']}（模拟）", **rest,
                "path": f"{source['id']}.txt", "n_chars": len(texts[source["id"]]),
                "sha256": hashlib.sha256(texts[source["id"]].encode()).hexdigest(),
                "quotable": source.get("quotable", 1),
            }
        )  # fmt: skip
    return sources, texts, codings


# 台账 The ledger


def ledger_of(model, draw):
    """One row a problem, in order of the day it came in."""
    ledger = model["ledger"]
    stations = [f"Z{k:02d}" for k in range(1, ledger["stations"] + 1)]
    busy = [0.5 + draw.share() for _ in stations]
    first = date.fromisoformat(ledger["first_day"])
    ways = draw.shuffled([k for k, way in enumerate(ledger["routes"]) for _ in range(way["count"])])
    days = sorted(int(draw.share() * ledger["days"]) for _ in ways)
    for number, (k, day) in enumerate(zip(ways, days, strict=True), 1):
        way = ledger["routes"][k]
        kind, result = (draw.one(ledger[n], [shares[k] for shares in ledger[n].values()]) for n in ("types", "results"))
        taken = 0 if way.get("open") else math.floor(-way["mean_days"] * math.log(1 - draw.share()))
        came = first + timedelta(days=day)
        rated = not way.get("open") and draw.hit(ledger["rated"])
        yield {
            "problem_id": f"L{number:04d}", "case_id": draw.one(stations, busy), "date_in": came.isoformat(),
            "type": kind, "level": way["level"], "route": way["id"], "process_code": way["process"],
            "date_out": "" if way.get("open") else (came + timedelta(days=taken)).isoformat(),
            "result": "" if way.get("open") else result,
            "satisfaction": draw.one((1, 2, 3, 4, 5), way["ratings"]) if rated else "",
        }  # fmt: skip


# 网络 Networks


def actors_of(model, draw):
    """Actors that the model names, then its crowds: so many of a kind, with the attributes given or drawn."""
    rows = list(model["actors"])
    for crowd in model.get("crowds", []):
        for k in range(1, crowd["n"] + 1):
            row = {"actor_id": f"{crowd['prefix']}{k}"}
            row |= {name: crowd[name].format(n=k) for name in ("label", "label_en")}
            drawn = {name: draw.one(value) for name, value in crowd["drawn"].items()}
            rows.append(row | {k: v for k, v in crowd.items() if k not in ("prefix", "n", "drawn", *row)} | drawn)
    return rows


def ties_of(model, actors, draw):
    """Ties that the model names, then those drawn: a layer has a chance for each pair of kinds, period by period.

    A tie of the period before stays with the chance `keep`.
    """
    rows = [dict(tie) for tie in model.get("ties", [])]
    have = {(t["from"], t["to"], t["relation"], t.get("period", "")) for t in rows}
    for layer in model["layers"]:
        before, relation = None, layer["relation"]
        for period in layer.get("periods", [""]):
            for a, b in pairs_of(actors, layer["directed"]):
                if tied(have, a, b, relation, period, layer["directed"]):
                    continue
                chance = chance_of(layer, a, b, period, have)
                if before is not None and tied(have, a, b, relation, before, layer["directed"]):
                    chance = layer["keep"]
                if draw.hit(chance):
                    tie = {"from": a["actor_id"], "to": b["actor_id"], "relation": relation, "period": period}
                    rows.append(tie)
                    have.add(tuple(tie.values()))
            before = period
    return rows


def pairs_of(actors, directed):
    for i, a in enumerate(actors):
        for j, b in enumerate(actors):
            if i < j or (directed and i != j):
                yield a, b


def tied(have, a, b, relation, period, directed):
    one, other = a["actor_id"], b["actor_id"]
    return (one, other, relation, period) in have or (not directed and (other, one, relation, period) in have)


def chance_of(layer, a, b, period, have):
    """That of the first rule that fits both ends; none: no tie.

    `like` multiplies it where both have the same value, `with` where the two are tied in a layer before this one.
    """
    place = layer.get("periods", [""]).index(period)
    chance = next((rule["chance"][place] for rule in layer["rules"] if fits(rule, a, b, layer["directed"])), 0.0)
    for column, times in layer.get("like", {}).items():
        chance *= times if a.get(column, a) == b.get(column) else 1.0
    for other, times in layer.get("with", {}).items():
        chance *= times if tied(have, a, b, other, period, False) else 1.0
    return min(chance, 0.95)


def fits(rule, a, b, directed):
    ends = (a.get(rule.get("by", "type")), b.get(rule.get("by", "type")))
    return (rule["from"], rule["to"]) in (ends, ends if directed else ends[::-1])


# 写出 Writing


def files_of(study):
    """Name -> bytes of each file of a study's casebook."""
    model = tomllib.loads((HERE / study / MODEL).read_text(encoding="utf-8"))
    draw = Draw(model["seed"])
    sources, texts, codings = interviews_of(model, draw)
    sheets = {"codebook": list(codebook_of(model)), "sources": sources, "codings": codings}
    if "ledger" in model:
        sheets["ledger"] = list(ledger_of(model, draw))
    if "actors" in model:
        sheets["actors"] = actors_of(model, draw)
        sheets["ties"] = ties_of(model, sheets["actors"], draw)
    found = {f"{name}.csv": table(rows) for name, rows in sheets.items()}
    return found | {f"texts/{name}.txt": text.encode() for name, text in texts.items()}


def table(rows):
    """A csv in UTF-8 with the mark by which Excel knows it."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def main(studies=STUDIES, folder=HERE):
    """Write the casebook of each study into its folder below `folder`."""
    for study in studies:
        for name, content in files_of(study).items():
            path = Path(folder) / study / FOLDER / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1:] or STUDIES)
