"""The lessons where learners meet them: JupyterLab in Chromium, every exercise answered through the page."""

import ast
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

import nbformat
import pylopdf_fonts_ko
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

import deepseek_course as course
from deepseek_class.source import ROOT
from deepseek_course.language import LANGUAGES
from deepseek_course.lesson.brief import LENGTHS, SLOTS
from deepseek_course.lesson.notes import FOLDER, PAGE
from deepseek_course.practice import judging
from samples import LESSONS, first_wrong, right_answer
from typed import TYPED, filled_in

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium here, so nothing was tried in a browser")
PICTURES = ROOT / "build" / "screenshots"  # for a person to look at
NAMES = [path.stem for path in LESSONS]
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
THEME = "@jupyterlab/apputils-extension/themes.jupyterlab-settings"
SIZES = {"laptop": (1366, 768), "at 200 percent": (683, 384), "narrow": (480, 800)}
PHONE = {"width": 390, "height": 844}

IDLE = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'
# Each code cell has its number: none is in the queue, and none was left out.
NOTHING_WAITS = """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputArea-prompt")].every(
    prompt => /\\d/.test(prompt.textContent))"""
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
    """A Chromium that has the course's font beside the machine's: where there is none at all, JupyterLab ends it."""
    fonts = tmp_path_factory.mktemp("fonts") / "fonts.conf"
    usual = os.environ.get("FONTCONFIG_FILE", "/etc/fonts/fonts.conf")
    course_font = f"<dir>{pylopdf_fonts_ko.sans_path().parent}</dir>"
    fonts.write_text(f'<fontconfig><include ignore_missing="yes">{usual}</include>{course_font}</fontconfig>')
    environment = os.environ | {"FONTCONFIG_FILE": str(fonts)}
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES, env=environment)
        yield running
        running.close()


class Page:
    """A lesson open in JupyterLab, and what the page said and asked for meanwhile."""

    def __init__(self, browser, address, lesson):
        self.page = browser.new_page(viewport={"width": 1366, "height": 768})
        self.said, self.hosts = [], set()
        self.page.on("console", lambda m: self.said.append(m.text) if m.type == "error" else None)
        self.page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))
        self.page.goto(f"{address}/lab?reset")
        self.page.locator(f'.jp-DirListing-item[title*="{lesson}.ipynb"]').dblclick()
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
        self.page.wait_for_function(KERNEL_IS_IDLE, arg=lesson, timeout=60_000)
        self.page.locator(".jp-Toolbar-kernelName", has_text="Python 3").wait_for(timeout=60_000)
        self.page.wait_for_selector(IDLE, timeout=60_000)
        self.cells = self.page.locator(".jp-Notebook .jp-Notebook-cell")

    def wait_until_idle(self):
        self.page.wait_for_selector(IDLE, timeout=60_000)
        self.page.wait_for_function(NOTHING_WAITS, timeout=120_000)

    def command(self, menu: int, name: str):
        self.page.locator(".lm-MenuBar-item").nth(menu).click()
        self.page.locator(f'.lm-Menu-item[data-command="{name}"]').click()

    def run_all(self):
        self.command(3, "runmenu:run-all")
        self.page.wait_for_timeout(1000)
        self.wait_until_idle()

    def type_into(self, number: int, source: str):
        self.cells.nth(number).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def take_picture(self, name: str):
        """The whole lesson, or nearly, in one picture."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.set_viewport_size({"width": 1366, "height": 12_000})
        self.page.locator(".jp-Notebook .jp-WindowedPanel-outer").first.evaluate("panel => panel.scrollTo(0, 0)")
        self.page.wait_for_timeout(1000)
        self.page.screenshot(path=PICTURES / f"{name}.png")
        self.page.set_viewport_size({"width": 1366, "height": 768})

    def output(self, number: int, scroll: bool = False) -> str:
        if scroll:  # what is far below is drawn when it comes into view
            self.cells.nth(number).scroll_into_view_if_needed()
            self.cells.nth(number).locator(".jp-OutputArea-output").first.wait_for(state="attached", timeout=10_000)
        return "\n".join(self.cells.nth(number).locator(".jp-OutputArea-output").all_text_contents())

    def faults(self) -> int:
        kinds = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
        return self.page.locator(kinds).count()


@pytest.fixture(scope="module", params=NAMES)
def opened(request, lab, browser):
    address, folder = lab
    page = Page(browser, address, request.param)
    yield page, nbformat.read(folder / f"{request.param}.ipynb", 4), folder / f"{request.param}.ipynb"
    page.page.close()


def exercises(notebook):
    """Each exercise's id and the number of its cell."""
    for number, cell in enumerate(notebook.cells):
        if cell.id.endswith("-answer"):
            yield cell.id.removesuffix("-answer"), number


