"""Judges the answers outside the learner's kernel, and puts the table of results on top of the notebook."""

import ast

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor

from deepseek_course.pages import escaped
from deepseek_course.plain import MIME, is_plain
from deepseek_course.practice import judging
from deepseek_course.practice.feedback import MARKS, Feedback
from deepseek_course.practice.typed import as_python

from .. import messages
from ..messages import shortened
from .cells import NO_MATHS, OWN, about, is_check, is_untouched, said
from .results import with_summary

LONGEST_REASON = 200  # characters of an error in the table of results
LONGEST_ANSWER = 20_000  # characters of an answer cell that are looked at


class Judge(NbGraderPreprocessor):
    """Scores each exercise from the plain data that its hidden cell yielded, as `course.check` judges it.

    At the top of the notebook it tells what was noticed and how each exercise went.
    """

    def preprocess(self, nb, resources):
        if not about(nb):
            return nb, resources
        found = {cell.metadata.nbgrader.grade_id: cell for cell in nb.cells if "nbgrader" in cell.metadata}
        ours = [name for name, cell in found.items() if is_check(cell) and name in judging.load()]
        checks = [(found[name], found.get(f"{name}-answer")) for name in ours]
        feedback = [judged(nb, check, answer) for check, answer in checks]
        remarks = {"elsewhere": elsewhere(checks, feedback), "beside": beside(nb.cells, checks, feedback)}
        about(nb)["remarks"] = [said(nb, key, shortened(names)) for key, names in remarks.items() if names]
        return with_summary(nb), resources


def judged(nb: NotebookNode, check: NotebookNode, answer: NotebookNode | None) -> Feedback | None:
    """Judges a hidden cell and writes its outputs: the points as nbgrader reads them, the feedback, the answer itself.

    Args:
        nb: the notebook, for its language.
        check: the hidden cell, which from then on shows the check that a learner ran.
        answer: the learner's cell above it, whose own feedback goes, and which may tell why no answer came out.

    Returns:
        The feedback, or None where no answer came out.

    Raises:
        ValueError: the exercise's key has a mistake.
    """
    language, exercise, points = about(nb)["language"], check.metadata.nbgrader.grade_id, check.metadata.nbgrader.points
    found = [o.data[MIME] for o in check.outputs if o.output_type == "execute_result" and MIME in o.data]
    data = found[-1] if found and is_plain(found[-1]) else None
    feedback = verdict(exercise, data) if data else None
    message = feedback.message.in_language(language) if feedback else why_none(nb, check, answer)
    score = float(bool(feedback and feedback.passed) * points)
    shown = feedback.html(language) if feedback else f"<p>{escaped(message)}</p>"
    outputs = {"text/plain": str(score), "text/html": f"<div {NO_MATHS}>{shown}</div>", MIME: data}
    errors = [output for output in check.outputs if output.output_type == "error"]
    check.outputs = [new_output("execute_result", outputs, execution_count=1), *errors]
    check.source = check_line(exercise, check.source)
    if answer and "course.check(" in answer.source:
        answer.outputs = [output for output in answer.outputs if output.output_type != "execute_result"]
    check.metadata["deepseek_course"] = {
        "title": judging.get(exercise).title.in_language(language),
        "mark": MARKS[feedback.result] if feedback else "▼",
        "message": message,
        "score": score,
    }
    return feedback


def verdict(exercise: str, data: dict) -> Feedback:
    """The feedback on an answer.

    Raises:
        ValueError: the exercise's key has a mistake; the message is for the teacher.
    """
    try:
        return judging.get(exercise).judge(data)
    except Exception as error:  # whatever may be wrong in the exercise's expressions
        raise ValueError(messages.say("key", exercise, f"{type(error).__name__}: {error}")) from None


def why_none(nb: NotebookNode, check: NotebookNode, answer: NotebookNode | None) -> str:
    """Why no answer came out of a hidden cell: the error that the learner's cell or it itself ended with."""
    outputs = [*(answer.outputs if answer else []), *check.outputs]
    errors = [output for output in outputs if output.output_type == "error"]
    if not errors:
        return said(nb, "none")
    error = errors[0]
    if error.ename == "SyntaxError":
        return said(nb, "none_syntax", error.evalue.partition(" (")[0][:LONGEST_REASON])
    return said(nb, "none_error", f"{error.ename}: {error.evalue}"[:LONGEST_REASON])


def elsewhere(checks: list[tuple], feedback: list[Feedback | None]) -> list[str]:
    """The exercises with a right answer that does not come from their cell."""
    return [
        check.metadata.nbgrader.grade_id
        for (check, answer), found in zip(checks, feedback, strict=True)
        if found and found.passed and (not answer or is_untouched(answer) or not answers(answer, check))
    ]


def beside(cells: list, checks: list[tuple], feedback: list[Feedback | None]) -> list[str]:
    """The exercises without an answer beside whose cell a learner has written something."""
    places, names = {cell.id: n for n, cell in enumerate(cells)}, []
    for (check, answer), found in zip(checks, feedback, strict=True):
        if answer and not (found and found.result != "open"):
            around = [places[cell.id] + step for cell in (answer, check) for step in (-1, 1)]
            if any(cells[at].id.startswith(OWN) for at in around if at < len(cells)):
                names.append(check.metadata.nbgrader.grade_id)
    return names


def given(source: str) -> str:
    """What a hidden cell hands out, or the check that it was turned into is given: a name or a list of names."""
    calls = (node for node in parsed(source) if isinstance(node, ast.Call))
    return next((ast.unparse(call.args[-1]) for call in calls if call.args), "...")


def check_line(exercise: str, source: str) -> str:
    """The check of what a hidden cell hands out, as a learner runs it."""
    return f'course.check("{exercise}", {given(source)})'


def answers(answer: NotebookNode, check: NotebookNode) -> bool:
    """Whether an answer cell assigns what its hidden cell hands out."""
    return bool(assigned(answer.source) & checked(check.source))


def checked(source: str) -> set[str]:
    """The variables that an exercise's check is given."""
    return {node.id for node in parsed(given(source)) if isinstance(node, ast.Name)}


def assigned(source: str) -> set[str]:
    """The variables to which a cell assigns something other than `...`."""
    nodes = parsed(source)
    blanks = [node for node in nodes if isinstance(node, ast.Assign) and is_blank(node.value)]
    blank = {id(target) for node in blanks for target in node.targets}
    stored = [node for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return {node.id for node in stored if id(node) not in blank}


def is_blank(value: ast.AST) -> bool:
    """Whether there is nothing but dots in what is assigned: `...` or `[..., ...]`."""
    leaves = [node for node in ast.walk(value) if not isinstance(node, ast.List | ast.Tuple | ast.expr_context)]
    return bool(leaves) and all(isinstance(leaf, ast.Constant) and leaf.value is ... for leaf in leaves)


def parsed(source: str) -> list[ast.AST]:
    """The nodes of a cell's code as a lesson's IPython reads it; none where it is no Python, or too long an answer."""
    if len(source) > LONGEST_ANSWER:
        return []
    manager = TransformerManager()
    manager.cleanup_transforms.append(as_python)
    try:
        return list(ast.walk(ast.parse(manager.transform_cell(source))))
    except Exception:  # a learner's source may be anything
        return []
