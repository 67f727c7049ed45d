"""What stands alike in two learners' notebooks, for the teacher to look at: it proves nothing and accuses nobody.

Written texts that are nearly the same, wrong answers that nobody else gave, and own cells that nobody else has.
"""

import difflib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from operator import ne
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from deepseek_course.practice import judging
from deepseek_course.practice.exercises import Exercise, Unread
from deepseek_course.practice.numbers import Number
from deepseek_course.practice.picks import Sequence

from .handed_in import lesson_of
from .messages import say
from .preprocessors.cells import OWN, about, is_untouched
from .written import text_of

NEAR = 0.9  # of a text, from which on two are alike
LONG = 40  # characters; anybody may write the same short text or cell
MOST = 3  # learners; what more have in common comes from the class, not from a neighbour
FEW = 3  # letters in a row, too few for two learners not to hit on the same
ODD = 2  # wrong answers that two learners share and nobody else gave: one may be chance


def pairs(paths: list[Path], rows: list[dict]) -> list[dict]:
    """A row for each two learners with something alike.

    Args:
        paths: the marked notebooks.
        rows: those of answers.csv.
    """
    texts, cells = defaultdict(dict), defaultdict(set)
    for path in paths:
        student, assignment = path.parts[-3:-1]
        for cell in cells_of(path):
            is_own = re.fullmatch(rf"{OWN}\d+", cell.get("id", ""))  # the others are the lesson's, with a change
            is_written = is_grade(cell) and is_solution(cell) and not is_untouched(cell)
            text = " ".join(text_of(cell).split()) if is_own or is_written else ""
            if len(text) >= LONG and is_own:
                cells[lesson_of(assignment), text].add(student)
            elif len(text) >= LONG:
                texts[lesson_of(assignment), cell.metadata.nbgrader.grade_id][student] = text
    found = defaultdict(list)
    for pair, line in [*alike_texts(texts), *alike_answers(rows), *alike_cells(cells)]:
        found[pair].append(line)
    names = {row["student"]: row["name"] for row in rows}
    heads = say("alike_columns").split(",")
    return [
        dict(zip(heads, (lesson, *(f"{names.get(one, one)} ({one})" for one in who), "\n".join(lines)), strict=True))
        for (lesson, *who), lines in sorted(found.items())
    ]


def alike_texts(texts: dict[tuple[str, str], dict[str, str]]) -> Iterator[tuple[tuple, str]]:
    """Texts to one task, by learner, that are nearly the same, word for word."""
    for (lesson, task), written in texts.items():
        counts = Counter(written.values())
        few = sorted(student for student, text in written.items() if counts[text] <= MOST)
        for one, other in combinations(few, 2):
            share = likeness(written[one], written[other])
            if share >= NEAR:
                yield (lesson, one, other), say("alike_text", task, f"{share:.0%}")


def likeness(one: str, other: str) -> float:
    """How much of two texts is the same, from 0 to 1; 0 where a quick look shows that it is little."""
    match = difflib.SequenceMatcher(None, one, other, autojunk=False)
    if match.real_quick_ratio() < NEAR or match.quick_ratio() < NEAR:
        return 0
    return match.ratio()


def alike_answers(rows: list[dict]) -> Iterator[tuple[tuple, str]]:
    """Wrong answers that just two learners gave and that cannot be told as usual ones."""
    given = defaultdict(set)
    for row in rows:
        if row["result"] == "wrong" and is_odd(judging.get(row["exercise"]), json.loads(row["answer"])):
            given[row["exercise"], row["answer"]].add(row["student"])
    shared = defaultdict(list)
    for (exercise, answer), students in given.items():
        if len(students) == 2:
            line = say("alike_answer", exercise, shown(json.loads(answer)))
            shared[(judging.get(exercise).lesson, *sorted(students))].append(line)
    for pair, lines in shared.items():
        if len(lines) >= ODD:
            yield pair, "\n".join(lines)


def is_odd(exercise: Exercise, data: dict) -> bool:
    """Whether a wrong answer is hardly anybody's: no mistake that the course knows, no digits of the right answer.

    Of a row of letters at least two places are wrong; where there are few letters to choose from no answer is odd.
    """
    if data["kind"] == "none":
        return False
    try:
        answer = exercise.read(data)
    except Unread:
        return False
    if isinstance(exercise, Number):
        names = exercise.names()
        ratio = abs(answer.number / names["answer"]) if names["answer"] else 0
        digits = ratio and math.isclose(math.log10(ratio), round(math.log10(ratio)), abs_tol=0.01)
        known = exercise.verdict(answer, names)[1] in [mistake.message for mistake in exercise.mistakes]
        return not digits and not known
    if isinstance(exercise, Sequence) and exercise.count() > FEW:
        wrong = min(sum(map(ne, answer, right)) for right in exercise.answer)
        return wrong >= ODD and not any(mistake.is_made(answer) for mistake in exercise.mistakes if not mistake.at)
    return False


def shown(data: dict) -> str:
    """An answer as plain data, as it was typed."""
    value = data["value"]
    return " ".join(map(shown, value)) if data["kind"] == "list" else str(value)


def alike_cells(cells: dict[tuple[str, str], set[str]]) -> Iterator[tuple[tuple, str]]:
    """Cells of their own that few learners have."""
    for (lesson, text), students in cells.items():
        if len(students) <= MOST:
            for pair in combinations(sorted(students), 2):
                yield (lesson, *pair), say("alike_cell", text[:100])


def cells_of(path: Path) -> list[NotebookNode]:
    """The cells of a marked notebook, if it is one of ours and can be read."""
    try:
        notebook = nbformat.v4.reads(path.read_text(encoding="utf-8"))
        return notebook.cells if about(notebook) else []
    except (ValueError, AttributeError, RecursionError):  # it is told where the answers are read
        return []
