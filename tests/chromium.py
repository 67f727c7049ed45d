"""Chromium for tests: where it is, how it is started, and a font for it."""

import os
import shutil
from pathlib import Path

import pylopdf_fonts_ko

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MISSING = "no Chromium here, so nothing was tried in a browser"
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def environment(folder: Path) -> dict[str, str]:
    """This machine's, and the course's font beside the machine's: where there is none at all, Chromium ends itself."""
    fonts = folder / "fonts.conf"
    usual = os.environ.get("FONTCONFIG_FILE", "/etc/fonts/fonts.conf")
    course_font = f"<dir>{pylopdf_fonts_ko.sans_path().parent}</dir>"
    fonts.write_text(f'<fontconfig><include ignore_missing="yes">{usual}</include>{course_font}</fontconfig>')
    return os.environ | {"FONTCONFIG_FILE": str(fonts)}
