"""The notebooks are their sources, built; every figure in them has its fact; the solved ones pass every check."""

import ast
import itertools
import re

import build
import jupytext
import nbformat
import pylopdf_fonts_ko
import pytest
from deepseek_course.arithmetic import evaluate
from fontTools.ttLib import TTFont
from markdown_it import MarkdownIt

import deepseek_course as course
import figures
from deepseek_course import judging, loading

SOURCES = sorted(build.SOURCES.glob("*.md"))
LANGUAGES = build.LANGUAGES
lessons = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
languages = pytest.mark.parametrize("language", LANGUAGES)


def stored(source, language):
    return nbformat.read(build.ROOT / "notebooks" / language / f"{source.stem}.ipynb", 4)


def tables():
    """The facts, and the names with digits in them in both languages."""
    by_language = []
    for language in LANGUAGES:
        course.use(language)
        by_language.append(course.table("facts"))
    return by_language[0], figures.names(by_language)


@lessons
def test_a_source_is_what_jupytext_writes(source):
    text = source.read_text(encoding="utf-8")
    assert jupytext.writes(jupytext.reads(text, fmt="md:myst"), fmt="md:myst") == text


@lessons
@languages
def test_a_stored_notebook_is_its_source_built(source, language):
    made, kept = build.learner(build.Lesson(source), language), stored(source, language)
    assert made.metadata == kept.metadata
    for fresh, old in zip(made.cells, kept.cells, strict=True):
        assert (fresh.id, fresh.cell_type, fresh.source, fresh.metadata) == (
            old.id,
            old.cell_type,
            old.source,
            old.metadata,
        )


@lessons
@languages
def test_a_stored_notebook_shows_no_error_warning_or_path(source, language):
    for cell in stored(source, language).cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error" and output.get("name") != "stderr", cell.source
            assert str(build.ROOT) not in str(output) and "Warning" not in str(output)


@lessons
@languages
def test_the_solved_notebook_passes_every_check(source, language, tmp_path):
    notebook = build.execute(build.solved(build.Lesson(source), language), tmp_path / language, source.name)
    checks = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.startswith("course.check(")]
    assert checks
    for cell in checks:
        assert cell.outputs[0].data["text/plain"].startswith("✓"), cell.source
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in shown if output.get("name") == "stderr"]


@lessons
def test_no_two_dollar_signs_make_mathematics_of_prose(source):
    lesson = build.Lesson(source)
    for n, cell in enumerate(lesson.cells):
        if cell.cell_type == "markdown":
            assert re.sub("`[^`]*`", "", cell.source).count("$") < 2, f"{source.name}, line {lesson.lines[n]}"


@lessons
def test_no_mark_of_bold_is_left_on_the_screen(source):
    lesson = build.Lesson(source)
    for n, cell in enumerate(lesson.cells):
        if cell.cell_type == "markdown":
            shown = MarkdownIt().enable("table").render(re.sub("`[^`]*`", "", cell.source))
            assert "**" not in shown, f"{source.name}, line {lesson.lines[n]}: {shown[shown.index('**') - 30 :][:60]}"


@lessons
def test_no_two_tildes_strike_prose_through(source):
    lesson = build.Lesson(source)
    for n, cell in enumerate(lesson.cells):
        if cell.cell_type == "markdown":
            for paragraph in re.sub("`[^`]*`", "", cell.source).split("\n\n"):
                assert paragraph.count("~") < 2, f"{source.name}, line {lesson.lines[n]}: {paragraph}"


@lessons
def test_every_figure_in_prose_has_its_fact(source):
    facts, names = tables()
    lesson, known = build.Lesson(source), judging.known_values()
    wrong = []
    for n, cell in enumerate(lesson.cells):
        if cell.cell_type == "markdown":
            found = figures.orphans(cell.source, cell.metadata.get("facts", []), known, facts, names)
            wrong += [f"{source.name}, line {lesson.lines[n]}: {figure}" for figure in found]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("exercise_id", judging.load())
