"""Exercises that ask for one number."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..language import say
from ..plain import tidy
from ..tables.arithmetic import evaluate
from ..tables.reading import table
from .exercises import Exercise, Mistake, Unread, Verdict
from .read_numbers import is_percent, stated_number

CLOSE = 0.002  # how far a number may be off, relative to the answer, where the exercise does not say
NEAR = 0.05  # how far to be told "nearly"


class Given(NamedTuple):
    """A number that was given, the words it was given in, if it was a text, and whether these say percent."""

    number: float
    text: str = ""
    percent: bool = False


@dataclass(frozen=True, kw_only=True)
class NumberMistake(Mistake):
    """Known by the number that comes out, or by a word of the question that stands in the answer."""

    value: str = ""  # arithmetic; may name `answer`
    text: str = ""
    tolerance: float = 0.005


@dataclass(frozen=True, kw_only=True)
class Number(Exercise, kind="number"):
    """One number, in whatever form a learner writes it."""

    answer: str  # arithmetic over the tables' values
    units: tuple[float, ...] = ()  # given in these it is right as well: 0.17 for 17 percent, 5890 (억) for 589 billion
    percent: bool = False  # it is in percent, where 100 is not among the units
    tolerance: float = CLOSE  # relative to the answer
    between: tuple[str, str] | None = None  # anything from here to there is right as well
    signless: bool = False
    table: str = ""  # a table whose columns the arithmetic may name,
    where: str = ""  # of the rows that this query chooses
    mistakes: tuple[NumberMistake, ...] = ()

    def names(self) -> dict:
        names = super().names()
        if self.table:
            names |= dict(table(self.table, "ko").query(self.where).items())  # its numbers are the same in both
        return names | {"answer": evaluate(self.answer, names)}

    def parts(self) -> list[str]:
        return ["number"]

    def expressions(self) -> list[str]:
        return [self.answer, *(self.between or ()), *(mistake.value for mistake in self.mistakes if mistake.value)]

    def read(self, data: dict) -> Given:
        value = data["value"]
        if data["kind"] == "list":
            parts = [item["value"] for item in value]
            split = len(parts) > 1 and all(isinstance(part, float) and 0 <= part < 1000 for part in parts)
            raise Unread(say("comma" if split else "list_found"))
        if data["kind"] == "other":
            raise Unread(say("number_wanted", found=value))
        if data["kind"] == "number":
            if isinstance(value, float):
                return Given(value)
            raise Unread(say("not_finite", found=value))
        number = stated_number(value)
        if number is None or not math.isfinite(number):
            raise Unread(say("unreadable", found=value[:40]))
        percent = is_percent(value)
        if percent and not (self.percent or 100 in self.units):
            raise Unread(say("percent_not_wanted", found=value[:40]))
        return Given(number, tidy(value).lower(), percent)

    def verdict(self, answer: Given, names: Mapping) -> Verdict:
        # 0.17 says 17 percent, "0.17%" does not.
        units = [unit for unit in self.units if not (answer.percent and unit == 100)]
        forms = [answer.number, *(answer.number * unit for unit in units)]
        if self.signless:
            forms = [abs(form) for form in forms]
        if self._is_right(forms, names):
            for mistake in self.mistakes:
                if mistake.text and mistake.text in answer.text:  # the question's own words given back
                    return "wrong", mistake.message
            return "right", self.ok or say("right")
        for mistake in self.mistakes:
            if mistake.value and _is_near(evaluate(mistake.value, names), forms, mistake.tolerance):
                return "wrong", mistake.message
        return _size(answer.number, forms, names["answer"])

    def _is_right(self, forms: list[float], names: Mapping) -> bool:
        right = names["answer"]
        low, high = (evaluate(end, names) for end in self.between or ("answer", "answer"))
        slack = self.tolerance * abs(right)
        return any(abs(form - right) <= slack or low <= form <= high for form in forms)


def _is_near(wrong: float, forms: list[float], tolerance: float) -> bool:
    return any(math.isclose(form, wrong, rel_tol=tolerance) for form in forms)


def _size(number: float, forms: list[float], right: float) -> Verdict:
    """The digits right and the size wrong, nearly right, or simply not yet."""
    read = f"{number:,.0f}" if 1e4 <= abs(number) < 1e16 else f"{number:,.6g}"
    ratios = [form / right for form in forms] if right else []
    ratios = [ratio for ratio in ratios if ratio and math.isfinite(ratio)]
    ratio = min(ratios, key=lambda r: abs(math.log10(abs(r))), default=0)
    if math.isclose(ratio, -1, rel_tol=CLOSE):
        return "wrong", say("wrong_sign")
    power = round(math.log10(ratio)) if ratio > 0 else 0
    if 0 < abs(power) < 16 and math.isclose(ratio, 10.0**power, rel_tol=0.005):
        return "wrong", say("too_large" if power > 0 else "too_small", read=read, times=f"{10 ** abs(power):,}")
    if math.isclose(ratio, 1, rel_tol=NEAR):
        return "near", say("nearly", read=read)
    return "wrong", say("wrong_number", read=read)
