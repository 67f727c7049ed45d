"""deadlines.csv: until when each lesson is to be handed in, and what being late costs; nbgrader's plug-in for that."""

import math
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import Gradebook
from nbgrader.plugins import LateSubmissionPlugin

from .handed_in import HandedIn, is_canvas, lesson_of, read_handed_in
from .messages import say, shortened
from .roster import folder_name, read_table

FILE = Path("deadlines.csv")
COLUMNS = ["lesson", "deadline", "late", "id", "handed_in"]
TIME = re.compile(r"(\d{4})[-./] ?(\d{1,2})[-./] ?(\d{1,2})\.?(?:[ T]+(\d{1,2}):(\d\d)(?::\d\d)?)?")
NOTE = ("note", "알림")


class Rule(NamedTuple):
    """What holds for a learner's lesson. Times are in UTC without a zone, as the gradebook has them."""

    deadline: datetime | None
    late: str  # nothing, "note", or the points that each day takes off
    handed_in: datetime | None = None  # where the teacher knows better than the download


def read_rules(path: Path = FILE) -> dict[tuple[str, str], Rule]:
    """The rows of deadlines.csv, by lesson and learner; under an empty learner what holds for all.

    Raises:
        ValueError: a row cannot be read; the message is for the teacher.
    """
    rules = {}
    for line, row in enumerate(read_table(path), start=2):
        if not any(row.values()):
            continue
        try:
            late = row.get("late", "").casefold()
            if late not in ("", *NOTE) and not 0 <= float(late) < math.inf:
                raise ValueError(late)
            known = Rule(as_time(row.get("deadline", "")), late, as_time(row.get("handed_in", "")))
            rules[lesson_in(row["lesson"]), folder_name(row.get("id", ""))] = known
        except (KeyError, ValueError):
            raise ValueError(say("deadlines", line, ",".join(row.values()))) from None
    for lesson, student in rules:
        if student and rules[lesson, student].deadline and not rule_of(rules, lesson, "").deadline:
            raise ValueError(say("deadlines_for_all", lesson, student))
    return rules


def lesson_in(cell: str) -> str:
    """A lesson as it stands in a cell of the table: Excel makes 2 of 02."""
    return lesson_of(cell).zfill(2)


def as_time(text: str) -> datetime | None:
    """A local time such as 2026-03-09 18:00 in UTC; a day without an hour lasts until its end.

    Raises:
        ValueError: it is no such time.
    """
    if not text:
        return None
    found = TIME.fullmatch(text)
    if not found:
        raise ValueError(text)
    year, month, day, hour, minute = (int(part) if part else None for part in found.groups())
    at = datetime(year, month, day, hour, minute) if hour is not None else datetime(year, month, day, 23, 59, 59)
    return at.astimezone(UTC).replace(tzinfo=None)


def rule_of(rules: dict, lesson: str, student: str) -> Rule:
    """What holds for one learner: what their own row leaves empty, the row for all says."""
    everybody = rules.get((lesson, ""), Rule(None, ""))
    own = rules.get((lesson, student), Rule(None, ""))
    return Rule(own.deadline or everybody.deadline, own.late or everybody.late, own.handed_in)


def days(seconds: float) -> int:
    """How many days late something is; a begun day counts."""
    return math.ceil(seconds / 86_400)


def points_off(late: str, seconds: float) -> float:
    return 0 if late in ("", *NOTE) else float(late) * days(seconds)


class LatePenalty(LateSubmissionPlugin):
    """nbgrader's plug-in: the points that deadlines.csv takes off for each day."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        rule = rule_of(read_rules(), lesson_of(self.parent.assignment_id), student_id)
        return points_off(rule.late, total_seconds_late)


def apply(gradebook: Gradebook, folder: Path = Path()) -> None:
    """Bring deadlines, times and penalties of the gradebook up to deadlines.csv as it is now.

    Without that table nothing is changed.

    Raises:
        SystemExit: a row cannot be read.
    """
    try:
        rules = read_rules(folder / FILE)
    except ValueError as error:
        sys.exit(str(error))
    for assignment in gradebook.assignments if (folder / FILE).exists() else ():
        lesson = lesson_of(assignment.name)
        times = read_handed_in(folder / "downloaded" / assignment.name)
        assignment.duedate = rule_of(rules, lesson, "").deadline
        for submission in assignment.submissions:
            rule = rule_of(rules, lesson, submission.student_id)
            seconds = set_times(submission, rule, times.get(submission.student_id))
            for notebook in submission.notebooks:
                notebook.late_submission_penalty = min(points_off(rule.late, seconds), notebook.score)
    gradebook.db.commit()


def set_times(submission, rule: Rule, work: HandedIn | None) -> float:
    """Give a submission its deadline and its time; how many seconds it is late."""
    due = submission.assignment.duedate
    submission.extension = rule.deadline - due if rule.deadline and due else None
    if work or rule.handed_in:  # otherwise it keeps the time that nbgrader knows
        submission.timestamp = time_of(rule, work, due)
    return submission.total_seconds_late


def time_of(rule: Rule, work: HandedIn | None, due: datetime | None) -> datetime | None:
    """When something was handed in, by the teacher or else by the download; None where nobody knows.

    An LMS that says late does not say by how much: then it was just after the deadline that all have.
    """
    known = rule.handed_in or (work.time if work else None)
    if not known and work and work.late and due and rule.deadline == due:
        return due + timedelta(seconds=1)
    return known


def told(submission, rules: dict, language: str | None = None) -> str:
    """What marks and feedback say of a late submission; nothing where its rule says nothing."""
    rule = rule_of(rules, lesson_of(submission.name), submission.student_id)
    if not rule.late or not submission.total_seconds_late:
        return ""
    off = submission.late_submission_penalty or 0
    key = "late_days" if off else "late_note"
    return say(key, days(submission.total_seconds_late), f"{off:g}", language=language)


def summary(rules: dict, lesson: str, known: dict[str, HandedIn], names: dict[str, str]) -> list[str]:
    """Lines for the teacher: who handed in late, and of whom the download does not tell."""
    late, unsure = [], []
    for student, work in sorted(known.items()):
        rule, name = rule_of(rules, lesson, student), names.get(student, student)
        when = time_of(rule, work, rule_of(rules, lesson, "").deadline)
        if rule.deadline and when and when > rule.deadline:
            late.append(name)
        elif rule.deadline and not when and (work.late or not is_canvas(tuple(work.file.split("/")))):
            unsure.append(name)
    lines = [say("handed_in_late", lesson, ", ".join(late))] if late else []
    return [*lines, say("no_time", lesson, shortened(unsure))] if unsure else lines
