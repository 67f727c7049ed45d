"""The exercises by id, and how a learner's answers to them are judged."""

import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from ..plain import plain
from . import numbers, opinions, picks  # noqa: F401 - the kinds
from .exercises import Exercise, as_exercise
from .feedback import Feedback, Progress

EXERCISES = Path(__file__).with_name("exercises")

_latest: dict[str, Feedback] = {}  # what progress() reports
_tries: Counter[str] = Counter()  # answers that were not right yet, in this kernel


@cache
def load() -> dict[str, Exercise]:
    """All exercises by id, as the build has put them into exercises/*.json; the file's name is the lesson."""
    return {
        id: as_exercise(table, id=id, lesson=path.stem)
        for path in sorted(EXERCISES.glob("*.json"))
        for id, table in json.loads(path.read_text(encoding="utf-8")).items()
    }


def get(exercise_id: str) -> Exercise:
    """One exercise. Raises ValueError where there is none of that id."""
    if exercise_id not in load():
        raise ValueError(f"There is no exercise {exercise_id!r}; there are {', '.join(load())}.")
    return load()[exercise_id]


def check(exercise_id: str, value: object) -> Feedback:
    """Judge an answer and say what fits it, with the help that is due: each run of a wrong answer brings more.

    Args:
        exercise_id: such as "02-rate".
        value: whatever the learner has; `...` means not answered yet.

    Raises:
        ValueError: there is no exercise of that id. A bad answer raises nothing.
    """
    feedback = get(exercise_id).judge(plain(value))
    _tries[exercise_id] += feedback.read and feedback.result in ("wrong", "near")
    feedback = feedback.due(_tries[exercise_id])
    if not (exercise_id in _latest and _latest[exercise_id].passed):  # once solved, solved: one may go on trying
        _latest[exercise_id] = feedback
    return feedback


def accepted(exercise_id: str, value: object) -> list:
    """An answer that has no key, as its check reads it: what is to be kept and scored.

    Args:
        exercise_id: of the kind "vote", "forecast", "percents" or "ranges".
        value: whatever the learner has.

    Returns:
        ["C"] for a vote; [25, "C"] for a forecast, or [None, "A"] where one who knows the outcome left the probability
        open; [50, 40, 10] for percents, [[3, 8], [1, 2]] for ranges; `...` where the check does not accept it.

    Raises:
        ValueError: there is no such exercise of these kinds.
    """
    exercise, data = get(exercise_id), plain(value)
    if exercise.has_key:
        raise ValueError(f"{exercise_id} is neither a vote nor a forecast nor percents nor ranges.")
    return exercise.kept(data) if exercise.judge(data).passed else [...] * exercise.count


def progress(before: Iterable[str] = ()) -> Progress:
    """What is solved over all lessons, and what was tried since the notebook was started and is not.

    Args:
        before: the exercises that were solved in other notebooks and on other days.
    """
    solved = {id for id, feedback in _latest.items() if feedback.passed}.union(before)
    asked = [exercise for exercise in load().values() if exercise.level != "stretch"]
    wanted = Counter(exercise.lesson for exercise in asked)
    done = Counter(exercise.lesson for exercise in asked if exercise.id in solved)
    more = sum(exercise.level == "stretch" and exercise.id in solved for exercise in load().values())
    tried = {id for id, feedback in _latest.items() if feedback.result != "open"} - solved
    again = tuple(exercise.title for exercise in asked if exercise.id in tried)
    return Progress({lesson: (done[lesson], wanted[lesson]) for lesson in wanted}, more, again)


def forget() -> None:
    """Forget what was answered since the notebook was started."""
    _latest.clear()
