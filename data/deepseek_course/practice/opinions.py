"""Exercises that have no key: votes, probabilities, ranges. What is judged is whether they can be counted or scored."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean
from types import EllipsisType
from typing import ClassVar, NamedTuple

from ..language import Text, say
from ..plain import is_blank, simple
from .exercises import Exercise, Unread, Verdict
from .picks import LETTERS
from .read_letters import number_first, read_picks
from .read_numbers import stated_number

ODDS = re.compile(r"(\d+)\s*[/:-]\s*(\d+)")  # 80/20
KNEW = 1  # the first option of "did you know how it came out?": yes


@dataclass(frozen=True, kw_only=True)
class Opinion(Exercise):
    """What is shared by the kinds below."""

    has_key: ClassVar[bool] = False

    count: int  # of the parts of an answer

    def expressions(self) -> list[str]:
        return []

    def kept(self, data: dict) -> list:
        """An accepted answer as it is to be kept and scored."""
        return self.read(data)


@dataclass(frozen=True, kw_only=True)
class Vote(Opinion, kind="vote"):
    """One option out of several, none of them right or wrong."""

    options: int
    count: int = 1

    def parts(self) -> list[str]:
        return ["letter"]

    def read(self, data: dict) -> list[str]:
        picks = read_picks(data, self.options, one=True) or []
        if len(picks) != 1:
            raise Unread(say("one_letter", letters=_listed(self.options)))
        return [str(LETTERS)[picks[0] - 1]]

    def verdict(self, answer: list[str], names: Mapping) -> Verdict:
        return "right", self.ok.after(say("read_letters", letters=answer[0]))


def _listed(options: int) -> Text:
    return Text(", ".join(LETTERS.ko[:options]), ", ".join(LETTERS.en[:options]))


class Guess(NamedTuple):
    """A forecast as it is scored: its percent, `...` where it is open, and the option for how much one knew."""

    percent: float | EllipsisType
    knew: int


@dataclass(frozen=True, kw_only=True)
class Forecast(Opinion, kind="forecast"):
    """A probability in percent, and how much one knew."""

    question: str  # its row in the table questions
    count: int = 2

    def parts(self) -> list[str]:
        return ["chance"]

    def is_open(self, data: dict) -> bool:
        """Whoever knows the outcome may leave the probability open, and still has answered."""
        if is_blank(data) or data["kind"] != "list" or len(data["value"]) != 2:
            return is_blank(data)
        percent, knew = number_first(data)["value"]
        return is_blank(percent) and read_picks(knew, 3) in ([2], [3])

    def read(self, data: dict) -> Guess:
        items = number_first(data)["value"] if data["kind"] == "list" else []
        if len(items) != 2:
            raise Unread(say("forecast_wanted"))
        knew = read_picks(items[1], 3)
        if knew == [KNEW] and is_blank(items[0]):
            return Guess(..., KNEW)
        percent = _percent(items[0])
        if percent is None or not 0 <= percent <= 100 or not knew or len(knew) != 1:
            raise Unread(say("forecast_wanted"))
        if 0 < percent < 1:
            raise Unread(say("percent_as_fraction", percent=f"{percent * 100:g}", fraction=f"{percent:g}"))
        if not 1 <= percent <= 99:
            raise Unread(say("percent_certain"))
        return Guess(percent, knew[0])

    def verdict(self, answer: Guess, names: Mapping) -> Verdict:
        known = say("forecast_known")
        if answer.percent is ...:
            return "right", known
        taken = say("forecast_taken", percent=f"{answer.percent:g}")
        return "right", taken.then(known) if answer.knew == KNEW else taken

    def kept(self, data: dict) -> list:
        percent, knew = self.read(data)
        return [None if percent is ... else percent, str(LETTERS)[knew - 1]]


def _percent(item: dict) -> float | int | None:
    """A number, or a text that says one: 80, "80", "80%" and "80/20" are the same; None where something else stands."""
    number = item["value"]
    if item["kind"] == "text":
        odds = ODDS.fullmatch(number.strip())
        number = float(odds[1]) if odds and int(odds[1]) + int(odds[2]) == 100 else stated_number(number)
    return simple({"kind": "number", "value": number}) if isinstance(number, float) else None


@dataclass(frozen=True, kw_only=True)
class Percents(Opinion, kind="percents"):
    """Several probabilities in percent, which may have to add up, and may be scored at once."""

    total: float | None = None  # what they have to add up to
    truths: tuple[int, ...] = ()  # 1 for what is true, 0 for what is not

    def parts(self) -> list[str]:
        return ["percent"] * self.count

    def read(self, data: dict) -> list:
        items = data["value"] if data["kind"] == "list" else []
        given = [_percent(item) for item in items if not is_blank(item)]
        some = not self.total and not self.truths  # whoever knows an outcome leaves it open
        least, most = (0, 100) if self.truths else (1, 99)
        if (
            len(items) != self.count
            or len(given) < (1 if some else self.count)
            or any(percent is None or not 0 <= percent <= 100 for percent in given)
        ):
            raise Unread(say("percents_wanted", count=self.count, least=least, most=most))
        if any(0 < percent < 1 for percent in given):
            raise Unread(say("percents_as_fractions"))
        if self.truths and set(given) <= {0, 1} and 1 in given:
            raise Unread(say("percents_true_false"))
        if any(not least <= percent <= most for percent in given):
            raise Unread(say("percent_certain"))
        if self.total and abs(sum(given) - self.total) > 0.5:
            raise Unread(say("percents_total", total=f"{self.total:g}", found=f"{sum(given):g}"))
        return [... if is_blank(item) else _percent(item) for item in items]

    def verdict(self, answer: list, names: Mapping) -> Verdict:
        if not self.truths:
            return "right", self.ok or say("percents_taken")
        penalties = [(percent / 100 - truth) ** 2 for percent, truth in zip(answer, self.truths, strict=True)]
        worst = penalties.index(max(penalties))
        scored = say("percents_scored", mean=f"{mean(penalties):.2f}")
        if penalties[worst] >= 0.005:
            scored = scored.then(say("percents_worst", number=worst + 1, worst=f"{penalties[worst]:.2f}"))
        return "right", self.ok.after(scored)


@dataclass(frozen=True, kw_only=True)
class Ranges(Opinion, kind="ranges"):
    """Several ranges [low, high], each within its limits."""

    limits: tuple[tuple[float, float], ...]

    def parts(self) -> list[str]:
        return ["range"] * self.count

    def read(self, data: dict) -> list:
        items = data["value"] if data["kind"] == "list" else []
        if len(items) != self.count:
            raise Unread(say("ranges_wanted", number=1))
        return [... if is_blank(item) else self._range(place, item) for place, item in enumerate(items, start=1)]

    def _range(self, place: int, item: dict) -> list[float]:
        ends = [_percent(end) for end in item["value"]] if item["kind"] == "list" else []
        if len(ends) != 2 or None in ends:
            raise Unread(say("ranges_wanted", number=place))
        if self.limits[place - 1] == (0, 100) and 0 < ends[1] < 1:
            raise Unread(say("percents_as_fractions"))
        if ends[0] >= ends[1]:
            raise Unread(say("ranges_order", number=place, low=f"{ends[0]:g}", high=f"{ends[1]:g}"))
        least, most = self.limits[place - 1]
        if ends[0] < least or ends[1] > most:
            key = "ranges_minus" if ends[0] < 0 else "ranges_limits"
            raise Unread(say(key, number=place, least=f"{least:,}", most=f"{most:,}"))
        return ends

    def verdict(self, answer: list, names: Mapping) -> Verdict:
        return "right", self.ok or say("ranges_taken")
