"""Who may import whom (ARCHITECTURE, section 3), read from every import in the package."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "evalkit"

FLOOR = {"contract", "sheets", "moments", "resample", "formula", "correlations", "instrument", "sampling", "structure"}
SCORING = {"contract", "sheets", "formula", "moments", "resample", "correlations", "instrument", "ingest"}
ANALYSIS = {"contract", "moments", "resample", "correlations", "formula", "sampling", "structure"}
ROOMS_OF_ANALYSIS = {"descriptive", "measurement", "models", "qualitative", "cases"}

MAY_IMPORT: dict[str, set[str]] = {
    "contract": set(),
    **{room: {"contract"} for room in ("sheets", "moments", "resample", "formula")},
    "correlations": {"contract", "moments", "resample"},
    "instrument": FLOOR - {"instrument", "sampling", "structure"},
    "sampling": FLOOR - {"instrument", "sampling", "structure"},
    "structure": FLOOR - {"structure"},
    "ingest": FLOOR,
    "quality": SCORING,
    "scoring": SCORING,
    "simulation": SCORING | {"sampling", "structure"},
    **dict.fromkeys(ROOMS_OF_ANALYSIS, ANALYSIS),
    "studies": ANALYSIS | ROOMS_OF_ANALYSIS | {"simulation"},
    "integrate": {"contract"},
    "usage": {"contract"},
    "report": {"contract", "sheets", "instrument"},
}
EVERYTHING = {*MAY_IMPORT, "plan", "cli", "evalkit"}
MAY_IMPORT |= {"plan": set(MAY_IMPORT), "cli": EVERYTHING, "__init__": EVERYTHING, "__main__": {"cli"}}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno} uses a relative import"
            if node.module == "evalkit":
                rooms |= {alias.name for alias in node.names}
            elif (node.module or "").startswith("evalkit."):
                rooms.add(str(node.module).split(".")[1])
        elif isinstance(node, ast.Import):
            rooms |= {a.name.split(".")[1] for a in node.names if a.name.startswith("evalkit.")}
            rooms |= {"evalkit" for a in node.names if a.name == "evalkit"}
    return rooms


MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "_shipped" not in p.parts)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_room_imports_only_what_it_may(path):
    room = room_of(path)
    assert imported_rooms(path) - {room} <= MAY_IMPORT[room]


def test_no_public_name_is_a_room_name():
    import evalkit

    assert not set(evalkit.__all__) & set(MAY_IMPORT)


def test_every_public_name_is_there():
    import evalkit

    for name in evalkit.__all__:
        assert callable(getattr(evalkit, name)), name


def test_the_rooms_hold_no_drawer_for_odds_and_ends():
    assert not [p for p in MODULES if p.stem in ("utils", "helpers", "common", "misc")]


def test_modules_stay_readable():
    too_long = {p.name: n for p in MODULES if (n := p.read_text(encoding="utf-8").count("\n")) > 400}
    assert not too_long


def test_every_public_name_has_one_home():
    import evalkit

    names = [name for names in evalkit._HOMES.values() for name in names.split()]
    assert len(names) == len(set(names))


def test_test_modules_have_names_of_their_own():
    """Two of one name cannot be collected together."""
    folders = [p for p in Path(__file__).parent.rglob("test_*.py") if not (p.parent / "__init__.py").exists()]
    names = [p.name for p in folders]
    assert sorted(names) == sorted(set(names))
