"""A class of thirty goes the whole way with the real nbgrader: handed out, collected, marked, given back."""

import csv
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbgrader.api import Gradebook

import submissions
from class_command import run
from deepseek_class import workers
from deepseek_class.build import assignment
from deepseek_class.folder import renew
from deepseek_class.isolation import launch
from deepseek_class.marking import isolation_fault, judge_again
from deepseek_class.source import ROOT, SOURCES, Lesson
from deepseek_course.practice import judging

POINTS = submissions.points()  # of lesson 02's checks; two more are for the task marked by hand
FIRST = submissions.points(submissions.FIRST)
# A cell behind an answer cannot change it any more; the one below is in that cell.
BEHIND, BEHIND_FOURTH = submissions.points(submissions.FIRST + 1), submissions.points(4)
PORT = 47531

pytestmark = pytest.mark.skipif(
    isolation_fault() is not None, reason=f"bubblewrap does not start here: {isolation_fault()}"
)

# The points of the checks that are right, and what the learner is told in the feedback. What a learner may do to a
# notebook's form alone is in test_opening and test_restoring, what an archive may hold in test_collecting.
EXPECTED = {
    "blank": (0, ""),
    "perfect": (POINTS, ""),
    "perfect-en": (POINTS, "02-en"),
    "wrong": (0, ""),
    "half": (FIRST, ""),
    "raises": (POINTS, ""),
    "loop": (POINTS, "02-traded 다음의 칸이 15초"),
    "deaf": (BEHIND, "02-fewer 다음의 칸에서 프로그램이 더 이상 답하지 않아"),
    "memory": (BEHIND_FOURTH, None),
    "family": (BEHIND, "02-fewer 다음의 칸에서 프로그램이 끝났거나"),
    "output": (POINTS, "02-traded 다음의 칸의 출력이 너무 길어"),
    "shouts": (POINTS, "02-traded 다음의 칸의 출력이 너무 길어"),
    "names": (POINTS, "02-traded 다음의 칸의 출력이 너무 길어"),
    "fills": (BEHIND, "02-fewer 다음의 칸에서 프로그램이 끝났거나"),
    "floods": (POINTS, "02-traded 다음의 칸의 출력이 너무 길어"),
    "small-messages": (POINTS, "02-traded 다음의 칸의 출력이 너무 길어"),
    "prints-everywhere": (POINTS, "노트북 전체의 출력이 너무 길어 첫 문제 앞의 칸부터"),
    "bold": (POINTS, "02-traded 다음의 칸의 출력이 너무 길어"),
    "looks": (POINTS, ""),
    "hides": (POINTS, ""),
    "sockets": (BEHIND, "02-fewer 다음의 칸에서 프로그램이 끝났거나"),
    "forges-long": (BEHIND_FOURTH, ""),
    "odd-cells": (POINTS, "조금 손상"),
    "odd-metadata": (POINTS, "이전 판(xjavascripta)"),
    "processes": (BEHIND, "02-fewer 다음의 칸에서 프로그램이 끝났거나"),
    "edited-check-lines": (POINTS, ""),
    "two-cells": (POINTS, "이전 판(0.1.0)"),
    "other-lesson": (0, "03-ko 노트북입니다"),
    "no-notebook": (0, "노트북으로 읽을 수 없었습니다"),
    "deletes": (POINTS, ""),
    "reads": (POINTS, ""),
    "connects": (POINTS, ""),
    "overwrites": (FIRST, ""),
    "forges": (BEHIND_FOURTH, ""),
    "no-asserts": (FIRST, ""),
    "scripts": (POINTS, ""),
    "ends": (BEHIND, "02-fewer 다음의 칸에서 프로그램이 끝났거나"),
    "renames": (POINTS, ""),
    "edited-set-up": (POINTS, ""),
    "climbs": (POINTS, ""),
}