def test_every_figure_in_an_exercise_has_its_fact(exercise_id):
    facts, names = tables()
    exercise = judging.get(exercise_id)
    known = judging.names_of(exercise)
    texts = [exercise.get("ok"), exercise.get("solution"), *exercise["hints"], *exercise["mistakes"]]
    wrong = []
    for text in filter(None, texts):
        for language in LANGUAGES:
            named = [*numeric_expressions(exercise, text[language], known)]
            found = figures.orphans(text[language], named, known, facts, names)
            wrong += [f"{exercise_id}, {language}: {figure} in: {text[language]}" for figure in found]
    assert not wrong, "\n".join(wrong)


def numeric_expressions(exercise, text, known):
    """The exercise's expressions and the names in them, as far as they come to one number."""
    expressions = [*exercise["facts"], *exercise.get("between", []), *re.findall(r"\{([^{}:]+)", text)]
    expressions += [
        e for e in [exercise.get("answer"), *(m.get("value") for m in exercise["mistakes"])] if isinstance(e, str)
    ]
    names = [node.id for e in expressions for node in ast.walk(ast.parse(e, mode="eval")) if isinstance(node, ast.Name)]
    for expression in [*expressions, *names]:
        if expression in known and hasattr(known[expression], "index"):  # a column, no number
            continue
        if expression not in ("median", "mean", "sum", "count"):
            yield expression


@lessons
@languages
def test_the_figures_taken_as_they_are_printed_lead_to_an_accepted_answer(source, language):
    _, names = tables()
    course.use(language)
    known, text, refused = judging.known_values(), "", []
    for cell in build.Lesson(source).cells:
        text += cell.source if cell.metadata.get("lang") == language else ""
        exercise = judging.get(cell.metadata["check"]) if "check" in cell.metadata else {}
        if exercise.get("kind") != "number" or "table" in exercise:
            continue
        tree = ast.walk(ast.parse(exercise["answer"], mode="eval"))
        facts = sorted({node.id for node in tree if isinstance(node, ast.Name)})
        values = [figures.printed(text, known[fact], names) or {known[fact]} for fact in facts]
        for taken in itertools.product(*values):
            answer = float(evaluate(exercise["answer"], known | dict(zip(facts, taken, strict=True))))
            if not course.check(exercise["id"], answer).passed:
                refused.append((exercise["id"], dict(zip(facts, taken, strict=True)), answer))
    assert not refused


@languages
def test_the_shares_as_they_are_printed_give_the_points_of_the_right_option(language):
    (text,) = [
        cell.source
        for cell in build.Lesson(build.SOURCES / "03-contrast.md").cells
        if cell.metadata.get("lang") == language and "**03-points**" in cell.source
    ]
    us, china = map(float, re.findall(r"\((\d+\.\d)(?:%| percent)\)", text))
    right = judging.LETTERS[language][judging.get("03-points")["answer"] - 1]
    (option,) = re.findall(rf"^- \*\*{right}\*\* (.*)$", text, re.MULTILINE)
    assert f"{china - us:.1f}" in option


def test_a_changed_fact_is_told_with_each_sentence_that_now_disagrees():
    facts, names = tables()
    lesson, known = build.Lesson(build.SOURCES / "02-numbers.md"), judging.known_values()
    changed = known | {"v3_cost": known["v3_cost"] * 1.5}
    prose = [cell for cell in lesson.cells if cell.cell_type == "markdown"]
    disagree = [c for c in prose if figures.orphans(c.source, c.metadata.get("facts", []), changed, facts, names)]
    named = [c for c in prose if "v3_cost" in str(c.metadata.get("facts", [])) and re.search(r"557만|5\.576", c.source)]
    assert named and all(cell in disagree for cell in named)


