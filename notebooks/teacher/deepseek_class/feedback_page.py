"""The page that a learner gets back: nbgrader's feedback in the learner's language, with the results first."""

import os

from nbconvert import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor

from .deadlines import read_rules, told
from .preprocessors.cells import about, said
from .preprocessors.results import with_summary
from .roster import full_name

WORDS = ("answer", "check", "comment", "late_penalty", "own", "score", "task", "waiting")


class FeedbackPage(HTMLExporter):
    """nbconvert's page, by the template course_feedback (nbgrader_config.py)."""


class Points(GetGrades):
    """nbgrader's GetGrades, which brings the points; also whose it is, what was late and what waits for its marker."""

    def _get_score(self, cell, resources):
        super()._get_score(cell, resources)
        place = (cell.metadata.nbgrader.grade_id, self.notebook_id, self.assignment_id, self.student_id)
        cell.metadata.nbgrader.waiting = self.gradebook.find_grade(*place).needs_manual_grade

    def preprocess(self, nb, resources):
        nb, resources = super().preprocess(nb, resources)
        with Gradebook(self.db_url) as gradebook:
            submission = gradebook.find_submission(self.assignment_id, self.student_id)
            resources["late"] = told(submission, read_rules(), language_of(nb))
            student = gradebook.find_student(self.student_id)
            resources["learner"] = " ".join(
                filter(None, [student.id, full_name(student.last_name, student.first_name)])
            )
        return nb, resources


class Tabulate(NbGraderPreprocessor):
    """Puts the table of results on top once more, with the points that count now, and gives the template its words."""

    def preprocess(self, nb, resources):
        resources["words"] = {word: said(nb, f"page_{word}") for word in WORDS}
        resources["language"] = language_of(nb)
        return with_summary(nb) if about(nb) else nb, resources


def language_of(nb) -> str:
    """A notebook's language, or the teacher's where it has none."""
    return about(nb).get("language") or os.environ.get("COURSE_LANGUAGE", "en")
