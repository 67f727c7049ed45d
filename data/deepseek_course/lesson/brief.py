"""A learner's brief: a checklist that ticks what a machine can be sure of, and leaves the rest to a partner."""

import re
from dataclasses import dataclass
from types import EllipsisType, NoneType

from .. import language
from ..language import told
from ..pages import block, escaped
from ..tables.reading import table

SLOTS = ("who_what", "number_scope", "compared", "contested", "certainty")  # the sentences of a brief
QUESTIONS = ("who", "counted", "unit", "against", "sure")  # the five questions, put to an article of one's own
TERMS = 5  # how many of the course's terms a brief should use
LENGTHS = {"ko": [(320, 480), (640, 960)], "en": [(120, 180), (240, 360)]}  # of a short brief, of a full one
LONGEST = 5_000  # characters of a slot that are read

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DAY = r"\d\d?(?:st|nd|rd|th)?\b"
_DATE = re.compile(  # 1월 24~31일, 2025. 1. 24., 24/1/2025, 24 Jan 2025, January 24th, a year by itself
    r"\d{1,4}(?:\s?[~∼–-]\s?\d\d?)?\s?(?:년|월|일|분기)|\d{1,4}[./-]\s?\d\d?[./-]\s?\d{1,4}(?!\d)"
    rf"|{_DAY} {_MONTH}|\b{_MONTH} {_DAY}|(?<![\d.,])(?:19|20)\d\d(?![\d,.]*\d|\s?(?:[만억조]|[mbtr]+illion))"
)
_NUMBER = re.compile(  # of ten or more; not the digits of R1, GPT-4 or 405B
    r"(?<![A-Za-z\d.,])(?<![A-Za-z]-)(?:\d{2,}(?![\dA-Za-z])|\d,\d{3}"
    r"|\d[\d.]*(?:\s?(?:[십백천만억조]|thousand|[mbtr]+illion)|(?:mn?|bn|tn)\b))|[$＄₩]\d[\d.]*[kbt]\b|(?:USD|KRW)\d",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"[(（\[［【]|출처|따르면|보고서|논문|기사|블로그|밝혔|보도|\bsources?:|\baccording to\b"
    r"|\b(reports?|reported|paper|says|said|wrote|article|blog)\b",
    re.IGNORECASE,
)
_WON = re.compile(r"\d\s?[천만억조]*\s?원|₩|\bKRW|(?:\d(?:bn|tn|mn?)?|illion)\s(?:South )?(?:Korean )?won\b")
# Words that leave no doubt, unless the same sentence takes them back.
_CERTAIN = re.compile(
    r"증명|입증|명백|틀림없|의심의 여지|\b(?:proven|proved|proves|proof|undoubtedly|definitely)\b"
    r"|100\s?(?:%|퍼센트|percent|per cent)\s?(?:사실|확신|확실|맞|sure|certain|true)"
    r"|\b(?:no|without(?: a)?|beyond(?: any)?) doubt\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"[되하]지\s?(?:않|못)|(?:적|바|증거)[이가는은]?\s?없"
    r"|\b(?:not|no|never|nothing|nobody|cannot|\w+n['’]t)\b(?! doubt)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Item:
    """One line of the checklist: done, not yet (False) or left to the partner (None); and details below it."""

    done: bool | None
    text: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"[{told({True: 'brief_done', False: 'brief_not_yet', None: 'brief_partner'}[self.done])}] {self.text}"


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
        return block(f"<p>{escaped(self.message)}</p><ul>{''.join(items)}</ul>")


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
    said = [told("brief_questions" if names is QUESTIONS else "brief_by_machine")]
    said += [told("brief_no_text", slot=_name(name), found=kinds[name].__name__) for name in odd]
    said += [told("brief_unknown", name=name[:40]) for name in slots if name not in names]
    still_open = [_name(name) for name in names if not texts[name]]
    which = (told("brief_open_slots", which=" · ".join(still_open)),) if still_open else ()
    items = [Item(not still_open, told("brief_filled"), which)]
    if names is SLOTS:
        items += [_length(texts, full), _terms(texts), _numbers(texts), _won(texts)]
        items += [_fair(texts), *(Item(None, told(f"brief_{what}")) for what in ("certainty", "sense"))]
    return Review("\n".join(said), tuple(items))


def _name(slot: str) -> str:
    return told(f"slot_{slot}")


def _numbers(texts: dict[str, str]) -> Item:
    """Not yet, where a slot has a number and nothing that might name its source; else left to the partner.

    The last slot is passed over: its percent are the writer's own.
    """
    slots = [slot for slot in texts if slot != "certainty" and _NUMBER.search(_DATE.sub(" ", texts[slot]))]
    bare = [_name(slot) for slot in slots if not _SOURCE.search(texts[slot])]
    if bare:
        return Item(False, told("brief_numbers"), (told("brief_bare", which=" · ".join(bare)),))
    if not slots:
        return Item(False, told("brief_numbers"), (told("brief_no_number"),))
    return Item(None, told("brief_numbers"))


def _won(texts: dict[str, str]) -> Item:
    slots = [_name(slot) for slot, text in texts.items() if _WON.search(text)]
    return Item(None, told("brief_rate"), (told("brief_won", which=" · ".join(slots)),) if slots else ())


def _fair(texts: dict[str, str]) -> Item:
    """Not yet, where a sentence leaves no doubt: whether there is none, the source has to show."""
    sure = [sentence for sentence in _sentences(texts) if _CERTAIN.search(sentence) and not _DENIED.search(sentence)]
    return Item(False if sure else None, told("brief_fair"), tuple(told("brief_sure", sentence=one) for one in sure))


def _sentences(texts: dict[str, str]) -> list[str]:
    return [part for text in texts.values() for part in re.split(r"(?<=[^\d][.!?])\s+", text) if part]


def _terms(texts: dict[str, str]) -> Item:
    """The course's terms, beside the first sentence that uses each: whether it is that word, a partner judges."""
    sentences, found = _sentences(texts), {}
    for row in table("vocabulary", language.current()).itertuples() if sentences else ():
        pattern = _pattern(row.term, row.english)
        used = next((sentence for sentence in sentences if pattern and pattern.search(sentence)), None)
        if used:
            found.setdefault(used, []).append(row.term if language.current() == "ko" else row.english)
    count = sum(map(len, found.values()))
    lines = tuple(f"{' · '.join(found[sentence])}: {sentence}" for sentence in sentences if sentence in found)
    return Item(count >= TERMS or None, told("brief_terms", wanted=TERMS, found=count), lines)


def _pattern(term: str, english: str) -> re.Pattern | None:
    """What finds a term at the beginning of a word, or None for 억, 조 and -발, which are too short to look for.

    What stands in brackets is left away. A Korean word may go on (particles), an English one only end in s or d.
    """
    term, english = (re.sub(r"\([^)]*\)", "", name) for name in (term, english))
    if len(re.sub(r"\W", "", term)) < 2:
        return None
    korean = language.current() == "ko"
    names = [term] if korean else [name for name in [*re.split("[,;/]", english), term] if name.isascii()]
    either = "|".join(r"\W{0,2}".join(re.findall(r"\w+", name)) for name in names)
    if korean:
        return re.compile(f"(?<![가-힣])(?:{either})", re.IGNORECASE)
    either = either.replace("isation", "i[sz]ation")
    return re.compile(rf"(?<!\w)(?:{either})(?:e?[sd])?(?!\w)", re.IGNORECASE)


def _length(texts: dict[str, str], full: bool) -> Item:
    text = " ".join(filter(None, texts.values()))
    size = len(text) if language.current() == "ko" else len(text.split())
    low, high = LENGTHS[language.current()][bool(full)]
    return Item(low <= size <= high, told("brief_length", size=f"{size:,}", low=low, high=high))
