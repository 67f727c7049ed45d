"""What nbgrader does not do when it marks this course: four preprocessors and a reader of damaged notebooks.

Restore puts the teacher's cells back, Run keeps what ran before a kernel ended, Judge judges the answers outside the
kernel, Defuse takes the scripts out of what learners wrote. nbgrader_config.py puts them in their places.
"""

import ast
import html
import json
import os
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from time import monotonic

import bleach
import nbformat
import zmq
from bleach import ALLOWED_TAGS
from bleach.css_sanitizer import CSSSanitizer
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_client import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from nbconvert import NotebookExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbformat.validator import isvalid
from nbgrader.preprocessors import ClearSolutions, Execute, NbGraderPreprocessor
from nbgrader.utils import compute_checksum, is_grade, is_solution
from traitlets import Integer
from traitlets.config import Config

import build
import deepseek_course as course
import messages
from build import STUB
from deepseek_course import judging, language
from deepseek_course.answers import MIME, is_plain
from deepseek_course.feedback import Feedback, escaped
from messages import shortened

LONGEST_LINE = 2_000  # characters of a line that an error prints
LONGEST_REASON = 200  # characters of an error in the table of results
LONGEST_TEXT = 20_000  # characters of a written answer that are shown
LARGEST_MESSAGE = 20_000_000  # bytes that a kernel may send at once
CODE, MARKDOWN = "code", "markdown"
ISOLATED = "isolated"  # the kernel spec beside this file
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


class SubmissionReader(NotebookExporter):
    """Reads any file that was handed in: what cannot be read is an empty notebook that says why."""

    def from_file(self, file_stream, resources=None, **kwargs):
        text = ""
        try:
            text = file_stream.read()
            notebook = nbformat.reads(text, as_version=4)
            nbformat.validate(notebook)
        except Exception:  # whatever may be wrong with somebody's file
            notebook = salvage(text) or new_notebook(metadata={"unreadable": True})
        return self.from_notebook_node(notebook, resources, **kwargs)


def salvage(text: str) -> NotebookNode | None:
    """The cells that can still be made out in a notebook's JSON, or None."""
    try:
        found = json.loads(text)
        cells = [
            new_code_cell(text_of(cell)) if cell.get("cell_type") == CODE else new_markdown_cell(text_of(cell))
            for cell in found["cells"]
        ]
        for made, cell in zip(cells, found["cells"], strict=True):
            if isinstance(cell.get("id"), str) and re.fullmatch(r"[\w-]{1,64}", cell["id"]):
                made.id = cell["id"]
        metadata = {"salvaged": True, "deepseek_course": about(NotebookNode(metadata=found.get("metadata") or {}))}
    except Exception:
        return None
    return nbformat.from_dict(new_notebook(cells=cells, metadata=metadata))


def text_of(cell: dict) -> str:
    return "".join(cell["source"])


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
        if not about(source):
            return nb, resources  # a question of the teacher's own, marked as nbgrader does
        language.choose(about(source)["language"])
        for cell in nb.cells:
            cell.source = cell.source.encode("utf-8", "replace").decode()  # half a surrogate cannot be written
        if self.tell_origin(source, nb) == "other":
            nb.cells = []
        known = identify(nb.cells, release.cells)
        self.tell_changes(source, release, nb.cells, known)
        same = all(about(nb).get(key) == about(source)[key] for key in ("lesson", "language", "version"))
        source.cells = self.merge(source.cells, release.cells, nb.cells, known, same)
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


class KernelManager(AsyncKernelManager):
    """Breaks a connection that brings more at once than a marker should have to hold."""

    def _context_default(self):
        context = super()._context_default()
        context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        return context


class Overtime(Exception):
    """The time for a submission is used up."""


