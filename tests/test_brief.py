"""The checklist for a brief ticks what a machine can see, names what is missing, and leaves sense to the partner."""

import re

import pytest

import build
import deepseek_course as course
from deepseek_course import brief
from deepseek_course.feedback import say

FILLED, SOURCES, RATE, CONTESTED, CERTAINTY, TERMS, LENGTH = range(7)  # the lines that a machine judges, in order
LANGUAGES = ["ko", "en"]
LESSON = build.SOURCES / "05-brief.md"


class Hostile:
    """An object that refuses everything."""

    def __getattribute__(self, name):
        raise RuntimeError(name)


ODD = {
    "number": 3,
    "truth": True,
    "list": ["가"],
    "dict": {"a": 1},
    "bytes": b"x",
    "function": len,
    "hostile": Hostile(),
}


@pytest.fixture(autouse=True)
def korean():
    course.use("ko")


@pytest.fixture(params=LANGUAGES)
def language(request, korean):
    course.use(request.param)
    return request.param


@pytest.fixture
def english(korean):
    course.use("en")


def line(number, **slots):
    return course.review(**slots).items[number]


def test_an_open_brief_shows_the_whole_list_and_nothing_ticked(language):
    review = course.review(**dict.fromkeys(brief.SLOTS, ...))
    assert not any(item.done for item in review.items)
    assert all(say(f"slot_{slot}") in review.items[FILLED].details[0] for slot in brief.SLOTS)
    assert repr(course.review()) == repr(review)


def test_only_the_open_slots_are_named(language):
    review = course.review(who_what="a", number_scope="", compared="b", contested=None, certainty="c")
    named = review.items[FILLED].details[0]
    assert say("slot_number_scope") in named and say("slot_contested") in named
    assert say("slot_who_what") not in named and len(review.items) == 10


def test_what_a_machine_cannot_see_is_left_to_the_partner(language):
    left = [item for item in course.review().items if item.done is None]
    assert len(left) == 3 and all(say("brief_partner") in str(item) for item in left)


@pytest.mark.parametrize(
    ("slots", "bare"),
    [
        ({"number_scope": "훈련 비용은 557만 6000달러입니다."}, ["557만 6000"]),
        ({"number_scope": "훈련 비용은 557만 6000달러입니다(출처: V3 보고서)."}, []),
        ({"number_scope": "훈련 비용은 $5.576 million입니다. 출처는 V3 보고서입니다."}, []),
        ({"number_scope": "(V3 보고서) 훈련 비용은 557만 6000달러입니다."}, ["557만 6000"]),
        ({"number_scope": "557만 6000달러입니다.", "compared": "11배입니다(V3 보고서)."}, ["557만 6000"]),
        ({"who_what": "1조 달러(약 1443조 원) 줄었습니다."}, ["1조", "1443조"]),
        ({"who_what": "1조 달러(약 1443조 원) 줄었습니다(뉴스1)."}, []),
        ({"number_scope": "16.97% 내렸습니다(종가 118.42달러)."}, []),
        ({"certainty": "확률은 80%입니다.", "number_scope": "78억 원입니다(그 글)."}, []),
        ({"number_scope": "2025년 1월 24~31일에 R1과 GPT-4, 라마 3.1 405B가 78억 원(기사)"}, []),
    ],
)
def test_a_number_without_a_source_is_named(slots, bare):
    item = line(SOURCES, **slots)
    assert item.done == (not bare)
    assert all(number in item.details[0] for number in bare)


