"""A learner's brief: a checklist that ticks itself where a machine can, and leaves the rest to a partner."""

import re
from dataclasses import dataclass
from types import EllipsisType, NoneType

from . import language
from .answers import read_number
from .feedback import escaped, say
from .loading import table

SLOTS = ("who_what", "number_scope", "compared", "contested", "certainty")  # the sentences of a brief
QUESTIONS = ("who", "counted", "unit", "against", "sure")  # the five questions, put to an article of one's own
TERMS = 5  # how many of the course's terms a brief should use
LENGTHS = {"ko": [(320, 480), (640, 960)], "en": [(120, 180), (240, 360)]}  # of a short brief, of a full one
LONGEST = 5_000  # characters of a slot that are read

_MONTH = r"(?:Jan|Febr)uary|March|April|May|June|July|August|(?:Septem|Octo|Novem|Decem)ber"
_DATE = re.compile(  # 2025년 1월 24일, 4분기, 24 January 2025, January 24, 2025-01-24, a year by itself
    rf"(?<!\d)\d{{1,4}}(?:\s?[~–-]\s?\d+)?\s?(?:년|월|일|분기)|(?:\d+ )?(?:{_MONTH})(?: \d\d?\b)?(?:,? \d{{4}})?"
    r"|\b(?:19|20)\d\d(?:-\d\d){1,2}|(?<![\d.,])(?:19|20)\d\d(?![\d,.]*\d|\s?(?:[만억조천]|thousand|[mbtr]+illion))"
)
_PART = r"\d+(?:,\d{3})*(?:\.\d+)?"
_FIGURE = re.compile(
    rf"(?<![A-Za-z\d.,_])(?<![A-Za-z\d]-){_PART}"
    rf"(?:천?[만억조](?:\s?{_PART}천?[만억조]?)*|천| (?:thousand|million|billion|trillion))?(?![\d_A-Z])"
)
_SOURCE = re.compile(r"[(\[（][^)\]）]*[)\]）]|출처|\b[Ss]ources?:")
_AMOUNT = re.compile(
    r"(?:약|[천백만억조]|원|달러|위안|퍼센트|[년월일]|about|some|thousand|[mbtr]+illion|dollars?|won|yuan|percent|us|usd|krw)+",
    re.IGNORECASE,
)
_WON = re.compile(r"[\d천만억조]\s*원|₩|(?:\d|[mbtr]illion)\s+won\b")
_RATE = re.compile(r"환율|1\s*달러|달러당|\b[Rr]ate\b|to (?:the|a|one) dollar")


@dataclass(frozen=True)
class Item:
    """One line of the checklist: done, not yet (False) or left to the partner (None); and details below it."""

    done: bool | None
    text: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"[{say({True: 'brief_done', False: 'brief_not_yet', None: 'brief_partner'}[self.done])}] {self.text}"


@dataclass(frozen=True)
class Review:
    """A sentence and a checklist. Shows itself as text and as an HTML list; its marks are words, not colours."""

    message: str
    items: tuple[Item, ...]

    def __repr__(self) -> str:
        return "\n".join([self.message, *("\n    - ".join([str(item), *item.details]) for item in self.items)])

    def _repr_html_(self) -> str:
        details = ["".join(f"<li>{escaped(detail)}</li>" for detail in item.details) for item in self.items]
        below = [f"<ul>{lines}</ul>" if lines else "" for lines in details]
        items = (f"<li>{escaped(str(item))}{more}</li>" for item, more in zip(self.items, below, strict=True))
        return f"<p>{escaped(self.message)}</p><ul>{''.join(items)}</ul>"


def review(*, full: bool = False, **slots: object) -> Review:
    """What a machine can see of a brief, and what is left to the partner.

    Args:
        full: the brief written at home, twice as long as the one in class.
        slots: texts under the names of SLOTS, `...` where still open; or under those of QUESTIONS, of which it is
            only said which are open.

    Returns:
        A checklist. Odd input raises nothing: it is said which slot holds no text and which name is unknown.
    """
    names = QUESTIONS if slots and set(slots) <= set(QUESTIONS) else SLOTS
    kinds = {name: type(slots.get(name)) for name in names}  # not isinstance: an object may refuse to be asked
    texts = {name: " ".join(slots[name].split())[:LONGEST] if issubclass(kinds[name], str) else "" for name in names}
    odd = [name for name in names if not issubclass(kinds[name], str | NoneType | EllipsisType)]
    said = [say("brief_questions" if names is QUESTIONS else "brief_by_machine")]
    said += [say("brief_no_text", slot=_name(name), found=kinds[name].__name__) for name in odd]
    said += [say("brief_unknown", name=name[:40]) for name in slots if name not in names]
    items = [_judged("brief_filled", "brief_open_slots", [_name(name) for name in names if not texts[name]])]
    if names is SLOTS:
        items += [_sources(texts), _rate(texts), _words(texts, "contested"), _words(texts, "certainty")]
        items += [_terms(texts), _length(texts, full)]
        items += [Item(None, say(f"brief_partner_{what}")) for what in ("sense", "numbers", "fair")]
    return Review("\n".join(said), tuple(items))