def test_the_chart_font_has_every_character():
    glyphs = TTFont(pylopdf_fonts_ko.sans_path()).getBestCmap()
    paths = [
        *SOURCES,
        *(loading.HERE / "tables").glob("*.csv"),
        *loading.HERE.rglob("*.toml"),
        loading.HERE / "judging.py",
    ]
    missing = {
        f"{character} in {path.name}"
        for path in paths
        for character in path.read_text(encoding="utf-8")
        if character.isprintable() and ord(character) not in glyphs
    }
    assert not missing


HEAD = "---\nkernelspec: {name: python3, display_name: Python 3, language: python}\n---\n\n"
PAIR = '+++ {"lang": "ko"}\n\n가\n\n+++ {"lang": "en"}\n\na\n\n'


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (PAIR + "+++\n\nno language\n", 11, "needs its language"),
        (PAIR + '+++ {"lang": "ko"}\n\n나\n', 11, "no English twin"),
        (PAIR + '+++ {"lang": "en"}\n\nb\n', 11, "no Korean twin"),
        ('+++ {"lang": "ko", "facts": ["v3_costs"]}\n\n가\n\n+++ {"lang": "en"}\n\na\n', 3, "'v3_costs'"),
        (PAIR + "```{code-cell}\n:answer: 02-nothing\n\nx = ...\n```\n", 12, "no file"),
        (PAIR + "```{code-cell}\n:answer: 02-rate\n\nx = ...\n```\n", 12, "no check cell"),
        (PAIR + '```{code-cell}\n:check: 02-rate\n\ncourse.check("02-rate", x)\n```\n', 12, "no answer cell"),
        (PAIR + 'x = 1\n\n```{code-cell}\ny = "[[가||a"\n```\n', None, "open or lacks"),
        (PAIR + "```{code-cell}\ny = (1\n```\n", 10, "not Python"),
        (PAIR + '+++ {"lang": "ko"\n\n나\n', 9, "bracket or a quotation mark"),
        (PAIR + '+++ {"lang": "ko", "facts": ["a}\n\n나\n', 9, "bracket or a quotation mark"),
        (PAIR + "```{code-cell}\n:answer: [02-rate\n\nx = 1\n```\n", 9, "bracket or a quotation mark"),
        (PAIR + "```{code-cell}\n:answer: 02-rate\n\nx = ...\n```\n" * 2, 17, "stands in line 16 already"),
        (PAIR + '+++ {"lang": "ko", "written": "09-a"}\n\n나\n\n+++ {"lang": "en"}\n\nb\n', 11, "needs its points"),
        ("", None, "no cell"),
    ],
)
def test_a_mistake_in_a_source_is_one_line_with_its_place(tmp_path, text, line, says):
    path = tmp_path / "09-wrong.md"
    path.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(build.SourceError) as caught:
        build.Lesson(path)
    message = str(caught.value)
    assert says in message and "\n" not in message and message.startswith("09-wrong.md, line ")
    if line:
        assert message.startswith(f"09-wrong.md, line {line + 4}:")


def test_a_source_that_is_cut_inside_a_character_or_of_another_encoding_is_told_with_its_line(tmp_path):
    path, whole = tmp_path / "09-cut.md", (HEAD + PAIR).encode()
    for data in (whole[: whole.index("가".encode()) + 1], (HEAD + PAIR).encode("cp949")):
        path.write_bytes(data)
        with pytest.raises(build.SourceError, match=r"^09-cut\.md, line 7: not UTF-8"):
            build.Lesson(path)
    path.unlink()
    with pytest.raises(build.SourceError, match=r"^09-cut\.md: cannot be read \(No such file"):
        build.Lesson(path)


def test_what_a_windows_editor_adds_to_a_source_is_passed_over(tmp_path):
    plain, saved = tmp_path / "09-plain.md", tmp_path / "09-saved.md"
    plain.write_text(HEAD + PAIR, encoding="utf-8")
    saved.write_bytes(b"\xef\xbb\xbf" + (HEAD + PAIR).replace("\n", "\r\n").encode())
    read = [[(cell.source, cell.metadata) for cell in build.Lesson(path).cells] for path in (plain, saved)]
    assert read[0] == read[1]


