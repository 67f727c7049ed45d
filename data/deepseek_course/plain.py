"""What a learner gave, as plain data that can leave a notebook. Nothing here raises, whatever it is given."""

import math
import numbers
import re
import unicodedata
from decimal import Decimal

LONGEST = 200  # characters of a text, items of a list: an answer is short
MIME = "application/vnd.deepseek-course.answer+json"  # what an answer that leaves a notebook is marked with

_POWERS = {power: str(digit) for digit, power in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")


def plain(value: object, longest: int = LONGEST) -> dict:
    """Turn whatever a learner gave into tagged plain data that JSON can hold.

    Args:
        value: anything at all; Ellipsis stands for "not answered yet".
        longest: characters of a text and items of a list that are taken.

    Returns:
        {"kind": k, "value": v} with k one of "number" (v a float, or the text "nan", "inf", "-inf"), "text",
        "list" (v a list of such data), "blank", "none" and "other" (v the name of the type). Never raises.
    """
    try:
        return _plain(value, longest)
    except Exception:  # an object may refuse even to be looked at
        return {"kind": "other", "value": type(value).__name__}


class Answer:
    """An answer on its way out of a notebook: what the hidden cell below an exercise yields while a class is marked.

    Its text is "0", so that whoever does not know `MIME` gives no points for it.

    Args:
        value: anything at all, as for `plain`.
    """

    def __init__(self, value: object):
        self.data = plain(value)

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return {MIME: self.data, "text/plain": "0"}


def _plain(value: object, longest: int, depth: int = 0) -> dict:
    if value is ...:
        return {"kind": "blank", "value": None}
    if value is None:
        return {"kind": "none", "value": None}
    if isinstance(value, bool):
        return {"kind": "other", "value": "bool"}
    if isinstance(value, numbers.Real | Decimal):
        return {"kind": "number", "value": _finite(value)}
    if isinstance(value, str):
        text = str(value)[:longest].encode("utf-8", "replace").decode()
        return {"kind": "text", "value": text} if tidy(text).strip() else {"kind": "blank", "value": None}
    if isinstance(value, list | tuple | set | frozenset) and depth < 2:
        return {"kind": "list", "value": [_plain(item, longest, depth + 1) for item in items_of(value)[:longest]]}
    if getattr(value, "size", None) == 1 and hasattr(value, "item"):  # a Series or array that holds one value
        return _plain(value.item() if getattr(value, "ndim", 0) < 2 else None, longest, depth + 1)
    return {"kind": "other", "value": type(value).__name__}


def simple(data: dict) -> float | int | str | list | None:
    """The value that `plain` tagged, without its tags: a whole number as int, what is open as `...`."""
    kind, value = data["kind"], data["value"]
    if kind == "list":
        return [simple(item) for item in value]
    if kind == "blank":
        return ...
    return int(value) if kind == "number" and isinstance(value, float) and value.is_integer() else value


def items_of(value: list | tuple | set | frozenset) -> list:
    """The items in order; those of a set, which has none, from the smallest up, or by their texts."""
    if not isinstance(value, set | frozenset):
        return list(value)
    try:
        return sorted(value)
    except TypeError:
        return sorted(value, key=str)


def is_plain(data: object, depth: int = 0) -> bool:
    """Whether data has the form that `plain` gives an answer: what came from elsewhere may have any."""
    if not isinstance(data, dict) or data.keys() != {"kind", "value"}:
        return False
    kind, value = data["kind"], data["value"]
    if kind == "number":
        return isinstance(value, float) or value in ("nan", "inf", "-inf")
    if kind == "list":
        return (
            isinstance(value, list)
            and len(value) <= LONGEST
            and depth < 2
            and all(is_plain(item, depth + 1) for item in value)
        )
    if kind in ("text", "other"):
        return isinstance(value, str) and len(value) <= LONGEST and not re.search("[\ud800-\udfff]", value)
    return kind in ("blank", "none") and value is None


def _finite(value: numbers.Real | Decimal) -> float | str:
    try:
        number = float(value)
    except OverflowError:
        return "inf"
    return number if math.isfinite(number) else str(number)


def tidy(text: str) -> str:
    """A text as a keyboard types it: full-width signs, hard spaces, dashes and invisible signs of word processors."""
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    seen = re.sub(f"[{''.join(_POWERS)}]+", lambda power: "^" + "".join(map(_POWERS.get, power[0])), seen)
    return unicodedata.normalize("NFKC", seen).translate(_DASHES)


def is_blank(data: dict) -> bool:
    """Whether nothing was answered yet, in none of several parts."""
    if data["kind"] == "list":
        return bool(data["value"]) and all(map(is_blank, data["value"]))
    return data["kind"] == "blank"