def answered(source: str, answer) -> str:
    """The cell of an exercise with an answer typed in place of each `...`."""
    *lines, check = source.splitlines()
    given = ast.parse(check).body[0].value.args[1]
    names = [ast.unparse(e) for e in given.elts] if isinstance(given, ast.List) else [ast.unparse(given)]
    values = answer if len(names) > 1 else [answer]
    plain = [value.item() if hasattr(value, "item") else value for value in values]  # 14, not np.int64(14)
    typed = [f"{name} = {value!r}" for name, value in zip(names, plain, strict=True)]
    return "\n".join([*(line for line in lines if not re.match(r"\w+ = .*\.\.\.", line)), *typed, check])


def flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_a_lesson_that_was_just_opened_shows_no_output(opened):
    """Only a bar where each will be, as far as a learner who scrolls down comes."""
    page, notebook, _ = opened
    for cell in range(len(notebook.cells)):
        page.cells.nth(cell).scroll_into_view_if_needed()
    shown = page.page.locator(".jp-Notebook .jp-OutputArea-output").filter(visible=True)
    bars = page.page.locator(".jp-Notebook .jp-OutputPlaceholder")
    assert not shown.count() and bars.count() > 5
    assert {text.strip() for text in bars.all_inner_texts()} <= {"<div>", ""}


def test_every_exercise_answers_in_the_page(opened, lab, language):
    page, notebook, path = opened
    course.use(language)
    for choose in (first_wrong, right_answer) if language == "ko" else (right_answer,):  # a page says both alike
        told = {}
        for exercise_id, number in exercises(notebook):
            given = choose(judging.get(exercise_id))
            page.type_into(number, answered(notebook.cells[number].source, given))
            told[number] = str(course.check(exercise_id, given).message)
        page.run_all()
        assert page.faults() == 0
        for _ in range(20):  # the last outputs reach the page after the kernel is idle
            missing = [number for number, message in told.items() if flat(message) not in flat(page.output(number))]
            if not missing:
                break
            page.page.wait_for_timeout(500)
        assert not missing, [(notebook.cells[number].id, page.output(number)) for number in missing]
    assert page.hosts == {lab[0].removeprefix("http://")}
    assert not page.said
    page.take_picture(f"{path.stem}-{language}")


@pytest.mark.parametrize("opened", ["02-numbers"], indirect=True)
def test_a_cell_that_fails_leaves_no_verdict_on_an_older_answer(opened, language):
    """What is answered is typed into one cell, which is run once."""
    page, notebook, _ = opened
    course.use(language)
    number = dict(exercises(notebook))["02-rate"]
    right = right_answer(judging.get("02-rate"))
    for typed, shown in ((repr(right), "✓"), ("1443 +", "SyntaxError"), (repr(right), "✓")):
        page.type_into(number, answered(notebook.cells[number].source, ...).replace("Ellipsis", typed))
        page.page.keyboard.press("Shift+Enter")
        page.cells.nth(number).locator(".jp-OutputArea-output", has_text=shown).wait_for(timeout=30_000)
        page.wait_until_idle()
        assert ("✓" in page.output(number)) == (shown == "✓")


