"""Finds the figures in a text and says which of them match none of the facts that the text names."""

import math
import re
from collections.abc import Iterable, Mapping

from deepseek_course.practice.read_numbers import read_number
from deepseek_course.tables.arithmetic import evaluate

NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
FIGURE = re.compile(
    rf"(?<![A-Za-z\d.,_-])(?:{NUMBER})"
    rf"(?:[천]?[만억조](?:\s?(?:{NUMBER})[천]?[만억조]?)*|천(?!\w)| ?(?:thousand|million|billion|trillion))?"
    r"(?![\d_]|[A-Z])"
)
UNITS = (1, 1e4, 1e6, 1e8, 1e9, 1e12)

# Figures that need no source, each with its reason.
FREE = {
    10: "a tenth, tenfold, one step of a log axis",
    12: "the zeros of a trillion",
    50: "minutes of a class period",
    100: "percent, and ten times ten",
    1000: "a thousandth, a thousandfold",
    10_000: "won for a dollar: more than any rate of these years",
    10**6: "a million",
    123: "an example of 만 read part by part",
    1_234_000: "the same example",
    4000: "the same example",
    17: "an example of a percentage",
    1_250_000: "an example of how to type a number",
    2_500_000: "an example of a million written out",
    10**9: "a billion",
    2024: "the year whose models and investment are counted",
    2025: "the year of the article",
    2023: "the year of whose dollars some estimates are",
    28: "a January day on which the market in Seoul was closed",
}


def orphans(text: str, expressions: Iterable[str], known: Mapping, facts, entities: Iterable[str]) -> list[str]:
    """The figures of two digits or more that match none of the named facts.

    Args:
        text: prose, in Korean or English.
        expressions: ids of facts, or arithmetic over them.
        known: the values that expressions may name.
        facts: the table facts, for its dates.
        entities: names such as "Llama 3.1 405B", whose digits are no figures.
    """
    named = [evaluate(expression, known) for expression in expressions]
    dates = {int(part) for e in expressions if e in facts.index for part in re.findall(r"\d+", facts.loc[e, "as_of"])}
    return [figure for figure in figures(text, entities) if not _matches(figure, named, dates)]


def figures(text: str, entities: Iterable[str]) -> list[str]:
    """The figures of ten or more in a text, as they stand there."""
    text = re.sub(r"\]\([^)]*\)|<[^>]+>|\{[^{}]*\}|[`*]|\w+_\w+", " ", text)
    for name in sorted(entities, key=len, reverse=True):
        text = text.replace(name, " ")
    found = [match[0].strip() for match in FIGURE.finditer(text)]
    return [figure for figure in found if (read_number(figure) or 0) >= 10]


def printed(text: str, fact: float, entities: Iterable[str]) -> set[float]:
    """The values at which a text prints a fact to two digits or more, rounded as they stand there."""
    found = set()
    for figure in figures(text, entities):
        value, digits = read_number(figure), re.sub(r"\D", "", figure).strip("0")
        if value in FREE or len(digits) < 2:
            continue
        found |= {value * unit for unit in UNITS if abs(abs(fact) / unit - value) <= _slack(figure) * 1.0001}
    return {math.copysign(value, fact) for value in found}


def _matches(figure: str, named: list[float], dates: set[int]) -> bool:
    value, slack = read_number(figure), _slack(figure)
    if value in FREE or value in dates:
        return True
    return any(abs(abs(fact) / unit - value) <= slack * 1.0001 for fact in named for unit in UNITS)


def _slack(figure: str) -> float:
    """Half a unit of the last digit that counts: closing zeros are rounding, but two digits always count."""
    last = re.findall(rf"(?:{NUMBER})\s?[천만억조a-z]*", figure)[-1]
    digits = re.match(NUMBER, last)[0]
    scale = read_number("1" + last[len(digits) :]) or 1
    decimals = len(digits.partition(".")[2])
    if decimals:
        return 0.5 * 10**-decimals * scale
    plain = digits.replace(",", "")
    zeros = min(len(plain) - len(plain.rstrip("0")), max(len(plain) - 2, 0))
    return 0.5 * 10**zeros * scale


def names(facts_by_language: Iterable[Mapping]) -> set[str]:
    """Names with digits in them, from the tables."""
    return {name for facts in facts_by_language for name in facts["entity"] if re.search(r"\d", name)}
