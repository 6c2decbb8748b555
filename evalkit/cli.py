"""The command line: parse, call, print. Messages go to stderr in the user's language, data to stdout."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from evalkit.contract.problems import EvalkitError, InputError, Problem, UsageError
from evalkit.contract.words import LANGUAGES, catalogue, say_all, text_of, user_language
from evalkit.usage import UserParser

CHECK_FAILED = 1
OUR_BUG = 70
Command = Callable[[str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]
"""Adds a command of a name that runs a function."""

SHOWN = 10
"""Sentences of one code on a terminal; --json tells them all."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is that of ARCHITECTURE section 7."""
    words = list(sys.argv[1:] if argv is None else argv)
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        # Our matrices are small: more threads cost time, and the last digits would depend on their number.
        os.environ.setdefault(name, "1")
    lang = _language(words)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    parser = _parser(lang)
    try:
        options = parser.parse_args(words, argparse.Namespace(command=None, json=False, quiet=False))
        options.lang = lang
        if options.command is None:
            parser.print_help(sys.stderr)
            return UsageError.exit_code
        return _done(options)
    except EvalkitError as error:
        _report(error.problems, lang, as_json="--json" in words)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        _tell(text_of("cli.interrupted", lang))
        return 130
    except Exception as error:
        if os.environ.get("EVALKIT_DEBUG"):
            raise
        _tell(text_of("cli.bug", lang, kind=type(error).__name__))
        return OUR_BUG


def _done(options: argparse.Namespace) -> int:
    """The command's exit code; a person at a terminal is asked where a file fits two platforms."""
    try:
        return int(options.command(options))
    except InputError as error:
        from evalkit.plan.asking import again

        return again(error, options, _tell)


def _language(words: Sequence[str]) -> str:
    """`--lang` before anything is parsed: the help itself speaks that language."""
    for position, word in enumerate(words):
        value = word.partition("=")[2] if word.startswith("--lang=") else ""
        if word == "--lang" and position + 1 < len(words):
            value = words[position + 1]
        if value in LANGUAGES:
            return value
    return user_language()


def _parser(lang: str) -> argparse.ArgumentParser:
    def t(key: str) -> str:
        return text_of(f"cli.{key}", lang)

    # No defaults here: a command's own would undo what was given before the command.
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--lang", choices=LANGUAGES, help=t("lang"))
    shared.add_argument("--json", action="store_true", help=t("json"))
    shared.add_argument("--quiet", action="store_true", help=t("quiet"))
    parser = UserParser("evalkit", description=t("about"), parents=[shared], lang=lang)
    commands = parser.add_subparsers(
        title=t("commands"), metavar=t("command"), parser_class=partial(UserParser, lang=lang)
    )

    def command(name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=t(f"{name}.about"), description=t(f"{name}.about"), parents=[shared])
        added.set_defaults(command=run)
        return added

    _study_commands(command, t)
    _questionnaire_commands(command, t)
    return parser


def _study_commands(command: Command, t: Callable[[str], str]) -> None:
    demo = command("demo", _demo)
    demo.add_argument("folder", nargs="?", default="evalkit-demo", help=t("demo.folder"))
    demo.add_argument("--force", action="store_true", help=t("force"))
    init = command("init", _init)
    init.add_argument("data", help=t("data"))
    init.add_argument("-i", "--instrument", help=t("init.instrument"))
    init.add_argument("-o", "--out", help=t("init.out"))
    init.add_argument("--sheet", help=t("sheet"))
    init.add_argument("--dialect", default="auto", help=t("dialect"))
    init.add_argument("--workbook", action="store_true", help=t("init.workbook"))
    init.add_argument("--force", action="store_true", help=t("force"))
    check = command("check", _check)
    check.add_argument("data", help=t("check.data"))
    check.add_argument("-i", "--instrument", help=t("instrument"))
    check.add_argument("-o", "--out", help=t("check.out"))
    check.add_argument("--sheet", help=t("sheet"))
    check.add_argument("--dialect", default="auto", help=t("dialect"))
    check.add_argument("--mapping", help=t("mapping"))
    for name in ("roster", "community", "form", "since", "against"):
        check.add_argument(f"--{name}", help=t(f"check.{name}"))
    check.add_argument("--force", action="store_true", default=None, help=t("force"))
    run = command("run", _run)
    run.add_argument("plan", help=t("plan"))
    run.add_argument("-o", "--out", default="out", help=t("run.out"))
    run.add_argument("--dry-run", action="store_true", help=t("run.dry"))
    run.add_argument("--force", action="store_true", help=t("force"))
    run.add_argument("--strict", action="store_true", help=t("run.strict"))
    plan = command("plan", _plan)
    plan.add_argument("action", choices=("export",), help=t("plan.action"))
    plan.add_argument("plan", help=t("plan"))
    plan.add_argument("-o", "--out", required=True, help=t("plan.out"))
    plan.add_argument("--force", action="store_true", help=t("force"))
    verify = command("verify", _verify)
    verify.add_argument("folder", help=t("verify.folder"))
    verify.add_argument("--data", help=t("verify.data"))
    score = command("score", _score)
    score.add_argument("data", help=t("score.data"))
    score.add_argument("-i", "--instrument", help=t("instrument"))
    score.add_argument("-o", "--out", required=True, help=t("score.out"))
    score.add_argument("--sheet", help=t("sheet"))
    score.add_argument("--dialect", default="auto", help=t("dialect"))
    score.add_argument("--mapping", help=t("mapping"))
    score.add_argument("--key-file", type=Path, help=t("score.key"))
    score.add_argument("--new-key", action="store_true", help=t("score.new_key"))


