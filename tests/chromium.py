"""Chromium for tests: where it is, how it is started, a font for it, and a notebook that is open in it."""

import os
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

import pylopdf_fonts_ko
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MISSING = "no Chromium here, so nothing was tried in a browser"
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

IDLE = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
CELLS = f'document.querySelectorAll("{SHOWN} .jp-Notebook-cell")'
# The number beside each code cell, "*" while it waits or runs.
COUNTS = f"""() => [...{CELLS}].map(cell => cell.querySelector(".jp-InputArea-prompt")?.textContent.trim())"""
# What is below cells, by their numbers.
OUTPUTS = f"""numbers => {{
    const cells = {CELLS};
    const outputs = number => [...cells[number]?.querySelectorAll(".jp-OutputArea-output") ?? []];
    return numbers.map(number => outputs(number).map(output => output.textContent).join("\\n"));
}}"""
# What a learner does with Ctrl + A and Ctrl + V, in many cells at once: a click in each takes a quarter of a second.
PASTE = f"""texts => {{
    for (const [number, text] of texts) {{
        const place = {CELLS}[number].querySelector(".cm-content");
        const keys = {{key: "a", code: "KeyA", keyCode: 65, ctrlKey: true, bubbles: true, cancelable: true}};
        place.dispatchEvent(new KeyboardEvent("keydown", keys));
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", text);
        place.dispatchEvent(new ClipboardEvent("paste", {{clipboardData, bubbles: true, cancelable: true}}));
    }}
}}"""


def eventually(holds, seconds: float = 120):
    """What `holds` returns once that is true, or at the end: the last of an output comes after the kernel is idle."""
    end = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def environment(folder: Path) -> dict[str, str]:
    """This machine's, and the course's font beside the machine's: where there is none at all, Chromium ends itself."""
    fonts = folder / "fonts.conf"
    usual = os.environ.get("FONTCONFIG_FILE", "/etc/fonts/fonts.conf")
    course_font = f"<dir>{pylopdf_fonts_ko.sans_path().parent}</dir>"
    fonts.write_text(f'<fontconfig><include ignore_missing="yes">{usual}</include>{course_font}</fontconfig>')
    return os.environ | {"FONTCONFIG_FILE": str(fonts)}


@contextmanager
def started(folder: Path):
    """Chromium, meanwhile; the folder is for its fonts."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES, env=environment(folder))
        yield running
        running.close()
