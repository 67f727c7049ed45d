"""Makes the notebooks from their bilingual sources: notebooks/source/*.md to notebooks/ko and notebooks/en.

python run.py build                       all lessons
python run.py build 02                    one lesson
python run.py build --solutions FOLDER    the solved notebooks, into FOLDER/ko and FOLDER/en
"""

import argparse
import ast
import hashlib
import io
import os
import re
import sys
import tempfile
import tokenize
import tomllib
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbgrader.preprocessors import CheckCellMetadata, ClearSolutions, ComputeChecksums, LockCells
from traitlets.config import Config

import deepseek_course as course
from deepseek_course import judging
from deepseek_course.arithmetic import evaluate
from deepseek_course.keeping import FOLDER

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "notebooks" / "source"
LANGUAGES = ("ko", "en")
STUB = {
    "ko": "여기에 씁니다. (이 칸을 두 번 눌러 쓰고, 다 쓰면 Shift + Enter를 누릅니다.)",
    "en": "Write here. (Double-click this cell to write; press Shift + Enter when you are done.)",
}
BILINGUAL = re.compile(r"\[\[((?:(?!\[\[|\]\]).)*?)\|\|((?:(?!\[\[|\]\]).)*?)\]\]", re.DOTALL)
OPEN = r"(?:^.*= \.\.\.(?:  #.*)?\n)+(?=### BEGIN SOLUTION)"
SOLUTION = re.compile(rf"{OPEN}|^### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)


class SourceError(Exception):
    """A mistake in a lesson's source: file, line, and what to mend."""


class Lesson:
    """One source file, read and checked.

    Raises:
        SourceError: the first mistake found.
    """

    def __init__(self, path: Path):
        self.path, self.text = path, _text(path)
        self.cells = self._cells()
        self.lines = self._find_lines()
        self._check_pairs()
        self._check_exercises()
        self._check_code()

    def stop(self, number: int, message: str):
        raise SourceError(f"{self.path.name}, line {self.lines[number]}: {message}")

    def _cells(self) -> list[nbformat.NotebookNode]:
        try:
            cells = jupytext.reads(self.text, fmt="md:myst").cells
        except Exception as error:  # jupytext's own, nbformat's or YAML's
            said = " ".join(str(error).split("\n\n")[0].split())
            place = re.search(r"(?<=at)( line \d+)", said)
            raise SourceError(
                f"{self.path.name}{',' + place[1] if place else ''}: the head of a cell or of the file cannot be read;"
                f" is a bracket or a quotation mark missing? ({said})"
            ) from None
        if not cells:
            raise SourceError(f"{self.path.name}, line 1: there is no cell in this file.")
        return cells

    def _find_lines(self) -> list[int]:
        lines, position = [], 0
        for cell in self.cells:
            found = self.text.find(cell.source.split("\n")[0], position)
            position = max(found, position)
            lines.append(self.text.count("\n", 0, position) + 1)
            position += len(cell.source)
        return lines

    def _check_pairs(self):
        prose = [n for n, cell in enumerate(self.cells) if cell.cell_type == "markdown"]
        for n in prose:
            if self.cells[n].metadata.get("lang") not in LANGUAGES:
                self.stop(n, 'this prose cell needs its language: +++ {"lang": "ko"} or {"lang": "en"}.')
            follows = self.cells[n + 1].metadata.get("lang") if n + 1 in prose else None
            before = self.cells[n - 1].metadata.get("lang") if n - 1 in prose else None
            if self.cells[n].metadata["lang"] == "ko" and follows != "en":
                self.stop(n, "this Korean cell has no English twin right below it.")
            if self.cells[n].metadata["lang"] == "en" and before != "ko":
                self.stop(n, "this English cell has no Korean twin right above it.")
            for fact in self.cells[n].metadata.get("facts", []):
                try:
                    evaluate(fact, judging.known_values())
                except ValueError as error:
                    self.stop(n, f"facts: {error}")

    def _check_exercises(self):
        answers, checks = self._having("answer"), self._having("check")
        for exercise, n in (answers | checks).items():
            if exercise not in judging.load():
                self.stop(n, f"no file in data/deepseek_course/exercises has an exercise {exercise!r}.")
        for exercise in answers.keys() - checks.keys():
            self.stop(answers[exercise], f"the answer {exercise!r} has no check cell.")
        for exercise, n in checks.items():
            if exercise not in answers:
                self.stop(n, f"the check {exercise!r} has no answer cell.")
            if f'course.check("{exercise}", ' not in self.cells[n].source:
                self.stop(n, f'this cell should call course.check("{exercise}", ...).')
        self._having("written")
        for n, cell in enumerate(self.cells):
            task = cell.metadata.get("written")
            if task and task not in judging.load() and not isinstance(cell.metadata.get("points"), int | float):
                self.stop(n, f'the written task {task!r} needs its points beside it, such as "points": 2.')

    def _having(self, key: str) -> dict[str, int]:
        """What the cells say under a key of their metadata, each with the number of its cell."""
        found = {}
        for n, cell in enumerate(self.cells):
            name = cell.metadata.get(key)
            if name in found and cell.metadata.get("lang") != "en":  # its Korean twin has it too
                self.stop(n, f"{key} {name!r} stands in line {self.lines[found[name]]} already; each may stand once.")
            if name:
                found[name] = n
        return found

    def _check_code(self):
        for n, cell in enumerate(self.cells):
            if cell.cell_type == "code":
                for language in LANGUAGES:
                    self._check_python(n, in_language(cell.source, language))

    def _check_python(self, n: int, source: str):
        try:
            ast.parse(source)
            tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
        except (SyntaxError, tokenize.TokenError) as error:
            self.stop(n, f"not Python: {error}.")
        for token in tokens:
            if token.type != tokenize.OP and re.search(r"\[\[|\|\||\]\]", token.string):
                self.stop(
                    n,
                    "a text in two languages is written [[한국어||English]]; here a mark is open or lacks its partner.",
                )


def _text(path: Path) -> str:
    """A source's text, with Windows line ends and a byte order mark as they are meant."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path.name}: cannot be read ({error.strerror}).") from None
    try:
        return re.sub("\r\n?", "\n", data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"{path.name}, line {line}: not UTF-8. The file may be cut short here, or saved in another encoding such as"
            " CP949: save it as UTF-8."
        ) from None


def in_language(source: str, language: str) -> str:
    return BILINGUAL.sub(lambda match: match[1 + LANGUAGES.index(language)], source)


def version() -> str:
    """The course's version, as pyproject.toml has it."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def grading(kind: str, name: str, points: int) -> dict:
    """nbgrader's metadata for an answer cell, a check cell or a task marked by hand."""
    return {
        "schema_version": 3,
        "grade_id": f"{name}-answer" if kind == "answer" else name,
        "grade": kind != "answer",
        "solution": kind != "check",
        "locked": kind == "check",
        "task": False,
    } | ({} if kind == "answer" else {"points": points})


def teacher(lesson: Lesson, language: str) -> nbformat.NotebookNode:
    """The notebook in one language, its solutions inside, marked for nbgrader; not executed."""
    cells, used = [], set()
    for n, cell in enumerate(lesson.cells):
        if cell.metadata.get("lang", language) != language:
            continue
        # Twins share their id, which hangs on the Korean text alone: other cells may change around it.
        twin = lesson.cells[n - 1] if cell.metadata.get("lang") == "en" else cell
        name = hashlib.sha256(twin.source.encode()).hexdigest()[:8]
        new = nbformat.v4.new_markdown_cell if cell.cell_type == "markdown" else nbformat.v4.new_code_cell
        made = new(in_language(cell.source, language) if cell.cell_type == "code" else cell.source)
        for kind in ("answer", "check", "written"):
            if kind in cell.metadata:
                exercise = cell.metadata[kind]
                points = cell.metadata.get("points") or judging.load()[exercise]["points"]
                made.metadata["nbgrader"] = grading(kind, exercise, points)
                name = f"{exercise}-{kind}"
        if "tags" in cell.metadata:
            made.metadata["tags"] = cell.metadata["tags"]
        while name in used:
            name += "x"
        used.add(name)
        made.id = name
        cells.append(made)
    return nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
            "deepseek_course": {"lesson": lesson.path.stem[:2], "language": language, "version": version()},
        },
    )