# A teacher's settings in which the marker of one submission dies, as where there is too little memory.
DIES = """
import os, signal
from deepseek_class.preprocessors.restoring import Restore
whole = Restore.preprocess
def dying(self, nb, resources):
    if resources["nbgrader"]["student"] == "a-dies":
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(self, nb, resources)
Restore.preprocess = dying
"""

# Runs where there is no network but the machine's own, listens there, and counts what came and what went over it.
WATCH = f"""
import pathlib, socket, subprocess, sys, threading
server = socket.create_server(("127.0.0.1", {PORT}))
came = []
threading.Thread(target=lambda: came.append(server.accept()), daemon=True).start()
code = subprocess.call([sys.executable, *sys.argv[1:]])
sent = {{line.split(":")[0].strip(): int(line.split()[10]) for line in open("/proc/net/dev").readlines()[2:]}}
print("VISITORS", len(came), "SENT", sum(sent.values()))
sys.exit(code)
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    """A class's folder with 02-ko released, without charts, and limits that suit a test; to be copied."""
    folder = tmp_path_factory.mktemp("released")
    for again in ([], ["--force"]):
        done = run(folder, "generate_assignment", "02-ko", *again)
        assert done.returncode == 0, done.stderr
        submissions.drop_charts(folder / "source/02-ko" / submissions.NAME)
    with open(folder / "nbgrader_config.py", "a") as file:
        file.write("\nc.Execute.timeout = 15\nc.Run.seconds = 60\n")
    return folder


@pytest.fixture
def folder(released, tmp_path) -> Path:
    return shutil.copytree(released, tmp_path / "class")


def contents(*folders: Path) -> dict[str, str]:
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def score(folder: Path, student: str) -> float:
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        return gradebook.find_submission("02-ko", student).score


def working_in(folder: Path) -> list[str]:
    """The commands that run somewhere in a folder, such as a submission's kernel."""
    commands = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.name != str(os.getpid()) and Path(os.readlink(process / "cwd")).is_relative_to(folder):
                commands.append((process / "cmdline").read_text())
    return commands


def autograded(folder: Path, student: str) -> nbformat.NotebookNode:
    return nbformat.read(folder / "autograded" / student / "02-ko" / submissions.NAME, as_version=4)


@pytest.fixture(scope="module")
def marked(released, tmp_path_factory):
    """The class, collected and marked in a network namespace of its own, and what was seen on the way."""
    home = tmp_path_factory.mktemp("home")
    (home / "secret.txt").write_text("the teacher's own")
    folder = shutil.copytree(released, tmp_path_factory.mktemp("class") / "class")
    archive = folder / "downloaded/02-ko/archive/02-ko.zip"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(submissions.download(submissions.files(folder, PORT)))
    collected = run(folder, "zip_collect", "02-ko")
    assert collected.returncode == 0, collected.stderr
    watched = [
        home,
        folder / "downloaded",
        folder / "source",
        folder / "release",
        folder / "submitted",
        ROOT / "data",
    ]
    before = contents(*watched)
    (folder / "watch.py").write_text(WATCH)
    isolated_network = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--"]
    done = subprocess.run(
        [*isolated_network, sys.executable, "watch.py", "-m", "deepseek_class.commands", "mark", "02-ko"],
        cwd=folder,
        env=os.environ | {"COURSE_LANGUAGE": "ko", "HOME": str(home), "TEACHER_SECRET": "hunter2"},
        capture_output=True,
        text=True,
    )
    changed = before.items() ^ contents(*watched).items()
    return folder, done, changed


def test_every_submission_is_marked_and_none_stops_the_others(marked):
    _, done, _ = marked
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(EXPECTED)}개 가운데 {len(EXPECTED)}개" in done.stdout


@pytest.mark.parametrize("student", EXPECTED)
def test_marks_for_what_is_right_and_a_line_on_what_was_wrong(marked, student):
    folder, *_ = marked
    points, told = EXPECTED[student]
    notes = "\n".join(autograded(folder, student).metadata.deepseek_course.get("notes", []))
    if student == "memory":  # how much room the kernel itself still has, and what fails for it, is not ours to say
        assert points <= score(folder, student) <= POINTS
    else:
        assert score(folder, student) == points
        assert told in notes if told else not notes


