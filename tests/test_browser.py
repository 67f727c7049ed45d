"""The lessons where learners meet them: JupyterLab in Chromium, every exercise answered through the page."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

import deepseek_course as course
from chromium import CELLS, CHROMIUM, COUNTS, IDLE, MISSING, OUTPUTS, PASTE, SHOWN, eventually, started
from deepseek_class import build
from deepseek_class.source import ROOT, SOURCES, Lesson
from deepseek_course.language import LANGUAGES
from deepseek_course.lesson.brief import LENGTHS, SLOTS
from deepseek_course.lesson.notes import FOLDER, PAGE
from deepseek_course.practice import judging
from samples import LESSONS, first_wrong, right_answer
from typed import TYPED, answered, filled_in

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=MISSING)
PICTURES = os.environ.get("PICTURES")  # a folder for pictures of the lessons
NAMES = [path.stem for path in LESSONS]
THEME = "@jupyterlab/apputils-extension/themes.jupyterlab-settings"
SIZES = {"laptop": (1366, 768), "at 200 percent": (683, 384), "narrow": (480, 800)}
LAPTOP = {"width": 1366, "height": 768}
TALL = {"width": 1366, "height": 24_000}  # a whole lesson
PHONE = 390
WAIT = 120_000  # milliseconds, for a machine with much to do

FOCUS = f"number => {CELLS}[number].querySelector('.cm-content').focus({{preventScroll: true}})"
KERNEL_IS_IDLE = """lesson => fetch("/api/sessions").then(answer => answer.json()).then(sessions =>
    sessions.some(s => s.path.includes(lesson) && s.kernel && s.kernel.execution_state == "idle"))"""
# Pictures wider than the place they stand in, and tables whose place cannot be scrolled.
CUT_OFF = """() => [...document.querySelectorAll(".jp-RenderedHTMLCommon :is(img, table)")].filter(e => {
    const place = e.closest(".jp-RenderedHTMLCommon");
    const scrolls = e.tagName == "TABLE" && ["auto", "scroll"].includes(getComputedStyle(place).overflowX);
    return e.getBoundingClientRect().width > place.getBoundingClientRect().width + 1 && !scrolls;
}).map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request):
    return request.param


def settle(home, name: str, content: dict):
    """Write one of JupyterLab's settings."""
    path = home / "settings" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture(scope="module")
def lab(language, tmp_path_factory):
    """A running JupyterLab, started with the README's command on a copy of the notebooks; its address and folder."""
    home = tmp_path_factory.mktemp("한글 폴더")
    settle(home, THEME, {"adaptive-theme": True})  # as the browser wishes it: light at first
    folder = home / language
    shutil.copytree(ROOT / "notebooks" / language, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "LC_ALL": {"ko": "ko_KR.UTF-8", "en": "C.UTF-8"}[language],
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        FOLDER: str(home),
    }
    command = [sys.executable, "run.py", "lab", str(folder / f"{NAMES[0]}.ipynb"), "--no-browser", f"--port={port}"]
    command += ["--IdentityProvider.token=", "--ServerApp.port_retries=0", "--allow-root"]
    with open(home / "lab.log", "w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        if server.poll() is not None:
            pytest.fail((home / "lab.log").read_text()[-2000:])
        try:
            urllib.request.urlopen(f"{address}/api", timeout=5)
            break
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    yield address, folder
    os.killpg(server.pid, signal.SIGTERM)  # run.py and the JupyterLab that it started
    time.sleep(2)
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with started(tmp_path_factory.mktemp("fonts")) as running:
        yield running


class Page:
    """JupyterLab, the lesson that is open in it, and what the page said and asked for meanwhile."""

    def __init__(self, browser, address):
        self.page = browser.new_page(viewport=LAPTOP)
        self.page.set_default_timeout(WAIT)
        self.said, self.hosts = [], set()
        self.page.on("console", lambda m: self.said.append(m.text) if m.type == "error" else None)
        self.page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))
        self.page.goto(f"{address}/lab?reset")
        self.cells = self.page.locator(".jp-Notebook .jp-Notebook-cell")

    def open(self, lesson: str, cells: int):
        self.page.locator(f'.jp-DirListing-item[title*="{lesson}.ipynb"]').dblclick()
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        self.page.wait_for_function(KERNEL_IS_IDLE, arg=lesson, polling=100)
        self.page.locator(".jp-Toolbar-kernelName", has_text="Python 3").wait_for()
        self.page.wait_for_selector(IDLE)
        assert eventually(lambda: self.cells.count() == cells), (self.cells.count(), cells)

    def close(self):
        self.command(0, "docmanager:save")
        self.command(0, "filemenu:close-and-cleanup")
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.page.wait_for_selector(".jp-Notebook", state="detached")

    def command(self, menu: int, name: str):
        self.page.locator(".lm-MenuBar-item").nth(menu).click()
        self.page.locator(f'.lm-Menu-item[data-command="{name}"]').click()

    def wait_until_run(self, before: list, numbers):
        """Until cells have another count than before, and nothing runs."""

        def is_done():
            counts = self.page.evaluate(COUNTS)
            return all(re.search(r"\d", counts[n]) and counts[n] != before[n] for n in numbers)

        assert eventually(is_done)
        self.page.wait_for_selector(IDLE)

    def run_all(self):
        before = self.page.evaluate(COUNTS)
        self.command(3, "runmenu:run-all")
        self.wait_until_run(before, [n for n, count in enumerate(before) if count])

    def run(self, *numbers: int):
        before = self.page.evaluate(COUNTS)
        for number in numbers:
            self.page.evaluate(FOCUS, number)
            self.page.keyboard.press("Control+Enter")
        self.wait_until_run(before, numbers)

    def paste(self, sources: dict[int, str]):
        self.page.evaluate(PASTE, list(sources.items()))

    def resize(self, width: int, height: int):
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def take_picture(self, name: str):
        """The whole lesson in one picture, where pictures are asked for."""
        if PICTURES:
            self.resize(**TALL)
            self.page.wait_for_timeout(1000)
            self.page.screenshot(path=Path(PICTURES, f"{name}.png"))
            self.resize(**LAPTOP)

    def outputs(self, *numbers: int) -> list[str]:
        return self.page.evaluate(OUTPUTS, numbers)

    def output_with(self, words: str, number: int) -> str:
        """What is below a cell, once the words are in it or it is too late."""
        eventually(lambda: words in self.outputs(number)[0])
        return self.outputs(number)[0].strip()

    def faults(self) -> int:
        kinds = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
        return self.page.locator(kinds).count()


