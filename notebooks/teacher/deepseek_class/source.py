"""A lesson's source, read and checked: notebooks/source/*.md, both languages and the exercises in one file."""

import ast
import io
import re
import tokenize
import tomllib
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat

from deepseek_course.language import LANGUAGES
from deepseek_course.practice.exercises import Exercise, ExerciseError, as_exercise
from deepseek_course.tables.arithmetic import evaluate
from deepseek_course.tables.texts import known_values

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "notebooks" / "source"
BILINGUAL = re.compile(r"\[\[((?:(?!\[\[|\]\]).)*?)\|\|((?:(?!\[\[|\]\]).)*?)\]\]", re.DOTALL)
SCREEN = re.compile(r'<(span|div) class="screen">\n*(.*?)\n*</\1>', re.DOTALL)  # what a printed sheet leaves out
# A price's sign, not in code. JupyterLab takes what stands between two of them in one text for mathematics, also where
# they are written as entities; of an element of its own each sign is the whole text.
DOLLAR = re.compile(r"\$(?=[^`]*(?:`[^`]*`[^`]*)*\Z)")
TWO_LANGUAGES = "a text in two languages is written [[한국어||English]]; here a mark is open or lacks its partner."


class SourceError(Exception):
    """A mistake in a lesson's source: file, line, and what to mend."""


@dataclass(frozen=True)
class Task:
    """An exercise where it stands in a lesson, and the code of its cell, with texts as [[한국어||English]]."""

    exercise: Exercise
    said: dict  # the exercise as the source has it: what the data module ships
    variable: str  # the name, or the list of names, that is checked
    code: str  # what learners get: `rate = ...`
    solved: str  # what takes its place in the solved notebook


def in_language(source: str, language: str) -> str:
    """The source of a code cell in one language."""
    return BILINGUAL.sub(lambda match: match[1 + LANGUAGES.index(language)], source)


def on_screen(prose: str) -> str:
    """Prose as a notebook has it: all of it, without the marks around what is not printed."""
    return DOLLAR.sub(r"<span>&dollar;</span>", SCREEN.sub(r"\2", prose))


