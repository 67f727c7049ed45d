"""`python run.py class report`: marks.csv for the LMS, answers.csv, and two notebooks that show the class.

`nbgrader export --exporter=reporting.MarksExporter` writes the marks alone.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import nbformat
import pandas as pd
from nbconvert import HTMLExporter
from nbgrader.api import Gradebook, Student
from nbgrader.plugins import ExportPlugin

import build
from build import LANGUAGES
from collecting import read_rows
from deepseek_course.practice import judging
from deepseek_course.practice.answers import MIME
from deepseek_course.practice.opinions import KNEW, Forecast
from messages import say


class MarksExporter(ExportPlugin):
    """One row a learner, one column a lesson: read by the grade imports of Canvas and Moodle, and by Excel.

    Canvas knows its columns by these names and passes over those that say "Final Points"; it would take a header
    that ends in "(30)" for the assignment of that id. Moodle would stop at Canvas's row "Points Possible".
    """

    def export(self, gradebook: Gradebook) -> None:
        """Write the marks to `self.to`, or to marks.csv; of two languages of a lesson the better counts."""
        most, marks, waiting = {}, {}, defaultdict(int)
        for assignment in gradebook.assignments:
            if not assignment.submissions or (self.assignment and assignment.name not in self.assignment):
                continue
            lesson = assignment.name.removesuffix("-ko").removesuffix("-en")
            most[lesson] = max(assignment.max_score, most.get(lesson, 0))
            for submission in assignment.submissions:
                score = max(0, submission.score - (submission.late_submission_penalty or 0))
                learner = submission.student_id
                marks[learner, lesson] = max(score, marks.get((learner, lesson), 0))
                grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
                waiting[learner] += sum(grade.needs_manual_grade for grade in grades)
        rows = []
        for student in gradebook.students:
            if self.student and student.id not in self.student:
                continue
            own = {lesson: marks[student.id, lesson] for lesson in sorted(most) if (student.id, lesson) in marks}
            row = {
                "Student": full_name(student),
                "ID": student.lms_user_id or "",
                "SIS User ID": student.id,
                "SIS Login ID": student.email or "",
                "Section": "",
            }
            row |= {f"{lesson} (of {most[lesson]:g})": own.get(lesson, "") for lesson in sorted(most)}
            row[f"Final Points (of {sum(most.values()):g})"] = sum(own.values()) if own else ""
            row["to mark or look at again (beside Final Points)"] = waiting[student.id]
            rows.append(row)
        write_table(rows, Path(self.to or "marks.csv"))


def full_name(student: Student) -> str:
    """홍길동, "Lovelace, Ada", or the id where no name is known."""
    names = [name for name in (student.last_name, student.first_name) if name]
    korean = all("가" <= name[0] <= "힣" for name in names)
    return ("" if korean else ", ").join(names) or student.id


def write_table(rows: list[dict], path: Path) -> None:
    """Write rows as a CSV file whose Korean Excel reads, and whose cells no spreadsheet takes for a formula.

    Raises:
        SystemExit: the file is open in another program.
    """

    def cell(value: object) -> object:
        if isinstance(value, str):
            return f"'{value}" if value.startswith(tuple("=+-@＝＋－＠\t\r\n")) else value
        return f"{value:g}"

    try:
        pd.DataFrame(rows).map(cell).to_csv(path, index=False, encoding="utf-8-sig")
    except PermissionError:
        sys.exit(say("open_elsewhere", path))


def read_roster(path: Path, gradebook: Gradebook) -> None:
    """Enter the learners of students.csv into the gradebook, as `nbgrader db student import` does.

    Raises:
        SystemExit: the file is no roster; the message says what to do.
    """
    try:
        rows = read_rows(path)
    except ValueError as error:
        sys.exit(str(error))
    for row in rows:
        known = {key: row[key] for key in ("last_name", "first_name", "email", "lms_user_id") if row.get(key)}
        gradebook.update_or_create_student(row["id"], **known)


def read_answers(path: Path) -> list[dict]:
    """The answers in one marked notebook, judged, one row an exercise; none where it is no lesson of ours.

    Raises:
        Exception: of any kind, where the notebook is damaged.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    about = notebook["metadata"].get("deepseek_course")
    if about is None:
        return []
    reader, rows = language.current(), []
    language.choose(about["language"])
    try:
        for cell in notebook["cells"]:
            grading = cell["metadata"].get("nbgrader", {})
            if grading.get("grade_id") in judging.load():
                rows.append(judged(cell, grading["grade_id"], grading["points"]))
    finally:
        language.choose(reader)
    shared = {"lesson": about["lesson"], "language": about["language"]}
    end = {
        "version": str(about["version"]),
        "stale": int(about["version"] not in ("", build.version())),
        "notes": "\n".join(about.get("notes", [])),
    }
    return [shared | row | end for row in rows]


