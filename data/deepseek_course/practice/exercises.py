"""What an exercise may say. Each kind reads an answer once and then judges it; what no kind knows is refused."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from ..language import Text, say
from ..plain import is_blank
from ..tables.arithmetic import evaluate
from ..tables.texts import fill, known_values
from .feedback import Feedback
from .fields import filled

Verdict = tuple[Literal["near", "wrong", "right"], Text]


class ExerciseError(ValueError):
    """A mistake in what an exercise says."""


class Unread(Exception):
    """An answer that cannot be read; its message says how to give it."""

    def __init__(self, message: Text):
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What is said of one known wrong answer; each kind adds how it is known."""

    ko: str
    en: str

    @property
    def message(self) -> Text:
        return Text(self.ko, self.en)


@dataclass(frozen=True, kw_only=True)
class Exercise(ABC):
    """What all kinds of exercise have in common."""

    KINDS: ClassVar[dict[str, type["Exercise"]]] = {}
    kind: ClassVar[str]
    has_key: ClassVar[bool] = True  # False where there is no right answer, as with a forecast

    id: str
    lesson: str  # such as "02"
    title: Text
    level: Literal["core", "exit", "stretch", "forecast"] = "core"
    facts: tuple[str, ...] = ()  # arithmetic whose figures its texts have, beside what its own expressions name
    hints: tuple[Text, ...] = ()
    solution: Text | None = None
    ok: Text | None = None
    mistakes: tuple[Mistake, ...] = ()

    def __init_subclass__(cls, kind: str | None = None):
        if kind:
            cls.kind, Exercise.KINDS[kind] = kind, cls

    @property
    def points(self) -> int:
        """What it counts in a class's marks; what is done at will counts for nothing."""
        return 0 if self.level == "stretch" else 1

    @abstractmethod
    def read(self, data: dict) -> object:
        """The answer in plain data, as `answers.plain` makes it, read as this kind wants it.

        Raises:
            Unread: it is something else.
        """

    @abstractmethod
    def verdict(self, answer: object, names: Mapping) -> Verdict:
        """Whether what `read` gave is right, nearly so or wrong, and what to say, with braces still in it."""

    @abstractmethod
    def parts(self) -> list[str]:
        """What an answer consists of, such as ["reason", "verdict"]: a printed sheet has room for each."""

    @abstractmethod
    def expressions(self) -> list[str]:
        """Its arithmetic over the tables' values."""

    def is_open(self, data: dict) -> bool:
        """Whether nothing was answered yet."""
        return is_blank(data)

    def names(self) -> dict:
        """What its expressions and texts may name."""
        return known_values()

    def judge(self, data: dict) -> Feedback:
        """Judge plain data as `answers.plain` makes it: a pure function of the exercise and the tables."""
        names, read = self.names(), True
        if self.is_open(data):
            result, message = "open", say("blank")
        elif data["kind"] == "none":
            result, message = "wrong", say("none")
        else:
            try:
                result, message = self.verdict(self.read(data), names)
                message = fill(message, names)
            except Unread as unread:
                result, message, read = "wrong", unread.message, False
        if result == "right":
            return Feedback(result, message)
        solution = fill(self.solution, names) if self.solution else None
        return Feedback(result, message, tuple(fill(hint, names) for hint in self.hints), solution, read=read)

    def texts(self) -> list[Text]:
        """All that it may say of an answer."""
        return [*filter(None, (self.ok, self.solution)), *self.hints, *(mistake.message for mistake in self.mistakes)]

    def check(self) -> None:
        """See that it can be judged and that its texts can be filled.

        Raises:
            ExerciseError: the first thing that does not fit.
        """
        try:
            names = self.names()
            for expression in [*self.facts, *self.expressions()]:
                evaluate(expression, names)
            for text in self.texts():
                fill(text, names)
        except ValueError as error:
            raise ExerciseError(str(error)) from None


def as_exercise(table: dict, **known: str) -> Exercise:
    """An exercise from what a TOML table or a JSON object says.

    Args:
        table: its fields, `kind` among them.
        known: fields that stand elsewhere, such as id and lesson.

    Raises:
        ExerciseError: a kind or field that does not exist, one that is missing, or one of another type.
    """
    fields = dict(table)
    kind = fields.pop("kind", None)
    if kind not in Exercise.KINDS:
        raise ExerciseError(f"there is no kind {kind!r}; there are {', '.join(Exercise.KINDS)}")
    try:
        return filled(Exercise.KINDS[kind], fields | known)
    except ValueError as error:
        raise ExerciseError(f"{error} (kind {kind})") from None