@pytest.fixture(scope="module")
def page(browser, lab):
    shown = Page(browser, lab[0])
    yield shown
    shown.page.close()


@pytest.fixture(scope="module")
def phone(browser, lab):
    """The same learner's phone, so high that nothing waits for scrolling."""
    shown = browser.new_page(viewport={"width": PHONE, "height": 3000})
    shown.set_default_timeout(WAIT)
    yield shown
    shown.close()


@pytest.fixture(scope="module", params=NAMES)
def opened(request, lab, page):
    path = lab[1] / f"{request.param}.ipynb"
    notebook = nbformat.read(path, 4)
    page.open(request.param, len(notebook.cells))
    yield page, notebook, path
    page.close()


def exercises(notebook):
    """Each exercise's id and the number of its cell."""
    for number, cell in enumerate(notebook.cells):
        if cell.id.endswith("-answer"):
            yield cell.id.removesuffix("-answer"), number


def flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_a_lesson_that_was_just_opened_shows_no_output(opened):
    """Only a bar where each will be, as far as a learner who scrolls down comes."""
    page, notebook, _ = opened
    hidden = sum(bool(cell.get("outputs")) for cell in notebook.cells)
    shown = page.page.locator(".jp-Notebook .jp-OutputArea-output").filter(visible=True)
    bars = page.page.locator(".jp-Notebook .jp-OutputPlaceholder")
    assert eventually(lambda: bars.count() == hidden > 5)
    assert not shown.count()
    assert {text.strip() for text in bars.all_inner_texts()} <= {"<div>", ""}


def typed_wrong(notebook) -> dict[int, tuple[str, str]]:
    """Each exercise's cell with a wrong answer in it, and what is to be said of it, by the cell's number."""
    given = {number: (id, first_wrong(judging.get(id))) for id, number in exercises(notebook)}
    return {
        number: (answered(notebook.cells[number].source, answer), str(course.check(id, answer).message))
        for number, (id, answer) in given.items()
    }


def solved(notebook, path, language) -> dict[int, tuple[str, str]]:
    """As typed_wrong, with the lesson's own solutions."""
    cells = build.solved(Lesson(SOURCES / f"{path.stem}.md"), language).cells
    solutions = {cell.id: cell.source for cell in cells}
    return {number: (solutions[f"{id}-answer"], "✓") for id, number in exercises(notebook)}


def test_every_exercise_answers_in_the_page(opened, lab, language):
    """Wrong answers in Korean alone: a page says both alike. The solutions in both: their code is the language's."""
    page, notebook, path = opened
    course.use(language)
    for given in ([typed_wrong(notebook)] if language == "ko" else []) + [solved(notebook, path, language)]:
        page.paste({number: source for number, (source, _) in given.items()})
        page.run_all()

        def unsaid(given=given):
            shown = zip(given.values(), page.outputs(*given), strict=True)
            return [(source, text) for (source, message), text in shown if flat(message) not in flat(text)]

        assert page.faults() == 0
        assert given and eventually(lambda: not unsaid()), unsaid()
    assert page.hosts == {lab[0].removeprefix("http://")}
    assert not page.said
    page.take_picture(f"{path.stem}-{language}")


@pytest.mark.parametrize("size", SIZES)
def test_no_chart_or_table_is_cut_off(opened, size):
    page, _, _ = opened
    page.resize(*SIZES[size])
    cut = page.page.evaluate(CUT_OFF)
    page.resize(**LAPTOP)
    assert not cut


