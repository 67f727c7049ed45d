"""The rooms of the code: who may know whom."""

import ast
from pathlib import Path

import deepseek_course

HERE = Path(deepseek_course.__file__).parent


def imported(path: Path) -> set[str]:
    """The rooms and modules of the data module that a file imports, such as "tables" or "language"."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 2:
            found |= {node.module.split(".")[0]} if node.module else {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom | ast.Import) and not getattr(node, "level", 0):
            names = [node.module] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
            found |= {name.split(".")[0] for name in names if name.startswith("deepseek")}
    return found


def test_tables_know_neither_practice_nor_lesson_and_these_two_not_each_other():
    allowed = {
        "tables": {"language"},
        "practice": {"language", "pages", "plain", "tables"},
        "lesson": {"language", "pages", "plain", "tables"},
    }
    for room, may in allowed.items():
        paths = list((HERE / room).glob("*.py"))
        assert len(paths) > 2
        for path in paths:
            assert imported(path) <= may, path.name
