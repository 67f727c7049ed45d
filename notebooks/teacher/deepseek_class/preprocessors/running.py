"""Runs a submission: nbgrader's Execute, with limits on what reaches the marker."""

import json
import os
import shutil
import tempfile
from collections import defaultdict
from contextlib import suppress
from time import monotonic

import nbformat
import zmq
from jupyter_client import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.validator import isvalid
from nbgrader.preprocessors import Execute
from traitlets import Integer
from traitlets.config import Config

from .. import messages
from .cells import CODE, OWN, about, is_check, note, said
from .defusing import ALL_HTML, is_costly, without_pictures

LARGEST_MESSAGE = 20_000_000  # bytes that a kernel may send at once
WAITING = 10  # messages that wait on the marker's side of a socket
SMALLEST = 1_000  # characters that even an empty message counts for
ALL_OUTPUT = 10_000_000  # characters of output that are kept of a submission
LONGEST_LINE = 2_000  # characters of a line that an error prints
MOST_LINES = 200  # of an error
LONGEST_FOLDER = 60  # the path of a socket may have 107 bytes
ISOLATED = "isolated"  # the kernel spec beside this file


class KernelManager(AsyncKernelManager):
    """Takes no more at once than a marker should have to hold: a larger message breaks its connection."""

    def _context_default(self):
        context = super()._context_default()
        context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        context.setsockopt(zmq.RCVHWM, WAITING)
        return context


class Overtime(Exception):
    """The time for a submission is used up."""


class Run(Execute):
    """nbgrader's Execute, in a kernel whose sockets are files of its own; what ran before a kernel ended counts."""

    seconds = Integer(120, help="for all cells of a submission together").tag(config=True)
    output_limit = Integer(1_000_000, help="characters of output that are kept of a cell").tag(config=True)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, kernel_manager_class=KernelManager, **kwargs)
        self.record_timing = False  # the kernel says what time it is, at any length
        self.raise_on_iopub_timeout = False  # a kernel that sends too much drops some, its last word perhaps

    def preprocess(self, nb, resources, *args, **kwargs):
        self.end, self.at = monotonic() + self.seconds, None
        self.length, self.all_length, self.ended_at = defaultdict(int), 0, None
        folder = kernel_folder()
        if self.kernel_name == ISOLATED:
            connection = {"ip": f"{folder}/inside/kernel", "connection_file": f"{folder}/connection.json"}
            self.update_config(Config(KernelManager={"transport": "ipc", **connection}))  # launch.py makes `inside`
        try:
            nb, resources = super().preprocess(nb, resources, *args, **kwargs)
        except Overtime:
            self.tell(nb, "overtime", place(nb, self.at), self.seconds)
        except Exception as error:  # the kernel is the learner's: it may end, be deaf, or answer anything
            if self.at is None:
                raise  # but it never began: that is ours
            self.tell(nb, "ended" if isinstance(error, DeadKernelError) else "lost", place(nb, self.at))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self.make_valid(nb)
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
        """Drops what goes beyond the limits before it is kept, and widgets, which a marked notebook does not show."""
        if msg["msg_type"].startswith("comm_"):
            return None
        if msg["msg_type"] == "status" and msg["content"].get("execution_state") == "idle":
            self.ended_at = cell_index
        if msg["msg_type"] not in ("status", "execute_input"):
            size = max(len(str(msg["content"])), SMALLEST)
            if self.is_beyond(size, cell, cell_index):
                return None
        return super().process_message(msg, cell, cell_index)

    def is_beyond(self, size: int, cell: NotebookNode, index: int) -> bool:
        """Counts an output and whether it is more than is kept; says so once. An answer needs no room of its own."""
        before, before_all = self.length[index], self.all_length
        self.length[index] += size
        if self.length[index] > self.output_limit:
            if before <= self.output_limit:
                self.tell(self.nb, "output", place(self.nb, index))
            return True
        if not is_check(cell):
            self.all_length += size
        if self.all_length > ALL_OUTPUT and before_all <= ALL_OUTPUT:
            self.tell(self.nb, "all_output", place(self.nb, index))
        return self.all_length > ALL_OUTPUT and not is_check(cell)

    def on_cell_executed(self, cell, cell_index, execute_reply):
        super().on_cell_executed(cell=cell, cell_index=cell_index, execute_reply=execute_reply)
        if execute_reply["content"].get("ename") == self.error_on_timeout["ename"]:
            if self.ended_at != cell_index:
                raise TimeoutError  # it did not stop when it was told to
            self.tell(self.nb, "late", place(self.nb, cell_index), self.timeout)
        elif self.ended_at != cell_index and self.length[cell_index] <= self.output_limit:
            self.tell(self.nb, "output", place(self.nb, cell_index))

    def make_valid(self, nb: NotebookNode):
        """Outputs as a notebook may have them, no more than fits: one that is shown again and again is many."""
        left, pages = 2 * ALL_OUTPUT, ALL_HTML  # some signs take two in JSON
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == CODE:
                if not is_check(cell):
                    pages, cut = without_pages(cell.outputs, pages)
                    if cut:
                        self.tell(nb, "output", place(nb, index))
                room = 2 * self.output_limit
                cell.outputs, used = valid(cell.outputs, room if is_check(cell) else min(room, left))
                left -= 0 if is_check(cell) else used
                if not isinstance(cell.execution_count, int):
                    cell.execution_count = None

    def tell(self, nb, key, *values):
        if about(nb):
            note(nb, key, *values)


