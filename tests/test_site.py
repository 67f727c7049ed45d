"""The site: built with Pyodide in it, all lessons worked through in Chromium with every other host cut off."""

import json
import re
import shutil
import zipfile

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from fontTools.ttLib import TTFont
from playwright.sync_api import expect, sync_playwright

import deepseek_course as course
from chromium import CHROMIUM, MISSING, eventually
from class_command import run
from deepseek_class.marking import isolation_fault
from deepseek_class.source import ROOT
from deepseek_course.language import LANGUAGES
from deepseek_course.practice import judging
from deepseek_site import python_files
from deepseek_site.build import build, main, put_python
from deepseek_site.compiling import compile_archives
from deepseek_site.serve import Handler
from samples import LESSONS, first_wrong, right_answer
from site_helpers import LONG, Browser, Lesson, exercises, pyodide_files, renewed, served
from typed import answered

PATHS = [f"{language}/{path.stem}.ipynb" for language in LANGUAGES for path in LESSONS]
# Python in the browser is the same in both languages, and test_browser has each lesson in both: here they take turns.
IN_TURN = [f"{LANGUAGES[number % 2]}/{path.stem}.ipynb" for number, path in enumerate(LESSONS)]
TASK = "ko/02-numbers.ipynb"  # the lesson that is taken along and handed in here


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


def test_a_kernel_has_nothing_to_compile_but_the_course(site, lock):
    archives = {site / "lite" / "pyodide" / package["file_name"] for package in lock.values()}
    for archive in archives | {site / "lite" / "pyodide" / "python_stdlib.zip"}:
        with zipfile.ZipFile(archive) as wheel:
            assert archive.name.startswith("deepseek") or not [n for n in wheel.namelist() if n.endswith(".py")], (
                archive
            )


def test_what_python_cannot_read_is_left_as_it_is(tmp_path):
    with zipfile.ZipFile(tmp_path / "some.whl", "w") as wheel:
        for name, text in {
            "good.py": "x = 1",
            "template.py": "x = {{ x",
            "tests/test_good.py": "",
            "data.csv": "1",
        }.items():
            wheel.writestr(name, text)
    compile_archives([tmp_path / "some.whl"], pyodide_files())
    with zipfile.ZipFile(tmp_path / "some.whl") as wheel:
        assert {n for n in wheel.namelist() if not n.endswith("/")} == {"good.pyc", "template.py", "data.csv"}


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


@pytest.fixture(scope="module", params=IN_TURN)
def worked(request, browser, address):
    """What a lesson gave, answered wrong, then right; it is saved and closed."""
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
    for choose in (first_wrong, right_answer):
        given = {number: (id, choose(judging.get(id))) for id, number in exercises(cells)}
        lesson.paste({number: answered(cells[number].source, answer) for number, (_, answer) in given.items()})
        lesson.run_all()
        told = [(id, str(judging.check(id, answer).message)) for id, answer in given.values()]

        def unsaid(told=told, numbers=tuple(given)):
            shown = zip(told, lesson.outputs(*numbers), strict=True)
            return [(id, message, text) for (id, message), text in shown if flat(message) not in flat(text)]

        eventually(lambda: not unsaid())
        missing += unsaid()
    lesson.save()
    return missing


def test_a_lesson_runs_through_without_fault_notice_or_other_host(worked, address):
    assert not worked["faults"] and not worked["said"]
    assert worked["hosts"] == {address.split("/")[2]}
    assert worked["language"].startswith(worked["path"][:2])
    assert worked["menu"] == {"ko": "파일", "en": "File"}[worked["path"][:2]]


def test_each_exercise_says_what_is_wrong_and_what_is_right(worked):
    assert not worked["missing"]


@pytest.fixture(scope="module")
def opened_again(worked, browser, address):
    """The lesson in a browser that was ended and started again."""
    browser.end()
    browser.start()
    lesson = Lesson(browser, address, worked["path"])
    yield lesson
    lesson.close()


def is_solved(lesson: Lesson) -> bool:
    numbers = [number for _, number in exercises(notebook(TASK).cells)]
    return eventually(lambda: all("✓" in shown for shown in lesson.outputs(*numbers)))


@pytest.mark.parametrize("worked", [TASK], indirect=True)
def test_answers_outlive_the_browser(opened_again):
    assert is_solved(opened_again)


