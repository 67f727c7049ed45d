"""What tests of the class tools share: invented learners, their marked notebooks, and lesson 02 out of the sandbox."""

import csv
import json
import os
import random
import re
import sys
import tempfile
from functools import cache
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.api import Gradebook
from nbgrader.utils import compute_checksum
from sqlalchemy.engine import URL

import deepseek_course as course
from deepseek_class import build
from deepseek_class.preprocessors.judging import check_line
from deepseek_class.source import SOURCES, Lesson
from deepseek_course import language
from deepseek_course.plain import MIME, plain
from deepseek_course.practice import judging
from deepseek_course.practice.opinions import Forecast, Percents
from deepseek_course.practice.picks import LETTERS
from samples import right_answer, wrong_answers

# nbgrader calls alembic by its bare name when it makes a gradebook.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
FAMILY = ["김", "이", "박", "최", "정", "강", "조", "윤", "장", "임"]
GIVEN = ["민준", "서연", "도윤", "하은", "지호", "수아", "예준", "지유", "시우", "채원"]
ENGLISH = [("Lovelace", "Ada"), ("Hopper", "Grace"), ("Turing", "Alan"), ("Noether", "Emmy"), ("Euler", "Leonhard")]
FAR = re.compile(  # what a browser fetches from elsewhere when it opens a page; a link that is clicked is none of it
    r"""<(?:script|link|img|iframe|source|video|audio|object|embed)[^>]*(?:src|href|data)\s*=\s*["']?(?:https?:)?//"""
    r"""|@import|url\(\s*["']?(?:https?:)?//|\bimport\b[^;<]{0,80}["'](?:https?:)?//""",
    re.IGNORECASE,
)
RIGHT = {"02-million": 5_576_000, "02-rate": 1443}


@cache
def lesson(number: str) -> Lesson:
    return Lesson(next(SOURCES.glob(f"{number}-*.md")))


def place(notebook: NotebookNode, cell_id: str) -> int:
    return next(n for n, cell in enumerate(notebook.cells) if cell.id == cell_id)


def answered(answers: dict, solved: bool = True, code: str = "ko", errors: dict | None = None) -> NotebookNode:
    """Lesson 02 as it leaves the sandbox: `answers` are what the hidden cells yielded, by exercise.

    Args:
        solved: whether the answer cells have the solutions in them, or their stubs.
        errors: the name and the text of the error that an answer cell ended with, by exercise.
    """
    notebook = build.assignment(lesson("02"), code)
    stubs = {cell.id: cell.source for cell in build.learner(lesson("02"), code).cells}
    written = {cell.id: cell.source for cell in build.solved(lesson("02"), code).cells}
    for cell in notebook.cells:
        name = cell.id.removesuffix("-answer").removesuffix("-check")
        if cell.id.endswith("-answer"):
            cell.source = stubs[cell.id]
            cell.metadata.nbgrader.checksum = compute_checksum(cell)  # as nbgrader's OverwriteCells does
            cell.source = written[cell.id] if solved else stubs[cell.id]
            if name in (errors or {}):
                ename, evalue = errors[name]
                cell.outputs = [new_output("error", ename=ename, evalue=evalue, traceback=[])]
        if cell.id.endswith("-check") and name in answers:
            data = {"text/plain": "0", MIME: plain(answers[name])}
            cell.outputs = [new_output("execute_result", data, execution_count=1)]
    return notebook


def answer_of(exercise, skill: float, chance: random.Random):
    """A learner's answer as a notebook has it: right, one of the known mistakes, open, or None."""
    luck = chance.random()
    if luck < 0.08:
        return None if luck < 0.02 else ...
    if isinstance(exercise, Forecast):
        happened = course.table("outcomes")["outcome"][exercise.question]
        percent = chance.choice([3, 10, 25, 50, 75, 90, 97])
        if chance.random() < skill / 2:
            percent = 75 if happened else 25
        return [percent, str(LETTERS)[chance.choice([0, 1, 2, 2, 2, 2])]]
    if isinstance(exercise, Percents):
        if exercise.total:
            first, second = chance.randint(20, 60), chance.randint(10, 30)
            return [first, second, 100 - first - second]
        return [chance.randint(1, 99) for _ in range(exercise.count)]
    if not exercise.has_key or chance.random() < skill:
        return right_answer(exercise)
    return chance.choice(list(wrong_answers(exercise)))[1]


