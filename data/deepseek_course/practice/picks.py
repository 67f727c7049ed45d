"""Exercises that are answered with letters: one, all that apply, or a row of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from ..language import Text, say
from .exercises import Exercise, ExerciseError, Mistake, Unread, Verdict
from .read_letters import number_first, read_picks

LETTERS = Text("가나다라마바사아", "ABCDEFGH")


@dataclass(frozen=True, kw_only=True)
class Picks(Exercise):
    """Options, counted from 1; what is shared by the kinds below."""

    options: int
    letters: str = ""  # one sign for each option, where these are not LETTERS

    asked = ""  # the sentence that says how to answer

    def expressions(self) -> list[str]:
        return []

    def count(self) -> int | None:
        """How many picks are wanted; None where any number may be right."""
        return 1

    def read(self, data: dict) -> list[int]:
        picks = read_picks(data, self.options, one=self.count() == 1)
        if picks is None or self.count() not in (None, len(picks)):
            raise Unread(say(self.asked, letters=self.listed(), count=self.count(), found=len(picks or [])))
        return picks

    def listed(self) -> Text:
        """The signs to choose from."""
        return self.signs(range(1, self.options + 1))

    def signs(self, picks: Iterable[int]) -> Text:
        """The signs of some picks."""
        korean, english = (
            ", ".join((self.letters or own)[pick - 1] for pick in picks) for own in (LETTERS.ko, LETTERS.en)
        )
        return Text(korean, english)

    def verdict(self, answer: list[int], names: Mapping) -> Verdict:
        if self.is_right(answer):
            return "right", self.ok or say("right")
        result = "near" if self.is_near(answer) else "wrong"
        read = say("read_letters", letters=self.said(answer))
        made = (mistake.message for mistake in self.mistakes if mistake.is_made(answer))
        message = next(made, say("nearly_all" if result == "near" else "wrong_choice"))
        return result, message.after(reduce(Text.then, [read, *self.right_so_far(answer)]))

    def said(self, picks: list[int]) -> Text:
        """An answer as it was read."""
        return self.signs(picks)

    def is_near(self, picks: list[int]) -> bool:
        """Whether a wrong answer is nearly right."""
        return False

    def right_so_far(self, picks: list[int]) -> list[Text]:
        """What to say first of a wrong answer: what is right in it."""
        return []

    def check(self) -> None:
        super().check()
        for pick in self.picks():
            if not 0 <= pick <= self.options:
                raise ExerciseError(f"{pick} is none of the {self.options} options")


@dataclass(frozen=True, kw_only=True)
class ChoiceMistake(Mistake):
    value: int

    def is_made(self, picks: list[int]) -> bool:
        return picks == [self.value]


@dataclass(frozen=True, kw_only=True)
class Choice(Picks, kind="choice"):
    """One option out of several."""

    answer: int
    mistakes: tuple[ChoiceMistake, ...] = ()

    asked = "one_letter"

    def parts(self) -> list[str]:
        return ["letter"]

    def picks(self) -> list[int]:
        return [self.answer, *(mistake.value for mistake in self.mistakes)]

    def is_right(self, picks: list[int]) -> bool:
        return picks == [self.answer]


@dataclass(frozen=True, kw_only=True)
class ChoicesMistake(Mistake):
    """Known by an option that should not be there, or by one that is missing."""

    has: int = 0
    lacks: int = 0

    def is_made(self, picks: list[int]) -> bool:
        return self.has in picks if self.has else self.lacks not in picks


@dataclass(frozen=True, kw_only=True)
class Choices(Picks, kind="choices"):
    """All options that apply, in any order."""

    answer: tuple[int, ...]
    mistakes: tuple[ChoicesMistake, ...] = ()

    asked = "some_letters"

    def parts(self) -> list[str]:
        return ["letters"]

    def picks(self) -> list[int]:
        return [*self.answer, *(mistake.has or mistake.lacks for mistake in self.mistakes)]

    def count(self) -> None:
        return None

    def is_right(self, picks: list[int]) -> bool:
        return set(picks) == set(self.answer)

    def is_near(self, picks: list[int]) -> bool:
        return len(self.answer) > 1 and len(set(picks) ^ set(self.answer)) == 1

    def right_so_far(self, picks: list[int]) -> list[Text]:
        right = [pick for pick in picks if pick in self.answer]
        return [say("picks_right", letters=self.signs(right))] if right else []


@dataclass(frozen=True, kw_only=True)
class SequenceMistake(Mistake):
    """Known by the whole row, in which 0 stands for any pick, or by the pick `at` one place, counted from 1."""

    value: tuple[int, ...] | int
    at: int = 0

    def is_made(self, picks: list[int]) -> bool:
        if self.at:
            return picks[self.at - 1] == self.value
        return all(wrong in (0, pick) for wrong, pick in zip(self.value, picks, strict=True))


@dataclass(frozen=True, kw_only=True)
class Sequence(Picks, kind="sequence"):
    """A row of options: a reason and a verdict, or a longer row that sorts or orders things."""

    answer: tuple[tuple[int, ...], ...]  # any of these is right
    mistakes: tuple[SequenceMistake, ...] = ()

    @property
    def asked(self) -> str:
        return "reason_and_verdict" if self.count() == 2 else "letters_in_order"

    def parts(self) -> list[str]:
        return ["reason", "verdict"] if self.count() == 2 else ["place"] * self.count()

    def picks(self) -> list[int]:
        wrong = [m.value if isinstance(m.value, tuple) else (m.value,) for m in self.mistakes]
        return [pick for row in (*self.answer, *wrong) for pick in row]

    def count(self) -> int:
        return len(self.answer[0])

    def read(self, data: dict) -> list[int]:
        return super().read(number_first(data))

    def said(self, picks: list[int]) -> Text:
        if self.count() != 2:
            return self.signs(picks)
        reason, verdict = picks
        letter = self.signs([verdict])
        return Text(f"{reason}, {letter.ko}", f"{reason}, {letter.en}")

    def is_right(self, picks: list[int]) -> bool:
        return tuple(picks) in self.answer

    def is_near(self, picks: list[int]) -> bool:
        return self.count() > 2 and len(self._wrong(picks)) == 1

    def right_so_far(self, picks: list[int]) -> list[Text]:
        """How many of a long row are right, and where to look again."""
        count, wrong = self.count(), self._wrong(picks)
        if count == 2:
            return []
        return [say("some_right", count=count, right=count - len(wrong), places=", ".join(map(str, wrong)))]

    def _wrong(self, picks: list[int]) -> list[int]:
        """The places, counted from 1, that differ from the nearest right row."""
        nearest = max(self.answer, key=lambda right: sum(map(int.__eq__, right, picks)))
        return [place for place, pair in enumerate(zip(nearest, picks, strict=True), start=1) if len(set(pair)) > 1]