@pytest.mark.parametrize(
    ("slots", "bare"),
    [
        ({"number_scope": "It cost 5.576 million dollars."}, ["5.576 million"]),
        ({"number_scope": "It cost $5.576 million (V3 report)."}, []),
        ({"number_scope": "It cost $5.576 million; source: V3 report."}, []),
        ({"number_scope": "It cost 5.576 million dollars and is open source."}, ["5.576 million"]),
        ({"who_what": "It fell by $1 trillion (about 1,443 trillion won)."}, ["1 trillion", "1,443 trillion"]),
        ({"number_scope": "On 27 January 2025, and on March 14, 2025, R1 fell by 17 percent (Reuters)."}, []),
        ({"certainty": "I put it at 80 percent.", "compared": "11 times (model card)"}, []),
    ],
)
def test_a_number_without_a_source_is_named_in_english(english, slots, bare):
    item = line(SOURCES, **slots)
    assert item.done == (not bare)
    assert all(number in item.details[0] for number in bare)


def test_a_brief_without_numbers_is_told_so():
    item = line(SOURCES, who_what="R1")
    assert not item.done and item.text == say("brief_no_number")


@pytest.mark.parametrize(
    ("code", "text", "done"),
    [
        ("ko", "557만 6000달러(약 80억 원)", False),
        ("ko", "약 80억 원입니다. 환율은 1,431.3원입니다.", False),
        ("ko", "2025년 1월 24일 환율 1,431.3원으로 약 80억 원입니다.", True),
        ("ko", "557만 6000달러이고, 회원과 연구원의 월급은 빠졌습니다.", True),
        ("en", "It is about 8 billion won.", False),
        ("en", "At the rate of 24 January 2025, 1,431.3 won to the dollar, it is 8 billion won.", True),
        ("en", "The startup won a race.", True),
    ],
)
def test_won_need_a_rate_and_its_date(code, text, done):
    course.use(code)
    assert line(RATE, number_scope=text).done == done


@pytest.mark.parametrize(
    ("code", "text", "done"),
    [
        ("ko", "딥시크가 데이터를 훔쳤습니다.", False),
        ("ko", "무단 사용 의혹이 있습니다.", True),
        ("ko", "딥시크는 쓰지 않았다고 밝혔습니다.", True),
        ("ko", "집계마다 엇갈립니다.", True),
        ("en", "DeepSeek stole the data.", False),
        ("en", "It is alleged that data were used.", True),
        ("en", "According to OpenAI, data were used.", True),
        ("en", "The Sweden round.", False),
    ],
)
def test_what_is_contested_needs_a_word_that_says_whose_it_is(code, text, done):
    course.use(code)
    assert line(CONTESTED, contested=text).done == done
    assert not line(CONTESTED, who_what=text).done


@pytest.mark.parametrize(
    ("code", "text", "done"),
    [
        ("ko", "80%쯤입니다.", True),
        ("ko", "아직 모릅니다.", True),
        ("ko", "그렇습니다.", False),
        ("en", "I put it at 80 percent.", True),
        ("en", "This is almost certain.", True),
        ("en", "So it is.", False),
    ],
)
def test_how_sure_needs_a_percent_or_a_word(code, text, done):
    course.use(code)
    assert line(CERTAINTY, certainty=text).done == done


@pytest.mark.parametrize("ending", ["", "이", "은", "을", "의", "에서는", "이라고", "입니다.", ","])
def test_particles_do_not_hide_a_term(ending):
    sentence = f"그날 ‘시가총액{ending}"
    assert line(TERMS, who_what=f"앞 문장입니다. {sentence}").details == (f"시가총액: {sentence}",)


def test_terms_of_one_sentence_stand_together():
    first, second = line(TERMS, who_what="독점은 자본이 만듭니다.\n표준은\n아직 없습니다.").details
    assert sorted(first.partition(":")[0].split(" · ")) == ["독점", "자본"]
    assert second == "표준: 표준은 아직 없습니다."


@pytest.mark.parametrize("text", ["market capitalisation", "Market capitalization", "MARKET CAPITALISATIONS"])
def test_a_term_is_found_in_its_english_forms(english, text):
    found = line(TERMS, compared=f"First. The {text} fell.").details
    assert f"market capitalisation: The {text} fell." in found


def test_terms_inside_another_word_and_single_syllables_are_not_counted():
    course.use("ko")
    assert not line(TERMS, who_what="78억 원, 1조 달러, 총시가총액표").details
    course.use("en")
    assert not line(TERMS, who_what="remodelled, costume, 1 trillion").details


