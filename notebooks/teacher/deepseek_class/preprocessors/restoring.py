"""Starts from the teacher's notebook and takes from the submission what a learner writes."""

import re
from collections import defaultdict
from itertools import pairwise, zip_longest
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from ..layout import is_way
from ..messages import shortened
from .cells import CODE, HASH, MARKDOWN, OWN, about, is_hidden, note, said
from .judging import answers, check_line


class Restore(NbGraderPreprocessor):
    """Starts from the teacher's notebook and takes from the submission what a learner writes.

    Cells that were deleted, edited, moved, doubled or retyped and metadata that was lost then all mend themselves. A
    cell of the teacher's that a learner changed comes after the original; a learner's own cells stay in their places.
    """

    def preprocess(self, nb, resources):
        info = resources["nbgrader"]
        name = Path(info["assignment"], info["notebook"] + ".ipynb")
        source, release = (nbformat.read(Path(folder, name), as_version=4) for folder in ("source", "release"))
        for cell in nb.cells:
            cell.source = cell.source.encode("utf-8", "replace").decode()  # half a surrogate cannot be written
        if not about(source):  # a question of the teacher's own, marked as nbgrader does
            drop_odd_metadata(nb)
            return nb, resources
        if self.tell_origin(source, nb) == "other":
            nb.cells = []
        known = identify(nb.cells, release.cells, with_old_checks(source.cells, release.cells))
        self.tell_changes(source, release, nb.cells, known)
        same = is_same_edition(about(nb), about(source))
        source.cells = self.merge(source.cells, release.cells, nb.cells, known, same, said(source, "model"))
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

    def merge(self, sources, releases, cells, known, same, heading):
        """The teacher's cells with a learner's answers in them, and a learner's own cells where they stood.

        Prose that differs was changed by the learner only where both are the `same` edition. `heading` stands over a
        model answer.
        """
        stubs = {cell.id: cell.source for cell in with_old_checks(sources, releases)}
        texts, pictures, own, last = defaultdict(list), {}, defaultdict(list), None
        for n, (cell, cell_id) in enumerate(zip(cells, known, strict=True)):
            last = cell_id or last
            if cell_id:
                texts[cell_id].append(cell.source)
                pictures[cell_id] = cell.get("attachments")
            elif cell.source.strip() and not is_way(cell):
                own[last].append(as_own(cell, f"{OWN}{n}"))
        merged = own[None]
        for cell, below in zip_longest(sources, sources[1:]):
            written = [text for text in texts[cell.id] if text.strip() != stubs[cell.id].strip()]
            model = []
            if is_solution(cell):
                if is_grade(cell):
                    model = [new_markdown_cell(as_model(cell, heading), id=f"model-{cell.id}")]
                cell.source = "\n".join(written) or stubs[cell.id]
                if cell.cell_type == MARKDOWN and pictures.get(cell.id):
                    cell.attachments = pictures[cell.id]
                if below and is_hidden(below) and below.id not in known and answers(cell, below):
                    own[below.id] = own.pop(cell.id, [])  # what comes after an answer's check cannot change the answer
            elif cell.cell_type == CODE and written:
                own[cell.id].insert(0, new_code_cell("\n".join(written), id=f"{OWN}{cell.id}"))
            elif cell.cell_type == MARKDOWN and same and written:
                own[cell.id].insert(0, new_markdown_cell("\n".join(written), id=f"{OWN}{cell.id}"))
            merged += [cell, *model, *own[cell.id]]
        return merged


def with_old_checks(sources: list, releases: list) -> list[NotebookNode]:
    """A release's cells and, where the source has a hidden cell, the check that stood there up to version 0.1.0."""
    released = {cell.id: cell for cell in releases}
    return [old_check(cell) if is_hidden(cell) else released[cell.id] for cell in sources]


def old_check(hidden: NotebookNode) -> NotebookNode:
    source = check_line(hidden.metadata.nbgrader.grade_id, hidden.source)
    return new_code_cell(source, id=hidden.id, metadata=hidden.metadata)


def is_same_edition(found: dict, wanted: dict) -> bool:
    """Whether a submission was made from the notebook as it is handed out now."""
    here = [wanted["lesson"], wanted["language"], wanted["current"]]
    return [found.get(key) for key in ("lesson", "language", "version")] == here


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


def as_model(cell: NotebookNode, heading: str) -> str:
    """A hand-marked task's model answer; the marker sees it in formgrader below what was written."""
    text = f"```python\n{cell.source}\n```" if cell.cell_type == CODE else cell.source
    return f"**{heading}**\n\n{text}"


def identify(cells: list, release: list, earlier: list) -> list[str | None]:
    """Which of the course's cells each submitted one is: by its id, nbgrader's id, its text, or the cell before it.

    Args:
        earlier: the release with the cells that only earlier versions had.
    """
    ids = {cell.id for cell in earlier}
    by_grade_id = {cell.metadata.nbgrader.grade_id: cell.id for cell in earlier if "nbgrader" in cell.metadata}
    by_text = {cell.source.strip(): cell.id for cell in earlier}
    known = []
    for cell in cells:
        said = cell.metadata.get("nbgrader")
        grade_id = str(said.get("grade_id")) if isinstance(said, dict) else None
        known.append(
            cell.get("id") if cell.get("id") in ids else by_grade_id.get(grade_id) or by_text.get(cell.source.strip())
        )
    follows = dict(pairwise(cell.id for cell in earlier)) | dict(pairwise(cell.id for cell in release))
    found = set(known)
    for n in range(1, len(cells)):
        after = follows.get(known[n - 1])
        if known[n] is None and after and after not in found:
            known[n] = after
            found.add(after)
    return known