@pytest.mark.parametrize("size", SIZES)
def test_no_chart_or_table_is_cut_off(opened, size):
    page, _, _ = opened
    width, height = SIZES[size]
    page.page.set_viewport_size({"width": width, "height": height})
    page.page.wait_for_timeout(500)
    cut = page.page.evaluate(CUT_OFF)
    page.page.set_viewport_size({"width": 1366, "height": 768})
    assert not cut


@pytest.mark.parametrize("opened", ["00-start", "02-numbers"], indirect=True)
def test_on_a_phone_the_text_has_the_width_and_nothing_is_cut_off(opened, lab, browser):
    _, _, path = opened
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{lab[0]}/doc/tree/{path.name}?reset")  # one document alone
    text = page.locator(".jp-Notebook .jp-MarkdownOutput p")
    text.first.wait_for(timeout=60_000)
    page.locator(".jp-Notebook .task").first.wait_for(timeout=60_000)
    assert text.nth(2).bounding_box()["width"] > 0.65 * PHONE["width"]
    assert not page.evaluate(CUT_OFF)
    page.close()


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


def serious_faults(page, where=".jp-RenderedHTMLCommon"):
    """What axe finds of serious and critical faults in what the lesson draws (not in JupyterLab around it)."""
    found = Axe().run(page, context={"include": [[where]]}).response["violations"]
    return [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]


def test_what_a_lesson_draws_has_no_serious_fault_of_access(opened):
    assert not serious_faults(opened[0].page)


def test_in_the_dark_there_is_no_serious_fault_of_access(opened):
    page = opened[0].page
    page.emulate_media(color_scheme="dark")
    page.locator('body[data-jp-theme-light="false"]').wait_for(state="attached")
    faults = serious_faults(page)
    page.emulate_media(color_scheme="light")
    page.locator('body[data-jp-theme-light="true"]').wait_for(state="attached")
    assert not faults


def test_what_was_answered_is_in_the_saved_file(opened):
    page, notebook, path = opened
    page.page.keyboard.press("Escape")
    page.command(0, "docmanager:save")
    page.page.wait_for_timeout(1500)
    kept = nbformat.read(path, 4)
    for exercise_id, number in exercises(notebook):
        assert "= ..." not in kept.cells[number].source, exercise_id
        assert "✓" in str(kept.cells[number].outputs), exercise_id


@pytest.mark.parametrize("opened", ["02-numbers"], indirect=True)
def test_opened_again_all_is_there(opened, lab, browser):
    _, notebook, path = opened
    again = Page(browser, lab[0], path.stem)
    for exercise_id, number in exercises(notebook):
        assert "✓" in again.output(number, scroll=True), exercise_id
    again.page.close()


@pytest.mark.parametrize("opened", ["02-numbers"], indirect=True)
def test_what_a_beginner_types_gets_a_verdict_or_a_line_of_help(opened, language):
    page, notebook, path = opened
    cells = dict(exercises(notebook))
    use = next(n for n, cell in enumerate(notebook.cells) if "course.use(" in cell.source)
    page.cells.nth(use).locator(".cm-content").click()
    page.page.keyboard.press("Shift+Enter")
    for exercise_id, typed, sign, says in TYPED[language]:
        if exercise_id in cells:
            number = cells[exercise_id]
            page.type_into(number, filled_in(notebook.cells[number].source, typed))
            page.page.keyboard.press("Shift+Enter")
            page.cells.nth(number).locator(".jp-OutputArea-output", has_text=says).wait_for(timeout=30_000)
            page.page.wait_for_selector(IDLE, timeout=30_000)
            shown = page.output(number).strip()
            failed = "Error: " in shown and not any(mark in shown for mark in "✓△")
            assert failed if sign == "!" else shown.startswith(sign), (exercise_id, typed, shown)
    page.take_picture(f"{path.stem}-{language}-typed")