def test_enough_terms_are_ticked(language):
    words = {"ko": "시가총액, 독점, 자본, 생태계", "en": "market capitalisation, monopoly, capital, ecosystem"}[
        language
    ]
    fifth = {"ko": "패권", "en": "hegemony"}[language]
    assert not line(TERMS, who_what=words).done
    assert line(TERMS, who_what=f"{words}, {fifth}").done


def test_length_is_said_and_ticked_within_bounds(language):
    unit = {"ko": "가", "en": "word "}[language]
    low, high = brief.LENGTHS[language][0]
    for size, done in [(low - 1, False), (low, True), (high, True), (high + 1, False)]:
        item = line(LENGTH, who_what=unit * size)
        assert item.done == done and f"{size:,}" in item.text
    assert line(LENGTH, who_what=unit * high * 2, full=True).done


@pytest.mark.parametrize("what", ODD)
def test_what_is_no_text_is_told_kindly(what, language):
    review = course.review(who_what=ODD[what], compared="b")
    assert say("slot_who_what") in review.message and say("slot_compared") not in review.message
    assert say("slot_who_what") in review.items[FILLED].details[0]
    assert "Traceback" not in repr(review) and review._repr_html_()


def test_a_name_that_is_no_slot_is_told(language):
    assert "who_waht" in course.review(who_waht="a").message


@pytest.mark.parametrize("text", ["9" * 100_000, "(" * 50_000, "1 " * 50_000, "January " * 20_000, "\n" * 9, "\x00$"])
def test_very_long_and_strange_texts_are_read(text):
    assert len(course.review(**dict.fromkeys(brief.SLOTS, text)).items) == 10


def test_what_is_shown_is_escaped_and_marked_in_words(language):
    term = {"ko": "시가총액", "en": "market capitalisation"}[language]
    review = course.review(who_what=f"<b>{term}</b> $1 and $2")
    html = review._repr_html_()
    assert "<b>" not in html and "&lt;b&gt;" in html
    assert all(part.count("$") < 2 for part in html.replace("<span>", "\0").split("\0"))
    for word in ("brief_done", "brief_not_yet", "brief_partner"):
        assert say(word) in html and say(word) in repr(review)
    assert html.count("<ul>") == html.count("</ul>") and html.count("<li>") == html.count("</li>")
    assert "style" not in html


def test_of_an_article_of_ones_own_only_what_is_open_is_said(language):
    review = course.review(who="a", counted="b", unit=..., against="d", sure=...)
    (item,) = review.items
    assert not item.done and say("slot_unit") in item.details[0] and say("slot_who") not in item.details[0]
    assert course.review(**dict.fromkeys(brief.QUESTIONS, "a")).items[0].done


def model_answers(language):
    """The lesson's own texts by name, each as five slots."""
    lesson = build.Lesson(LESSON)
    (code,) = (cell.source for cell in lesson.cells if cell.metadata.get("written") == "05-brief")
    slots = dict(re.findall(r'^(\w+) = "(.+)"$', build.in_language(code, language), re.MULTILINE))
    yield "in class", slots, False
    prose = [cell for cell in lesson.cells if cell.metadata.get("lang") == language]
    (full,) = (cell.source for cell in prose if cell.metadata.get("written") == "05-full")
    yield "at home", dict(zip(brief.SLOTS, full.split("\n\n"), strict=True)), True
    (example,) = (
        re.findall(r"^- \*\*.+?\*\*: (.+)$", c.source, re.MULTILINE)
        for c in prose
        if "- **누가·" in c.source or "- **who and" in c.source
    )
    yield "example", dict(zip(brief.SLOTS, example, strict=True)), False


def test_the_lessons_own_texts_pass(language):
    for name, slots, full in model_answers(language):
        review = course.review(full=full, **slots)
        assert [str(item) for item in review.items if item.done is False] == [], name