def for_paper(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell is run and shown where a sheet is printed, and in no notebook."""
    return "sheet" in cell.metadata.get("tags", [])


class Lesson:
    """One source file, read and checked. `tasks` holds its exercises by the number of their cell.

    Raises:
        SourceError: the first mistake found.
    """

    def __init__(self, path: Path):
        self.path, self.text = path, _text(path)
        self.cells = self._read_cells()
        self.lines = self._find_lines()
        self._check_prose()
        self._check_written()
        self.tasks = self._read_tasks()
        for n, cell in enumerate(self.cells):
            if cell.cell_type == "code":
                self._check_code(n, cell.source)

    @property
    def number(self) -> str:
        """Such as "02"."""
        return self.path.stem[:2]

    def stop(self, number: int, message: str, below: int = 0):
        raise SourceError(f"{self.path.name}, line {self.lines[number] + below}: {message}")

    def in_language(self, language: str) -> list[tuple]:
        """The cells of one language, each as (number, cell)."""
        return [(n, cell) for n, cell in enumerate(self.cells) if cell.metadata.get("lang", language) == language]

    def _read_cells(self) -> list[nbformat.NotebookNode]:
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

    def _check_prose(self):
        prose = [n for n, cell in enumerate(self.cells) if cell.cell_type == "markdown"]
        known = known_values()
        for n in prose:
            said = self.cells[n].metadata
            if said.get("lang") not in LANGUAGES:
                self.stop(n, 'this prose cell needs its language: +++ {"lang": "ko"} or {"lang": "en"}.')
            if 'class="screen"' in on_screen(self.cells[n].source):
                self.stop(n, 'a mark <span class="screen"> or <div class="screen"> is open, or has another inside.')
            follows = self.cells[n + 1].metadata.get("lang") if n + 1 in prose else None
            before = self.cells[n - 1].metadata.get("lang") if n - 1 in prose else None
            if said["lang"] == "ko" and follows != "en":
                self.stop(n, "this Korean cell has no English twin right below it.")
            if said["lang"] == "en" and before != "ko":
                self.stop(n, "this English cell has no Korean twin right above it.")
            for fact in said.get("facts", []):
                try:
                    evaluate(fact, known)
                except ValueError as error:
                    self.stop(n, f"facts: {error}")

    def _check_written(self):
        """A task that is marked by hand: once in each language, with its points."""
        lines = {}
        for n, cell in enumerate(self.cells):
            if "written" in cell.metadata:
                place = cell.metadata["written"], cell.metadata.get("lang")
                if place in lines:
                    self.stop(n, f"written {place[0]!r} stands in line {lines[place]} already; each may stand once.")
                lines[place] = self.lines[n]
                if not isinstance(cell.metadata.get("points"), int | float):
                    self.stop(n, f'the written task {place[0]!r} needs its points beside it, such as "points": 2.')

    def _read_tasks(self) -> dict[int, Task]:
        tasks, lines = {}, {}
        for n, cell in enumerate(self.cells):
            if cell.cell_type == "raw":
                if "exercise" not in cell.metadata:
                    self.stop(n, "this raw cell needs the id of its exercise: `:exercise: 02-rate`.")
                exercise_id = cell.metadata["exercise"]
                if exercise_id in lines:
                    self.stop(n, f"the exercise {exercise_id!r} stands in line {lines[exercise_id]} already.")
                lines[exercise_id] = self.lines[n]
                tasks[n] = self._read_task(n, exercise_id, cell.source)
        return tasks

    def _read_task(self, n: int, exercise_id: str, source: str) -> Task:
        try:
            said = tomllib.loads(source)
        except tomllib.TOMLDecodeError as error:
            place = re.search(r" \(at line (\d+), column \d+\)", str(error))
            message = str(error).replace(place[0], "") if place else str(error)
            self.stop(n, f"exercise {exercise_id!r}: {message}.", int(place[1]) - 1 if place else 0)
        cell = {name: said.pop(name, None) for name in ("variable", "code", "solved")}
        for name in ("variable", "solved"):
            if not isinstance(cell[name], str):
                self.stop(n, f"exercise {exercise_id!r}: the field {name} is missing or no text.")
        try:
            exercise = as_exercise(said, id=exercise_id, lesson=self.number)
            exercise.check()
        except ExerciseError as error:
            self.stop(n, f"exercise {exercise_id!r}: {error}.")
        task = Task(exercise, said, cell["variable"], cell["code"] or f"{cell['variable']} = ...", cell["solved"])
        for code in (task.code, task.solved, task.variable):
            self._check_code(n, code)
        return task

    def _check_code(self, n: int, source: str):
        for language in LANGUAGES:
            python = in_language(source, language)
            try:
                ast.parse(python)
                tokens = list(tokenize.generate_tokens(io.StringIO(python).readline))
            except (SyntaxError, tokenize.TokenError) as error:
                self.stop(n, f"not Python: {error}.")
            for token in tokens:
                if token.type != tokenize.OP and re.search(r"\[\[|\|\||\]\]", token.string):
                    self.stop(n, TWO_LANGUAGES)


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


def read_lessons() -> list[Lesson]:
    """All lessons, in their order.

    Raises:
        SourceError: the first mistake found, such as an id that stands in two lessons.
    """
    try:
        known_values()
    except ValueError as error:  # a table, on which every lesson rests
        raise SourceError(str(error)) from None
    lessons, places = [Lesson(path) for path in sorted(SOURCES.glob("*.md"))], {}
    for lesson in lessons:
        for n, task in lesson.tasks.items():
            if task.exercise.id in places:
                lesson.stop(n, f"the exercise {task.exercise.id!r} stands in {places[task.exercise.id]} already.")
            places[task.exercise.id] = lesson.path.name
    return lessons