class Run(Execute):
    """nbgrader's Execute, in a kernel whose sockets are files of its own; what ran before a kernel ended counts."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, kernel_manager_class=KernelManager, **kwargs)

    seconds = Integer(120, help="for all cells of a submission together").tag(config=True)
    output_limit = Integer(1_000_000, help="characters of output that are kept of a cell").tag(config=True)

    def preprocess(self, nb, resources, *args, **kwargs):
        self.end, self.at, self.length = monotonic() + self.seconds, None, defaultdict(int)
        if about(nb):
            language.choose(about(nb)["language"])
        folder = tempfile.mkdtemp(prefix="kernel-")
        if self.kernel_name == ISOLATED:
            self.update_config(Config(KernelManager={"transport": "ipc", "ip": os.path.join(folder, "socket")}))
        try:
            nb, resources = super().preprocess(nb, resources, *args, **kwargs)
        except Overtime:
            self.tell(nb, "overtime", place(nb, self.at), self.seconds)
        except Exception as error:  # the kernel is the learner's: it may end, be deaf, or answer anything
            if self.at is None:
                raise  # but it never began: that is ours
            self.tell(nb, "ended" if isinstance(error, DeadKernelError) else "lost", place(nb, self.at))
        finally:
            with suppress(RecursionError):  # a learner's thousand folders in each other
                shutil.rmtree(folder, ignore_errors=True)
        for cell in nb.cells:
            if cell.cell_type == CODE:
                make_valid(cell)
        if about(nb):
            stop_where_the_course_is_missing(nb)
        return nb, resources

    def preprocess_cell(self, cell, resources, index):
        if monotonic() > self.end:
            raise Overtime
        if cell.cell_type == CODE:
            self.at = index
        return super().preprocess_cell(cell, resources, index)

    def process_message(self, msg, cell, cell_index):
        """Drops what goes beyond the limit before it is kept."""
        if msg["msg_type"] not in ("status", "execute_input"):
            before = self.length[cell_index]
            self.length[cell_index] += len(str(msg["content"]))
            if self.length[cell_index] > self.output_limit:
                if before <= self.output_limit:
                    self.tell(self.nb, "output", place(self.nb, cell_index))
                return None
        return super().process_message(msg, cell, cell_index)

    def on_cell_executed(self, cell, cell_index, execute_reply):
        super().on_cell_executed(cell=cell, cell_index=cell_index, execute_reply=execute_reply)
        if execute_reply["content"].get("ename") == self.error_on_timeout["ename"]:
            self.tell(self.nb, "late", place(self.nb, cell_index), self.timeout)

    def tell(self, nb, key, *values):
        if about(nb):
            note(nb, key, *values)


def make_valid(cell: NotebookNode):
    """A cell's outputs as a notebook may have them, long errors cut: a kernel can send anything."""
    for output in cell.outputs:
        if output.get("output_type") == "error":
            output.ename, output.evalue = (str(output.get(key))[:LONGEST_LINE] for key in ("ename", "evalue"))
            output.traceback = [str(line)[:LONGEST_LINE] for line in output.get("traceback") or []]
        output.pop("metadata", None)
        if output.get("output_type") in ("display_data", "execute_result"):
            output.metadata = {}  # such as a picture's width, which a page would write as it is
    text = json.dumps(cell.outputs, ensure_ascii=False).encode("utf-8", "replace").decode()
    outputs = [nbformat.from_dict(output) for output in json.loads(text)]
    cell.outputs = [output for output in outputs if isvalid(output, ref="output", version=4, version_minor=5)]
    if not isinstance(cell.execution_count, int):
        cell.execution_count = None


def stop_where_the_course_is_missing(nb: NotebookNode):
    """A lesson's first code cell is the teacher's: where it fails, nobody's answers could be right.

    Raises:
        RuntimeError: it failed; the submission is then not marked.
    """
    first = next(cell for cell in nb.cells if cell.cell_type == CODE)
    failed = [output for output in first.outputs if output.output_type == "error"]
    if failed and not first.id.startswith(OWN):
        raise RuntimeError(messages.say("no_course", failed[0].evalue))


def place(nb: NotebookNode, index: int) -> str:
    """Where a cell stands, in words: its exercise, or the exercise before it."""
    ids = [cell.id for cell in nb.cells[: index + 1] if cell.id.endswith(("-answer", "-check"))]
    if not ids:
        return say("at_start")
    here = ids[-1] == nb.cells[index].id
    return say("at" if here else "after", ids[-1].rsplit("-", 1)[0])


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
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, index):
        if cell.cell_type == CODE and not is_check(cell):  # Judge made a check's outputs
            cell.outputs = self.sanitize_code_outputs(cell.outputs)
        elif cell.cell_type != CODE and (is_a_learners(cell) or not self.ours):
            cell.source = as_block(self.sanitize_html_tags(rendered(cell)))
            if cell.id.startswith(OWN):  # whatever it looks like, it is no bar of nbgrader's
                cell.source = f"<div class='own'><small>{say('page_own')}</small>{cell.source}</div>"
            cell.pop("attachments", None)  # they are in the text now
        return cell, resources

    def sanitize_html_tags(self, html_str):
        text = re.sub(r"<style\b.*?</style\s*>", "", "".join(html_str), flags=re.DOTALL | re.IGNORECASE)
        safe = bleach.clean(
            text,
            tags=self.tags,
            attributes=may_stand,
            protocols=["data", "http", "https"],
            css_sanitizer=CSSSanitizer(allowed_css_properties=STYLES),
        )
        return f"<div {NO_MATHS}>{safe}</div>"


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
        return f"<pre>{html.escape(cell.source[:LONGEST_TEXT])} …</pre>"
    renderer = IPythonRenderer(escape=False, attachments=cell.get("attachments", {}))
    try:
        return MarkdownWithMath(renderer=renderer).render(cell.source)
    except Exception:  # such as a picture that is not there
        return f"<pre>{html.escape(cell.source)}</pre>"


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
