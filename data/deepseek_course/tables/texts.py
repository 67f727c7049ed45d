"""Values of the tables by name, and texts that have such values in them."""

import re
from collections.abc import Mapping
from functools import cache

import pandas as pd

from ..language import Text
from .amounts import money
from .arithmetic import evaluate
from .reading import rows


def known_values() -> dict[str, float]:
    """What any expression may name: each fact by its id, sums in reports and headlines, such as kbthink_cost_usd."""
    return dict(_known_values())


@cache
def _known_values() -> dict[str, float]:
    values = pd.concat([rows("facts")["value"], rows("later_facts")["value"]]).dropna().to_dict()
    for table, column in (("reports", "usd"), ("reports", "krw"), ("headlines", "usd")):
        values |= rows(table)[column].dropna().add_suffix(f"_{column}").to_dict()
    return values


def fill(text: Text, names: Mapping) -> Text:
    """Put values into a text: {llama_hours / v3_hours:.1f}, {v3_cost:money}, {x:won}, {x:won~} to three digits.

    Raises:
        ValueError: what stands in the braces cannot be reckoned.
    """
    return Text(_fill(text.ko, names, "ko"), _fill(text.en, names, "en"))


def _fill(text: str, names: Mapping, language: str) -> str:
    def value(match: re.Match) -> str:
        number = evaluate(match[1], names)
        spec = (match[2] or "").removesuffix("~")
        if spec in ("money", "won"):
            amount = number if spec == match[2] else float(f"{number:.3g}")
            return money(amount, language, currency="KRW" if spec == "won" else "USD")
        return format(number, match[2] or ",.10g").replace("-", "−")

    return re.sub(r"\{([^{}:]+)(?::([^{}]*))?\}", value, text.strip())
