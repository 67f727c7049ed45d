"""The site: built with Pyodide in it, all lessons worked through in Chromium with every other host cut off."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from base64 import b64decode

import nbformat
import pytest
from fontTools.ttLib import TTFont
from playwright.sync_api import sync_playwright

import deepseek_course as course
from chromium import CHROMIUM, MISSING
from deepseek_class.marking import isolation_fault
from deepseek_class.source import ROOT
from deepseek_course.language import LANGUAGES
from deepseek_course.practice import judging
from deepseek_site import python_files
from deepseek_site.build import build, main
from deepseek_site.serve import Handler
from samples import LESSONS, first_wrong, right_answer
from site_helpers import Browser, Lesson, exercises, pyodide_files, served
from typed import answered

PATHS = [f"{language}/{path.stem}.ipynb" for language in LANGUAGES for path in LESSONS]
KOREAN = [path for path in PATHS if path.startswith("ko")]
TASK = "ko/02-numbers.ipynb"  # the lesson that is handed in here


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "site"
    build(folder, pyodide_files())
    return folder


@pytest.fixture(scope="module")
def lock(site):
    text = (site / "lite" / "start.js").read_text(encoding="utf-8")
    return json.loads(re.search(r"const lock = (\{.*\});", text)[1])["packages"]


def notebook(path: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "notebooks" / path, 4)


def flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_lessons_and_data_module_are_those_of_the_repository(site):
    for path in PATHS:
        assert (site / "lite" / "files" / path).read_bytes() == (ROOT / "notebooks" / path).read_bytes()
    with zipfile.ZipFile(next((site / "lite" / "pyodide").glob("deepseek_course-*.whl"))) as wheel:
        for file in wheel.namelist():
            if ".dist-info/" not in file:
                assert wheel.read(file) == (ROOT / "data" / file).read_bytes(), file


def test_what_a_kernel_loads_is_there_with_all_that_it_needs(site, lock):
    assert "deepseek-course" in lock
    for package in lock.values():
        assert set(package["depends"]) <= set(lock), package["name"]
        assert (site / "lite" / "pyodide" / package["file_name"]).is_file()


def test_pandas_and_seaborn_are_as_on_a_computer():
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    here = (python_files.HERE / "wheels.txt").read_text(encoding="utf-8").splitlines()
    assert {line for line in here if line.startswith(("pandas", "seaborn", "tzdata", "comm"))} <= set(pinned)


def test_the_font_is_small_and_has_what_lessons_tables_and_learners_write(site):
    font = site / "lite" / "korean.otf"
    whole = set(TTFont(python_files.pylopdf_fonts_ko.sans_path()).getBestCmap())
    assert {ord(sign) for sign in python_files.used()} & whole <= set(TTFont(font).getBestCmap())
    assert font.stat().st_size < 600_000


def test_a_place_without_pyodide_is_told_in_a_line(tmp_path):
    with pytest.raises(SystemExit, match=r"not made: .*pyodide-lock\.json"):
        main(["--pyodide", str(tmp_path)])


def test_a_build_that_fails_leaves_the_site_as_it_was(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "mine.txt").write_text("old")
    with pytest.raises(FileNotFoundError):
        build(tmp_path / "site", tmp_path / "nothing")
    assert [path.name for path in tmp_path.rglob("*")] == ["site", "mine.txt"]


@pytest.fixture(scope="module")
def address(site):
    with served(site) as address:
        yield address


@pytest.fixture(scope="module")
def playwright():
    if not CHROMIUM:
        pytest.skip(MISSING)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright, tmp_path_factory):
    running = Browser(playwright, tmp_path_factory.mktemp("browser") / "profile")
    yield running
    running.end()


@pytest.fixture(scope="module", params=PATHS)
def worked(request, browser, address):
    """What a lesson gave: run as it is, or in Korean answered wrong, then right; it is saved and closed."""
    lesson = Lesson(browser, address, request.param)
    missing = work(lesson)
    yield {
        "path": request.param,
        "missing": missing,
        "faults": lesson.faults(),
        "said": lesson.said,
        "hosts": lesson.hosts,
        "language": lesson.page.locator("html").get_attribute("lang"),
        "menu": lesson.page.locator(".lm-MenuBar-item").first.text_content(),
    }
    lesson.close()


def work(lesson: Lesson) -> list:
    """Go through a lesson; the exercises whose verdict was not seen, with what was."""
    language, cells = lesson.path[:2], notebook(lesson.path).cells
    course.use(language)
    missing = []
    for choose in (first_wrong, right_answer) if language == "ko" else ():
        told = {}
        for exercise_id, number in exercises(cells):
            given = choose(judging.get(exercise_id))
            lesson.type_into(number, answered(cells[number].source, given))
            told[number] = str(course.check(exercise_id, given).message)
        lesson.run_all()
        for number, message in told.items():
            if flat(message) not in flat(lesson.output(number)):
                missing.append((cells[number].id, message, lesson.output(number)))
    if language == "en":
        lesson.run_all()
    lesson.save()
    return missing


def test_a_lesson_runs_through_without_fault_notice_or_other_host(worked, address):
    assert not worked["faults"] and not worked["said"]
    assert worked["hosts"] == {address.split("/")[2]}
    assert worked["language"].startswith(worked["path"][:2])
    assert worked["menu"] == {"ko": "파일", "en": "File"}[worked["path"][:2]]


@pytest.mark.parametrize("worked", KOREAN, indirect=True)
def test_each_exercise_says_what_is_wrong_and_what_is_right(worked):
    assert not worked["missing"]


@pytest.fixture
def opened_again(worked, browser, address):
    """The lesson in a browser that was ended and started again."""
    browser.end()
    browser.start()
    lesson = Lesson(browser, address, worked["path"])
    yield lesson
    lesson.close()


@pytest.mark.parametrize("worked", [TASK], indirect=True)
def test_answers_and_what_is_kept_outlive_the_browser(opened_again):
    cells = notebook(TASK).cells
    assert all("✓" in opened_again.output(number) for _, number in exercises(cells))
    start = opened_again.first_code()
    opened_again.type_into(start, 'import deepseek_course as course\ncourse.use("ko")\ncourse.kept()')
    opened_again.run(start)
    opened_again.cells.nth(start).get_by_text(f"{len(list(exercises(cells)))}").first.wait_for(timeout=30_000)
    assert b"02-rate" in b64decode(opened_again.stored("ko/my-course.json")["content"])


@pytest.fixture
def taken_out(opened_again, tmp_path):
    """The notebook as the browser keeps it, which is what is taken out."""
    path = tmp_path / "02-numbers.ipynb"
    path.write_text(json.dumps(opened_again.stored()["content"]), encoding="utf-8")
    return path


@pytest.mark.skipif(isolation_fault() is not None, reason=f"bubblewrap does not start here: {isolation_fault()}")
@pytest.mark.parametrize("worked", [TASK], indirect=True)
def test_a_notebook_taken_out_is_marked_like_any_other(taken_out, tmp_path):
    folder = tmp_path / "class"
    submitted = folder / "submitted" / "a-learner" / "02-ko"
    submitted.mkdir(parents=True)
    shutil.copy(taken_out, submitted)
    for arguments in (["generate_assignment", "02-ko"], ["mark", "02-ko"]):
        done = subprocess.run(
            [sys.executable, "-m", "deepseek_class.commands", *arguments],
            cwd=folder,
            env=os.environ | {"COURSE_LANGUAGE": "ko"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    marked = nbformat.read(folder / "autograded" / "a-learner" / "02-ko" / taken_out.name, 4)
    checks = [cell for cell in marked.cells if cell.id.endswith("-check")]
    given = [float(cell.outputs[0].data["text/plain"]) for cell in checks]
    assert given and given == [cell.metadata.nbgrader.points for cell in checks]
    assert not marked.metadata.deepseek_course.get("notes")


class Elsewhere(Handler):
    """A server that lets other sites read, as Pyodide's CDN does."""

    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()


def test_by_default_pyodide_comes_from_elsewhere_and_the_course_from_here(playwright, tmp_path):
    """Another port of this machine is in the place of Pyodide's CDN."""
    with served(pyodide_files(), Elsewhere) as cdn:
        build(tmp_path / "site", cdn)
        own = {path.name for path in (tmp_path / "site").rglob("*")}
        assert "pyodide.asm.wasm" not in own and not [name for name in own if name.startswith("numpy-")]
        with served(tmp_path / "site") as address:
            browser = Browser(playwright, tmp_path / "profile")
            lesson = Lesson(browser, address, "en/00-start.ipynb")
            lesson.run_all()
            found = lesson.faults(), lesson.said
            browser.end()
    assert found == ([], [])
    assert lesson.hosts == {url.split("/")[2] for url in (address, cdn)}
    assert f"{cdn}pyodide.asm.wasm" in lesson.asked
