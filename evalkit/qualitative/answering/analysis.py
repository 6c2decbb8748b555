"""Columns of open answers in, an OpenAnswersResult out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import (
    MISSING_KINDS,
    AnalysisError,
    Label,
    Problem,
    attach,
    codebook_of,
    label_of,
    require_columns,
)
from evalkit.contract.saying_nothing import NO_ANSWER
from evalkit.qualitative.answering.cleaning import Answers, answers_of
from evalkit.qualitative.answering.cutting import folded_plurals, han_runs, tokens
from evalkit.qualitative.answering.discovery import NewWord
from evalkit.qualitative.answering.discovery import new_words as words_found
from evalkit.qualitative.answering.lexicon import Lexicon, lexicon_of
from evalkit.qualitative.answering.result import Group, Mention, OpenAnswersResult, OpenQuestion
from evalkit.qualitative.answering.searching import Line, concordance, holding, incidence
from evalkit.qualitative.answering.shares import Difference, differences, shares
from evalkit.sampling.categories import categories
from evalkit.sampling.design import Design, DesignArrays, design_arrays, design_of

_OPEN = ("text", "id")
_TOLD = 20
"""Words that a notice lists."""
_MADE_FOR_THIS = 1000
"""A larger dictionary was made for other texts too: most of its words are absent, and no notice says so."""
_QUOTABLE = "quotable"


@dataclass(frozen=True, eq=False)
class _Setting:
    """What holds for every question: `groups` are masks of rows by group id."""

    groups: Mapping[str, np.ndarray]
    labels: Mapping[str, Label]
    group_of: Sequence[str | None]
    printable: np.ndarray
    design: DesignArrays | None
    conf_level: float
    rows: np.ndarray


def open_answers(
    data: pd.DataFrame,
    questions: str | Sequence[str],
    *,
    by: str | None = None,
    words: Sequence[str] = (),
    themes: Mapping[str, Sequence[str]] | str | None = None,
    keywords: Sequence[str] = (),
    dictionary: str | Sequence[str] = (),
    stop_words: str | Sequence[str] = (),
    no_answer: Sequence[str] | None = None,
    new_words: int = 5,
    fold_plurals: bool = False,
    most: int = 30,
    least: int = 2,
    lines: int = 5,
    width: int = 20,
    quotable: str | None = None,
    conf_level: float = 0.95,
    design: Design | None = None,
) -> OpenAnswersResult:
    """Who mentions what in open answers and in texts beside an option (其他，请注明).

    Parameters
    ----------
    data : DataFrame
    questions : str or sequence of str
        Columns of texts, e.g. `J_need__9__text`; the id of a question (`J_need`) stands for the texts beside its
        options.
    by : str, optional
        A categorical column whose groups are compared.
    words : sequence of str
        Words listed first, whatever their count; looked for anywhere in Chinese text (停车 in 停车位), as whole words
        otherwise.
    themes : mapping or str, optional
        Theme (`停车`, or `停车 | Parking` in both languages) -> words, any of which is a mention; or the id of a
        multiple-response question that holds the themes given by hand (`read_themes`).
    keywords : sequence of str
        Words to be shown in their context.
    dictionary, stop_words : sequence of str
        Further words that are not to be cut, and words that are not to be listed (beside the package's own). In a
        plan, also the name of a file of words, read by `read_words`.
    no_answer : sequence of str, optional
        What says nothing, in place of the package's list (无, 没有, 不知道, none, n/a ...); signs alone always do.
    new_words : int
        Occurrences in different answers from which on strings outside all lists are looked at as new words; 0: none.
    fold_plurals : bool
        Count an English plural with its singular where that occurs too.
    most, least : int
        How many words are listed, and the respondents each must have.
    lines, width : int
        Of the concordance: answers a keyword, characters to either side.
    quotable : str, optional
        Column with 1 where a respondent's words may be quoted; `quotable`, where the data have it. Without one every
        answer may be.
    conf_level : float
    design : Design, optional
        By default that of the data.

    Returns
    -------
    OpenAnswersResult
        Counts of respondents, never of tokens. Personal data is covered before anything is counted or quoted. Without
        an answer the shares are nan, and a notice says so.

    Raises
    ------
    AnalysisError
        E600 for an unknown column, E697 for a `by` that is no category, E6601 for a closed question, E6602 to E6606 for
        arguments that cannot be meant.

    Notes
    -----
    Cutting: see `cutting.tokens`; new words: `discovery.new_words`; intervals and tests: `shares`. The package's word
    list is small (some 2,300 words about communities): where a word is cut apart, put it into `dictionary`.
    """
    names = [questions] if isinstance(questions, str) else list(questions)
    _require(names, themes, words, keywords, {"new_words": new_words, "most": most, "least": least, "lines": lines,
                                              "width": width}, conf_level)  # fmt: skip
    data = attach(data, codebook_of(data))  # inferred once for a plain frame, not once a name
    names = list(dict.fromkeys(column for name in names for column in _columns(data, name)))
    require_columns(data, names)
    if closed := [name for name in names if not _is_open(data, name)]:
        raise AnalysisError(Problem("E6601", params={"name": name}) for name in closed)
    lexicon = lexicon_of(data, dictionary, stop_words)
    setting = _setting(data, by, quotable, design, conf_level)
    found, notices = [], []
    for name in names:
        answers = answers_of(data[name], NO_ANSWER if no_answer is None else no_answer)
        counted = _listed(answers, lexicon, new_words, fold_plurals, words, most, least)
        said, theme_base = _coded(data, answers, themes)
        quoted = [
            concordance(answers, word, setting.rows[setting.printable & answers.answered], setting.group_of,
                        width=width, most=lines)
            for word in keywords
        ]  # fmt: skip
        question = _question(data, name, answers, counted, said, theme_base, quoted, setting)
        found.append(question)
        notices += _notices(question, answers, lexicon, setting, bool(keywords))
    label = None if by is None else label_of(data, by)
    return OpenAnswersResult(tuple(found), label, setting.design is not None, conf_level, len(data), (), tuple(notices))


def _require(
    names: Sequence[str],
    themes: Mapping[str, Sequence[str]] | str | None,
    words: Sequence[str],
    keywords: Sequence[str],
    numbers: Mapping[str, int],
    conf_level: float,
) -> None:
    if not names:
        raise AnalysisError(Problem("E6606"))
    for key, value in (("words", words), ("keywords", keywords)):
        if isinstance(value, str) or not all(str(word).strip() for word in value):
            raise AnalysisError(Problem("E6602", params={"key": key}))
    for key, number in numbers.items():
        bound = 0 if key in ("new_words", "most") else 1
        if number < bound:
            raise AnalysisError(Problem("E6603", params={"key": key, "value": number, "wanted": f">= {bound}"}))
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E6603", params={"key": "conf_level", "value": conf_level, "wanted": "0-1"}))
    if isinstance(themes, Mapping):
        first = [theme.split("|")[0].strip() for theme in themes]
        if "" in first or len(set(first)) < len(first):
            raise AnalysisError(Problem("E6605", params={"name": ", ".join(themes)}))
        for theme, held in themes.items():
            if isinstance(held, str) or not held or not all(str(word).strip() for word in held):
                raise AnalysisError(Problem("E6605", params={"name": theme}))


def _columns(data: pd.DataFrame, name: str) -> list[str]:
    """A column of texts, or those beside the options of a question; what is neither, as it is."""
    known = codebook_of(data).variables
    beside = [str(c) for c in data.columns if str(c).endswith("__text") and known[str(c)].item == name]
    return [name] if name in data.columns and _is_open(data, name) else beside or [name]


def _is_open(data: pd.DataFrame, name: str) -> bool:
    """Whether a column holds texts: by its questionnaire, else by its dtype (empty columns may be open)."""
    variable = codebook_of(data).variables[name]
    if variable.kind in _OPEN or variable.item is not None:
        return variable.kind in _OPEN
    column = data[name]
    if column.isna().all():
        return True
    return not (
        pd.api.types.is_numeric_dtype(column)
        or pd.api.types.is_bool_dtype(column)
        or pd.api.types.is_datetime64_any_dtype(column)
        or isinstance(column.dtype, pd.CategoricalDtype)
    )


def _setting(
    data: pd.DataFrame, by: str | None, quotable: str | None, design: Design | None, conf_level: float
) -> _Setting:
    groups: dict[str, np.ndarray] = {}
    labels: dict[str, Label] = {}
    group_of: list[str | None] = [None] * len(data)
    if by is not None:
        cut = categories(data, by)
        groups = {id: cut.position == k for k, id in enumerate(cut.ids)}
        labels = dict(zip(cut.ids, cut.labels, strict=True))
        group_of = [cut.ids[k] if k >= 0 else None for k in cut.position]
    consent = quotable or (_QUOTABLE if _QUOTABLE in data.columns else None)
    printable = np.ones(len(data), dtype=bool)
    if consent is not None:
        require_columns(data, [consent])
        values = pd.to_numeric(data[consent], errors="coerce")
        if (values.isna() & data[consent].notna()).any() or not values.dropna().isin([0, 1]).all():
            raise AnalysisError(Problem("E6604", params={"name": consent}))
        printable = (values == 1).to_numpy()
    declared = design_of(data, design)
    arrays = None if declared is None else design_arrays(data, declared)
    return _Setting(groups, labels, group_of, printable, arrays, conf_level, np.arange(len(data)))


@dataclass(frozen=True, eq=False)
class _Said:
    """Who says what: names, and bool (n_rows, n_names)."""

    names: tuple[str, ...]
    labels: tuple[Label, ...]
    rows: np.ndarray
    found: tuple[NewWord, ...] = ()


def _listed(
    answers: Answers, lexicon: Lexicon, least_new: int, fold: bool, words: Sequence[str], most: int, least: int
) -> _Said:
    """The analyst's words, then the most frequent ones of the answers."""
    found = words_found(list(han_runs(answers.texts, lexicon)), lexicon, least=least_new) if least_new else ()
    cut = tokens(answers.texts, lexicon.with_words(word.word for word in found))
    plural = folded_plurals({word for parts in cut for word in parts}) if fold else str
    matrix, names = incidence(cut, lexicon.counts, plural)
    people = np.bincount(answers.at[answers.answered], minlength=len(answers.texts))
    count = matrix.T @ people
    asked = {" ".join(word.split()): holding(answers, [word]) for word in words}
    order = sorted(
        (k for k in np.flatnonzero(count >= least) if names[k] not in asked), key=lambda k: (-count[k], names[k])
    )
    chosen = order[:most]
    columns = [*asked.values(), *(matrix[:, [k]].toarray()[:, 0] > 0 for k in chosen)]
    kept = (*asked, *(names[k] for k in chosen))
    return _Said(kept, tuple(Label(zh=n, en=n) for n in kept), _by_row(columns, answers), found)


def _by_row(columns: Sequence[np.ndarray], answers: Answers) -> np.ndarray:
    """Of distinct answers to rows: (n_rows, n_columns); False without an answer."""
    texts = np.zeros((len(answers.texts) + 1, len(columns)), dtype=bool)  # the last row is that of no answer
    for k, column in enumerate(columns):
        texts[:-1, k] = column
    return texts[answers.at]


def _coded(
    data: pd.DataFrame, answers: Answers, themes: Mapping[str, Sequence[str]] | str | None
) -> tuple[_Said, np.ndarray]:
    """Themes by their words, or as coded by hand, and the rows they are shares of."""
    if themes is None:
        return _Said((), (), np.zeros((len(data), 0), dtype=bool)), answers.answered
    if isinstance(themes, str):
        book = codebook_of(data)
        columns = [str(c) for c in data.columns if (v := book.variables[str(c)]).kind == "option" and v.item == themes]
        if not columns:
            require_columns(data, [themes])
            raise AnalysisError(Problem("E6605", params={"name": themes}))
        values = data[columns].to_numpy(dtype=float)
        ids = tuple(c.rpartition("__")[2] for c in columns)
        labels = tuple(label_of(data, c) for c in columns)
        return _Said(ids, labels, values == 1), ~np.isnan(values).all(axis=1)
    columns = [holding(answers, list(map(str, words))) for words in themes.values()]
    pairs = [[part.strip() for part in name.split("|", 1)] for name in themes]
    labels = tuple(Label(zh=pair[0], en=pair[-1]) for pair in pairs)
    return _Said(tuple(pair[0] for pair in pairs), labels, _by_row(columns, answers)), answers.answered


def _question(
    data: pd.DataFrame,
    name: str,
    answers: Answers,
    counted: _Said,
    coded: _Said,
    base: np.ndarray,
    quoted: Sequence[tuple[Line, ...]],
    setting: _Setting,
) -> OpenQuestion:
    groups = tuple(
        Group(id, setting.labels[id], int((rows & answers.answered).sum())) for id, rows in setting.groups.items()
    )
    book = codebook_of(data)
    variable = book.variables[name]
    label = variable.label
    if name.endswith("__text") and variable.item in book.variables and variable.item != name:
        label = Label("open_answers.of_question", question=book.variables[variable.item].label, text=variable.label)
    return OpenQuestion(
        name,
        label,
        len(data),
        _missing(data, name, answers.n_blank),
        tuple(sorted(answers.silent.items(), key=lambda kv: (-kv[1], kv[0]))),
        int(answers.answered.sum()),
        groups,
        _mentions(counted, answers.answered, setting),
        tuple(sorted(_mentions(coded, base, setting), key=lambda m: -m.share.count)),
        int(base.sum()),
        tuple(line for part in quoted for line in part),
        counted.found,
    )


def _mentions(said: _Said, base: np.ndarray, setting: _Setting) -> tuple[Mention, ...]:
    level = setting.conf_level
    whole = shares(said.rows, base, setting.design, level)
    parts = {g: shares(said.rows, base & rows, setting.design, level) for g, rows in setting.groups.items()}
    tests = differences(said.rows, [base & rows for rows in setting.groups.values()], setting.design)
    tests = tests if setting.groups else [Difference()] * len(said.names)
    return tuple(
        Mention("_".join(name.split()), said.labels[k], whole[k], {g: part[k] for g, part in parts.items()}, tests[k])
        for k, name in enumerate(said.names)
    )


def _missing(data: pd.DataFrame, name: str, n_blank: int) -> tuple[tuple[str, int], ...]:
    """Rows without a text by kind of missing answer; `no_text` where the data do not say."""
    kinds = codebook_of(data).missing
    counts: list[tuple[str, int]] = []
    if kinds is not None and name in kinds:
        codes = kinds[name].reindex(data.index, fill_value=0).to_numpy()[data[name].isna().to_numpy()]
        counts = [(kind, int((codes == k).sum())) for k, kind in enumerate(MISSING_KINDS) if k]
    untold = n_blank - sum(n for _, n in counts)
    return tuple((kind, n) for kind, n in [*counts, ("no_text", untold)] if n)


def _notices(q: OpenQuestion, answers: Answers, lexicon: Lexicon, setting: _Setting, quoted: bool) -> list[Problem]:
    name = {lang: q.label.text(lang) for lang in ("zh", "en")}
    told = []
    if not q.n_answered:
        told.append(Problem("W6608", params={"question": name}))
    if q.silent:
        forms = [form or "。" for form, _ in q.silent[:_TOLD]]
        told.append(Problem("N6609", params={"question": name, "n": q.n_silent, "forms": forms}))
    if answers.n_covered:
        told.append(Problem("N6610", params={"question": name, "n": answers.n_covered}))
    if q.found:
        told.append(Problem("N6611", params={"question": name, "words": [w.word for w in q.found[:_TOLD]]}))
    unquoted = int((answers.answered & ~setting.printable).sum())
    if quoted and unquoted:
        told.append(Problem("N6612", params={"question": name, "n": unquoted}))
    given = (*lexicon.own, *lexicon.mixed)
    whole = "\n".join(answers.texts)
    absent = sorted(word for word in given if word not in whole) if len(given) <= _MADE_FOR_THIS else []
    if absent and q.n_answered:
        told.append(Problem("N6613", params={"question": name, "words": absent[:_TOLD]}))
    thin = sum(m.difference.thin and m.difference.method == "chi2" for m in (*q.words, *q.themes))
    if thin:
        told.append(Problem("W6607", params={"question": name, "n": thin}))
    return told