def test_nothing_left_the_machine_and_nobody_was_reached(marked):
    _, done, _ = marked
    assert "VISITORS 0 SENT 0" in done.stdout


def test_nothing_changed_but_marks(marked):
    folder, _, changed = marked
    assert not {path for path, _ in changed if "__pycache__" not in path}
    assert not [path for path in folder.parent.rglob("climbed.txt") if "extracted" not in path.parts]
    assert {path.name for path in folder.iterdir()} == {
        *("source", "release", "downloaded", "submitted", "autograded", "gradebook.db", "mark.log"),
        *(".made-from", "nbgrader_config.py", "students.csv", "deadlines.csv", "watch.py"),
    }


def test_a_submission_sees_neither_others_nor_the_gradebook(marked):
    folder, *_ = marked
    seen = json.dumps([cell.get("outputs") for cell in autograded(folder, "reads").cells if cell.id.startswith("own")])
    assert "SEEN" in seen
    assert not re.search(r"gradebook|submitted|02-ko|secret|\.ssh|\.bash", seen)


def test_nothing_of_the_marker_is_readable_inside(marked):
    folder, *_ = marked
    seen = json.dumps([cell.get("outputs") for cell in autograded(folder, "looks").cells if cell.id.startswith("own")])
    assert "LOOKED" in seen  # what is the kernel's own
    for secret in ("hunter2", str(folder), str(ROOT), sys.prefix, os.environ["PATH"]):
        assert secret not in seen
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", seen)


def test_memory_cannot_be_hidden_and_nobody_led_astray(marked):
    folder, *_ = marked
    seen = json.dumps([cell.get("outputs") for cell in autograded(folder, "hides").cells if cell.id.startswith("own")])
    assert "HIDDEN" not in seen
    assert "No space left" in seen
    assert seen.count("not permitted") + seen.count("refused") == 5


def test_no_kernel_is_left_behind(marked):
    folder, *_ = marked
    assert not working_in(folder)


@pytest.fixture(scope="module")
def given_back(marked):
    folder, *_ = marked
    done = run(folder, "generate_feedback", "02-ko")
    assert done.returncode == 0, done.stderr
    return {path.parts[-3]: path.read_text() for path in folder.glob("feedback/*/02-ko/*.html")}


def test_everybody_gets_feedback_with_the_line_on_what_was_wrong(given_back):
    assert given_back.keys() == EXPECTED.keys()
    for student, (_, told) in EXPECTED.items():
        assert (told or "") in given_back[student]


def test_feedback_says_what_fits_the_mistake(given_back):
    course_says = judging.get("02-rate").judge({"kind": "number", "value": -123456.0}).message.ko
    assert course_says.split(".")[0] in given_back["wrong"]
    assert "HIDDEN TESTS" not in given_back["wrong"]


def test_the_report_has_everybody(marked):
    folder, *_ = marked
    done = run(folder, "report")
    assert done.returncode == 0, done.stderr
    with open(folder / "report" / "marks.csv", encoding="utf-8-sig") as file:
        rows = {row["SIS User ID"]: row for row in csv.DictReader(file)}
    assert {student: float(row["02 (of 15)"]) for student, row in rows.items() if student != "memory"} == {
        student: points for student, (points, _) in EXPECTED.items() if student != "memory"
    }
    assert "02-fewer 다음의 칸" in (folder / "report" / "overview.ko.html").read_text()


def test_scripts_are_defused_and_pictures_stay(given_back):
    page = given_back["scripts"]
    assert not re.search(r"<script>alert|<[^>]*(onerror=|onload=|javascript:)", page)
    assert "굵게" in page
    assert 'src="data:image/png;base64' in page


