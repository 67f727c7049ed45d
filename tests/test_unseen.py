"""Nothing is seen before it is run: what a lesson shows when it is opened has no answer and no finding in it."""

import re

import nbformat

import figures
from deepseek_class.source import ROOT
from deepseek_course.plain import plain
from deepseek_course.practice import judging
from deepseek_course.practice.numbers import Number
from deepseek_course.practice.read_numbers import read_number
from samples import languages, lessons

# Exercises whose answer stands in the text, and why.
GIVEN = {
    "02-million": "to be written out in digits",
    "02-billion": "to be written in another unit",
    "02-rebuild": "what the reports say is to be made again",
    "04-without": "27 is a day of that January too",
    "04-threshold": "the next edition's figure is what another question is about",
}
DATES = r"(?:\d+~)?\d+일|\d+(?:st|nd|rd|th)\b"

# What charts, tables and the text after them find, in words that a title or an alt text might use.
FINDINGS = {
    "01": [
        "무단 사용 **의혹**",
        "**alleged** use without permission",
        "그 차이를 만든 것은",
        "the words did that",
        "STI는 0.1%",
        "STI, went up 0.1%",
        "그 약점이 무엇인지는",
        "Hardly anything is left",
    ],
    "02": [
        "모두 내린 것은 아니",
        "not everything fell",
        "다우 지수와 메타, 애플은 올랐",
        "메타(약 2%)와 애플",
        "the Dow, Meta and Apple rose",
        "Meta (about 2%)",
        "무엇을 세느냐에 달렸",
        "depends on what you count",
        "범위는 다섯 가지",
        "of five different things",
        "열 배, 천 배",
        "tenfold or a thousandfold",
        "57만6000",
        "576,000 dollars",
        "1115만 2000",
        "11.152 million",
        "통장의 돈이 아니라",
        "not money in an account",
    ],
    "03": [
        "15개(33.3%)",
        "15 of 45",
        "점수가 비슷해도",
        "Similar scores",
        "값은 호스트마다",
        "a price for each host",
        "늘 앞서지는 않",
        "not always ahead",
    ],
    "04": [
        "4조 달러에 닿았",
        "touched 4 trillion",
        "0.366",
        "0.258",
        "국기만 본 예측가입니다",
        "nothing but flags",
        "절반은 결과를 먼저",
        "Half of them told the outcome",
        "중국 1위보다 2.7%",
        "was 2.7 percent ahead",
        "28 + 12 = 40",
        "0.269",
        "{(4 * 0.01",
    ],
}


def stored(source, language):
    return nbformat.read(ROOT / "notebooks" / language / f"{source.stem}.ipynb", 4).cells


def first_line(output) -> str:
    """What JupyterLab shows of an output that is hidden."""
    data = output.get("data", {})
    text = output.get("text") or data.get("text/html") or data.get("text/plain", "")
    return next((line for line in text.splitlines() if line.strip()), "")


def visible(cell) -> str:
    """What of a cell is on the screen when the lesson is opened."""
    if cell.cell_type == "markdown":
        return re.sub(r"<details>\s*(<summary>.*?</summary>).*?</details>", r"\1", cell.source, flags=re.DOTALL)
    hidden = cell.metadata.get("jupyter", {})
    source = cell.source.splitlines()[0] if hidden.get("source_hidden") else cell.source
    shown = [first_line(out) for out in cell.outputs[:1]] if hidden.get("outputs_hidden") else map(str, cell.outputs)
    return "\n".join([source, *shown])


@lessons
@languages
def test_each_stored_output_is_hidden_and_nothing_is_counted(source, language):
    for cell in stored(source, language):
        if cell.cell_type == "code":
            assert cell.execution_count == 0, cell.source
            assert not cell.outputs or cell.metadata.jupyter.outputs_hidden, cell.source
            assert not cell.outputs or first_line(cell.outputs[0]) == "<div>", cell.source


@lessons
@languages
def test_folded_code_says_what_it_shows_in_the_readers_language(source, language):
    for cell in stored(source, language):
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            first = cell.source.splitlines()[0]
            assert (
                first.startswith("# ") and len(first) < 100 and bool(re.search("[가-힣]", first)) == (language == "ko")
            )


@lessons
@languages
def test_no_number_that_is_asked_for_is_seen_above_its_exercise_or_right_below(source, language):
    cells, seen = stored(source, language), []
    for n, cell in enumerate(cells):
        exercise = judging.get(cell.id.removesuffix("-answer")) if cell.id.endswith("-answer") else None
        if not isinstance(exercise, Number) or exercise.id in GIVEN:
            continue
        below = next((m for m in range(n + 1, len(cells)) if cells[m].id.endswith("-answer")), len(cells))
        text = re.sub(rf"{DATES}|\]\([^)]*\)|<[^>]+>", " ", "\n".join(map(visible, cells[:below])))
        for figure in figures.FIGURE.findall(text):
            if len(re.sub(r"\D", "", figure).strip("0")) > 1 and exercise.judge(plain(read_number(figure))).passed:
                seen.append((exercise.id, figure))
    assert not seen


@lessons
@languages
def test_no_finding_is_seen_before_its_cell_is_run(source, language):
    text = "\n".join(map(visible, stored(source, language)))
    assert not [needle for needle in FINDINGS.get(source.stem[:2], ()) if needle in text]
