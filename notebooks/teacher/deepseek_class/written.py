"""`python run.py class written 02`: the written answers of a lesson in one workbook, to be marked and taken back.

A sheet a task, a row a learner, a column a criterion; `--take` puts points and comments into nbgrader's gradebook.
"""

import argparse
import os
import sys
import tomllib
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat
import openpyxl
from bs4 import BeautifulSoup
from nbgrader.api import Comment, Grade, Gradebook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from deepseek_course.language import LANGUAGES

from .folder import class_gradebook
from .handed_in import lesson_of
from .marks import name_of
from .messages import say
from .writing import whole

FIXED = 4  # columns before the criteria: id, name, assignment, what was written
WIDEST = 32_000  # characters that Excel takes in a cell
TEXT_WIDTH, WIDTH = 80, 16


class Answer(NamedTuple):
    """What a learner wrote to a task."""

    student: str
    name: str
    assignment: str
    text: str
    grade: Grade
    comment: Comment

    @property
    def place(self) -> tuple[str, str]:
        return self.student, self.assignment


def written(arguments: list[str]):
    """Writes written/02.xlsx, or reads it back.

    Raises:
        SystemExit: nothing is marked yet, the workbook is not there or open in Excel, or a row in it was not taken.
    """
    parser = argparse.ArgumentParser(prog="python run.py class written")
    parser.add_argument("lesson", help="such as 02")
    parser.add_argument("--take", action="store_true", help="put what stands in the workbook into the gradebook")
    options = parser.parse_args(arguments)
    lesson = lesson_of(options.lesson)
    path = Path("written", f"{lesson}.xlsx")
    with class_gradebook() as gradebook:
        tasks = answers(gradebook, lesson)
        if not tasks:
            sys.exit(say("nothing_written", lesson))
        if options.take:
            faults = take(path, tasks)
            gradebook.db.commit()
            if faults:
                sys.exit(1)
        else:
            write(path, tasks)
            print(say("written_made", path, lesson))


@cache
def rubrics() -> dict[str, dict]:
    return tomllib.loads(Path(__file__).with_name("rubrics.toml").read_text(encoding="utf-8"))


def criteria(task: str, most: float) -> list[dict]:
    """The criteria of a task; a teacher's own task has one, its points."""
    points = {code: say("column_points", language=code) for code in LANGUAGES}
    return rubrics().get(task, {}).get("criteria") or [points | {"points": most}]


def language() -> str:
    return os.environ.get("COURSE_LANGUAGE", "en")


def answers(gradebook: Gradebook, lesson: str) -> dict[str, list[Answer]]:
    """The answers to each task of a lesson that are, or were, to be marked by hand."""
    tasks = {}
    for assignment in gradebook.assignments:
        for submission in assignment.submissions if lesson_of(assignment.name) == lesson else ():
            for notebook in submission.notebooks:
                path = Path("autograded", submission.student_id, assignment.name, f"{notebook.name}.ipynb")
                if path.is_file():
                    for task, answer in answers_in(path, submission, notebook):
                        tasks.setdefault(task, []).append(answer)
    return {task: sorted(found, key=lambda each: each.place) for task, found in sorted(tasks.items())}


def answers_in(path: Path, submission, notebook) -> Iterator[tuple[str, Answer]]:
    grades = {grade.name: grade for grade in notebook.grades}
    comments = {comment.name: comment for comment in notebook.comments}
    for cell in nbformat.read(path, as_version=4).cells:
        task = cell.metadata.get("nbgrader", {}).get("grade_id")
        grade = grades.get(task) if task in comments else None
        if grade and (grade.needs_manual_grade or grade.manual_score is not None):
            who = submission.student_id, name_of(submission.student), submission.name
            yield task, Answer(*who, text_of(cell), grade, comments[task])


def text_of(cell: nbformat.NotebookNode) -> str:
    """What was written: marking made HTML of a text, so that nothing in it runs."""
    text = cell.source if cell.cell_type == "code" else BeautifulSoup(cell.source, "html.parser").get_text()
    return ILLEGAL_CHARACTERS_RE.sub("", text).strip()[:WIDEST]


def write(path: Path, tasks: dict[str, list[Answer]]):
    """Writes the workbook; what is filled in already stays beside an answer that is the same."""
    filled = {name: entries(rows) for name, rows in read(path).items()} if path.is_file() else {}
    keep_old(path, filled, tasks)
    book = openpyxl.Workbook()
    bank = book.active
    bank.title = say("written_bank")
    for column, (task, found) in enumerate(tasks.items(), start=1):
        fill(bank, column, [task, *comments(task, found)])
        sheet = book.create_sheet(sheet_name(task))
        fill_task(sheet, task, found, filled.get(sheet.title, {}))
        letter = get_column_letter(column)
        last = FIXED + len(criteria(task, found[0].grade.max_score)) + 1
        choose(sheet, last, f"'{bank.title}'!${letter}$2:${letter}$200", False)
    book.move_sheet(bank, len(tasks))
    book.active = 0
    path.parent.mkdir(exist_ok=True)
    with whole(path) as part, part.open("wb") as file:
        book.save(file)


def keep_old(path: Path, filled: dict[str, dict], tasks: dict[str, list[Answer]]):
    """Keeps the workbook beside the new one where something in it is about a text that is not there any more."""
    there = {sheet_name(task): {(*each.place, plain(each.text)) for each in found} for task, found in tasks.items()}
    left = (
        given for name in there.keys() & filled for place, given in filled[name].items() if place not in there[name]
    )
    if lost := sum(any(value not in (None, "") for value in given[:-1]) for given in left):
        old = path.with_stem(f"{path.stem}-{datetime.now():%m%d-%H%M%S}")
        path.replace(old)
        print(say("written_kept", old, lost))