def build_with(monkeypatch, *arguments):
    """The command `build` without running any notebook."""
    monkeypatch.setattr("sys.argv", ["build", *map(str, arguments)])
    monkeypatch.setattr(build, "execute", lambda notebook, folder, name: folder.mkdir(parents=True) or notebook)
    build.main()


def test_solutions_change_nothing_in_the_course(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "digest", lambda _: pytest.fail("the retold article was written, too"))
    build_with(monkeypatch, "00", "--solutions", tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*.ipynb")) == ["00-start.ipynb"] * 2


@pytest.mark.parametrize(("arguments", "says"), [(["00", "99"], "no lesson 99"), (["2"], "there are 00, 01, 02")])
def test_a_lesson_that_is_not_there_is_told_and_nothing_is_built(monkeypatch, capsys, arguments, says):
    with pytest.raises(SystemExit) as ended:
        build_with(monkeypatch, *arguments)
    assert ended.value.code and says in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_told(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"file.* cannot be written"):
        build_with(monkeypatch, "00", "--solutions", tmp_path / "file")


@pytest.mark.parametrize("damage", [b'title = { ko = "\n', "가".encode()[:2]])
def test_exercises_that_are_no_toml_are_told_with_their_file(monkeypatch, tmp_path, damage):
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / "07.toml").write_bytes(b"[[exercise]]\n" + damage)
    monkeypatch.setattr(judging, "HERE", tmp_path)
    judging.load.cache_clear()
    try:
        with pytest.raises(SystemExit, match=r"^exercises/07\.toml: "):
            build_with(monkeypatch, "00")
    finally:
        judging.load.cache_clear()


def test_cell_ids_stay_when_other_cells_change(tmp_path):
    text = SOURCES[0].read_text(encoding="utf-8")
    longer = tmp_path / SOURCES[0].name
    longer.write_text(
        text.replace("\n+++ ", '\n+++ {"lang": "ko"}\n\n새 칸\n\n+++ {"lang": "en"}\n\nnew cell\n\n+++ ', 1),
        encoding="utf-8",
    )
    for language in LANGUAGES:
        before = [cell.id for cell in build.learner(build.Lesson(SOURCES[0]), language).cells]
        after = [cell.id for cell in build.learner(build.Lesson(longer), language).cells]
        assert len(after) == len(before) + 1 and [id for id in after if id in before] == before


def periods(source):
    """The cells of each class period; homework and what is for home (stretch, an optional debate) apart."""
    found = [[]]
    for cell in build.Lesson(source).cells:
        if cell.metadata.get("lang") == "ko" and re.search(
            r"^## (?:2교시|3교시|숙제|더 해 보기)", cell.source, re.MULTILINE
        ):
            found.append([])
            if not re.search(r"^## 2교시", cell.source, re.MULTILINE):
                return found[:-1]
        found[-1].append(cell)
    return found


@lessons
def test_a_period_keeps_within_its_cap(source):
    for period in periods(source):
        levels = [judging.get(cell.metadata["check"])["level"] for cell in period if "check" in cell.metadata]
        charts = [cell for cell in period if "course.show(" in cell.source and cell.cell_type == "code"]
        assert levels.count("core") <= 6 and levels.count("exit") <= 3 and len(charts) <= 2
        assert "stretch" not in levels


@pytest.mark.parametrize("source", SOURCES[1:], ids=lambda path: path.stem)
def test_each_period_from_01_on_begins_with_three_questions_and_each_lesson_has_another_article(source):
    for period in periods(source):
        prose = "\n".join(cell.source for cell in period if cell.metadata.get("lang") == "ko")
        retrieval = prose.partition("### 떠올리기")[2].partition("<details>")[0]
        assert re.findall(r"^\d(?=\. )", retrieval, re.MULTILINE) == ["1", "2", "3"]
    assert re.search("다른 기사|Another article", source.read_text(encoding="utf-8"))
