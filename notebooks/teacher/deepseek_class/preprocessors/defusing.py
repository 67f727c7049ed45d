"""Takes scripts and far pictures out of what learners wrote or printed: it is shown in a marker's browser."""

import html
import re

import bleach
from bleach import ALLOWED_TAGS
from bleach.css_sanitizer import CSSSanitizer
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode

from .cells import CODE, NO_MATHS, OWN, about, is_a_learners, is_check, said

LONGEST_TEXT = 20_000  # characters of a written answer that are shown
LONGEST_HTML, ALL_HTML, DEEPEST = 100_000, 500_000, 100  # characters of a text, of all; elements within each other
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}  # have no end
STYLES = ["background-color", "border-left", "color", "font-style", "font-weight", "max-width", "padding", "text-align"]


class Defuse(SanitizeHTML):
    """Takes scripts and far pictures out of what learners wrote or printed: it is shown in a marker's browser.

    In a question of the teacher's own all prose is cleaned: nothing tells there whose it is.
    """

    enabled = True
    own = ""  # what stands over a learner's own cells
    ours = True
    room = ALL_HTML  # characters that may still be cleaned
    safe_output_keys = frozenset({"text/plain", "image/png", "image/jpeg"})
    sanitized_output_types = frozenset({"text/html"})
    tags = ALLOWED_TAGS | {
        *("br", "div", "hr", "img", "p", "pre", "s", "small", "span", "sub", "sup", "u"),
        *("caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
        *("details", "figcaption", "figure", "summary", "h1", "h2", "h3", "h4", "h5", "h6"),
    }

    def preprocess(self, nb, resources):
        self.ours, self.own = bool(about(nb)), said(nb, "page_own")
        nb.metadata.pop("widgets", None)
        self.room = ALL_HTML
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, index):
        if cell.cell_type == CODE and not is_check(cell):  # Judge made a check's outputs
            cell.outputs = self.sanitize_code_outputs(cell.outputs)
        elif cell.cell_type != CODE and (is_a_learners(cell) or not self.ours):
            self.room -= len(cell.source)
            cell.source = as_block(self.sanitize_html_tags(rendered(cell) if self.room > 0 else as_written(cell)))
            if cell.id.startswith(OWN):  # whatever it looks like, it is no bar of nbgrader's
                cell.source = f"<div class='own'><small>{self.own}</small>{cell.source}</div>"
            cell.pop("attachments", None)  # they are in the text now
        return cell, resources

    def sanitize_html_tags(self, html_str):
        text = without_styles("".join(html_str))
        safe = bleach.clean(
            text,
            tags=self.tags,
            attributes=may_stand,
            protocols=["data", "http", "https"],
            css_sanitizer=CSSSanitizer(allowed_css_properties=STYLES),
        )
        return f"<div {NO_MATHS}>{safe}</div>"


def without_styles(page: str) -> str:
    """HTML without its style sheets, whose text would else be shown."""
    first, *others = re.split(r"<style\b", page, flags=re.IGNORECASE)
    ends = (re.split(r"</style\s*>", part, maxsplit=1, flags=re.IGNORECASE) for part in others)
    return first + "".join(end[-1] for end in ends)


def without_pictures(page: str) -> str:
    """HTML without the pictures within it: they are long and cost little."""
    return re.sub(r"data:image/[^\"'<>\s]*", "", page)


def is_costly(page: str) -> bool:
    """Whether HTML would take long to clean: the time grows with the square of how deep elements lie in each other."""
    page = without_pictures(page)
    if len(page) > LONGEST_HTML:
        return True
    around = []
    for end, name in re.findall(r"<(/?)([a-z][^\s/>]*)", page.lower()):
        if not end and name not in VOID:
            around.append(name)
        elif around and name == around[-1]:
            around.pop()
        if len(around) > DEEPEST:
            return True
    return False


def rendered(cell: NotebookNode) -> str:
    """A learner's Markdown as HTML, its pictures within: only HTML can be made safe."""
    if len(cell.source) > LONGEST_TEXT:
        return as_written(cell)
    renderer = IPythonRenderer(escape=False, attachments=cell.get("attachments", {}))
    try:
        page = MarkdownWithMath(renderer=renderer).render(cell.source)
    except Exception:  # such as a picture that is not there
        return as_written(cell)
    return as_written(cell) if is_costly(page) else page


def as_written(cell: NotebookNode) -> str:
    """A learner's text as it was typed, if need be its beginning."""
    cut = " …" if len(cell.source) > LONGEST_TEXT else ""
    return f"<pre>{html.escape(cell.source[:LONGEST_TEXT])}{cut}</pre>"


def as_block(page: str) -> str:
    """HTML without a blank line, after which Markdown would be read again."""
    return re.sub(r"[\r\n]\s*[\r\n]|\r", "\n", page)


def may_stand(tag: str, name: str, value: str) -> bool:
    """Whether an HTML attribute may stay: pictures only from within the notebook, links only to the web."""
    if name == "src":
        return tag == "img" and re.match(r"data:image/(png|jpeg|gif);base64,", value) is not None
    if name == "href":
        return tag == "a" and value.startswith(("http://", "https://"))
    return name in {"alt", "border", "colspan", "open", "rowspan", "style", "title", "width"}