def test_pages_and_notebooks_stay_small(marked, given_back):
    assert max(map(len, given_back.values())) < 3_000_000


def test_a_marker_sees_the_model_answer_below_a_written_one(marked):
    folder, *_ = marked
    cells = autograded(folder, "perfect").cells
    at = next(n for n, cell in enumerate(cells) if cell.id == "02-correction-written")
    assert "모범 답안" in cells[at + 1].source
    assert "589억" in cells[at + 1].source


def test_a_second_run_marks_nothing_again(marked):
    folder, *_ = marked
    before = contents(folder / "autograded")
    for path in folder.glob("submitted/*/*/*.ipynb"):
        os.utime(path)  # as after a copy of the folder
    assert run(folder, "mark", "02-ko").returncode == 0
    assert contents(folder / "autograded") == before


def test_a_later_submission_is_marked_again(marked):
    folder, *_ = marked
    submissions.hand_in(folder, {"half": submissions.short()})
    assert run(folder, "mark", "02-ko").returncode == 0
    assert score(folder, "half") == POINTS


def test_a_submission_whose_marker_dies_is_named_and_stops_nobody(marked):
    folder, *_ = marked
    config = folder / "nbgrader_config.py"
    before = config.read_text()
    config.write_text(before + DIES)
    submissions.hand_in(folder, {name: submissions.short() for name in ("a-dies", "b", "c")})
    done = run(folder, "mark", "02-ko")
    config.write_text(before)
    assert done.returncode == 1
    assert re.findall("채점하지 못했습니다: (\\S+)", done.stdout) == ["submitted/a-dies/02-ko"]
    assert [score(folder, name) for name in "bc"] == [POINTS] * 2
    assert run(folder, "mark", "02-ko").returncode == 0
    assert score(folder, "a-dies") == POINTS


def test_without_the_gradebook_nobody_loses_anything_and_the_command_that_helps_is_named(marked):
    folder, *_ = marked
    gradebook = folder / "gradebook.db"
    gradebook.rename(folder / "away.db")
    done = run(folder, "mark", "02-ko")
    (folder / "away.db").replace(gradebook)
    assert done.returncode != 0
    assert "generate_assignment 02-ko --force" in done.stderr
    assert score(folder, "perfect") == POINTS


def test_a_corrected_key_is_applied_without_running_anything(marked, monkeypatch):
    folder, *_ = marked
    monkeypatch.chdir(folder)
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        grade = gradebook.find_grade("02-correction", "02-numbers", "02-ko", "perfect")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        gradebook.db.commit()
    log = (folder / "mark.log").stat().st_size
    half_marked = folder / "autograded/crashed/02-ko" / submissions.NAME
    half_marked.parent.mkdir(parents=True)
    half_marked.write_text("{")
    monkeypatch.setitem(judging.load(), "02-rate", replace(judging.get("02-rate"), answer="12345"))
    judge_again(["02-ko"], workers.load_config())
    assert score(folder, "perfect") == POINTS - 1 + 1.5
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    judge_again(["02-ko"], workers.load_config())
    assert score(folder, "perfect") == POINTS + 1.5
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        assert not gradebook.find_grade("02-correction", "02-numbers", "02-ko", "perfect").needs_manual_grade
    assert (folder / "mark.log").stat().st_size == log
    assert run(folder, "mark", "02-ko").returncode == 0  # and nothing counts as handed in later
    assert score(folder, "perfect") == POINTS + 1.5


