"""`python run.py class report`: marks.csv for the LMS, answers.csv, alike.csv, two notebooks on the class."""

import json
import sys
from collections import Counter
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbgrader.api import Gradebook

from deepseek_course.language import LANGUAGES
from deepseek_course.plain import MIME
from deepseek_course.practice import judging
from deepseek_course.practice.opinions import KNEW, Forecast

from . import alike
from .build import execute, solved, version
from .folder import class_gradebook
from .marks import MarksExporter, name_of
from .messages import say
from .preprocessors.judging import verdict
from .preprocessors.results import noticed
from .source import Lesson, SourceError
from .writing import whole, write_table


def read_marked(path: Path) -> tuple[dict, list[dict]]:
    """What a marked notebook of ours says of itself, and its checks; nothing where it is no lesson of ours.

    Raises:
        Exception: of any kind, where the notebook is damaged.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    about = notebook["metadata"].get("deepseek_course")
    if not about:  # of a question of the teacher's own
        return {}, []
    shared = {"lesson": about["lesson"], "language": about["language"]}
    end = {
        "version": str(about["version"]),
        "stale": int(about["version"] not in ("", version())),
        "notes": "\n".join(noticed(about)),
    }
    cells = [cell for cell in notebook["cells"] if "nbgrader" in cell["metadata"]]
    ours = [cell for cell in cells if cell["metadata"]["nbgrader"]["grade_id"] in judging.load()]
    return shared | end, [read_check(cell) for cell in ours if cell["cell_type"] == "code"]


def read_check(cell: dict) -> dict:
    """What one hidden cell yielded: its exercise, its points, the answer if one came out, and what was said."""
    grading = cell["metadata"]["nbgrader"]
    data = [output["data"] for output in cell["outputs"] if "data" in output]
    return {
        "exercise": grading["grade_id"],
        "points": grading["points"],
        "answer": next(filter(None, (each.get(MIME) for each in data)), None),
        "said": cell["metadata"].get("deepseek_course", {}).get("message", ""),
    }


def as_rows(about: dict, checks: list[dict]) -> list[dict]:
    """The answers of one marked notebook, judged by today's key, one row an exercise.

    Raises:
        ValueError: the key of an exercise has a mistake; the message is for the teacher.
    """
    first = {key: about[key] for key in ("lesson", "language")}
    return [first | judged(check, about["language"]) | about for check in checks]


def judged(check: dict, language: str) -> dict:
    """A row of answers.csv: result is right, wrong, open, or none where no answer came out."""
    data, exercise = check["answer"], check["exercise"]
    row = {"exercise": exercise, "level": judging.get(exercise).level}
    if data is None:
        return row | {"result": "none", "score": 0, "points": check["points"], "message": check["said"], "answer": ""}
    feedback = verdict(exercise, data)
    return row | {
        "result": "wrong" if feedback.result == "near" else feedback.result,
        "score": float(feedback.passed * check["points"]),
        "points": check["points"],
        "message": feedback.message.in_language(language),
        "answer": json.dumps(data, ensure_ascii=False),
    }


def show(name: str, code: str, folder: Path) -> Path:
    """Make one notebook of answers.csv in one language, run, and beside it an HTML page without its code.

    Raises:
        SourceError: a cell fails.
    """
    source = Path(__file__).parents[1] / f"{name}.md"
    notebook = execute(solved(Lesson(source), code), folder, source.name)
    notebook.metadata["title"] = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
    path = folder / f"{name}.{code}.ipynb"
    with whole(path) as part:
        nbformat.write(notebook, part)
    # The page fetches nothing from the network: it has learners' names in it.
    nowhere = dict.fromkeys(("mathjax_url", "require_js_url", "mermaid_js_url", "mermaid_layout_elk_js_url"), "data:,")
    exporter = HTMLExporter(language_code=code, **nowhere)
    exporter.exclude_input = exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    page, path = exporter.from_notebook_node(notebook)[0], path.with_suffix(".html")
    with whole(path) as part:
        part.write_text(page, encoding="utf-8")
    return path


def is_scored(row: dict) -> bool:
    """Whether a row of answers.csv is a forecast that gets a score, as lesson 04 gives it."""
    exercise = judging.get(row["exercise"])
    if not isinstance(exercise, Forecast) or row["result"] != "right":
        return False
    percent, knew = exercise.read(json.loads(row["answer"]))
    return percent is not ... and knew != KNEW


def report(folder: Path) -> None:
    """Write marks.csv, answers.csv and the notebooks on the class into folder/report; print what was made.

    Args:
        folder: the course folder, with autograded/ and gradebook.db in it, and students.csv if there is one.

    Raises:
        SystemExit: nothing is marked yet, a file cannot be read or written, or a key has a mistake; the message says
            what to do. With code 1, where something was left out.
    """
    paths = sorted(folder.glob("autograded/*/*/*.ipynb"))
    if not paths:
        sys.exit(say("nothing_marked"))
    target = folder / "report"
    target.mkdir(exist_ok=True)
    with class_gradebook(folder) as gradebook:
        exporter = MarksExporter(to=str(target / "marks.csv"))
        exporter.folder = folder
        exporter.export(gradebook)
        names = {student.id: name_of(student) for student in gradebook.students}
        late, given = read_gradebook(gradebook)
    print(say("made", target / "marks.csv"))
    rows, unreadable = read_class(paths, names)
    if not rows:
        sys.exit(say("nothing_marked"))
    with_marks(rows, late, given)
    write_table([{key: row[key] for key in row if key != "assignment"} for row in rows], target / "answers.csv")
    print(say("made", target / "answers.csv"))
    write_table(alike.pairs(paths, rows), target / "alike.csv", columns=say("alike_columns").split(","))
    print(say("made", target / "alike.csv"))
    pages = ["overview", "forecasts"] if any(map(is_scored, rows)) else ["overview"]
    if not show_all(pages, target) or unreadable:
        sys.exit(1)


def read_gradebook(gradebook: Gradebook) -> tuple[dict, dict]:
    """How many hours late each submission is, and of each grade the score that counts and the one of the judge."""
    submissions = [submission for assignment in gradebook.assignments for submission in assignment.submissions]
    late = {(one.student_id, one.name): round(one.total_seconds_late / 3600, 1) for one in submissions}
    grades = [(one, grade) for one in submissions for notebook in one.notebooks for grade in notebook.grades]
    given = {(one.student_id, one.name, grade.name): (grade.score, grade.auto_score or 0) for one, grade in grades}
    return late, given


def read_class(paths: list[Path], names: dict[str, str]) -> tuple[list[dict], int]:
    """The rows of answers.csv, and how many notebooks could not be read; each of those is told.

    Raises:
        SystemExit: the key of an exercise has a mistake.
    """
    rows, unreadable = [], 0
    for path in paths:
        student, assignment = path.parts[-3:-1]
        who = {"student": student, "name": names.get(student, student), "assignment": assignment}
        try:
            about, checks = read_marked(path)
        except Exception:  # whatever may be wrong with somebody's file
            unreadable += 1
            print(say("marked_unreadable", f"{assignment}, {who['name']}"))
            continue
        try:
            rows += [who | row for row in as_rows(about, checks)] if checks else []
        except ValueError as error:
            sys.exit(str(error))
    return rows, unreadable


def with_marks(rows: list[dict], late: dict, given: dict) -> None:
    """Give rows their hours late and the score that marks.csv has too; say where a key has changed since."""
    changed = Counter()
    for row in rows:
        submission = row["student"], row["assignment"]
        row["late"] = late.get(submission, 0)
        score, judged_then = given.get((*submission, row["exercise"]), (row["score"], row["score"]))
        changed[row["assignment"]] += judged_then != row["score"]
        row["score"] = score
    for assignment, count in changed.items():
        if count:
            print(say("key_changed", assignment, count))


def show_all(names: list[str], folder: Path) -> bool:
    """Make the notebooks in both languages; whether all could be made."""
    whole_set = True
    for name in names:
        for code in LANGUAGES:
            try:
                print(say("made", show(name, code, folder)))
            except SourceError as error:
                whole_set = False
                print(say("not_made", f"{name}.{code}", str(error).strip().splitlines()[-1]))
    return whole_set
