"""The tables are as their description says, and a broken one is told in one clear line."""

import csv
import itertools
import re
import shutil
import unicodedata

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from frictionless import validate

import deepseek_course as course
import figures
from deepseek_class import build
from deepseek_class.source import ROOT, SOURCES
from deepseek_course.language import LANGUAGES, told
from deepseek_course.lesson import article
from deepseek_course.lesson.article import FINGERPRINT, fingerprint
from deepseek_course.lesson.notes import FOLDER
from deepseek_course.practice import judging
from deepseek_course.tables import reading
from deepseek_course.tables.texts import known_values
from samples import GOOD, SCHEMA, languages


def read(tmp_path, content: str | bytes):
    path = tmp_path / "things.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return reading.read(path, SCHEMA)


@pytest.mark.parametrize(
    "content", [GOOD, "\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD.replace("\n", "\r\n")]
)
def test_reads_what_loses_nothing(tmp_path, content):
    frame = read(tmp_path, content)
    assert frame["name_ko"].tolist() == ["가", "나"] and frame["value"].tolist() == [1, 2.5]


@pytest.mark.parametrize(
    ("content", "row", "column", "says"),
    [
        (GOOD.replace("name_ko", "name"), "row 1", "'name_ko'", "missing"),
        (GOOD.replace(",value", ",value,extra", 1), "row 1", "'extra'", "not described"),
        (GOOD.replace("2.5", "두 개"), "row 3", "'value'", "'두 개'"),
        (GOOD.replace("2.5", "nan"), "row 3", "'value'", "expected a number"),
        (GOOD.replace("\nb", "\na"), "row 3", "'id'", "stands there already"),
        (GOOD.replace("\nb", "\n"), "row 3", "'id'", "found nothing"),
        (GOOD.replace("가,1", "가"), "row 2", "'value'", "found 2 values, expected 3"),
        ("id,name_ko,value\n", "row 2", "", "no rows"),
        ("", "row 1", "", "empty"),
        (GOOD.rstrip("\n"), "row 3", "column 3", "cut short"),
        (GOOD + '"c,라', "row 4", "column 1", "cut short"),
        (GOOD + '"c,라\n', "row 4", "column 1", "not a row"),
        (GOOD.encode("cp949"), "row 2", "column 2", "CSV UTF-8"),
        (GOOD.replace("\n", "\r").encode("cp949"), "row 1", "column 4", "CSV UTF-8"),
        ("\ufeff", "row 1", "", "empty"),
        (GOOD.replace("\n", ",value\n", 1).replace("1\n", "1,1\n"), "row 1", "'value'", "twice"),
    ],
)
def test_a_broken_table_is_told_by_file_row_and_column(tmp_path, content, row, column, says):
    with pytest.raises(course.TableError) as caught:
        read(tmp_path, content)
    message = str(caught.value)
    assert "things.csv" in message and row in message and column in message and says in message
    assert "\n" not in message


@pytest.mark.parametrize("sign", ["\0", "\x07", "\t", "\x1b", "\x7f", "\x85", "\ufffd"])
@pytest.mark.parametrize(
    ("content", "row", "column"),
    [(GOOD.replace("나", "나{}"), "row 3", "'name_ko'"), (GOOD.replace("2.5", "2{}.5"), "row 3", "'value'"),
     (GOOD.replace("\na", "\n{}a"), "row 2", "'id'"), (GOOD.replace("_ko", "{}_ko"), "row 1", "2"),
     (GOOD.replace("가,1", "가{}"), "row 2", "'name_ko'")],
)  # fmt: skip
def test_a_character_that_is_no_text_is_told_by_row_and_column(tmp_path, content, row, column, sign):
    with pytest.raises(course.TableError) as caught:
        read(tmp_path, content.format(sign))
    message = str(caught.value)
    assert f"{row}, column {column}" in message and f"U+{ord(sign):04X}" in message and len(message.splitlines()) == 1


@pytest.mark.parametrize("name", course.tables())
def test_a_zero_byte_anywhere_in_a_table_is_told(tmp_path, name):
    """A disk that failed leaves them; nothing else would show it where no key and no number is hit."""
    resource = next(one for one in reading.descriptor()["resources"] if one["name"] == name)
    with open(reading.HERE / resource["path"], encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    path = tmp_path / f"{name}.csv"
    for place, column in enumerate(header):
        for number in (0, len(rows) - 1):
            spoilt = [list(row) for row in rows]
            spoilt[number][place] += "\0"
            with open(path, "w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([header, *spoilt])
            with pytest.raises(course.TableError, match=rf"{name}\.csv, row {number + 2}, column '{column}'.*U\+0000"):
                reading.read(path, resource["schema"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_an_article_is_read_as_notepad_saves_it(tmp_path, monkeypatch, encoding):
    course.use("ko")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / "article.txt").write_bytes("어느 선생님이 넣은 글, $1에서 $2까지".encode(encoding))
    digest = course.digest()
    assert digest.note == told("digest_other") and "어느 선생님이 넣은 글" in digest._repr_html_()
    assert "$1에서 $2" not in digest._repr_html_()  # no formula


@pytest.mark.parametrize("content", ["어느 글".encode("utf-16-le"), b"\xff\xff\xff", None])
def test_an_article_that_cannot_be_read_is_told(tmp_path, monkeypatch, content):
    course.use("ko")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert course.digest().note == told("digest_alone")
    path = tmp_path / "article.txt"
    path.mkdir() if content is None else path.write_bytes(content)
    assert told("digest_unreadable") in course.digest().note


def test_the_descriptor_and_frictionless_agree_with_the_tables():
    report = validate(str(reading.HERE / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])


@pytest.mark.parametrize(
    ("table", "old", "new", "says"),
    [
        ("facts", ",v3-pdf,", ",nowhere,", "nowhere"),
        ("claims", ",interpretation,", ",rumour,", "rumour"),
        ("claim_facts", "c01,", "c99,", "c99"),
    ],
)
def test_a_foreign_key_to_nowhere_and_a_value_not_allowed_fail_by_name(tmp_path, table, old, new, says):
    folder = shutil.copytree(reading.HERE, tmp_path / "package")
    path = folder / f"{table}.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    report = validate(str(folder / "datapackage.json"))
    assert not report.valid
    assert any(says in message for (message,) in report.flatten(["message"]))


@languages
def test_every_table_comes_in_the_readers_language(language):
    course.use(language)
    for name in course.tables():
        frame = course.table(name)
        assert len(frame) and not [c for c in frame if c.endswith(("_ko", "_en"))]
    assert ("엔비디아" in course.table("facts").loc["nvidia_cap_27", "entity"]) == (language == "ko")


def test_what_does_not_exist_is_told_with_what_does():
    with pytest.raises(ValueError, match=r"'ko'.*'en'.*'fr'"):
        course.use("fr")
    with pytest.raises(ValueError, match=r"'fakts'.*facts"):
        course.table("fakts")


def test_a_table_handed_out_is_the_learners_own():
    frame = course.table("facts")
    frame["value"] = 0
    assert course.table("facts")["value"].abs().sum() > 0


def test_claims_are_judged_by_their_facts():
    claims, links = course.table("claims"), course.table("claim_facts")
    assert len(claims) >= 25
    assert ((claims["verdict"] == "") == (claims["type"] == "forecast")).all()
    judged = claims.index[claims["verdict"].isin(["supported", "imprecise", "contested"])]
    assert not set(judged) - set(links["claim"]), "a verdict without a fact"


DENIES = re.compile(
    r"(?:자료|기준|표에|표로)[^.]*(?:없|않)"
    r"|\bfacts\b[^.;]*\b(?:no|not|nothing|cannot)\b|\bno (?:row|measure|figure|record)",
    re.IGNORECASE,
)


def both_languages(name: str) -> pd.DataFrame:
    """A table as the learner has it in Korean and in English, side by side."""
    frames = []
    for language in LANGUAGES:
        course.use(language)
        frames.append(course.table(name).add_suffix(f"_{language}"))
    return pd.concat(frames, axis=1)


def facts_with(phrase: str) -> list[str]:
    """The facts in which every word of a phrase stands, in either language."""
    columns = [f"{column}_{language}" for column in ("entity", "metric", "caveat") for language in LANGUAGES]
    texts = both_languages("facts")[columns].agg(" ".join, axis=1).str.casefold()
    return texts.index[[all(word in text for word in phrase.casefold().split()) for text in texts]].tolist()


@pytest.mark.parametrize(
    ("phrase", "fact"),
    [
        ("바이트댄스", "doubao_price_output"),
        ("ByteDance", "doubao_price_output"),
        ("정부", "diffusion_rule"),
        ("government", "diffusion_rule"),
        ("모델 미국", "models_us_2024"),
        ("models united states", "models_us_2024"),
    ],
)
def test_the_facts_that_were_once_denied_are_found(phrase, fact):
    assert fact in facts_with(phrase)


def test_no_reason_says_that_the_facts_hold_nothing_where_they_hold_something():
    wrong = {}
    for claim, row in both_languages("claims").iterrows():
        texts = " ".join(row[["claim_ko", "claim_en", "reason_ko", "reason_en"]]).casefold()
        phrases = f"{row['looked_for_ko']};{row['looked_for_en']}".split(";")
        denies = DENIES.search(f"{row['reason_ko']} {row['reason_en']}") or row["verdict_en"] == "not checkable"
        if denies and "" in phrases:
            wrong[claim] = "does not say what was looked for"
        for phrase in filter(None, phrases):
            if strange := [word for word in phrase.casefold().split() if word not in texts]:
                wrong[claim] = f"looked for {strange}, which neither the claim nor its reason is about"
            if found := facts_with(phrase):
                wrong[claim] = f"looked for {phrase!r}, and the facts hold {found}"
    assert not wrong


def test_the_verdicts_that_an_exercise_counts_are_those_of_the_table():
    claims = course.table("claims")
    types = claims.loc[claims["verdict"] == "contested", "type"].value_counts()
    counts = [len(claims), types["fact"], types["interpretation"], (claims["verdict"] == "imprecise").sum()]
    assert [int(mistake.value) for mistake in judging.get("05-contested").mistakes] == counts


@languages
def test_each_figure_in_a_claims_reason_is_one_of_its_facts_or_a_ratio_of_two(language):
    course.use(language)
    facts, links, known = course.table("facts"), course.table("claim_facts"), known_values()
    names = figures.names([facts])
    wrong = {}
    for claim, row in course.table("claims").iterrows():
        linked = links.loc[links["claim"] == claim, "fact"].tolist() + [
            f for f in facts.index if f.startswith("article_")
        ]
        numeric = [fact for fact in linked if fact in known]
        pairs = [f"{a} {sign} {b}" for a, b in itertools.permutations(numeric, 2) if known[b] for sign in "/*-"]
        dated = {int(part) for fact in linked for part in re.findall(r"\d+", facts.loc[fact, "as_of"])}
        orphans = figures.orphans(row["claim"] + " " + row["reason"], numeric + pairs, known, facts, names)
        if rest := [figure for figure in orphans if not (figure.isdigit() and int(figure) in dated)]:
            wrong[claim] = rest
    assert not wrong


A_MONTH = re.compile(
    r"(?:article|text|blog post)[^.|]{0,60}(?:of|\() ?January 2025"
    r"|글 한 편\(2025년 1월,|2025년 1월(?:의 한 블로그|에 나온 (?:글|기사|딥시크)|에 중국의 AI)|나온 때\(2025년 1월\)"
)


def test_the_article_which_is_undated_is_given_no_month():
    facts, sources = course.table("facts"), course.table("sources")
    assert (facts.loc[facts["source"] == "seed", "as_of"] == "2025").all() and sources.loc["seed", "published"] == ""
    paths = [*ROOT.glob("*.md"), *ROOT.glob("seeds/*.md"), *ROOT.glob("notebooks/teacher/*.md")]
    paths += [*SOURCES.glob("*.md"), *reading.HERE.rglob("*.toml"), *reading.HERE.rglob("*.csv")]
    said = {path.name: found[0] for path in paths if (found := A_MONTH.search(path.read_text(encoding="utf-8")))}
    assert not said, "write: late January or early February 2025, as far as one can tell"


def test_a_source_in_both_tables_is_the_same_there():
    sources, later = course.table("sources"), course.table("later_sources")
    for source in sources.index.intersection(later.index):
        assert sources.loc[source].equals(later.loc[source]), source


# Sites that reprint or reword what others wrote: named by publisher, title and day, but never linked.
REPRINTS = "algoturk|boomer-news|daily8|dqdt|vuink|wealthcreationinvesting|wikimili"


def test_no_address_leads_to_a_copy_of_somebody_elses_text():
    sources = pd.concat([course.table("sources"), course.table("later_sources")])
    assert (sources.loc[sources.index.str.contains("copy"), "url"] == "").all()
    assert not sources.index[sources["url"].str.contains(REPRINTS)].tolist()


LABELS = {
    "v3-pdf": {"ko": "1차 자료", "en": "primary"},
    "r1-paper": {"ko": "1차 자료의 사본", "en": "copy of a primary source"},
    "japantimes-nvda": {"ko": "2차 자료", "en": "secondary"},
    "epoch-db-2026-07": {"ko": "2차 자료", "en": "secondary"},
    "nowhere": None,
}


@languages
@pytest.mark.parametrize("source", LABELS)
def test_a_source_is_labelled_beside_its_figure_and_under_its_chart(source, language):
    course.use(language)
    if LABELS[source] is None:
        with pytest.raises(ValueError, match=source):
            course.kind(source)
        return
    label = LABELS[source][language]
    assert course.kind(source) == label
    plt.figure()
    chart = course.show(alt="a chart", source=[source])
    assert repr(chart).endswith(f", {label})") and f", {label})</small>" in chart._repr_html_()


@languages
def test_a_figure_seen_only_in_a_strangers_copy_says_so(language):
    course.use(language)
    facts, sources = course.table("facts"), course.table("sources")
    copies = sources.index[sources["title"].str.startswith("Copy of ")]
    caveats = facts.loc[facts["source"].isin(copies), "caveat"]
    assert len(caveats) and caveats.str.contains({"ko": "옮겨 둔", "en": "copy kept by somebody else"}[language]).all()


def test_the_fingerprint_overlooks_white_space_and_nothing_else():
    assert fingerprint("딥시크의\n 등장 ") == fingerprint(unicodedata.normalize("NFD", "딥시크의 등장"))
    assert fingerprint("딥시크의 등장") != fingerprint("딥시크의 퇴장")


def test_the_article_text_is_the_one_retold():
    path = ROOT / "seeds" / "article.txt"
    if not path.exists():
        pytest.skip("no seeds/article.txt: the article is not reprinted here, and nobody has put it there")
    text = path.read_text(encoding="utf-8-sig")
    assert fingerprint(text) == FINGERPRINT, "seeds/article.txt is not the text that we retold"


def test_the_card_has_the_fingerprint():
    assert FINGERPRINT in (ROOT / "seeds" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", ["course/data/deepseek_course", "own/lib/python3.13/site-packages/deepseek_course"])
def test_a_teachers_article_is_found_by_the_module_and_by_a_copy_of_it(monkeypatch, tmp_path, module):
    (tmp_path / "course" / "seeds").mkdir(parents=True)
    (tmp_path / "course" / "seeds" / "article.txt").write_text("the article's own words", encoding="utf-8")
    folder = tmp_path / "course" / "notebooks" / "ko"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.delenv(FOLDER)
    monkeypatch.setattr(article, "__file__", str(tmp_path / module / "lesson" / "article.py"))
    assert "the article&#x27;s own words" in course.digest()._repr_html_()


def test_the_digests_are_the_table():
    for language in LANGUAGES:
        path = ROOT / "seeds" / f"digest.{language}.md"
        assert path.read_text(encoding="utf-8") == build.digest(language), "run: python run.py build"
