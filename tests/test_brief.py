"""The checklist for a brief ticks only what a machine can be sure of and leaves the rest to the partner."""

import re

import pytest

import deepseek_course as course
from deepseek_class.source import SOURCES, Lesson, in_language
from deepseek_course.language import LANGUAGES, told
from deepseek_course.lesson import brief
from samples import Hostile

FILLED, LENGTH, TERMS, NUMBERS, WON, FAIR = range(6)  # the lines in which a machine has a say, in order
LESSON = SOURCES / "05-brief.md"


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
    assert all(told(f"slot_{slot}") in review.items[FILLED].details[0] for slot in brief.SLOTS)
    assert repr(course.review()) == repr(review)


def test_only_the_open_slots_are_named(language):
    review = course.review(who_what="a", number_scope="", compared="b", contested=None, certainty="c")
    named = review.items[FILLED].details[0]
    assert told("slot_number_scope") in named and told("slot_contested") in named
    assert told("slot_who_what") not in named and len(review.items) == 8


def test_what_a_machine_cannot_know_is_left_to_the_partner(language):
    left = [item for item in course.review().items if item.done is None]
    assert [item.text for item in left[-3:]] == [told(f"brief_{what}") for what in ("fair", "certainty", "sense")]
    assert all(told("brief_partner") in str(item) for item in left)


SURE = {
    "ko": [
        "딥시크가 오픈AI의 데이터를 훔친 것이 입증되었습니다.",
        "딥시크가 훔친 것은 100% 사실입니다.",
        "100퍼센트 확신합니다.",
        "의심의 여지가 없습니다.",
    ],
    "en": [
        "DeepSeek stole data from OpenAI and this is proven.",
        "I am 100% sure.",
        "It is 100 percent certain.",
        "There is no doubt that it was stolen.",
    ],
}
CAREFUL = {
    "ko": [
        "훔쳤다는 것은 입증되지 않았습니다.",
        "공개된 증거는 없으므로 아직 정해지지 않았습니다.",
        "입증된 적 없습니다.",
        "엔비디아의 값은 100% 올랐습니다(보고서).",
    ],
    "en": [
        "It has not been proven.",
        "The reports show no proof.",
        "It isn't proved yet.",
        "It cost 100 dollars (V3 report).",
    ],
}


def test_a_sentence_that_leaves_no_doubt_is_named(language):
    for text in SURE[language]:
        fair = line(FAIR, contested=f"One. {text} Two.")
        assert fair.done is False and len(fair.details) == 1 and text in fair.details[0]
    for text in CAREFUL[language]:
        assert line(FAIR, contested=text).done is None, text


NUMBERS_WITHOUT_SOURCE = {
    "ko": [
        "훈련 비용은 557만 6000달러입니다.",
        "$5.576 million이 들었습니다.",
        "＄5,576,000입니다.",
        "16.97% 내렸습니다.",
        "약 6백만 달러입니다.",
        "2025. 1. 24.에 80억원이었습니다.",
    ],
    "en": [
        "It cost 5.576 million dollars and is open source.",
        "It cost $5.576M.",
        "It cost $5.576m in all.",
        "It lost $589bn.",
        "It lost $1T.",
        "It took 30.84M GPU hours.",
        "It cost 8bn won.",
        "It cost KRW 8 billion.",
        "It cost USD5,576,000.",
        "On 24 Jan 2025 it fell by 17 percent.",
    ],
}
SOURCED = {
    "ko": [
        "(V3 보고서) 훈련 비용은 557만 6000달러입니다.",
        "557만 6000달러입니다. 출처: V3 보고서.",
        "딥시크의 V3 보고서에 따르면 557만 6000달러입니다.",
        "557만 6000달러입니다【V3 보고서】.",
    ],
    "en": [
        "It cost $5.576M for the final run (V3 report).",
        "According to DeepSeek's V3 report, the final run cost 5.576 million dollars.",
        "It cost 5.576 million [V3 report].",
        "It cost 5.576 million; source: V3 report.",
    ],
}
NO_NUMBERS = {
    "ko": [
        "R1과 GPT-4, 라마 3.1 405B, H800, o3를 견주었습니다.",
        "2025년 1월 24~31일, 2024년 4분기, 2025년의 일입니다.",
        "2025. 1. 24.에, 2025.01.24, 25.1.24, 2025-01-24에 나왔습니다.",
        "두 회사가 3년 동안 5번 말했습니다.",
    ],
    "en": [
        "R1, GPT-4, GPT-4o, Llama 3.1 405B, Qwen 2.5-Max and H800.",
        "On 24 January 2025, January 24th, 2025, Jan. 24, 24th Jan, 24 Sept 2025 and 24/1/2025.",
        "In 2025, on 2025-01-24, in May 2025.",
    ],
}


@pytest.mark.parametrize(("code", "text"), [(code, t) for code in LANGUAGES for t in NUMBERS_WITHOUT_SOURCE[code]])
def test_a_number_with_nothing_that_may_name_its_source_is_not_yet(code, text):
    course.use(code)
    item = line(NUMBERS, who_what="(R1)", number_scope=text)
    assert item.done is False and item.details == (told("brief_bare", which=told("slot_number_scope")),)


