"""What nbgrader does not do when it marks this course, in preprocessors of our own.

Restore puts the teacher's cells back, Judge judges the answers outside the kernel, Defuse takes the scripts out of what
learners wrote. opening.py reads what was handed in before them, Run in running.py stands between Restore and Judge, and
nbgrader_config.py puts them all in their places.
"""

import ast
import html
import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import bleach
import nbformat
from bleach import ALLOWED_TAGS
from bleach.css_sanitizer import CSSSanitizer
from IPython.core.inputtransformer2 import TransformerManager
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor
from nbgrader.utils import compute_checksum, is_grade, is_solution

import build
import deepseek_course as course
import messages
from build import STUB
from deepseek_course import judging, language
from deepseek_course.answers import MIME, is_plain
from deepseek_course.feedback import Feedback, escaped
from messages import shortened
from opening import HASH

LONGEST_REASON = 200  # characters of an error in the table of results
LONGEST_TEXT = 20_000  # characters of a written answer that are shown
LONGEST_HTML, ALL_HTML, DEEPEST = 100_000, 500_000, 100  # characters of a text, of all; elements within each other
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}  # have no end
CODE, MARKDOWN = "code", "markdown"
NO_MATHS = 'class="tex2jax_ignore mathjax_ignore"'  # MathJax would obey commands in what a learner wrote
OWN = "own-"  # begins the ids of a learner's own cells
STYLE = (  # nbgrader's pages hide the triangle of what is folded
    "summary { display: list-item; cursor: pointer }"
    " .glance :is(td, th) { padding: 2px 12px 2px 0; vertical-align: top }"
    " .glance .points { white-space: nowrap } .own { border: 1px dashed #999; padding: 0.4em 0.6em }"
)
STYLES = ["background-color", "border-left", "color", "font-style", "font-weight", "max-width", "padding", "text-align"]


def about(notebook: NotebookNode) -> dict:
    """The course's own metadata of a notebook; empty for one that is not of this course."""
    found = notebook.metadata.get("deepseek_course")
    return found if isinstance(found, dict) else {}


def is_check(cell: NotebookNode) -> bool:
    """Whether a cell is one of nbgrader's tests, not an answer."""
    return cell.cell_type == CODE and is_grade(cell) and not is_solution(cell)


def say(key: str, *values: object) -> str:
    return messages.say(key, *values, language=language.current())


def note(notebook: NotebookNode, key: str, *values: object):
    notes = notebook.metadata.deepseek_course.setdefault("notes", [])
    notes.append(say(key, *values))


class ClearForLanguage(ClearSolutions):
    """nbgrader's ClearSolutions; a written task's stub is in the notebook's language."""

    def preprocess(self, nb, resources):
        self.text_stub = STUB.get(about(nb).get("language"), self.text_stub)
        return super().preprocess(nb, resources)


