"""Codings in, a CodeProfileResult out."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evalkit.contract import AnalysisError, Drop, Problem, require_columns
from evalkit.contract.code_tree import Code, codes_of
from evalkit.contract.consent import may_quote
from evalkit.contract.rounds import in_round
from evalkit.contract.words import LANGUAGES
from evalkit.qualitative.describing.result import CodeCount, CodeProfileResult, Excerpt, LevelCount, level_label


def code_profile(
    data: pd.DataFrame,
    *,
    code: str = "code_id",
    source: str = "source_id",
    sources: pd.DataFrame | None = None,
    codebook: pd.DataFrame | None = None,
    by: str = "case_id",
    round: str | None = None,
    printed: Mapping[str, int] | None = None,
) -> CodeProfileResult:
    """How many codes a codebook has at each level, and how often each occurs in whose material.

    Parameters
    ----------
    data : DataFrame
        Codings, one row each: at least a column of codes and one of sources; perhaps start, end, quote, quotable,
        round. A stretch that several coders put under one code is one reference.
    sources : DataFrame, optional
        Columns source_id, `by` and what table Q1 prints (kind, date, n_chars and attributes).
    codebook : DataFrame, optional
        Columns code_id, name, name_en, parent_id, level, definition, status: a code counts what stands below it too.
    by : str
        Column of `sources` whose groups are set side by side (cases, kinds of sources).
    round : str, optional
        Round of the codings; default the consensus where there is one, else all rounds.
    printed : mapping, optional
        Level -> how many codes of it a text prints (45 concepts, 24 sub-categories, 10 categories): held against what
        the codebook has.

    Returns
    -------
    CodeProfileResult
        Groups are described by the share of their sources in which a code occurs, which does not depend on their
        length; the numbers of references are those of the texts.

    Raises
    ------
    AnalysisError
        E600 for a column; E2141, E2142 for the codebook; E2143 for a round without codings; E2144 for a source of the
        codings that `sources` does not have; E6710, E6711 for `printed`.
    """
    require_columns(data, [code, source])
    if sources is not None:
        require_columns(sources, ["source_id"])
    kept = data.assign(quotable=may_quote(data, sources, source).astype(float)).dropna(subset=[code, source])
    counted, told = in_round(kept, round)
    kept = kept[counted]
    kept = kept.assign(**{code: kept[code].map(str), source: kept[source].map(str)})
    tree = codes_of(codebook, list(dict.fromkeys(kept[code])))
    groups = _groups(kept[source], sources, by)
    given = _printed(printed or {}, tree)
    marks = kept[[code, source, *(name for name in ("start", "end") if name in kept)]].drop_duplicates()
    counts = tuple(_count(one, tree, marks, code, source, groups) for one in tree.values())
    lost = len(data) - int(data[[code, source]].notna().all(axis=1).sum())
    return CodeProfileResult(
        codes=counts,
        levels=_levels(counts, given),
        groups=tuple(dict.fromkeys(groups.values())),
        sources=_listed(sources),
        excerpts=_excerpts(kept, tree, code, source),
        by=by if sources is not None and by in sources else source,
        round=told,
        n_codings=len(marks),
        n_obs=len(groups),
        dropped=(Drop("drop.incomplete", lost),) if lost else (),
        notices=(*_notices(tree, marks, code, kept), *_apart(_levels(counts, given))),
    )


def _printed(printed: Mapping[str, int], tree: Mapping[str, Code]) -> Mapping[str, int]:
    levels = list(dict.fromkeys(c.level for c in tree.values() if c.level))
    unknown = [level for level in printed if level not in levels]
    if unknown:
        raise AnalysisError(Problem("E6710", params={"names": unknown, "known": levels}))
    bad = [level for level, n in printed.items() if isinstance(n, bool) or n != int(n) or n < 0]
    if bad:
        raise AnalysisError(Problem("E6711", params={"names": bad}))
    return printed


def _apart(levels: tuple[LevelCount, ...]) -> tuple[Problem, ...]:
    """Levels of which a text prints another number than the codebook holds."""
    found = []
    for x in levels:
        if x.printed is not None and x.printed != x.n:
            called = {lang: level_label(x.level).text(lang) for lang in LANGUAGES}
            params = {"level": called, "printed": x.printed, "n": x.n, "named": x.n_named}
            found.append(Problem("W6712", params=params))
    return tuple(found)


def _groups(used: pd.Series, sources: pd.DataFrame | None, by: str) -> dict[str, str]:
    """Source -> its group; a source without one, and every source where nothing says more, is its own."""
    if sources is None:
        return {name: name for name in dict.fromkeys(used)}
    names = sources["source_id"].map(str)
    unknown = sorted(set(used) - set(names))
    if unknown:
        raise AnalysisError(Problem("E2144", params={"names": unknown}))
    if by not in sources:
        return dict(zip(names, names, strict=True))
    return {s: s if pd.isna(g) else str(g) for s, g in zip(names, sources[by], strict=True)}


def _count(
    one: Code, tree: Mapping[str, Code], marks: pd.DataFrame, code: str, source: str, groups: Mapping[str, str]
) -> CodeCount:
    below = [other for other, c in tree.items() if one.id in c.path]
    mine = marks[marks[code].isin(below)]
    bearing = mine[source].unique()
    sizes = pd.Series(list(groups.values())).value_counts()
    each = pd.Series([groups[s] for s in bearing]).value_counts()
    shares = {str(g): float(each.get(g, 0) / n) for g, n in sizes.items()}
    marked = mine[source].map(groups).value_counts()
    return CodeCount(
        one, int((mine[code] == one.id).sum()), len(mine), len(bearing), shares,
        {str(g): int(marked.get(g, 0)) for g in sizes.index}, {str(g): int(n) for g, n in sizes.items()},
    )  # fmt: skip


def _levels(counts: tuple[CodeCount, ...], printed: Mapping[str, int]) -> tuple[LevelCount, ...]:
    """Codes defined, named and met at each level, from the codes that stand lowest upwards."""
    deepest = {level: max(c.code.depth for c in counts if c.code.level == level)
               for level in dict.fromkeys(c.code.level for c in counts)}  # fmt: skip
    return tuple(
        LevelCount(
            level, len(at), sum(bool(c.code.name) for c in at), sum(c.n_total > 0 for c in at), printed.get(level)
        )
        for level in sorted(deepest, key=lambda level: -deepest[level])
        for at in [[c for c in counts if c.code.level == level]]
    )


def _listed(sources: pd.DataFrame | None) -> pd.DataFrame | None:
    """What of the sources may be printed: no text, path or hash."""
    if sources is None:
        return None
    hidden = ("path", "sha256", "held_out", "respondent_id", "quotable")
    return sources[[c for c in sources.columns if c not in hidden]].dropna(axis=1, how="all")


def _excerpts(codings: pd.DataFrame, tree: Mapping[str, Code], code: str, source: str) -> tuple[Excerpt, ...]:
    """For every code without codes below it the first quote that there is consent to print."""
    if "quote" not in codings:
        return ()
    first = codings[(codings["quotable"] == 1) & codings["quote"].notna()].drop_duplicates(code).set_index(code)
    leaves = [c for c in tree.values() if not c.children and (codings[code] == c.id).any()]
    return tuple(
        Excerpt(c.id, str(first.at[c.id, "quote"]), str(first.at[c.id, source]))
        if c.id in first.index
        else Excerpt(c.id, "", "")
        for c in leaves
    )


def _notices(tree: Mapping[str, Code], marks: pd.DataFrame, code: str, kept: pd.DataFrame) -> tuple[Problem, ...]:
    found = []
    unnamed = [c.id for c in tree.values() if not c.name]
    if unnamed:
        found.append(Problem("W2145", params={"n": len(unnamed), "names": unnamed}))
    met = set(marks[code])
    silent = [c.id for c in tree.values() if not c.children and c.id not in met]
    if silent:
        found.append(Problem("N2146", params={"n": len(silent), "names": silent}))
    if "round" in kept and kept["round"].nunique() > 1:
        found.append(Problem("N2147", params={"rounds": sorted(set(kept["round"].dropna().map(str)))}))
    return tuple(found)
