"""Four learners work on a hub at once, hand in and are culled; a server and the proxy are killed in the middle."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
import pytest
import requests

import hub_helpers
from deepseek_class.folder import CONFIG, TOOLS
from deepseek_class.source import ROOT
from hub_helpers import LESSON, PYTHON, Learner, errors, execute, running, wait_for

pytestmark = pytest.mark.skipif(bool(hub_helpers.missing()), reason=hub_helpers.missing())

NAMES = ["20260101", "20260102", "20260103", "20260104"]
ANSWER = "rate = 1443"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with running(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


def cell_of(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return next(each for each in notebook.cells if each.id == "02-rate-answer")


def work(learner: Learner) -> nbformat.NotebookNode:
    """Log in, open lesson 02, answer, run all, save; the notebook as it was then."""
    learner.log_in()
    notebook = learner.open()
    cell = cell_of(notebook)
    cell.source = cell.source.replace("rate = ...", ANSWER)
    learner.run_all(notebook)
    learner.save(notebook)
    return notebook


@pytest.fixture(scope="module")
def worked(hub) -> dict[str, tuple[Learner, nbformat.NotebookNode]]:
    """The four, and what each of them saw."""
    learners = [Learner(hub, name) for name in NAMES]
    with ThreadPoolExecutor(len(learners)) as at_once:
        notebooks = list(at_once.map(work, learners))
    return dict(zip(NAMES, zip(learners, notebooks, strict=True), strict=True))


def test_four_at_once_answer_and_save(hub, worked):
    assert "시험용 허브입니다" in hub.said
    for learner, notebook in worked.values():
        assert errors(notebook) == []
        assert "✓ 맞습니다" in cell_of(notebook).outputs[0].data["text/plain"]
        assert ANSWER in (learner.home / LESSON).read_text(encoding="utf-8")
        assert json.loads((learner.home / "my-course.json").read_text())  # what later lessons need is the learner's own


def test_nobody_gets_in_without_the_password_or_to_anothers_work(hub, worked):
    assert Learner(hub, "20260105").give_password("guessed-it").status_code == 403
    assert Learner(hub, "../20260101").give_password(hub.password).status_code == 403
    first = worked[NAMES[0]][0]
    others = requests.get(f"{hub.address}/user/{NAMES[1]}/api/contents", headers=first.token)
    assert others.status_code == 403
    assert sorted(path.name for path in hub.learners.iterdir()) == NAMES


def test_jupyterlab_looks_as_on_ones_own_computer(worked):
    learner = worked[NAMES[0]][0]
    setting = learner.ask("GET", "lab/api/settings/@jupyterlab/notebook-extension:tracker").json()
    assert setting["schema"]["properties"]["windowingMode"]["default"] == "none"  # of run.py's, as the language is
    look = ROOT / "data" / "deepseek_course" / "lesson" / "jupyter.css"
    assert learner.ask("GET", "custom/custom.css").content == look.read_bytes()


def test_a_proxy_that_is_killed_comes_back_and_costs_no_kernel(hub, worked):
    learner = worked[NAMES[1]][0]
    proxy = hub.child("configurable-http-proxy")
    proxy.kill()
    psutil.wait_procs([proxy], 10)
    with pytest.raises(requests.ConnectionError):
        learner.ask("GET", "api/status")
    wait_for(learner.is_reached)
    with learner.channel() as channel:
        (kept,) = execute(channel, "rate")
    assert kept.data["text/plain"] == "1443"
    assert "Proxy stopped" in hub.said


def test_a_server_that_is_killed_costs_nothing_that_was_saved(hub, worked):
    learner = worked[NAMES[0]][0]
    server = hub.server(learner.name)
    server.kill()
    psutil.wait_procs([server], 10)
    page = learner.session.get(f"{hub.address}/user/{learner.name}/lab")
    assert any(way in page.text for way in ("Try restarting it", "Would you like to start it?"))  # as the hub knows yet
    learner.start_again()
    assert ANSWER in cell_of(learner.open()).source
    assert not (learner.home / "02-numbers-2.ipynb").exists()


def test_what_they_made_is_handed_in(hub, worked):
    folder = hub.folder / "class"
    release = folder / "release" / "02-ko"
    release.mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / "ko" / LESSON, release)
    (folder / "nbgrader_config.py").write_text(CONFIG.format(tools=str(TOOLS)))
    (folder / "students.csv").write_text("id,last_name\n" + "".join(f"{name},\n" for name in [*NAMES, "20260105"]))
    said = run([PYTHON, "-m", "deepseek_hub", "collect", "02-ko"], hub.folder)
    assert f"{len(NAMES)} notebooks of {len(NAMES)} learners" in said
    said = run([sys.executable, "-m", "nbgrader", "zip_collect", "02-ko"], folder)
    assert "20260105" in said  # who is missing
    for name in NAMES:
        assert ANSWER in Path(folder, "submitted", name, "02-ko", LESSON).read_text(encoding="utf-8")


def run(command: list, folder: Path) -> str:
    env = os.environ | {"COURSE_LANGUAGE": "en"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_idle_are_culled_and_their_work_stays(hub, worked):
    culler = hub.child("jupyterhub_idle_culler")
    hour, now = "--timeout=3600", ["--timeout=1", "--cull-every=1"]
    assert hour in culler.cmdline()
    hurried = psutil.Popen([*(word for word in culler.cmdline() if word != hour), *now], env=culler.environ())
    try:
        wait_for(lambda: not any(learner.server_of_hub() for learner, _ in worked.values()))
    finally:
        hurried.kill()
    for learner, _ in worked.values():
        assert ANSWER in (learner.home / LESSON).read_text(encoding="utf-8")