class Restore(NbGraderPreprocessor):
    """Starts from the teacher's notebook and takes from the submission what a learner writes.

    Cells that were deleted, edited, moved, doubled or retyped and metadata that was lost then all mend themselves. A
    cell of the teacher's that a learner changed comes after the original; a learner's own cells stay in their places.
    """

    def preprocess(self, nb, resources):
        info = resources["nbgrader"]
        name = Path(info["assignment"], info["notebook"] + ".ipynb")
        source, release = (nbformat.read(Path(folder, name), as_version=4) for folder in ("source", "release"))
        if not about(source):  # a question of the teacher's own, marked as nbgrader does
            drop_odd_metadata(nb)
            return nb, resources
        language.choose(about(source)["language"])
        for cell in nb.cells:
            cell.source = cell.source.encode("utf-8", "replace").decode()  # half a surrogate cannot be written
        if self.tell_origin(source, nb) == "other":
            nb.cells = []
        known = identify(nb.cells, release.cells)
        self.tell_changes(source, release, nb.cells, known)
        same = all(about(nb).get(key) == about(source)[key] for key in ("lesson", "language", "version"))
        source.cells = self.merge(source.cells, release.cells, nb.cells, known, same)
        source.metadata[HASH] = nb.metadata.get(HASH)
        return source, resources

    def tell_origin(self, source, nb) -> str | None:
        """Another lesson, another language, an earlier version, or no notebook at all."""
        wanted, found = about(source), about(nb)
        wanted["current"] = wanted["version"]
        wanted["version"] = word(found.get("version", ""))
        if "unreadable" in nb.metadata:
            note(source, "unreadable")
        elif "salvaged" in nb.metadata:
            note(source, "salvaged")
        if "cut" in nb.metadata:
            note(source, "cut")
        names = [f"{word(each.get('lesson'))}-{word(each.get('language'))}" for each in (found, wanted)]
        if found and found.get("lesson") != wanted["lesson"]:
            note(source, "other", *names)
        elif found and found.get("language") != wanted["language"]:
            note(source, "twin", names[0])
        if wanted["version"] and wanted["version"] != wanted["current"]:
            note(source, "stale", wanted["version"], wanted["current"])
        return "other" if found and found.get("lesson") != wanted["lesson"] else None

    def tell_changes(self, source, release, cells, known):
        """Which of nbgrader's cells are missing, changed, doubled or of another kind."""
        if not any(known):
            return
        found = defaultdict(list)
        for cell, cell_id in zip(cells, known, strict=True):
            found[cell_id].append(cell)
        told = defaultdict(list)
        for cell in release.cells:
            if "nbgrader" in cell.metadata:
                mine, name = found[cell.id], cell.metadata.nbgrader.grade_id.removesuffix("-answer")
                if not mine:
                    told["missing"].append(name)
                elif any(other.cell_type != cell.cell_type for other in mine):
                    told["retyped"].append(name)
                elif len(mine) > 1:
                    told["doubled"].append(name)
                elif not is_solution(cell) and mine[0].source.strip() != cell.source.strip():
                    told["changed"].append(name)
        for key, names in told.items():
            note(source, key, shortened(list(dict.fromkeys(names))))

    def merge(self, sources, releases, cells, known, same):
        """The teacher's cells with a learner's answers in them, and a learner's own cells where they stood.

        Prose that differs was changed by the learner only where both are the same edition.
        """
        stubs = {cell.id: cell.source for cell in releases}
        texts, pictures, own, last = defaultdict(list), {}, defaultdict(list), None
        for n, (cell, cell_id) in enumerate(zip(cells, known, strict=True)):
            last = cell_id or last
            if cell_id:
                texts[cell_id].append(cell.source)
                pictures[cell_id] = cell.get("attachments")
            elif cell.source.strip():
                own[last].append(as_own(cell, f"{OWN}{n}"))
        merged = own[None]
        for cell in sources:
            written = [text for text in texts[cell.id] if text.strip() != stubs[cell.id].strip()]
            model = []
            if is_solution(cell):
                if is_grade(cell):
                    model = [new_markdown_cell(as_model(cell), id=f"model-{cell.id}")]
                cell.source = "\n".join(written) or stubs[cell.id]
                if cell.cell_type == MARKDOWN and pictures.get(cell.id):
                    cell.attachments = pictures[cell.id]
            elif cell.cell_type == CODE and not is_check(cell) and written:
                own[cell.id].insert(0, new_code_cell("\n".join(written), id=f"{OWN}{cell.id}"))
            elif cell.cell_type == MARKDOWN and same and written:
                own[cell.id].insert(0, new_markdown_cell("\n".join(written), id=f"{OWN}{cell.id}"))
            merged += [cell, *model, *own[cell.id]]
        return merged


def drop_odd_metadata(nb: NotebookNode):
    """Takes out what nbgrader would refuse the whole notebook for: such a cell is then one of the learner's own."""
    for cell in nb.cells:
        try:
            MetadataValidator().validate_cell(cell)
        except Exception:  # of an older or a newer scheme, or of none
            cell.metadata.pop("nbgrader", None)


def word(value: object) -> str:
    """What a submission says of itself, with nothing in it that Markdown or HTML would obey."""
    return re.sub(r"[^\w.]", "", str(value))[:20]


def as_own(cell: NotebookNode, cell_id: str) -> NotebookNode:
    """A cell of the learner's own, with nothing but what was written, and pasted pictures."""
    if cell.cell_type == CODE:
        return new_code_cell(cell.source, id=cell_id)
    made = new_markdown_cell(cell.source, id=cell_id)
    if cell.get("attachments"):
        made.attachments = cell.attachments
    return made


def as_model(cell: NotebookNode) -> str:
    """A hand-marked task's model answer; the marker sees it in formgrader below what was written."""
    text = f"```python\n{cell.source}\n```" if cell.cell_type == CODE else cell.source
    return f"**{say('model')}**\n\n{text}"