def _name(slot: str) -> str:
    return say(f"slot_{slot}")


def _judged(key: str, key_missing: str, missing: list[str]) -> Item:
    return Item(not missing, say(key), (say(key_missing, which=" · ".join(missing)),) if missing else ())


def _sources(texts: dict[str, str]) -> Item:
    """Each number of ten or more is followed, in its slot, by a bracket that names a source, or by 출처 or source:.

    Dates, digits in names (R1, GPT-4) and the writer's own percent in the last slot are passed over. A bracket with
    nothing but an amount in it, such as (약 1443조 원), names no source.
    """
    found, bare = 0, []
    for slot, text in texts.items():
        last_source = max((match.end() for match in _SOURCE.finditer(text) if _is_source(match[0])), default=0)
        undated = _DATE.sub(lambda match: " " * len(match[0]), text)
        for match in _FIGURE.finditer(undated):
            own = slot == "certainty" and re.match(r"\s*(?:%|퍼센트|percent)", undated[match.end() :])
            if not own and (read_number(match[0]) or 0) >= 10:
                found += 1
                bare += [f"{match[0].strip()} ({_name(slot)})"] if last_source < match.end() else []
    return _judged("brief_sources", "brief_bare", bare) if found else Item(False, say("brief_no_number"))


def _is_source(found: str) -> bool:
    words = [word for word in re.findall(r"[^\W\d_]+", found) if not _AMOUNT.fullmatch(word)]
    return len("".join(words)) > 1


def _rate(texts: dict[str, str]) -> Item:
    won = {slot: text for slot, text in texts.items() if _WON.search(text)}
    bare = [_name(slot) for slot, text in won.items() if not (_RATE.search(text) and _DATE.search(text))]
    return _judged("brief_rate", "brief_no_rate", bare) if won else Item(any(texts.values()), say("brief_no_won"))


def _words(texts: dict[str, str], slot: str) -> Item:
    found = re.search(say(f"brief_{slot}_words"), texts[slot], re.IGNORECASE)
    return Item(bool(found), say(f"brief_{slot}"))


def _terms(texts: dict[str, str]) -> Item:
    """The course's terms, beside the first sentence that uses each: whether it is that word, a partner judges."""
    sentences = [part for text in texts.values() for part in re.split(r"(?<=[.!?])\s+", text) if part]
    found = {}
    for row in table("vocabulary").itertuples() if sentences else ():
        pattern = _pattern(row.term, row.english)
        used = next((sentence for sentence in sentences if pattern and pattern.search(sentence)), None)
        if used:
            found.setdefault(used, []).append(row.term if language.current() == "ko" else row.english)
    count = sum(map(len, found.values()))
    lines = tuple(f"{' · '.join(found[sentence])}: {sentence}" for sentence in sentences if sentence in found)
    return Item(count >= TERMS, say("brief_terms", wanted=TERMS, found=count), lines)


def _pattern(term: str, english: str) -> re.Pattern | None:
    """What finds a term at the beginning of a word, or None for 억, 조 and -발, which are too short to look for.

    What stands in brackets is left away. A Korean word may go on (particles), an English one only end in s or d.
    """
    term, english = (re.sub(r"\([^)]*\)", "", name) for name in (term, english))
    if len(re.sub(r"\W", "", term)) < 2:
        return None
    korean = language.current() == "ko"
    names = [term] if korean else [name for name in [*re.split("[,;/]", english), term] if name.isascii()]
    patterns = [r"\W{0,2}".join(re.findall(r"\w+", name)) for name in names]
    either = "|".join(patterns).replace("isation", "i[sz]ation")
    return re.compile(rf"(?<!\w)(?:{either})" + ("" if korean else r"(?:e?[sd])?(?!\w)"), re.IGNORECASE)


def _length(texts: dict[str, str], full: bool) -> Item:
    text = " ".join(filter(None, texts.values()))
    size = len(text) if language.current() == "ko" else len(text.split())
    low, high = LENGTHS[language.current()][bool(full)]
    return Item(low <= size <= high, say("brief_length", size=f"{size:,}", low=low, high=high))