def test_a_crash_in_the_middle_loses_nothing(folder):
    submissions.hand_in(folder, {f"student{n}": submissions.short() for n in range(4)})
    command = [sys.executable, "-m", "deepseek_class.commands", "mark", "02-ko"]
    kernels = Path(tempfile.mkdtemp())
    environment = os.environ | {"TMPDIR": str(kernels)}
    crashing = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env=environment)
    handed_in = sorted(folder.glob("submitted/*/02-ko"))
    os.chdir(folder)
    try:
        handed_in = [path.relative_to(folder) for path in handed_in]
        # Until a kernel runs, to which a link leads: what is killed before leaves an empty folder.
        while not any(map(workers.is_marked, handed_in)) or not any(map(Path.is_symlink, kernels.glob("kernel-*/*"))):
            time.sleep(0.1)
            assert crashing.poll() is None
        crashing.kill()
        crashing.wait()
        end = time.monotonic() + 20
        while (left := [*kernels.glob("kernel-*"), *working_in(folder)]) and time.monotonic() < end:
            time.sleep(0.1)
        assert not left
        kernels.rmdir()
        done = [path for path in handed_in if workers.is_marked(path)]
    finally:
        os.chdir(ROOT)
    assert len(done) < 4
    before = {path: autograded(folder, path.parts[1]) for path in done}
    assert run(folder, "mark", "02-ko").returncode == 0
    assert [score(folder, f"student{n}") for n in range(4)] == [POINTS] * 4
    assert all(autograded(folder, path.parts[1]) == notebook for path, notebook in before.items())


def test_where_the_course_does_not_start_nobody_gets_a_zero(folder):
    source = folder / "source/02-ko" / submissions.NAME
    source.write_text(source.read_text().replace("import deepseek_course", "import deepseek_curse"))
    assert run(folder, "generate_assignment", "02-ko", "--force").returncode == 0
    submissions.hand_in(folder, {"someone": submissions.short()})
    done = run(folder, "mark", "02-ko")
    assert done.returncode == 1
    assert "deepseek_curse" in done.stdout
    assert not (folder / "autograded/someone/02-ko" / submissions.NAME).exists()


def test_a_notebook_under_another_name_is_found(folder):
    submissions.hand_in(folder, {"someone": submissions.short()})
    (folder / "submitted/someone/02-ko" / submissions.NAME).rename(folder / "submitted/someone/02-ko/숙제 (1).ipynb")
    done = run(folder, "mark", "02-ko")
    assert "숙제 (1).ipynb" in done.stdout
    assert score(folder, "someone") == POINTS
    assert (folder / "submitted/someone/02-ko/숙제 (1).ipynb").exists()


def test_without_bubblewrap_marking_stops_and_says_how_to_get_it(folder):
    submissions.hand_in(folder, {"someone": submissions.short()})
    done = run(folder, "mark", "02-ko", PATH=str(Path(sys.executable).parent))
    assert done.returncode != 0
    assert "apt install bubblewrap" in done.stderr
    assert not (folder / "autograded").exists()
    unsafe = run(folder, "mark", "02-ko", "--unsafe", PATH=str(Path(sys.executable).parent))
    assert unsafe.returncode == 0
    assert "샌드박스 없이 채점합니다" in unsafe.stderr
    assert score(folder, "someone") == POINTS


def test_odd_folders_are_named_and_stop_nobody(folder):
    submissions.hand_in(folder, {"good": submissions.short(), "links": submissions.short(), "[x]": ""})
    places = {name: folder / "submitted" / name / "02-ko" for name in ("good", "links", "pipe", "folder")}
    for name in ("matplotlib", "signal", "json"):  # inside the sandbox, and what starts it
        (places["good"] / f"{name}.py").write_text("raise SystemExit")
    (places["links"] / "other").symlink_to("/etc/passwd")
    places["pipe"].mkdir(parents=True)
    os.mkfifo(places["pipe"] / submissions.NAME)
    (places["folder"] / "x.ipynb").mkdir(parents=True)
    (folder / "submitted/nothing/02-ko").mkdir(parents=True)
    done = run(folder, "mark", "02-ko")
    assert done.returncode == 1
    assert all(f"submitted/{name}/02-ko" in done.stdout for name in ("links", "pipe", "folder", "[x]", "nothing"))
    assert "제출물 6개 가운데 1개" in done.stdout
    assert score(folder, "good") == POINTS