def _questionnaire_commands(command: Command, t: Callable[[str], str]) -> None:
    simulate = command("simulate", _simulate)
    simulate.add_argument("instrument", help=t("simulate.instrument"))
    simulate.add_argument("-m", "--model", help=t("simulate.model"))
    simulate.add_argument("-n", type=int, help=t("simulate.n"))
    simulate.add_argument("--seed", type=int, help=t("seed"))
    simulate.add_argument("--clean", action="store_true", help=t("simulate.clean"))
    simulate.add_argument("--by", choices=("text", "index"), default="text", help=t("simulate.by"))
    simulate.add_argument("-o", "--out", required=True, help=t("simulate.out"))
    instrument = command("instrument", _instrument)
    instrument.add_argument("action", choices=("list", "show", "check", "diff", "export"), help=t("instrument.action"))
    instrument.add_argument("name", nargs="?", help=t("instrument.name"))
    instrument.add_argument("other", nargs="?", help=t("instrument.other"))
    kinds = ("xlsform", "sheet", "codebook", "questionnaire", "entry", "sampling")
    instrument.add_argument("--as", dest="kind", choices=kinds, help=t("instrument.as"))
    instrument.add_argument("--form", choices=("R", "O", "register"), help=t("instrument.form"))
    instrument.add_argument("-o", "--out", help=t("instrument.out"))
    casebook = command("casebook", _casebook)
    casebook.add_argument("file", type=Path, help=t("casebook.file"))
    casebook.add_argument("-o", "--out", required=True, help=t("casebook.out"))
    casebook.add_argument("--word", action="store_true", help=t("casebook.word"))
    casebook.add_argument("--source", help=t("casebook.source"))
    casebook.add_argument("--force", action="store_true", help=t("force"))
    claims = command("claims", _claims)
    claims.add_argument("file", type=Path, help=t("claims.file"))
    claims.add_argument("-o", "--out", type=Path, help=t("claims.out"))
    explain = command("explain", _explain)
    explain.add_argument("code", help=t("explain.code"))


# -- commands ---------------------------------------------------------------------------------


def _demo(options: argparse.Namespace) -> int:
    from evalkit.plan.demo import demo

    for line in demo(Path(options.folder), lang=options.lang, force=options.force, progress=_progress(options)):
        _say(line)
    return 0


def _init(options: argparse.Namespace) -> int:
    from evalkit.plan.start import start

    started = start(
        Path(options.data),
        options.out,
        instrument=options.instrument,
        sheet=options.sheet,
        dialect=options.dialect,
        lang=options.lang,
        force=options.force,
        workbook=options.workbook,
    )
    _report(started.problems, options.lang, as_json=options.json)
    for line in started.story:
        _say(line)
    return 0


def _check(options: argparse.Namespace) -> int:
    from evalkit.plan.checked import checked

    return CHECK_FAILED if checked(options, _say, _report, _progress(options)) else 0


def _run(options: argparse.Namespace) -> int:
    if options.dry_run:
        from evalkit.plan.rehearsal import rehearse

        for line in rehearse(options.plan, options.lang):
            _say(line)
        return 0
    from evalkit.plan import run

    found = run(options.plan, options.out, force=options.force, strict=options.strict, progress=_progress(options))
    _report((*found.plan.notices, *found.sample.problems), options.lang, as_json=options.json)
    for outcome in found.outcomes:
        if outcome.problems and not options.json:
            _tell(f"[{outcome.step.id}]")
        _report(outcome.problems, options.lang, as_json=options.json, step=outcome.step.id)
    for name in found.files:
        _say(str(Path(options.out) / name))
    return found.exit_code


def _plan(options: argparse.Namespace) -> int:
    from evalkit.plan.conversion import convert

    notices = convert(Path(options.plan), Path(options.out), lang=options.lang, force=options.force)
    _report(notices, options.lang, as_json=options.json)
    _say(text_of("cli.written", options.lang, path=options.out))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from evalkit.plan import verify

    found = verify(options.folder, data=options.data)
    shown = found.findings if options.json else found.findings[:SHOWN]
    _report(shown, options.lang, as_json=options.json)
    if len(shown) < len(found.findings):
        _tell(text_of("cli.verify.more", options.lang, n=len(found.findings) - len(shown)))
    key = "cli.verify.same" if found.same else "cli.verify.differs"
    _say(text_of(key, options.lang, n=found.n_statistics, files=found.n_files, found=len(found.findings)))
    return 0 if found.same else CHECK_FAILED


