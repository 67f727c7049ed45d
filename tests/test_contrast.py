"""The tables of lesson 03 agree with the facts and with the retelling of the article."""

import re

import deepseek_course as course
import figures
from deepseek_course.tables.texts import known_values
from samples import languages

PRICES = {
    "o1_price_output": "o1",
    "o3_mini_price_output": "o3_mini",
    "gpt4o_mini_price_output": "gpt4o_mini",
    "gemini_flash_price_output": "gemini_flash",
    "r1_price_output": "r1",
    "v3_price_output_discount": "v3",
    "v3_price_output": "v3_february",
    "llama_azure_price_output": "llama_azure",
    "llama_deepinfra_price_output": "llama_deepinfra",
}
SCORES = {
    "aider_o1": "o1",
    "aider_o3_mini": "o3-mini",
    "aider_r1": "R1",
    "aider_v3": "V3",
    "aider_gpt4o": "GPT-4o",
    "aider_gpt4o_mini": "GPT-4o mini",
    "aider_qwen_max": "Qwen2.5-Max",
}
# What a row of strategies states besides its two facts.
BESIDES = {
    "price": ["o1_price_output", "o1_price_output / r1_price_output"],
    "capital": ["china_ai_investment", "us_ai_investment / china_ai_investment", "nestia_high_yuan"],
    "market": ["aider_gpt4o"],
    "developers": ["open_us_2024", "us_ai_investment"],
}


def test_a_price_or_a_score_that_stands_in_two_tables_is_the_same():
    known, prices, benchmarks = known_values(), course.table("prices"), course.table("benchmarks")
    aider = benchmarks[benchmarks["measured_by"] == "outsider"].set_index("model")
    assert {fact: prices.loc[row, "output_usd"] for fact, row in PRICES.items()} == {f: known[f] for f in PRICES}
    assert {fact: aider.loc[row, "score"] for fact, row in SCORES.items()} == {f: known[f] for f in SCORES}
    for fact, row in {"aider_o1_run": "o1", "aider_o3_mini_run": "o3-mini", "aider_r1_run": "R1"}.items():
        assert aider.loc[row, "run_usd"] == known[fact]


def test_the_shares_are_their_counts():
    known = known_values()
    for country in ("us", "cn"):
        share = known[f"open_{country}_2024_models"] / known[f"notable_{country}_2025_06"] * 100
        assert round(share) == known[f"open_{country}_2024"]


@languages
def test_each_figure_in_strategies_has_its_fact(language):
    course.use(language)
    facts, known = course.table("facts"), known_values()
    wrong = {}
    for aspect, row in course.table("strategies").iterrows():
        rests_on = [row["fact_for"], row["fact_against"]]
        dated = {int(part) for fact in rests_on for part in re.findall(r"\d+", facts.loc[fact, "as_of"])}
        named = [fact for fact in rests_on if fact in known] + BESIDES.get(aspect, [])
        text = " ".join(row[["claim", "best_for", "best_against"]])
        orphans = figures.orphans(text, named, known, facts, figures.names([facts]))
        if rest := [figure for figure in orphans if not (figure.isdigit() and int(figure) in dated)]:
            wrong[aspect] = rest
    assert not wrong
