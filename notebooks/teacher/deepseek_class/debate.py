"""The cards of lesson 04's debate, to print and cut out."""

import ast

import pandas as pd

from deepseek_course.tables.reading import table
from deepseek_course.tables.words import measured

from .sheets import document, find, five_questions, lines, markdown
from .source import SOURCES, Lesson, SourceError, in_language

WORDS = {
    "ko": {
        "cards": "토론 카드", "reveal": "04의 2교시가 끝난 뒤에 나누어 줍니다(2025년 1월 이후의 결과가 있습니다).",
        "before": "토론 전", "after": "토론 뒤", "use": "누구에게 이롭게 쓸 수 있습니까?",
        "silent": "무엇은 말해 주지 않습니까?", "questions": "다섯 물음",
        "habits": "앞으로도 지킬 습관",
    },
    "en": {
        "cards": "Debate cards",
        "reveal": "Hand out after period 2 of lesson 04 (with outcomes after January 2025).",
        "before": "Before", "after": "After", "use": "For whom can it be used?", "silent": "What does it not say?",
        "questions": "The five questions", "habits": "Habits to keep",
    },
}  # fmt: skip


def cards(lesson: Lesson, language: str) -> str:
    """One HTML document with the cards, eight to a page: roles, evidence, questions, habits."""
    words, evidence = WORDS[language], _evidence(lesson, language)
    facts = pd.concat([table("facts", language), table("later_facts", language)])
    outlets = pd.concat([table("sources", language), table("later_sources", language)])["publisher"]
    question = find(r"\*\*([^*]*AI [^*]*\?)\*\*", lesson, language)
    question = question[:1].upper() + question[1:]
    blanks = "".join(f"<span>{name}<i></i>%</span>" for name in table("scenarios", language)["name"])
    chances = "".join(f"<p class='chances'><b>{words[when]}</b>{blanks}</p>" for when in ("before", "after"))
    roles = [f"<h2>{role}</h2><p>{question}</p>{chances}" for role in evidence]
    proofs = [_proof(facts.loc[id], outlets, role, language) for role, ids in evidence.items() for id in ids]
    five = f"<h2>{words['questions']}</h2>{five_questions(language)}"
    last = Lesson(SOURCES / "05-brief.md")
    habits = f"<h2>{words['habits']}</h2>" + markdown(find(r"((?:^- .*\n){6})", last, language))
    body = ""
    for kind, head in ((roles + proofs, words["reveal"]), ([five] * 8, ""), ([habits] * 8, "")):
        for start in range(0, len(kind), 8):
            page = "".join(f"<article>{card}</article>" for card in kind[start : start + 8])
            body += f"<section class='cards'><p class='head'>{head}</p><div>{page}</div></section>"
    return document(words["cards"], body, language)


def _evidence(lesson: Lesson, language: str) -> dict[str, list[str]]:
    """The roles of the debate, each with the ids of its facts, as the cell of the lesson has them."""
    for cell in lesson.cells:
        if cell.cell_type == "code":
            for statement in ast.parse(in_language(cell.source, language)).body:
                if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "evidence":
                    return ast.literal_eval(statement.value)
    raise SourceError(f"{lesson.path.name}: no cell has the roles and facts of the debate, evidence = {{...}}.")


def _proof(fact: pd.Series, outlets: pd.Series, role: str, language: str) -> str:
    words = WORDS[language]
    value = "" if pd.isna(fact["value"]) else measured(fact["value"], fact["unit"], language)
    caveat = "" if pd.isna(fact["caveat"]) else fact["caveat"]
    return (
        f"<small>{role}</small><h2>{fact['entity']}</h2><p>{fact['metric']} <b>{value}</b></p>"
        f"<p class='source'>{fact['as_of']} · {outlets[fact['source']]}</p><p class='caveat'>{caveat}</p>"
        f"{lines(words['use'], 2)}{lines(words['silent'], 2)}"
    )
