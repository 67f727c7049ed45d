"""What several tests share: the lessons, and to each exercise answers that are right or wrong in a known way."""

from collections.abc import Iterator

import pytest

from deepseek_class.source import SOURCES
from deepseek_course.language import LANGUAGES
from deepseek_course.practice import judging
from deepseek_course.practice.exercises import Exercise, Mistake
from deepseek_course.practice.numbers import Number
from deepseek_course.practice.opinions import Forecast, Percents, Ranges, Vote
from deepseek_course.practice.picks import Choice, Choices, Sequence
from deepseek_course.practice.read_numbers import read_number
from deepseek_course.tables.arithmetic import evaluate

LESSONS = sorted(SOURCES.glob("*.md"))
IDS = list(judging.load())
KEYED = [id for id in IDS if judging.get(id).has_key]

lessons = pytest.mark.parametrize("source", LESSONS, ids=lambda path: path.stem)
languages = pytest.mark.parametrize("language", LANGUAGES)


# A small table, and what describes it.
GOOD = "id,name_ko,value\na,가,1\nb,나,2.5\n"
SCHEMA = {
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "name_ko", "type": "string"},
        {"name": "value", "type": "number"},
    ],
    "primaryKey": "id",
}


class Hostile:
    """An object that refuses everything."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __eq__(self, other):
        raise RuntimeError("eq")

    __hash__ = None


def right_answer(exercise: Exercise):
    """An answer that passes; where there is no key, one that is accepted."""
    match exercise:
        case Number():
            return exercise.names()["answer"]
        case Choice():
            return exercise.answer
        case Choices():
            return list(exercise.answer)
        case Sequence():
            return list(exercise.answer[0])
        case Forecast():
            return [25, 3]
        case Percents():
            return [(exercise.total or 70 * exercise.count) / exercise.count] * exercise.count
        case Ranges():
            return [list(limits) for limits in exercise.limits]
        case Vote():
            return exercise.options


def wrong_answers(exercise: Exercise) -> Iterator[tuple[Mistake, object]]:
    """Each known mistake with an answer that makes it."""
    for mistake in exercise.mistakes:
        yield mistake, _wrong_answer(exercise, mistake)


def _wrong_answer(exercise: Exercise, mistake: Mistake):
    match exercise:
        case Number() if mistake.text:
            return f"{exercise.names()['answer'] / read_number('1 ' + mistake.text)} {mistake.text}"
        case Number():
            return evaluate(mistake.value, exercise.names())
        case Choice():
            return mistake.value
        case Choices() if mistake.has:
            return [*exercise.answer, mistake.has]
        case Choices():
            others = set(range(1, exercise.options + 1)) - set(exercise.answer)
            return [pick for pick in exercise.answer if pick != mistake.lacks] or [max(others)]
        case Sequence() if mistake.at:
            picks = list(exercise.answer[0])
            picks[mistake.at - 1] = mistake.value
            return picks
        case Sequence():
            return [pick or 1 for pick in mistake.value]


def first_wrong(exercise: Exercise):
    """An answer that does not pass, to be typed as it stands."""
    match exercise:
        case Forecast():
            return [100, 3]
        case Percents():
            return [101] * exercise.count
        case Ranges():
            return [[9, 3]] * exercise.count
        case Vote():
            return exercise.options + 1
    return next(answer for mistake, answer in wrong_answers(exercise) if not getattr(mistake, "text", ""))