def identify(cells: list, release: list) -> list[str | None]:
    """Which of the release's cells each submitted one is: by its id, nbgrader's id, its text, or the cell before it."""
    ids = {cell.id for cell in release}
    by_grade_id = {cell.metadata.nbgrader.grade_id: cell.id for cell in release if "nbgrader" in cell.metadata}
    by_text = {cell.source.strip(): cell.id for cell in release}
    known = []
    for cell in cells:
        said = cell.metadata.get("nbgrader")
        grade_id = str(said.get("grade_id")) if isinstance(said, dict) else None
        known.append(
            cell.get("id") if cell.get("id") in ids else by_grade_id.get(grade_id) or by_text.get(cell.source.strip())
        )
    follows = dict(pairwise(cell.id for cell in release))
    found = set(known)
    for n in range(1, len(cells)):
        after = follows.get(known[n - 1])
        if known[n] is None and after and after not in found:
            known[n] = after
            found.add(after)
    return known


class Judge(NbGraderPreprocessor):
    """Scores each check cell from the plain data that its hidden line yielded, with the function of `course.check`.

    At the top of the notebook it tells what was noticed and how each exercise went.
    """

    def preprocess(self, nb, resources):
        if not about(nb):
            return nb, resources
        language.choose(about(nb)["language"])
        found = {cell.metadata.nbgrader.grade_id: cell for cell in nb.cells if "nbgrader" in cell.metadata}
        ours = [name for name, cell in found.items() if is_check(cell) and name in judging.load()]
        checks = [(found[name], found.get(f"{name}-answer")) for name in ours]
        feedback = [judged(cell, answer) for cell, answer in checks]
        about(nb)["remarks"] = remarks(nb.cells, checks, feedback)
        return with_summary(nb), resources


def judged(cell: NotebookNode, answer: NotebookNode | None = None) -> Feedback | None:
    """Judges a check cell and writes its outputs: the points as nbgrader reads them, the feedback, the answer itself.

    Args:
        answer: the answer cell above it, which may tell why no answer came out.

    Returns:
        The feedback, or None where no answer came out.

    Raises:
        ValueError: the exercise's key has a mistake.
    """
    exercise, points = cell.metadata.nbgrader.grade_id, cell.metadata.nbgrader.points
    found = [o.data[MIME] for o in cell.outputs if o.output_type == "execute_result" and MIME in o.data]
    data = found[-1] if found and is_plain(found[-1]) else None
    feedback = verdict(exercise, data) if data else None
    none = Feedback(False, False, 0, why_none(cell, answer))
    score = (feedback or none).score * points
    shown = feedback._repr_html_() if feedback else f"<p>{escaped(none.message)}</p>"
    outputs = {"text/plain": str(score), "text/html": f"<div {NO_MATHS}>{shown}</div>", MIME: data}
    errors = [output for output in cell.outputs if output.output_type == "error"]
    cell.outputs = [new_output("execute_result", outputs, execution_count=1), *errors]
    cell.source = cell.source.split("\n\n### BEGIN HIDDEN")[0]  # it has done its work
    cell.metadata["deepseek_course"] = {
        "title": judging.get(exercise)["title"][language.current()],
        "mark": feedback._mark() if feedback else "▼",
        "message": (feedback or none).message,
        "score": score,
    }
    return feedback


def verdict(exercise: str, data: dict) -> Feedback:
    """The feedback on an answer.

    Raises:
        ValueError: the exercise's key has a mistake; the message is for the teacher.
    """
    try:
        return course.judge(exercise, data)
    except Exception as error:  # whatever may be wrong in the exercise's expressions
        raise ValueError(messages.say("key", exercise, f"{type(error).__name__}: {error}")) from None


def why_none(cell: NotebookNode, answer: NotebookNode | None) -> str:
    """Why no answer came out of a check cell: the error that its answer cell or it itself ended with."""
    outputs = [*(answer.outputs if answer else []), *cell.outputs]
    errors = [output for output in outputs if output.output_type == "error"]
    if not errors:
        return say("none")
    error = errors[0]
    if error.ename == "SyntaxError":
        return say("none_syntax", error.evalue.partition(" (")[0][:LONGEST_REASON])
    return say("none_error", f"{error.ename}: {error.evalue}"[:LONGEST_REASON])


def remarks(cells: list, checks: list[tuple], feedback: list[Feedback | None]) -> list[str]:
    """What a teacher may want to look at: answers that do not stand in their answer cells."""
    elsewhere, beside = [], []
    places = {cell.id: n for n, cell in enumerate(cells)}
    for (check, answer), said in zip(checks, feedback, strict=True):
        name = check.metadata.nbgrader.grade_id
        if said and said.passed:
            if not answer or is_untouched(answer) or not assigned(answer.source) & checked(check.source):
                elsewhere.append(name)
        elif answer and not (said and said.attempted):
            around = [places[cell.id] + step for cell in (answer, check) for step in (-1, 1)]
            if any(cells[at].id.startswith(OWN) for at in around if at < len(cells)):
                beside.append(name)
    found = {"elsewhere": elsewhere, "beside": beside}
    return [say(key, shortened(names)) for key, names in found.items() if names]


