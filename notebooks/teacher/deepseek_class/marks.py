"""Marks for others: marks.csv for an LMS, and `python run.py class marks 02 --of 10`, school.csv for a school's books.

Both are nbgrader's export plug-ins: `nbgrader export --exporter=deepseek_class.marks.MarksExporter`.
"""

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import Grade, Gradebook, Student
from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Float

from deepseek_course.practice import judging

from . import deadlines
from .folder import ROSTER, class_gradebook
from .handed_in import lesson_of
from .messages import say
from .roster import full_name, read_rows
from .writing import write_table


class Marks(NamedTuple):
    """What a class has reached: of two languages of a lesson the better counts."""

    most: dict[str, float]  # by lesson
    own: dict[tuple[str, str], float]  # by learner and lesson, less what being late took off
    waiting: dict[str, int]  # tasks to be marked by hand, by learner
    late: dict[str, list[str]]  # what is said of late work, by learner

    @classmethod
    def read(cls, gradebook: Gradebook, folder: Path, wanted: list[str], counts: Callable[[Grade], bool]) -> "Marks":
        """The marks in a gradebook.

        Args:
            folder: the class's, with deadlines.csv.
            wanted: assignments, or all if there are none.
            counts: whether a cell's points are to be in the marks.
        """
        marks, rules = cls({}, {}, defaultdict(int), defaultdict(list)), deadlines.read_rules(folder / deadlines.FILE)
        for assignment in gradebook.assignments:
            if not wanted or assignment.name in wanted:
                for submission in assignment.submissions:
                    lesson = lesson_of(assignment.name)
                    marks._add(submission, lesson, counts)
                    if line := deadlines.told(submission, rules):
                        marks.late[submission.student_id].append(f"{lesson}: {line}")
        return marks

    def _add(self, submission, lesson: str, counts: Callable[[Grade], bool]):
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades if counts(grade)]
        points = sum(grade.score for grade in grades) - (submission.late_submission_penalty or 0)
        learner = submission.student_id
        self.most[lesson] = max(sum(grade.max_score for grade in grades), self.most.get(lesson, 0))
        self.own[learner, lesson] = max(points, self.own.get((learner, lesson), 0))
        self.waiting[learner] += sum(grade.needs_manual_grade for grade in grades)


class MarksExporter(ExportPlugin):
    """One row a learner, one column a lesson: read by the grade imports of Canvas and Moodle, and by Excel.

    Canvas knows its columns by these names and passes over those that say "Final Points"; it would take a header
    that ends in "(30)" for the assignment of that id. Moodle would stop at Canvas's row "Points Possible".
    """

    folder = Path()  # the class's

    def export(self, gradebook: Gradebook) -> None:
        """Write the marks to `self.to`, or to marks.csv."""
        marks = Marks.read(gradebook, self.folder, self.assignment, lambda grade: True)
        sections = {row["id"]: row.get("section", "") for row in read_rows(self.folder / ROSTER)}
        rows = []
        for student in gradebook.students:
            if self.student and student.id not in self.student:
                continue
            own = {lesson: marks.own[student.id, lesson] for lesson in marks.most if (student.id, lesson) in marks.own}
            row = {
                "Student": name_of(student),
                "ID": student.lms_user_id or "",
                "SIS User ID": student.id,
                "SIS Login ID": student.email or "",
                "Section": sections.get(student.id, ""),
            }
            row |= {f"{lesson} (of {marks.most[lesson]:g})": own.get(lesson, "") for lesson in sorted(marks.most)}
            row[f"Final Points (of {sum(marks.most.values()):g})"] = sum(own.values()) if own else ""
            row["to mark or look at again (beside Final Points)"] = marks.waiting[student.id]
            row["late (beside Final Points)"] = " ".join(marks.late[student.id])
            rows.append(row)
        write_table(rows, Path(self.to or "marks.csv"))


class SchoolExporter(ExportPlugin):
    """One row a learner by class and number, one column a lesson, scaled: to be copied into a school's books."""

    maximum = Float(0, help="what all points of a lesson are scaled to; 0 leaves them as they are").tag(config=True)
    core = Bool(False, help="whether the core exercises alone count").tag(config=True)
    folder = Path()  # the class's

    def export(self, gradebook: Gradebook) -> None:
        """Write the marks to `self.to`, or to school.csv; who handed in nothing of a lesson has an empty cell."""
        marks = Marks.read(gradebook, self.folder, self.assignment, is_core if self.core else lambda grade: True)
        places = {row["id"]: (row.get("section", ""), row.get("number", "")) for row in read_rows(self.folder / ROSTER)}
        rows = [self._row(student, places.get(student.id, ("", "")), marks) for student in gradebook.students]
        write_table(sorted(rows, key=in_order), Path(self.to or "school.csv"))

    def _row(self, student: Student, place: tuple[str, str], marks: Marks) -> dict:
        row = dict(zip(say("school_columns").split(","), (*place, student.id, name_of(student)), strict=True))
        for lesson, most in sorted(marks.most.items()):
            points, maximum = marks.own.get((student.id, lesson)), self.maximum or most
            scaled = "" if points is None else round(points * maximum / most, 2) if most else 0
            row[say("school_lesson", lesson, f"{maximum:g}")] = scaled
        return row | {say("school_waiting"): marks.waiting[student.id]}


def is_core(grade: Grade) -> bool:
    """Whether a cell is a core exercise's."""
    return grade.name in judging.load() and judging.get(grade.name).level == "core"


def in_order(row: dict) -> list[str]:
    """Class, number and id of a row, so that 2 comes before 10."""
    return [re.sub(r"\d+", lambda number: number[0].zfill(9), text) for text in list(row.values())[:3]]


def name_of(student: Student) -> str:
    """A learner's name as it is written in their language, or the id where no name is known."""
    return full_name(student.last_name, student.first_name) or student.id


def marks(arguments: list[str]):
    """Writes report/school.csv.

    Raises:
        SystemExit: nothing is marked yet, or a file cannot be read or written.
    """
    parser = argparse.ArgumentParser(prog="python run.py class marks")
    parser.add_argument("lessons", nargs="*", help="such as 02; all if none is named")
    parser.add_argument("--of", type=float, default=0, help="what all points of a lesson are scaled to, such as 10")
    parser.add_argument("--core", action="store_true", help="count the core exercises alone")
    options = parser.parse_args(arguments)
    target = Path("report", "school.csv")
    target.parent.mkdir(exist_ok=True)
    with class_gradebook() as gradebook:
        lessons = {lesson_of(each) for each in options.lessons}
        names = [each.name for each in gradebook.assignments if each.submissions]
        wanted = [name for name in names if not lessons or lesson_of(name) in lessons]
        if not wanted:
            sys.exit(say("nothing_marked"))
        SchoolExporter(to=str(target), assignment=wanted, maximum=options.of, core=options.core).export(gradebook)
    print(say("made", target))