@pytest.mark.parametrize("worked", [TASK], indirect=True)
def test_a_lesson_on_a_phone_has_no_serious_fault_of_access(opened_again):
    page = opened_again.page
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context = {"include": [[".door-bar"], [".jp-RenderedHTMLCommon"]]}
    options = {"rules": {"scrollable-region-focusable": {"enabled": False}}}  # a wide table: browsers do it themselves
    found = Axe().run(page, context=context, options=options).response["violations"]
    page.set_viewport_size({"width": 1366, "height": 768})
    assert not [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")]


@pytest.fixture(scope="module")
def taken_out(opened_again, browser, address, tmp_path_factory):
    """All that the browser keeps, as the page gives it out: one zip."""
    page = browser.context.new_page()
    page.goto(f"{address}work.html#ko")
    with page.expect_download() as download:
        page.get_by_role("button", name="모두 파일 하나로 내려받기").click()
    path = tmp_path_factory.mktemp("taken") / "work.zip"
    download.value.save_as(path)
    page.close()
    return path


def add_a_sentence(notebook):
    notebook.cells[1].source += "\n\n새 문장"


@pytest.mark.parametrize("worked", [TASK], indirect=True)
def test_brought_into_an_empty_browser_and_renewed_a_lesson_has_all_answers(taken_out, site, playwright, tmp_path):
    """The kernel finds what was kept, and all that is carried over passes again."""
    shutil.copytree(site, tmp_path / "site")
    with renewed(tmp_path / "site", TASK, add_a_sentence), served(tmp_path / "site") as address:
        browser = Browser(playwright, tmp_path / "profile")
        page = browser.context.new_page()
        page.goto(f"{address}work.html#ko")
        page.locator("[type=file]:visible").set_input_files(taken_out)
        expect(page.locator(".kept li:visible")).not_to_have_count(0, timeout=LONG)
        lesson = Lesson(browser, address, TASK, choose="새 수업으로 바꾸기")
        expect(lesson.cells.nth(1)).to_contain_text("새 문장", timeout=LONG)
        start = lesson.first_code()
        lesson.paste({start: notebook(TASK).cells[start].source + "\ncourse.progress()"})
        lesson.run(start)
        core = sum(judging.get(id).level != "stretch" for id, _ in exercises(notebook(TASK).cells))
        known = flat(f"02: {core}문제 가운데 {core}문제")
        remembers = eventually(lambda: known in flat(lesson.outputs(start)[0]))
        lesson.run_all()
        solved, faults, said = is_solved(lesson), lesson.faults(), lesson.said
        browser.end()
    assert remembers and solved and not faults and not said


@pytest.mark.skipif(isolation_fault() is not None, reason=f"bubblewrap does not start here: {isolation_fault()}")
@pytest.mark.parametrize("worked", [TASK], indirect=True)
def test_a_notebook_taken_out_is_marked_like_any_other(taken_out, tmp_path):
    folder = tmp_path / "class"
    with zipfile.ZipFile(taken_out) as taken:
        taken.extract(TASK, tmp_path)
    submitted = folder / "submitted" / "a-learner" / "02-ko"
    submitted.mkdir(parents=True)
    shutil.copy(tmp_path / TASK, submitted)
    for arguments in (["generate_assignment", "02-ko"], ["mark", "02-ko"]):
        done = run(folder, *arguments)
        assert done.returncode == 0, done.stderr
    marked = nbformat.read(folder / "autograded" / "a-learner" / "02-ko" / "02-numbers.ipynb", 4)
    checks = [cell for cell in marked.cells if cell.id.endswith("-check")]
    given = [float(cell.outputs[0].data["text/plain"]) for cell in checks]
    assert given and given == [cell.metadata.nbgrader.points for cell in checks]
    assert not marked.metadata.deepseek_course.get("notes")


class Elsewhere(Handler):
    """A server that lets other sites read, as Pyodide's CDN does."""

    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()


def test_by_default_pyodide_comes_from_elsewhere_and_the_course_from_here(site, playwright, tmp_path):
    """Another port of this machine is in the place of Pyodide's CDN."""
    shutil.copytree(site, tmp_path / "site", ignore=shutil.ignore_patterns("pyodide"))
    with served(pyodide_files(), Elsewhere) as cdn:
        put_python(tmp_path / "site" / "lite", cdn)
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
