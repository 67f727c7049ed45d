"""A class is marked on a Dask cluster, in PostgreSQL, and whatever ends on the way, no mark is lost."""

import csv
import shutil
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("distributed", reason="Dask is not here (requirements-cluster.txt)")
pytest.importorskip("psycopg", reason="psycopg is not here (requirements-cluster.txt)")

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook

import submissions
from cluster_helpers import (
    cluster,
    database,
    end,
    marks,
    postgres,
    release,
    run_class,
    start_class,
    use_gradebook,
    wait_for,
)
from deepseek_class import reporting
from deepseek_class.marking import isolation_fault
from deepseek_class.marks import marks as school_marks

pytestmark = [
    pytest.mark.skipif(postgres("initdb") is None, reason="PostgreSQL is not here: initdb was not found"),
    pytest.mark.skipif(isolation_fault() is not None, reason=f"bubblewrap does not start here: {isolation_fault()}"),
]
BY_HAND = {"02-ko": ("02-numbers", "02-correction"), "quiz": ("quiz", "x-test")}  # what is marked by hand, too
LESSON, QUIZ = 4, 8  # submissions of lesson 02, and of a teacher's own assignment, which take a third of the time


def cell(source: str, name: str, **grading) -> nbformat.NotebookNode:
    usual = {"schema_version": 3, "locked": False, "task": False, "grade": False, "solution": False, "points": 0}
    return new_code_cell(source, id=name, metadata={"nbgrader": usual | {"grade_id": name} | grading})


def quiz(answer: str) -> nbformat.NotebookNode:
    """A teacher's own assignment."""
    test = cell("assert x == 4", "x-test", grade=True, points=2, locked=True)
    return new_notebook(cells=[cell(answer, "x", solution=True), test])


def make_source(folder: Path):
    path = folder / "source" / "quiz" / "quiz.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(quiz("### BEGIN SOLUTION\nx = 4\n### END SOLUTION"), path)


def hand_in(folder: Path) -> dict[str, str]:
    """Submissions of two classes of a school, right and wrong; each learner's class."""
    lessons = [submissions.notebook(), submissions.notebook(right=5), submissions.wrong()]
    lessons.append(submissions.notebook(also="import os; os._exit(1)", at=submissions.FIRST))
    answers = ["x = 4", "x = 5", "x = ", "import os; os._exit(1)"]
    own = [quiz(answers[n % len(answers)]) for n in range(QUIZ)]
    submissions.hand_in(folder, {f"s{n:02}": one for n, one in enumerate(lessons)})
    for n, one in enumerate(own, start=LESSON):
        path = folder / "submitted" / f"s{n:02}" / "quiz" / "quiz.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(one, path)
    sections = {f"s{n:02}": str(n % 2 + 1) for n in range(LESSON + QUIZ)}
    rows = [f"{name},{name[1:]}번,{section}" for name, section in sections.items()]
    (folder / "students.csv").write_text("\n".join(["id,first_name,section", *rows]), "utf-8")
    return sections


def marked(folder: Path) -> set[tuple[str, str]]:
    """Who was marked, and in which assignment."""
    return {path.parts[-3:-1] for path in folder.glob("autograded/*/*/*.ipynb")}