def _score(options: argparse.Namespace) -> int:
    from evalkit.plan.scores import write_scores

    given = {name: getattr(options, name) for name in ("sheet", "dialect", "mapping", "lang")}
    given |= {"key_file": options.key_file, "new_key": options.new_key}
    problems = write_scores(Path(options.data), options.instrument, Path(options.out), **given)
    _report(problems, options.lang, as_json=options.json)
    _say(text_of("cli.written", options.lang, path=options.out))
    return 0


def _simulate(options: argparse.Namespace) -> int:
    from evalkit.instrument import load_instrument
    from evalkit.plan.output import check_suffix
    from evalkit.simulation import model_for, simulate, write_wjx

    check_suffix(Path(options.out), ".xlsx")
    if options.n is not None and options.n < 1:
        raise UsageError(Problem("E570", params={"n": options.n}))
    instrument = load_instrument(options.instrument)
    model = options.model or model_for(instrument.id)
    answers = simulate(instrument, model, n=options.n, seed=options.seed, dirt=not options.clean)
    write_wjx(answers, instrument, Path(options.out), by=options.by)
    _say(text_of("cli.written", options.lang, path=options.out))
    return 0


def _instrument(options: argparse.Namespace) -> int:
    from evalkit.instrument import load_instrument, shipped, summary

    given = {"diff": [options.other], "export": [options.kind, options.form, options.out]}
    unused = [str(v) for action, values in given.items() if action != options.action for v in values if v is not None]
    if unused:
        raise UsageError(Problem("E578", params={"names": unused, "command": f"evalkit instrument {options.action}"}))
    if options.action == "list":
        for name in shipped():
            found = load_instrument(name)
            _say(f"{name}\t{found.version}\t{len(found.items)}\t{found.title.get(options.lang, name)}")
        return 0
    if options.name is None:
        raise UsageError(Problem("E571", params={"action": options.action}))
    found = load_instrument(options.name)
    _report(found.problems, options.lang, as_json=options.json)
    if options.action == "diff":
        return _diff(found, options)
    if options.action == "export":
        return _export(found, options)
    for line in summary(found, options.lang):
        _say(line)
    return 0


def _diff(old: Any, options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from evalkit.instrument import differences, load_instrument

    if options.other is None:
        raise UsageError(Problem("E571", params={"action": options.action}))
    changes = differences(old, load_instrument(options.other))
    for change in changes:
        _say(json.dumps(asdict(change), ensure_ascii=False) if options.json else change.text(options.lang))
    if not changes and not options.json:
        _say(text_of("instrument.no_change", options.lang))
    return 0


def _export(instrument: Any, options: argparse.Namespace) -> int:
    from evalkit.plan.exports import export

    lacking = [name for name, value in (("--as", options.kind), ("-o", options.out)) if value is None]
    if lacking:
        raise UsageError(Problem("E577", params={"names": lacking, "command": "evalkit instrument export"}))
    export(instrument, options.kind, Path(options.out), lang=options.lang, form=options.form)
    _say(text_of("cli.written", options.lang, path=options.out))
    return 0


def _casebook(options: argparse.Namespace) -> int:
    from evalkit.plan.casebook_files import rewritten

    rewritten(options, _say, _report)
    return 0


def _claims(options: argparse.Namespace) -> int:
    from evalkit.plan.claimed import claimed

    return CHECK_FAILED if claimed(options, _say, _report) else 0


def _explain(options: argparse.Namespace) -> int:
    code = options.code.strip().upper()
    message = catalogue()["messages"].get(code)
    if message is None:
        raise UsageError(Problem("E572", params={"code": options.code}))
    _say(f"{code}  {message[options.lang]}\n{message.get(f'{options.lang}_fix', '')}")
    return 0


# -- speaking ---------------------------------------------------------------------------------


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


def _report(problems: Iterable[Problem], lang: str, *, as_json: bool = False, step: str = "") -> None:
    """Problems grouped, errors first; as JSON one object a line, with the step they belong to."""
    ranked = sorted(problems, key=lambda p: ("error", "warning", "note").index(p.severity))
    if not as_json:
        for line in say_all(ranked, lang, most=SHOWN):
            _tell(line)
        return
    for problem in ranked:
        record = _as_record(problem, lang) | ({"step": step} if step else {})
        _tell(json.dumps(record, ensure_ascii=False))


def _as_record(problem: Problem, lang: str) -> dict[str, Any]:
    at = problem.at
    place = vars(at) if at else {}
    return {"code": problem.code, "severity": problem.severity, **place, "message": say_all([problem], lang)[0]}


def _progress(options: argparse.Namespace) -> Callable[[str], None]:
    """Names of steps on a terminal, nothing elsewhere."""
    if options.quiet or options.json or not sys.stderr.isatty():
        return lambda step: None
    return lambda step: _tell(text_of("cli.progress", options.lang, step=step))