def checked(source: str) -> set[str]:
    """The variables that a check cell hands to its check."""
    calls = [node for node in parsed(source) if build.is_check(node)]
    return {node.id for call in calls for node in ast.walk(call.args[1]) if isinstance(node, ast.Name)}


def assigned(source: str) -> set[str]:
    """The variables to which a cell assigns something other than `...`."""
    nodes = parsed(source)
    blanks = [node for node in nodes if isinstance(node, ast.Assign) and is_blank(node.value)]
    blank = {id(target) for node in blanks for target in node.targets}
    stored = [node for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return {node.id for node in stored if id(node) not in blank}


def is_blank(value: ast.AST) -> bool:
    """Whether there is nothing but dots in what is assigned: `...` or `[..., ...]`."""
    return set(re.sub(r"[\[\](), ]", "", ast.unparse(value))) == {"."}


def parsed(source: str) -> list[ast.AST]:
    """The nodes of a cell's code; none where it is no Python, or more than an answer is long."""
    if len(source) > LONGEST_TEXT:
        return []
    try:
        return list(ast.walk(ast.parse(TransformerManager().transform_cell(source))))
    except Exception:  # a learner's source may be anything
        return []


def with_summary(nb: NotebookNode) -> NotebookNode:
    """The notebook with what was noticed and a table of the results on top, in place of an earlier one."""
    cells = [cell for cell in nb.cells if cell.id != "summary"]
    nb.cells = [new_markdown_cell(summary(about(nb), filter(is_grade, cells)), id="summary"), *cells]
    return nb


def noticed(about_it: dict) -> list[str]:
    """All that was noticed while a notebook was marked."""
    return [*about_it.get("notes", []), *about_it.get("remarks", [])]


def summary(about_it: dict, cells: Iterable[NotebookNode]) -> str:
    """What was noticed, and a row for each cell with points: one block of HTML, so that no Markdown is read."""
    notes = "".join(f"<li>{html.escape(line)}</li>" for line in noticed(about_it))
    told = f"<h3>{say('title')}</h3><ul>{notes}</ul>" if notes else ""
    head = "".join(
        f"<th>{say(key)}</th>" for key in ("column_exercise", "column_result", "column_points", "column_said")
    )
    rows = "".join(map(row_of, cells))
    table = f"<h3>{say('glance')}</h3><table class='glance'><tr>{head}</tr>{rows}</table>"
    return f"<div {NO_MATHS}><style>{STYLE}</style>{told}{table}</div>"


def row_of(cell: NotebookNode) -> str:
    """A row of the table of results. The gradebook's points, where they are known, win over what was judged."""
    grading, said = cell.metadata.nbgrader, cell.metadata.get("deepseek_course", {})
    title = said.get("title") or (say("written", grading.grade_id) if is_solution(cell) else grading.grade_id)
    score = grading.get("score", said.get("score"))
    if not grading.points:
        points = "–"  # done at will
    elif score is None or grading.get("waiting"):
        points = say("page_waiting")
    else:
        points = f"{score:g} / {grading.points:g}"
    return (
        f"<tr><td><a href='#{grading.grade_id}'>{html.escape(title)}</a></td><td>{said.get('mark', '')}</td>"
        f"<td class='points'>{points}</td><td>{escaped(said.get('message', ''))}</td></tr>"
    )


class Defuse(SanitizeHTML):
    """Takes scripts and far pictures out of what learners wrote or printed: it is shown in a marker's browser.

    In a question of the teacher's own all prose is cleaned: nothing tells there whose it is.
    """

    enabled = True
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
        self.ours = bool(about(nb))
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
                cell.source = f"<div class='own'><small>{say('page_own')}</small>{cell.source}</div>"
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
    return re.sub(r"data:image/[^\"']*", "", page)


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


def is_a_learners(cell: NotebookNode) -> bool:
    """Whether a learner wrote this text; the unchanged stub of a task is the teacher's, as is all other prose."""
    if is_solution(cell):
        return not is_untouched(cell)
    return cell.id.startswith(OWN)


def is_untouched(cell: NotebookNode) -> bool:
    """Whether an answer cell is as it was handed out."""
    return cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)


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