def mark_by_hand(address: str, student: str, assignment: str) -> None:
    notebook, task = BY_HAND[assignment]
    with Gradebook(address) as gradebook:
        grade = gradebook.find_grade(task, notebook, assignment, student)
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        gradebook.db.commit()


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """The same submissions marked on one machine, and on a cluster on which one thing after another ends."""
    place = tmp_path_factory.mktemp("cluster")
    folder, seen = place / "class", SimpleNamespace(by_hand=set())
    folder.mkdir()
    with database() as server, cluster(place) as machines:
        address = server.make("school")
        machines.start_scheduler()
        first, _, bare = machines.start_worker(), machines.start_worker(), machines.start_worker(PATH="/nowhere")
        make_source(folder)
        use_gradebook(folder, address)
        release(folder, *BY_HAND)
        seen.sections = hand_in(folder)
        alone = shutil.copytree(folder, place / "alone")
        use_gradebook(alone, server.make("alone", template="school"))

        def marking(done: int) -> subprocess.Popen:
            """`mark`, when so many are marked."""
            process = start_class(folder, "mark", *BY_HAND, "--dask", machines.address)
            wait_for(lambda: len(marked(folder)) >= done or process.poll() is not None)
            return process

        one = marking(1)
        end(first)
        wait_for(lambda: len(marked(folder)) >= 3 or one.poll() is not None)
        seen.after_worker = len(marked(folder)), one.poll()
        end(machines.scheduler)
        seen.scheduler = *one.communicate(), one.returncode
        seen.bare = wait_for(lambda: bare.poll() is not None and bare.log.read_text())

        machines.start_scheduler()
        machines.start_worker(), machines.start_worker()
        two = marking(6)
        server.end()
        seen.database = *two.communicate(), two.returncode
        server.start()

        both = [start_class(folder, "mark", *BY_HAND, "--dask", machines.address) for _ in range(2)]
        while any(each.poll() is None for each in both):
            for work in marked(folder) - seen.by_hand:
                mark_by_hand(address, *work)
                seen.by_hand.add(work)
            time.sleep(0.5)
        seen.both = [(*each.communicate(), each.returncode) for each in both]
        run_class(alone, "mark", *BY_HAND)
        seen.here, seen.there = marks(server.address("alone")), marks(address)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reporting, "show_all", lambda *_: True)  # the charts take long
            patch.chdir(folder)
            reporting.report(Path.cwd())
            school_marks(["02"])
        yield folder, seen


def table(path: Path) -> list[dict]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_worker_that_disappears_costs_nothing_but_time(school):
    _, seen = school
    count, code = seen.after_worker
    assert count >= 3
    assert code is None


def test_a_worker_without_the_sandbox_leaves_with_one_line(school):
    _, seen = school
    said = [line for line in seen.bare.splitlines() if "leaves without marking" in line]
    assert len(said) == 1
    assert "bwrap: not found" in said[0]
    assert said[0] in seen.scheduler[1]
    assert "Traceback" not in seen.bare


@pytest.mark.parametrize("what, said", [("scheduler", "no Dask scheduler"), ("database", "the gradebook does not")])
def test_where_the_scheduler_or_the_database_ends_a_line_says_how_to_go_on(school, what, said):
    _, errors, code = getattr(school[1], what)
    last = errors.strip().splitlines()[-1]
    assert code == 1
    assert said in last
    assert "the same command goes on from here" in last
    assert "Traceback" not in errors


def test_every_submission_is_marked_once_and_as_on_one_machine(school):
    folder, seen = school
    assert marked(folder) == {(name, "02-ko" if name < f"s{LESSON:02}" else "quiz") for name in seen.sections}
    assert without_hand(seen.there) == without_hand(seen.here)
    assert len(seen.there) > 200


def without_hand(found: dict[tuple, tuple]) -> dict[tuple, tuple]:
    tasks = [task for _, task in BY_HAND.values()]
    return {place: what[0] if place[-1] in tasks else what for place, what in found.items()}


def test_two_markers_and_a_teacher_at_once_lose_nothing(school):
    _, seen = school
    assert [code for *_, code in seen.both] == [0, 0], seen.both
    assert len(seen.by_hand) >= 6
    for student, assignment in seen.by_hand:
        assert seen.there[student, assignment, BY_HAND[assignment][1]][1] == 1.5


def test_marks_and_report_ask_the_configured_gradebook_and_know_the_classes(school):
    folder, seen = school
    assert not (folder / "gradebook.db").exists()
    rows = {row["SIS User ID"]: row for row in table(folder / "report" / "marks.csv")}
    assert {student: row["Section"] for student, row in rows.items()} == seen.sections
    by_hand = 1.5 * (("s00", "02-ko") in seen.by_hand)
    assert float(rows["s00"]["02 (of 15)"]) == submissions.points() + by_hand
    classes = [next(iter(row.values())) for row in table(folder / "report" / "school.csv")]
    assert classes == sorted(seen.sections.values())