def test_the_closing_page_prints_on_one_sheet(browser, language, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    course.use(language)
    for exercise_id in ("00-fact", "01-value", "02-rate", "03-times", "04-few", "05-implied"):
        course.check(exercise_id, right_answer(judging.get(exercise_id)))
    asked = course.table("questions").query("number > 0").index
    course.keep(
        habit="x" * 100, **{question: [75, "C"] for question in asked}, **{"three-scenarios-2026": [50, 30, 20]}
    )
    words, size = {"ko": ("가나다 ", 4), "en": ("words ", 1)}[language]
    course.summary(
        **dict.fromkeys(SLOTS, words * (LENGTHS[language][0][1] // size // len(SLOTS)))
    )  # as long as allowed
    page = browser.new_page()
    page.goto((tmp_path / PAGE).as_uri())
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1
    assert not serious_faults(page, "body")
    page.close()


@pytest.mark.parametrize("opened", ["01-vocabulary"], indirect=True)
def test_flashcards_unfold_with_the_keyboard_alone(opened):
    page, notebook, _ = opened
    number = next(n for n, cell in enumerate(notebook.cells) if cell.source.startswith("course.cards("))
    card = page.cells.nth(number).locator(".jp-OutputArea-output details").first
    card.locator("summary").focus()
    assert not card.evaluate("card => card.open") and card.locator("summary").inner_text()
    page.page.keyboard.press("Enter")
    assert card.evaluate("card => card.open")
    page.page.keyboard.press("Tab")
    focused = page.page.evaluate("document.activeElement.tagName + document.activeElement.textContent")
    assert focused.startswith("SUMMARY") and card.locator("summary").inner_text() not in focused


def serious_faults(page, where=".jp-RenderedHTMLCommon", **options):
    """What axe finds of serious and critical faults in what the lesson draws (not in JupyterLab around it)."""
    found = Axe().run(page, context={"include": [[where]]}, options=options).response["violations"]
    return [(v["id"], v["nodes"][0]["html"][:500]) for v in found if v["impact"] in ("serious", "critical")]


def test_what_a_lesson_draws_has_no_serious_fault_of_access(opened):
    assert not serious_faults(opened[0].page)


def test_in_the_dark_there_is_no_serious_fault_of_access(opened):
    """Colours are all that is another there."""
    page = opened[0].page
    page.emulate_media(color_scheme="dark")
    page.locator('body[data-jp-theme-light="false"]').wait_for(state="attached")
    faults = serious_faults(page, runOnly={"type": "rule", "values": ["color-contrast", "link-in-text-block"]})
    page.emulate_media(color_scheme="light")
    page.locator('body[data-jp-theme-light="true"]').wait_for(state="attached")
    assert not faults


def test_what_was_answered_is_in_the_saved_file(opened):
    page, notebook, path = opened
    page.command(0, "docmanager:save")

    def missing():
        try:
            kept = nbformat.read(path, 4)
        except nbformat.reader.NotJSONError:  # in the middle of being written
            return ["all"]
        answers = [(id, kept.cells[number]) for id, number in exercises(notebook)]
        return [id for id, cell in answers if "= ..." in cell.source or "✓" not in str(cell.outputs)]

    assert eventually(lambda: not missing()), missing()


def test_opened_again_on_a_phone_all_is_there_and_nothing_is_cut_off(opened, phone, lab):
    """As one document alone, to which the lesson before leads."""
    _, notebook, path = opened
    way = phone.locator(f'{SHOWN} a[href*="{path.name}"]').last
    if way.count():
        way.click()
    else:
        phone.goto(f"{lab[0]}/doc/tree/{path.name}?reset")
    numbers = [number for _, number in exercises(notebook)]
    phone.wait_for_url(f"**/{path.name}*")
    assert eventually(lambda: all("✓" in text for text in phone.evaluate(OUTPUTS, numbers)))
    text = phone.locator(f"{SHOWN} .jp-MarkdownOutput p")
    assert text.nth(2).bounding_box()["width"] > 0.65 * PHONE
    assert not phone.evaluate(CUT_OFF)


def test_what_a_beginner_types_gets_a_verdict_or_a_line_of_help(opened, language):
    """One of each sign: test_typed has all. And below a cell that fails stands no verdict any more."""
    page, notebook, path = opened
    cells = dict(exercises(notebook))
    page.run(next(n for n, cell in enumerate(notebook.cells) if "course.use(" in cell.source))
    rows = [row for row in TYPED[language] if row[0] in cells]
    for id, typed, sign, says in {row[2]: row for row in rows}.values():
        page.paste({cells[id]: filled_in(notebook.cells[cells[id]].source, typed)})
        page.run(cells[id])
        shown = page.output_with(says, cells[id])
        failed = "Error: " in shown and not any(mark in shown for mark in "✓△×")
        assert says in shown and (failed if sign == "!" else shown.startswith(sign)), (id, typed, shown)
    page.take_picture(f"{path.stem}-{language}-typed")
