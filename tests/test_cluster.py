"""A class is marked on a Dask cluster, in PostgreSQL, and whatever ends on the way, no mark is lost."""

import csv
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("distributed", reason="Dask is not here (requirements-cluster.txt)")
pytest.importorskip("psycopg", reason="psycopg is not here (requirements-cluster.txt)")

from nbgrader.api import Gradebook

import submissions
from cluster_helpers import cluster, database, end, marks, postgres, run_class, start_class, use_gradebook, wait_for
from deepseek_class import reporting
from deepseek_class.marking import isolation_fault

pytestmark = [
    pytest.mark.skipif(postgres("initdb") is None, reason="PostgreSQL is not here: initdb was not found"),
    pytest.mark.skipif(isolation_fault() is not None, reason=f"bubblewrap does not start here: {isolation_fault()}"),
]
CLASS = 12
POINTS = submissions.points()


def hand_in(folder: Path) -> dict[str, str]:
    """Submissions of two classes of a school, right and wrong; each learner's class."""
    made = {f"s{n:02}": submissions.notebook(right=n) for n in range(CLASS - 2)}
    made |= {"s10": submissions.wrong(), "s11": submissions.notebook(also="import os; os._exit(1)", at=3)}
    submissions.hand_in(folder, made)
    sections = {name: str(n % 2 + 1) for n, name in enumerate(made)}
    rows = [f"{name},{name[1:]}번,{section}" for name, section in sections.items()]
    (folder / "students.csv").write_text("\n".join(["id,first_name,section", *rows]), "utf-8")
    return sections


def marked(folder: Path) -> list[str]:
    return sorted(path.parts[-3] for path in folder.glob("autograded/*/*/*.ipynb"))


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """The same submissions marked on one machine, and on a cluster on which one thing after another ends."""
    place = tmp_path_factory.mktemp("cluster")
    folder, seen = place / "class", SimpleNamespace()
    folder.mkdir()
    with database() as server, cluster(place) as machines:
        address = server.make("school")
        machines.start_scheduler()
        first, _, bare = machines.start_worker(), machines.start_worker(), machines.start_worker(PATH="/nowhere")
        run_class(folder, "help")
        use_gradebook(folder, address)
        run_class(folder, "generate_assignment", "02-ko")
        seen.sections = hand_in(folder)
        alone = shutil.copytree(folder, place / "alone")
        use_gradebook(alone, server.make("alone", template="school"))

        def until(count: int, *others):
            process = start_class(folder, "mark", "02-ko", "--dask", machines.address)
            wait_for(lambda: len(marked(folder)) >= count or process.poll() is not None)
            return process

        marking = until(2)
        end(first)
        wait_for(lambda: len(marked(folder)) >= 4 or marking.poll() is not None)
        seen.after_worker = len(marked(folder)), marking.poll()
        end(machines.scheduler)
        seen.scheduler = *marking.communicate(), marking.returncode
        wait_for(lambda: bare.poll() is not None)
        seen.bare = bare.log.read_text()

        machines.start_scheduler()
        machines.start_worker(), machines.start_worker()
        marking = until(7)
        server.end()
        seen.database = *marking.communicate(), marking.returncode
        server.start()
        seen.before = marks(address)

        by_hand = {}
        both = [start_class(folder, "mark", "02-ko", "--dask", machines.address) for _ in range(2)]
        for student in marked(folder):
            with Gradebook(address) as gradebook:
                grade = gradebook.find_grade("02-correction", "02-numbers", "02-ko", student)
                grade.manual_score, grade.needs_manual_grade = 1.5, False
                gradebook.db.commit()
            by_hand[student] = 1.5
        seen.both = [(*each.communicate(), each.returncode) for each in both]
        seen.by_hand = by_hand
        run_class(alone, "mark", "02-ko")
        seen.here, seen.there = marks(str(server.address("alone"))), marks(address)
        run_class(folder, "marks", "02")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reporting, "show_all", lambda *_: True)  # the charts take long
            reporting.report(folder)
        yield folder, seen


def table(path: Path) -> list[dict]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_worker_that_disappears_costs_nothing_but_time(school):
    _, seen = school
    count, code = seen.after_worker
    assert count >= 4
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
    there = {place: what for place, what in seen.there.items() if place[2:] != ("02-correction",)}
    here = {place: what for place, what in seen.here.items() if place[2:] != ("02-correction",)}
    assert there == here
    assert marked(folder) == sorted(seen.sections)


def test_two_markers_and_a_teacher_at_once_lose_nothing(school):
    _, seen = school
    assert [code for *_, code in seen.both] == [0, 0]
    assert len(seen.by_hand) >= 7
    for student, points in seen.by_hand.items():
        assert seen.there[student, "02-ko", "02-correction"][1] == points


def test_marks_and_report_ask_the_configured_gradebook_and_know_the_classes(school):
    folder, seen = school
    assert not (folder / "gradebook.db").exists()
    rows = {row["SIS User ID"]: row for row in table(folder / "report" / "marks.csv")}
    assert {student: row["Section"] for student, row in rows.items()} == seen.sections
    assert float(rows["s09"]["02 (of 15)"]) == submissions.points(9) + 1.5 * ("s09" in seen.by_hand)
    school_rows = table(folder / "report" / "school.csv")
    assert [list(row.values())[0] for row in school_rows] == ["1"] * 6 + ["2"] * 6
