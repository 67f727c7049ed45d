"""Amounts in the reader's units: 만·억·조 in Korean, million, billion and trillion in English."""

import re

_KOREAN = ((10**12, "조"), (10**8, "억"), (10**4, "만"), (1, ""))
_ENGLISH = ((10**12, " trillion"), (10**9, " billion"), (10**6, " million"))
_NAMES = {"ko": {"USD": "달러", "KRW": "원", "CNY": "위안"}, "en": {"KRW": "won", "CNY": "yuan"}}


def money(amount: float, language: str, *, currency: str = "USD") -> str:
    """An amount as a reader would write it.

    Args:
        amount: in dollars, won or yuan.
        language: "ko" or "en".
        currency: "USD", "KRW" or "CNY".

    Returns:
        Such as "557만 6000달러" or "$5.576 million".
    """
    sign, amount = ("−" if amount < 0 else ""), abs(amount)
    return sign + (_korean if language == "ko" else _english)(amount, currency)


def _trim(number: float, digits: int) -> str:
    text = f"{number:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _korean(amount: float, currency: str) -> str:
    name = _NAMES["ko"][currency]
    if amount < 10_000:
        return f"{_trim(amount, 2 if amount >= 1 else 3)}{name}"
    rest, parts = round(amount), []
    for size, unit in _KOREAN:
        count, rest = divmod(rest, size)
        if count and len(parts) < 2:
            parts.append(f"{count}{unit}")
    return " ".join(parts) + (name if parts[-1].isdigit() else f" {name}")


def _english(amount: float, currency: str) -> str:
    for size, unit in _ENGLISH:
        if amount >= size:
            text = _trim(amount / size, 3) + unit
            break
    else:
        text = _trim(amount, 3 if amount < 1 else 2 if amount < 1000 else 0)
        if currency == "USD" and re.fullmatch(r"\d+\.\d", text):  # cents have two digits
            text += "0"
    return f"${text}" if currency == "USD" else f"{text} {_NAMES['en'][currency]}"