def assignment(lesson: Lesson, language: str) -> nbformat.NotebookNode:
    """The notebook that nbgrader makes a release from: a check's hidden half hands the answer out as plain data."""
    notebook = teacher(lesson, language)
    for cell in notebook.cells:
        if cell.id.endswith("-check"):
            answer = next(ast.unparse(call.args[1]) for call in ast.walk(ast.parse(cell.source)) if is_check(call))
            cell.source += f"\n\n### BEGIN HIDDEN TESTS\ncourse.Answer({answer})\n### END HIDDEN TESTS"
    return notebook


def is_check(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "course.check"


def learner(lesson: Lesson, language: str) -> nbformat.NotebookNode:
    """The notebook that learners open: solutions cleared, checks locked; not executed."""
    notebook = teacher(lesson, language)
    config = Config()
    config.ClearSolutions.code_stub = {"python": ""}
    config.ClearSolutions.text_stub = STUB[language]
    for preprocessor in (LockCells, ClearSolutions, CheckCellMetadata, ComputeChecksums):
        notebook, _ = preprocessor(config=config).preprocess(notebook, {})
    for cell in notebook.cells:
        cell.source = cell.source.rstrip()
    return notebook


def solved(lesson: Lesson, language: str) -> nbformat.NotebookNode:
    """The notebook with the solutions in place of the open answers; not executed."""
    notebook = teacher(lesson, language)
    for cell in notebook.cells:
        cell.source = SOLUTION.sub("", cell.source).rstrip()
        cell.metadata.pop("nbgrader", None)
    return notebook


def execute(notebook: nbformat.NotebookNode, folder: Path, name: str) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom in its folder and keep what it prints."""
    folder.mkdir(parents=True, exist_ok=True)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # on a busy machine two prints may arrive as two outputs
        timeout=120,
        extra_arguments=["--log-level=ERROR"],  # a kernel on this machine alone needs no encryption
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        with tempfile.TemporaryDirectory() as empty:  # the maintainer's own entries are no part of a lesson
            client.execute(env=os.environ | {FOLDER: empty})
    except CellExecutionError as error:
        raise SourceError(f"{name}, for {folder.name}: a cell fails.\n{error}") from None
    notebook.metadata["language_info"] = {"name": "python"}  # without this machine's version
    return notebook


def digest(language: str) -> str:
    """The article retold, as seeds/digest.*.md has it: the table article as a page."""
    course.use(language)
    title = {"ko": "# 기사를 우리 문장으로 다시 쓴 글", "en": "# The article retold"}[language]
    note = {
        "ko": "글의 내용을 문단마다 우리 문장으로 옮겼습니다. `data/deepseek_course/tables/article.csv`에서 만듭니다.",
        "en": "The text paragraph by paragraph, in our own words. Made from `data/deepseek_course/tables/article.csv`.",
    }[language]
    lines, section = [title, "", note], None
    for number, row in enumerate(course.table("article").itertuples(), start=1):
        lines += [] if row.section == section else ["", f"## {row.section}"]
        lines += ["", f"**{number}.** {row.text}"]
        section = row.section
    return "\n".join(lines) + "\n"


def read_tables():
    """Read the tables and the exercises, on which every lesson rests.

    Raises:
        SourceError: one of them is not as it should be; the message has its file.
    """
    try:
        judging.load()
        judging.known_values()
        course.table("article")
    except ValueError as error:
        raise SourceError(str(error)) from None


def main():
    parser = argparse.ArgumentParser(
        prog="python run.py build", description="Makes the notebooks from notebooks/source."
    )
    parser.add_argument("lessons", nargs="*", help="such as 02; all if none is named")
    parser.add_argument("--solutions", type=Path, metavar="FOLDER", help="write the solved notebooks there instead")
    options = parser.parse_args()
    there = {path.name[:2]: path for path in sorted(SOURCES.glob("*.md"))}
    if unknown := [name for name in options.lessons if name not in there]:
        parser.error(f"there is no lesson {' '.join(unknown)}; there are {', '.join(there)}")
    paths = [path for name, path in there.items() if not options.lessons or name in options.lessons]
    make, folder = (solved, options.solutions.resolve()) if options.solutions else (learner, ROOT / "notebooks")
    try:
        read_tables()
        lessons = [Lesson(path) for path in paths]
        made = {
            folder / language / f"{lesson.path.stem}.ipynb": execute(
                make(lesson, language), folder / language, lesson.path.name
            )
            for lesson in lessons
            for language in LANGUAGES
        }
        for path, notebook in made.items():  # only now, so that nothing is half built
            nbformat.write(notebook, path)
            print(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
        for language in () if options.solutions else LANGUAGES:
            (ROOT / "seeds" / f"digest.{language}.md").write_text(digest(language), encoding="utf-8")
    except SourceError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename}: cannot be written ({error.strerror}).")


if __name__ == "__main__":
    main()
