"""The course's font inside a page: what is handed out looks the same on a machine that has no Korean font, or none."""

import base64
import html
import io
import string

import pylopdf_fonts_ko
from fontTools import subset

FAMILY = "Course Korean"
ALWAYS = string.printable + "•◦▪"  # what a browser writes before the items of a list


def font_face(text: str) -> str:
    """A CSS rule @font-face with the font as far as a text needs it, about 0.1 MB; its family is FAMILY.

    Args:
        text: what is to be shown; a whole HTML document will do.
    """
    data = base64.b64encode(cut(text)).decode()
    return f'@font-face {{ font-family: "{FAMILY}"; src: url("data:font/woff;base64,{data}"); }}'


def cut(text: str, flavor: str | None = "woff") -> bytes:
    """Noto Sans KR as far as a text needs it: a WOFF file for a page, or with None an OpenType file."""
    options = subset.Options(flavor=flavor, layout_features=["*"])
    font = subset.load_font(str(pylopdf_fonts_ko.sans_path()), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=html.unescape(text) + ALWAYS)
    subsetter.subset(font)
    file = io.BytesIO()
    subset.save_font(font, file, options)
    return file.getvalue()
