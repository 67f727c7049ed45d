"""The tables are as their description says, and a broken one is told in one clear line."""

import itertools
import re
import shutil
import unicodedata

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from frictionless import validate

import build
import deepseek_course as course
import figures
from deepseek_course import judging, loading
from deepseek_course.reading import FINGERPRINT, fingerprint

SCHEMA = {
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "name_ko", "type": "string"},
        {"name": "value", "type": "number"},
    ],
    "primaryKey": "id",
}
GOOD = "id,name_ko,value\na,가,1\nb,나,2.5\n"


def read(tmp_path, content: str | bytes):
    path = tmp_path / "things.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return loading.read(path, SCHEMA)


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


def test_the_descriptor_and_frictionless_agree_with_the_tables():
    report = validate(str(loading.HERE / "datapackage.json"))
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
    folder = shutil.copytree(loading.HERE, tmp_path / "package")
    path = folder / "tables" / f"{table}.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    report = validate(str(folder / "datapackage.json"))
    assert not report.valid
    assert any(says in message for (message,) in report.flatten(["message"]))


@pytest.mark.parametrize("language", ["ko", "en"])
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


@pytest.mark.parametrize("language", ["ko", "en"])
def test_each_figure_in_a_claims_reason_is_one_of_its_facts_or_a_ratio_of_two(language):
    course.use(language)
    facts, links, known = course.table("facts"), course.table("claim_facts"), judging.known_values()
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


@pytest.mark.parametrize("language", ["ko", "en"])
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


@pytest.mark.parametrize("language", ["ko", "en"])
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
    path = build.ROOT / "seeds" / "article.txt"
    if not path.exists():
        pytest.skip("no seeds/article.txt: the article is not reprinted here, and nobody has put it there")
    text = path.read_text(encoding="utf-8-sig")
    assert fingerprint(text) == FINGERPRINT, "seeds/article.txt is not the text that we retold"


def test_the_card_has_the_fingerprint():
    assert FINGERPRINT in (build.ROOT / "seeds" / "README.md").read_text(encoding="utf-8")


def test_the_digests_are_the_table():
    for language in ("ko", "en"):
        path = build.ROOT / "seeds" / f"digest.{language}.md"
        assert path.read_text(encoding="utf-8") == build.digest(language), "run: python run.py build"