def test_a_course_that_lies_in_tmp_is_seen_inside(tmp_path, monkeypatch):
    (tmp_path / "deepseek_course").mkdir()
    (tmp_path / "deepseek_course/__init__.py").write_text("print('seen')")
    monkeypatch.setattr(launch.importlib.util, "find_spec", lambda name: SimpleNamespace(origin=f"{tmp_path}/x/y"))
    started = launch.isolated(["-c", "import deepseek_course"], stdout=subprocess.PIPE, text=True)
    assert started.communicate()[0] == "seen\n"


def test_a_kernel_that_is_ended_while_it_starts_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    connection = tmp_path / "connection.json"
    connection.write_text("{}")
    for _ in range(5):
        kernel, inside = launch.start(connection)
        launch.end(kernel, inside)
        kernel.wait()
        latest = time.monotonic() + 5
        while Path(f"/proc/{inside}/exe").exists() and time.monotonic() < latest:
            time.sleep(0.05)
        assert not Path(f"/proc/{inside}/exe").exists()


def test_who_handed_in_nothing_is_named(folder):
    (folder / "students.csv").write_text("id,last_name\none,김\ntwo,이\n")
    submissions.hand_in(folder, {"one": submissions.short()})
    done = run(folder, "mark", "02-ko")
    assert "아직 내지 않은 학생: 이 (two)" in done.stdout


def test_without_the_judging_part_marking_stops(folder):
    submissions.hand_in(folder, {"someone": submissions.short()})
    (folder / "nbgrader_config.py").write_text("c = get_config(\n")
    done = run(folder, "mark", "02-ko")
    assert done.returncode != 0
    assert "nbgrader_config.py" in done.stderr
    assert not (folder / "autograded").exists()


def test_a_new_version_of_an_assignment_replaces_the_old_but_nothing_that_a_teacher_wrote(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    current = assignment(Lesson(SOURCES / "02-numbers.md"), "ko")
    older = deepcopy(current)
    older.cells.pop()
    path = Path("source/02-ko", submissions.NAME)
    renew(older, path)
    renew(deepcopy(current), path)
    assert len(nbformat.read(path, as_version=4).cells) == len(current.cells)
    assert not capsys.readouterr().out
    edited = nbformat.read(path, as_version=4)
    edited.cells[0].source = "선생님의 말"
    nbformat.write(edited, path)
    renew(older, path)
    assert nbformat.read(path, as_version=4) == edited
    assert str(path) in capsys.readouterr().out


def test_after_an_update_marking_asks_for_a_new_release_and_keeps_what_was_marked(folder):
    submissions.hand_in(folder, {"early": submissions.short()})
    assert run(folder, "mark", "02-ko").returncode == 0
    path = folder / "source/02-ko" / submissions.NAME
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell("선생님의 말", id="more"))
    nbformat.write(notebook, path)
    submissions.hand_in(folder, {"later": submissions.short()})
    done = run(folder, "mark", "02-ko")
    assert done.returncode != 0
    assert "generate_assignment 02-ko --force" in done.stderr
    assert run(folder, "generate_assignment", "02-ko", "--force").returncode == 0
    assert run(folder, "mark", "02-ko").returncode == 0
    assert (score(folder, "early"), score(folder, "later")) == (POINTS, POINTS)


def test_the_zip_to_hand_out_has_the_release(folder, tmp_path):
    assert run(folder, "handout", "02-ko").returncode == 0
    shutil.unpack_archive(folder / "handout/02-ko.zip", tmp_path / "unpacked")
    notebook = nbformat.read(tmp_path / "unpacked/02-ko" / submissions.NAME, as_version=4)
    text = json.dumps(notebook, ensure_ascii=False)
    assert "course.Answer" not in text
    assert "SOLUTION" not in text
    assert (
        "수업 02" in (folder / "handout/02-ko.html").read_text() or "02." in (folder / "handout/02-ko.html").read_text()
    )