@pytest.mark.parametrize(("code", "text"), [(code, t) for code in LANGUAGES for t in SOURCED[code]])
def test_a_number_with_what_may_be_its_source_is_left_to_the_partner(code, text):
    course.use(code)
    item = line(NUMBERS, number_scope=text)
    assert item.done is None and not item.details


@pytest.mark.parametrize(("code", "text"), [(code, t) for code in LANGUAGES for t in NO_NUMBERS[code]])
def test_dates_names_and_small_numbers_need_no_source(code, text):
    course.use(code)
    item = line(NUMBERS, number_scope=text)
    assert item.done is False and item.details == (told("brief_no_number"),)


@pytest.mark.parametrize("text", ["70~80%쯤입니다.", "100번에 10번쯤", "10 per cent", "between 60 and 70 percent"])
def test_ones_own_percent_need_no_source(text, language):
    assert line(NUMBERS, number_scope="11배 (V3)", certainty=text).done is None


@pytest.mark.parametrize(
    ("code", "text", "found"),
    [
        ("ko", "557만 6000달러(약 80억 원)", True),
        ("ko", "78억원이 들었습니다.", True),
        ("ko", "₩80억", True),
        ("ko", "다만 원문은, 하지만 원인은, 제조 원가는, 다만 원화로", False),
        ("ko", "557만 6000달러이고, 회원과 연구원의 월급은 빠졌습니다.", False),
        ("en", "It is about 8 billion won.", True),
        ("en", "It is 8 billion South Korean won.", True),
        ("en", "It is 8bn won.", True),
        ("en", "It is KRW 8 billion.", True),
        ("en", "The startup won a race, the team won 3 times.", False),
    ],
)
def test_the_slots_with_won_are_named_and_never_judged(code, text, found):
    course.use(code)
    item = line(WON, number_scope=text)
    assert item.done is None and bool(item.details) == found
    assert not found or told("slot_number_scope") in item.details[0]


@pytest.mark.parametrize("ending", ["", "이", "은", "을", "의", "에서는", "이라고", "입니다.", ","])
def test_particles_do_not_hide_a_term(ending):
    sentence = f"그날 ‘시가총액{ending}"
    assert line(TERMS, who_what=f"앞 문장입니다. {sentence}").details == (f"시가총액: {sentence}",)


def test_terms_of_one_sentence_stand_together():
    assert line(TERMS, who_what="자본은 (2025. 1. 24.) 늘었습니다.").details == (
        "자본: 자본은 (2025. 1. 24.) 늘었습니다.",
    )
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
    assert line(TERMS, who_what="AI모델이 나왔습니다.").details
    course.use("en")
    assert not line(TERMS, who_what="remodelled, costume, 1 trillion").details


def test_enough_terms_are_ticked(language):
    words = {"ko": "시가총액, 독점, 자본, 생태계", "en": "market capitalisation, monopoly, capital, ecosystem"}[
        language
    ]
    fifth = {"ko": "패권", "en": "hegemony"}[language]
    assert line(TERMS, who_what=words).done is None
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
    assert told("slot_who_what") in review.message and told("slot_compared") not in review.message
    assert told("slot_who_what") in review.items[FILLED].details[0]
    assert "Traceback" not in repr(review) and review._repr_html_()


def test_a_name_that_is_no_slot_is_told(language):
    assert "who_waht" in course.review(who_waht="a").message


@pytest.mark.parametrize("text", ["9" * 100_000, "(" * 50_000, "1 " * 50_000, "January " * 20_000, "\n" * 9, "\x00$"])
def test_very_long_and_strange_texts_are_read(text):
    assert len(course.review(**dict.fromkeys(brief.SLOTS, text)).items) == 8


def test_what_is_shown_is_escaped_and_marked_in_words(language):
    term = {"ko": "시가총액", "en": "market capitalisation"}[language]
    review = course.review(who_what=f"<b>{term}</b> $1 and $2 " * {"ko": 16, "en": 25}[language])
    html = review._repr_html_()
    assert "<b>" not in html and "&lt;b&gt;" in html
    assert all(part.count("$") < 2 for part in html.replace("<span>", "\0").split("\0"))
    for word in ("brief_done", "brief_not_yet", "brief_partner"):
        assert told(word) in html and told(word) in repr(review)
    assert html.count("<ul>") == html.count("</ul>") and html.count("<li>") == html.count("</li>")
    assert "style" not in html


def test_of_an_article_of_ones_own_only_what_is_open_is_said(language):
    review = course.review(who="a", counted="b", unit=..., against="d", sure=...)
    (item,) = review.items
    assert not item.done and told("slot_unit") in item.details[0] and told("slot_who") not in item.details[0]
    assert course.review(**dict.fromkeys(brief.QUESTIONS, "a")).items[0].done


def model_answers(language):
    """The lesson's own texts by name, each as five slots."""
    lesson = Lesson(LESSON)
    (code,) = (cell.source for cell in lesson.cells if cell.metadata.get("written") == "05-brief")
    slots = dict(re.findall(r'^(\w+) = "(.+)"$', in_language(code, language), re.MULTILINE))
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
        assert review.items[TERMS].done, name