def kernel_folder() -> str:
    """A new folder for what connects a kernel with its marker."""
    usual = tempfile.gettempdir()
    return tempfile.mkdtemp(prefix="kernel-", dir=usual if len(os.fsencode(usual)) < LONGEST_FOLDER else "/tmp")


def without_pages(outputs: list[NotebookNode], room: int) -> tuple[int, bool]:
    """Drops the HTML that would take long to clean or goes beyond so many characters.

    Returns:
        How many characters are left, and whether anything was dropped.
    """
    cut = False
    for output in outputs:
        pages = output.get("data")
        if isinstance(pages, dict) and "text/html" in pages:
            page = pages["text/html"]
            page = "".join(map(str, page)) if isinstance(page, list) else str(page)
            size = len(without_pictures(page))
            if size <= room and not is_costly(page):
                room -= size
            else:
                del pages["text/html"]
                pages.setdefault("text/plain", "…")
                cut = True
    return room, cut


def valid(outputs: list[NotebookNode], room: int) -> tuple[list[NotebookNode], int]:
    """The outputs that a notebook may have and that fit into so many characters, and how many these are."""
    kept, used = [], 0
    for output in outputs:
        with suppress(Exception):  # a kernel can send anything, nested as deep as it likes
            text = json.dumps(plain(output), ensure_ascii=False).encode("utf-8", "replace").decode()
            used += len(text)
            made = nbformat.from_dict(json.loads(text))
            if used <= room and isvalid(made, ref="output", version=4, version_minor=5):
                kept.append(made)
        if used > room:
            break
    return kept, used


def plain(output: NotebookNode) -> NotebookNode:
    """An output without metadata, which a page would write as they are, and with its error cut."""
    kind = output.get("output_type")
    output.pop("metadata", None)
    if kind == "error":
        lines = output.traceback if isinstance(output.get("traceback"), list) else []
        half = MOST_LINES // 2
        lines = lines if len(lines) <= MOST_LINES else [*lines[:half], "…", *lines[-half:]]
        output.traceback = [str(line)[:LONGEST_LINE] for line in lines]
        output.ename, output.evalue = (str(output.get(key))[:LONGEST_LINE] for key in ("ename", "evalue"))
    elif kind in ("display_data", "execute_result"):
        output.metadata = {}
    return output


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
        return said(nb, "at_start")
    here = ids[-1] == nb.cells[index].id
    return said(nb, "at" if here else "after", ids[-1].rsplit("-", 1)[0])
