"""Marks that Canvas, Moodle and Excel read, answers judged from marked notebooks, and the class's notebooks."""

import csv
import json
import os
import random
import sys
from pathlib import Path
from statistics import mean

import nbformat
import pytest
from nbgrader.api import Gradebook

import build
import deepseek_course as course
import reporting
from deepseek_course import judging, language
from deepseek_course.arithmetic import evaluate

# nbgrader calls alembic by its bare name when it makes a gradebook.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
FAMILY = ["김", "이", "박", "최", "정", "강", "조", "윤", "장", "임"]
GIVEN = ["민준", "서연", "도윤", "하은", "지호", "수아", "예준", "지유", "시우", "채원"]
ENGLISH = [("Lovelace", "Ada"), ("Hopper", "Grace"), ("Turing", "Alan"), ("Noether", "Emmy"), ("Euler", "Leonhard")]


def answer_of(exercise, skill, chance):
    """A learner's answer as a notebook has it: right, one of the known mistakes, open, or None."""
    letters = judging.LETTERS[language.current()]
    kind, luck = exercise["kind"], chance.random()
    if luck < 0.08:
        return None if luck < 0.02 else ...
    if kind == "forecast":
        happened = course.table("outcomes")["outcome"][exercise["question"]]
        percent = chance.choice([3, 10, 25, 50, 75, 90, 97])
        if chance.random() < skill / 2:
            percent = 75 if happened else 25
        return [percent, letters[chance.choice([0, 1, 2, 2, 2, 2])]]
    if kind == "percents":
        if exercise.get("total"):
            first, second = chance.randint(20, 60), chance.randint(10, 30)
            return [first, second, 100 - first - second]
        return [chance.randint(1, 99) for _ in range(exercise["count"])]
    if kind == "ranges":
        return [[low, high] for low, high in exercise["limits"]]
    names, right = judging.names_of(exercise), chance.random() < skill
    mistakes = exercise["mistakes"]
    if kind == "number":
        values = [m["value"] for m in mistakes if "value" in m]
        return names["answer"] if right else evaluate(chance.choice(values), names)
    if kind == "choice":
        return letters[(exercise["answer"] if right else chance.choice(mistakes)["value"]) - 1]
    picks = list(exercise["answer"] if kind == "choices" else exercise["answer"][0])
    if not right:
        picks = [*picks[:-1], picks[-1] % exercise["options"] + 1]
    return ", ".join(map(str, picks))


def mark(folder, gradebook, student, assignment, answers, *, written=None, notes=(), version=None):
    """Write an autograded notebook and its grades, as marking does."""
    lesson, code = assignment.split("-")
    language.choose(code)
    source = next((build.ROOT / "notebooks" / code).glob(f"{lesson}-*.ipynb"))
    notebook = nbformat.read(source, 4)
    scores = {}
    for cell in notebook.cells:
        grading = cell.metadata.get("nbgrader", {})
        name = grading.get("grade_id")
        if grading.get("grade") and name in judging.load():
            data = course.plain(answers[name]) if name in answers else None
            scores[name] = judging.judge(name, data).score * grading["points"] if data else 0
            shown = {"text/plain": f"{scores[name]:g}", "text/html": ""} | ({reporting.ANSWER: data} if data else {})
            cell.outputs = [nbformat.v4.new_output("execute_result", shown, execution_count=1)]
    if version:
        notebook.metadata["deepseek_course"]["version"] = version
    if notes:
        notebook.metadata["deepseek_course"]["notes"] = list(notes)
    path = folder / "autograded" / student / assignment / source.name
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    hand_out(gradebook, assignment, source.stem, notebook)
    gradebook.add_submission(assignment, student)
    with gradebook.db.no_autoflush:
        for grade in gradebook.find_submission_notebook(source.stem, assignment, student).grades:
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
    for cell in notebook.cells:
        grading = cell.metadata.get("nbgrader", {})
        if grading.get("grade"):
            points, kind = grading["points"], cell.cell_type
            gradebook.add_grade_cell(grading["grade_id"], name, assignment, max_score=points, cell_type=kind)


def opened(folder):
    return Gradebook(f"sqlite:///{folder / 'gradebook.db'}", course_id="")


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
            for lesson in lessons:
                if number % 11 == 0:
                    continue
                code = "en" if number <= len(ENGLISH) else "ko"
                language.choose(code)
                found = [e for e in judging.load().values() if e["lesson"] == lesson]
                hard = {e["id"]: random.Random(e["id"]).uniform(0.4, 1.3) for e in found}
                answers = {e["id"]: answer_of(e, skill * hard[e["id"]], chance) for e in found}
                if number % 13 == 0:
                    answers = {name: ... for name in answers}
                mark(
                    folder,
                    gradebook,
                    student,
                    f"{lesson}-{code}",
                    answers,
                    written=1 if number % 3 else None,
                    notes=["확인 칸 하나가 지워져 있어 되돌렸습니다."] if number == 8 else [],
                    version="0.0.9" if number in (3, 9) else None,
                )
    language.choose("ko")


def table(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