def judged(cell: dict, exercise: str, points: float) -> dict:
    """What one check cell yielded: result is right, wrong, open, or none where no answer came out."""
    found = (output["data"].get(MIME) for output in cell["outputs"] if "data" in output)
    data = next(filter(None, found), None)
    row = {"exercise": exercise, "level": judging.get(exercise)["level"]}
    if data is None:
        return row | {"result": "none", "score": 0, "points": points, "message": "", "answer": ""}
    feedback = judging.judge(exercise, data)
    return row | {
        "result": "right" if feedback.passed else "wrong" if feedback.attempted else "open",
        "score": feedback.score * points,
        "points": points,
        "message": feedback.message,
        "answer": json.dumps(data, ensure_ascii=False),
    }


def show(name: str, code: str, folder: Path) -> Path:
    """Make one notebook of answers.csv in one language, run, and beside it an HTML page without its code.

    Raises:
        build.SourceError: a cell fails.
    """
    source = Path(__file__).with_name(f"{name}.md")
    notebook = build.execute(build.solved(build.Lesson(source), code), folder, source.name)
    notebook.metadata["title"] = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
    path = folder / f"{name}.{code}.ipynb"
    nbformat.write(notebook, path)
    # The page fetches nothing from the network: it has learners' names in it.
    exporter = HTMLExporter(language_code=code, mathjax_url="data:,", require_js_url="data:,")
    exporter.exclude_input = exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    path.with_suffix(".html").write_text(exporter.from_notebook_node(notebook)[0], encoding="utf-8")
    return path.with_suffix(".html")


def is_scored(row: dict) -> bool:
    """Whether a row of answers.csv is a forecast that gets a score, as lesson 04 gives it."""
    exercise = judging.get(row["exercise"])
    if exercise["kind"] != "forecast" or row["result"] != "right":
        return False
    percent, knew = read_opinion(exercise, json.loads(row["answer"]))
    return percent is not ... and knew != 1


def report(folder: Path) -> None:
    """Write marks.csv, answers.csv and the notebooks on the class into folder/report; print what was made.

    Args:
        folder: the course folder, with autograded/ and gradebook.db in it, and students.csv if there is one.

    Raises:
        SystemExit: nothing is marked yet, or a file cannot be read or written; the message says what to do.
    """
    paths, gradebook_file = sorted(folder.glob("autograded/*/*/*.ipynb")), folder / "gradebook.db"
    if not paths or not gradebook_file.is_file():
        sys.exit(say("nothing_marked"))
    target = folder / "report"
    target.mkdir(exist_ok=True)
    with Gradebook(f"sqlite:///{gradebook_file.resolve()}", course_id="") as gradebook:
        read_roster(folder / "students.csv", gradebook)
        MarksExporter(to=str(target / "marks.csv")).export(gradebook)
        names = {student.id: full_name(student) for student in gradebook.students}
        submissions = [submission for assignment in gradebook.assignments for submission in assignment.submissions]
        late = {(one.student_id, one.name): round(one.total_seconds_late / 3600, 1) for one in submissions}
    print(say("made", target / "marks.csv"))
    rows = []
    for path in paths:
        student, assignment = path.parts[-3:-1]
        who = {"student": student, "name": names.get(student, student)}
        try:
            rows += [who | row | {"late": late.get((student, assignment), 0)} for row in read_answers(path)]
        except Exception:  # whatever may be wrong with somebody's file
            print(say("marked_unreadable", f"{assignment}, {who['name']}"))
    if not rows:
        sys.exit(say("nothing_marked"))
    write_table(rows, target / "answers.csv")
    print(say("made", target / "answers.csv"))
    for name in ["overview", "forecasts"] if any(map(is_scored, rows)) else ["overview"]:
        for code in LANGUAGES:
            try:
                print(say("made", show(name, code, target)))
            except build.SourceError as error:
                print(say("not_made", f"{name}.{code}", str(error).strip().splitlines()[-1]))