def sheet_name(task: str) -> str:
    return task[:31]  # Excel's limit


def comments(task: str, found: list[Answer]) -> list[str]:
    """What may be chosen as a comment: the course's, and what the teacher has written to this task before."""
    given = [(answer.comment.manual_comment or "").rpartition("\n")[2] for answer in found]
    ready = [comment[language()] for comment in rubrics().get(task, {}).get("comments", [])]
    return list(dict.fromkeys(filter(None, [*ready, *given])))


def fill_task(sheet, task: str, found: list[Answer], filled: dict):
    wanted = criteria(task, found[0].grade.max_score)
    heads = say("written_columns").split(",")
    sheet.append([*heads[:FIXED], *(f"{each[language()]} (0–{each['points']:g})" for each in wanted), *heads[FIXED:]])
    for row, answer in enumerate(found, start=2):
        given = filled.get((*answer.place, plain(answer.text)), [])[: len(wanted) + 1]
        now = "" if answer.grade.needs_manual_grade else answer.grade.score
        values = [answer.student, answer.name, answer.assignment, answer.text, *given]
        values += [None] * (FIXED + len(wanted) + 1 - len(values)) + [now]
        for column, value in enumerate(values, start=1):
            cell = sheet.cell(row, column, value)
            cell.data_type = "s" if isinstance(value, str) else cell.data_type  # no formula, whatever a learner wrote
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for column, each in enumerate(wanted, start=FIXED + 1):
        steps = ",".join(f"{half / 2:g}" for half in range(int(each["points"] * 2) + 1))
        choose(sheet, column, f'"{steps}"', True)
    for column in range(1, sheet.max_column + 1):
        sheet.cell(1, column).font = Font(bold=True)
        sheet.cell(1, column).alignment = Alignment(wrap_text=True, vertical="top")
        wide = column in (FIXED, FIXED + len(wanted) + 1)
        sheet.column_dimensions[get_column_letter(column)].width = TEXT_WIDTH if wide else WIDTH
    sheet.freeze_panes = sheet.cell(2, 3)


def fill(sheet, column: int, values: list[str]):
    for row, value in enumerate(values, start=1):
        sheet.cell(row, column, value).data_type = "s"
    sheet.column_dimensions[get_column_letter(column)].width = TEXT_WIDTH


def choose(sheet, column: int, values: str, strict: bool):
    """Gives the cells of a column a list to choose from; where it is not strict anything else may be typed."""
    letter = get_column_letter(column)
    rule = DataValidation(type="list", formula1=values, allow_blank=True, showErrorMessage=strict)
    rule.add(f"{letter}2:{letter}{max(sheet.max_row, 2)}")
    sheet.add_data_validation(rule)


def read(path: Path) -> dict[str, list[tuple]]:
    """The rows of each sheet, without its heading.

    Raises:
        SystemExit: it is not there, or no workbook.
    """
    try:
        book = openpyxl.load_workbook(path)
    except Exception as error:  # openpyxl and zipfile have many for what is no such file
        sys.exit(say("written_unread", path, error))
    return {sheet.title: [*sheet.iter_rows(min_row=2, values_only=True)] for sheet in book}


def plain(text: object) -> str:
    """A text without its blanks, of which a spreadsheet may change some."""
    return "".join(str(text or "").split())


def entries(rows: list[tuple]) -> dict[tuple, list]:
    """Points and comment, by learner, assignment and what was written."""
    return {(str(row[0]), str(row[2]), plain(row[3])): list(row[FIXED:]) for row in rows if len(row) > FIXED and row[0]}


def take(path: Path, tasks: dict[str, list[Answer]]) -> int:
    """Puts points and comments into the gradebook; how many rows could not be taken, each of which is told."""
    sheets = read(path)
    taken, faults, empty = 0, 0, 0
    for task, found in tasks.items():
        filled = entries(sheets.get(sheet_name(task), []))
        for answer in found:
            given = filled.pop((*answer.place, plain(answer.text)), None)
            wanted = criteria(task, answer.grade.max_score)
            if given is None or all(value in (None, "") for value in given[: len(wanted)]):
                empty += answer.grade.needs_manual_grade
            elif points := as_points(given, wanted):
                put(answer, wanted, points, given[len(wanted)])
                taken += 1
            else:
                faults += 1
                print(say("written_odd", task, answer.name, answer.student))
        for student, assignment, _ in filled:
            faults += 1
            print(say("written_other", task, student, assignment))
    print(say("written_taken", taken, empty, faults))
    return faults


def as_points(given: list, wanted: list[dict]) -> list[float] | None:
    """The points of each criterion; None where one is missing, no number, or beyond what it gives."""
    try:
        points = [float(value) for value in given[: len(wanted)]]
    except (TypeError, ValueError):
        return None
    return points if all(0 <= got <= each["points"] for got, each in zip(points, wanted, strict=True)) else None


def put(answer: Answer, wanted: list[dict], points: list[float], comment: object):
    """Gives an answer its points, and the learner the criteria and the comment in the notebook's language."""
    code = answer.assignment[-2:] if answer.assignment[-2:] in LANGUAGES else language()
    told = " · ".join(f"{each[code]} {got:g}/{each['points']:g}" for each, got in zip(wanted, points, strict=True))
    lines = [told if len(wanted) > 1 else "", str(comment or "").strip()]
    answer.grade.manual_score, answer.grade.needs_manual_grade = sum(points), False
    answer.comment.manual_comment = "\n\n".join(filter(None, lines)) or None