def mark(folder, gradebook, student, assignment, answers, *, written=None, notes=(), version=None) -> float:
    """Write an autograded notebook and its grades, as marking does; the points that the checks gave."""
    number, code = assignment.split("-")
    source = lesson(number).path.stem
    notebook = build.assignment(lesson(number), code)
    scores = {}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in judging.load():
            data = plain(answers[name]) if name in answers else None
            passed = bool(data) and judging.get(name).judge(data).passed
            scores[name] = passed * cell.metadata.nbgrader.points
            cell.source = check_line(name, cell.source)
            shown = {"text/plain": f"{scores[name]:g}", "text/html": ""} | ({MIME: data} if data else {})
            cell.outputs = [new_output("execute_result", shown, execution_count=1)]
    about = notebook.metadata.deepseek_course
    about |= ({"version": version} if version else {}) | ({"notes": list(notes)} if notes else {})
    path = folder / "autograded" / student / assignment / f"{source}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    hand_out(gradebook, assignment, source, notebook)
    gradebook.add_submission(assignment, student)
    for grade in gradebook.find_submission_notebook(source, assignment, student).grades:
        if grade.name in scores:
            grade.auto_score, grade.needs_manual_grade = scores[grade.name], False
        else:
            grade.manual_score, grade.needs_manual_grade = written, written is None
    gradebook.db.commit()
    return sum(scores.values())


def hand_out(gradebook, assignment, name, notebook):
    if assignment in [known.name for known in gradebook.assignments]:
        return
    gradebook.add_assignment(assignment)
    gradebook.add_notebook(name, assignment)
    for cell in notebook["cells"]:
        grading = cell["metadata"].get("nbgrader", {})
        if grading.get("solution"):
            gradebook.add_solution_cell(grading["grade_id"], name, assignment)
        if grading.get("grade"):
            points, kind = grading["points"], cell["cell_type"]
            gradebook.add_grade_cell(grading["grade_id"], name, assignment, max_score=points, cell_type=kind)


@cache
def empty_gradebook():
    """The bytes of an empty gradebook: to make one takes nbgrader seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "gradebook.db")
        with Gradebook(f"sqlite:///{path}", course_id=""):
            return path.read_bytes()


def opened(folder):
    path = folder / "gradebook.db"
    if not path.exists():
        path.write_bytes(empty_gradebook())
    return Gradebook(URL.create("sqlite", database=str(path)), course_id="")


def make_class(folder, learners=30, lessons=("02", "04"), seed=1):
    """A class of invented learners, in both languages, some of whom handed in nothing."""
    chance = random.Random(seed)
    names = [(family, given) for family in FAMILY for given in GIVEN]
    chance.shuffle(names)
    names = [*ENGLISH, *names][:learners]
    with opened(folder) as gradebook, open(folder / "students.csv", "w", encoding="utf-8-sig", newline="") as file:
        roster = csv.writer(file)
        roster.writerow(["id", "last_name", "first_name", "email", "lms_user_id"])
        for number, (family, given) in enumerate(names, start=1):
            student = f"s{number:03}"
            roster.writerow([student, family, given, f"{student}@school.example", 9000 + number])
            gradebook.add_student(student)
            skill = chance.uniform(0.35, 0.95)
            for taken in lessons:
                if number % 11 == 0:
                    continue
                code = "en" if number <= len(ENGLISH) else "ko"
                language.choose(code)
                found = [e for e in judging.load().values() if e.lesson == taken]
                hard = {e.id: random.Random(e.id).uniform(0.4, 1.3) for e in found}
                answers = {e.id: answer_of(e, skill * hard[e.id], chance) for e in found}
                if number % 13 == 0:
                    answers = {name: ... for name in answers}
                mark(
                    folder,
                    gradebook,
                    student,
                    f"{taken}-{code}",
                    answers,
                    written=1 if number % 3 else None,
                    notes=["확인 칸 하나가 지워져 있어 되돌렸습니다."] if number == 8 else [],
                    version="0.0.9" if number in (3, 9) else None,
                )
    language.choose("ko")


def table(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
