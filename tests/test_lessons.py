"""The notebooks are their sources, built, and every figure in them has its fact. test_browser solves them."""

import ast
import itertools
import re
from contextlib import nullcontext
from html import unescape
from pathlib import Path

import jupytext
import nbformat
import pylopdf_fonts_ko
import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from markdown_it import MarkdownIt

import deepseek_course as course
import figures
from deepseek_class import build, layout
from deepseek_class.layout import CONTENTS
from deepseek_class.source import ROOT, SOURCES, Lesson, SourceError
from deepseek_course.language import LANGUAGES
from deepseek_course.practice import feedback, judging
from deepseek_course.practice.numbers import Number
from deepseek_course.practice.picks import LETTERS
from deepseek_course.practice.read_numbers import read_number
from deepseek_course.tables import reading
from deepseek_course.tables.arithmetic import evaluate
from deepseek_course.tables.texts import known_values
from samples import IDS, LESSONS, languages, lessons


def stored(source, language):
    return nbformat.read(ROOT / "notebooks" / language / f"{source.stem}.ipynb", 4)


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


def names_for_the_code(language):
    """Ids, and names of columns as far as the reader's language has another word for them."""
    ids = {id for name in course.tables() for id in reading.rows(name).index if re.search("[_-]", str(id))}
    fields = [field["name"] for resource in reading.descriptor()["resources"] for field in resource["schema"]["fields"]]
    columns = {re.sub("_(ko|en)$", "", name) for name in fields}
    models = set(reading.rows("prices")["model"])  # one of them is the id of a source too
    return ids - models | {name for name in columns if language == "ko" or "_" in name}


@lessons
@languages
def test_a_stored_table_speaks_the_readers_language(source, language):
    outputs = [output for cell in stored(source, language).cells for output in cell.get("outputs", [])]
    pages = [BeautifulSoup(output.get("data", {}).get("text/html", ""), "html.parser") for output in outputs]
    texts = {cell.text for page in pages for cell in page(["th", "td"])}
    assert not texts & ({"NaN", "nan", "None"} | names_for_the_code(language))


@lessons
@languages
def test_a_stored_notebook_is_its_source_built(source, language):
    made, kept = build.stored(Lesson(source), language), stored(source, language)
    assert made.metadata == kept.metadata
    for fresh, old in zip(made.cells, kept.cells, strict=True):
        if old.get("outputs"):  # only running it tells what has outputs to hide
            fresh.metadata.setdefault("jupyter", {})["outputs_hidden"] = True
        assert (fresh.id, fresh.cell_type, fresh.source, fresh.metadata) == (
            old.id,
            old.cell_type,
            old.source,
            old.metadata,
        )


@lessons
@languages
def test_each_task_stands_in_a_frame_and_tasks_are_numbered_in_their_order(source, language):
    cells, numbers = build.learner(Lesson(source), language).cells, []
    prose = None
    for cell in cells:
        if cell.id.endswith(("-answer", "-written")):
            frame = re.search(r'<div class="(task|predict)">\n\n\*\*(.*)\*\*\n\n(?s:.+?)\n\n</div>', prose.source)
            assert frame, cell.id
            numbers += [int(frame[2].split()[1])] if frame[1] == "task" else []
        elif cell.cell_type == "markdown":
            prose = cell
    assert numbers == list(range(1, len(numbers) + 1))


@languages
def test_one_finds_the_way_between_the_lessons(language):
    names = [source.stem for source in LESSONS]
    ways = {}
    for path in [*LESSONS, CONTENTS]:
        text = "\n".join(c.source for c in build.stored(Lesson(path), language).cells if c.cell_type == "markdown")
        ways[path.stem] = re.findall(r"\]\((\S+)\.ipynb\)", text)
    assert list(dict.fromkeys(ways.pop(CONTENTS.stem))) == names
    for before, name, after in zip([None, *names], names, [*names[1:], None], strict=False):
        assert [to for to in (before, CONTENTS.stem, after) if to] * 2 == ways[name]


@languages
@pytest.mark.parametrize("site", ["", "https://school.example/course"])
def test_lessons_and_readme_open_in_the_browser_where_there_is_a_site(language, site, monkeypatch):
    monkeypatch.setattr(layout, "site", lambda: site)
    readme = layout.with_site_link((ROOT / build.README[language]).read_text(encoding="utf-8"), language)
    assert (f"]({site}/#{language})" in readme) == bool(site)
    for path in LESSONS:
        head, *others = build.stored(Lesson(path), language).cells
        assert (f"]({site}/lite/notebooks/index.html?path={language}/{path.stem}.ipynb)" in head.source) == bool(site)
        assert not any("index.html" in cell.source for cell in others)
    assert layout.with_site_link(readme, language) == readme


@lessons
@languages
def test_a_stored_notebook_shows_no_error_warning_or_path(source, language):
    for cell in stored(source, language).cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error" and output.get("name") != "stderr", cell.source
            assert str(ROOT) not in str(output) and "Warning" not in str(output)


@lessons
@languages
def test_no_two_dollar_signs_make_mathematics_of_prose(source, language):
    """MathJax searches a text from tag to tag, and JupyterLab the Markdown, where an entity is no sign."""
    for cell in build.stored(Lesson(source), language).cells:
        if cell.cell_type == "markdown":
            prose = re.sub("`[^`]*`", "", cell.source)
            texts = re.split("<[^>]*>", unescape(MarkdownIt().enable("table").render(prose)))
            assert "$" not in prose and all(text.count("$") < 2 for text in texts), cell.source


@lessons
def test_no_mark_of_bold_is_left_on_the_screen(source):
    lesson = Lesson(source)
    for n, cell in enumerate(lesson.cells):
        if cell.cell_type == "markdown":
            shown = MarkdownIt().enable("table").render(re.sub("`[^`]*`", "", cell.source))
            assert "**" not in shown, f"{source.name}, line {lesson.lines[n]}: {shown[shown.index('**') - 30 :][:60]}"


@lessons
def test_no_two_tildes_strike_prose_through(source):
    lesson = Lesson(source)
    for n, cell in enumerate(lesson.cells):
        if cell.cell_type == "markdown":
            for paragraph in re.sub("`[^`]*`", "", cell.source).split("\n\n"):
                assert paragraph.count("~") < 2, f"{source.name}, line {lesson.lines[n]}: {paragraph}"


@lessons
def test_every_figure_in_prose_has_its_fact(source):
    facts, names = tables()
    lesson, known = Lesson(source), known_values()
    wrong = []
    for n, cell in enumerate(lesson.cells):
        if cell.cell_type == "markdown":
            found = figures.orphans(cell.source, cell.metadata.get("facts", []), known, facts, names)
            wrong += [f"{source.name}, line {lesson.lines[n]}: {figure}" for figure in found]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("exercise_id", IDS)
def test_every_figure_in_an_exercise_has_its_fact(exercise_id):
    facts, names = tables()
    exercise = judging.get(exercise_id)
    known = exercise.names()
    wrong = []
    for text in exercise.texts():
        for language in LANGUAGES:
            said = text.in_language(language)
            found = figures.orphans(said, numeric_expressions(exercise, said, known), known, facts, names)
            wrong += [f"{exercise_id}, {language}: {figure} in: {said}" for figure in found]
    assert not wrong, "\n".join(wrong)


def numeric_expressions(exercise, text, known):
    """The exercise's expressions and the names in them, as far as they come to one number."""
    expressions = [*exercise.facts, *exercise.expressions(), *re.findall(r"\{([^{}:]+)", text)]
    names = [node.id for e in expressions for node in ast.walk(ast.parse(e, mode="eval")) if isinstance(node, ast.Name)]
    words = {"median", "mean", "sum", "count"} | {name for name in known if hasattr(known[name], "index")}  # columns
    return [expression for expression in [*expressions, *names] if expression not in words]


@lessons
@languages
def test_the_figures_taken_as_they_are_printed_lead_to_an_accepted_answer(source, language):
    _, names = tables()
    course.use(language)
    known, text, refused = known_values(), "", []
    lesson = Lesson(source)
    for n, cell in enumerate(lesson.cells):
        text += cell.source if cell.metadata.get("lang") == language else ""
        exercise = lesson.tasks[n].exercise if n in lesson.tasks else None
        if not isinstance(exercise, Number) or exercise.table:
            continue
        tree = ast.walk(ast.parse(exercise.answer, mode="eval"))
        facts = sorted({node.id for node in tree if isinstance(node, ast.Name)})
        values = [figures.printed(text, known[fact], names) or {known[fact]} for fact in facts]
        for taken in itertools.product(*values):
            answer = float(evaluate(exercise.answer, known | dict(zip(facts, taken, strict=True))))
            if not course.check(exercise.id, answer).passed:
                refused.append((exercise.id, dict(zip(facts, taken, strict=True)), answer))
    assert not refused


@languages
def test_the_shares_as_they_are_printed_give_the_points_of_the_right_option(language):
    lesson = Lesson(SOURCES / "03-contrast.md")
    (task,) = (n for n, task in lesson.tasks.items() if task.exercise.id == "03-points")
    text = lesson.cells[task - 3 + LANGUAGES.index(language)].source  # the question, its twin, and the sheet's table
    us, china = map(float, re.findall(r"\((\d+\.\d)(?:%| percent)\)", text))
    right = LETTERS.in_language(language)[lesson.tasks[task].exercise.answer - 1]
    (option,) = re.findall(rf"^- \*\*{right}\*\* (.*)$", text, re.MULTILINE)
    assert f"{china - us:.1f}" in option


def test_the_english_lesson_on_words_is_about_english_words():
    lesson = Lesson(SOURCES / "01-vocabulary.md")
    said = [cell.source for cell in build.learner(lesson, "en").cells]
    said += [text.en for task in lesson.tasks.values() for text in (task.exercise.title, *task.exercise.texts())]
    course.use("en")
    words = course.table("vocabulary")[["english", "definition", "confusable", "difference", "example"]]
    assert not [text for text in [*said, *words.to_numpy().flat] if re.search("[가-힣一-鿿]", text)]


@languages
def test_the_headlines_that_lesson_00_tells_are_those_of_the_table(language):
    prose = "\n".join(c.source for _, c in Lesson(LESSONS[0]).in_language(language) if c.cell_type == "markdown")
    told = {row[0]: row for row in re.findall(r"^\| \*\*(.)\*\* \| (.*) \| (.*) \| (.*) \|$", prose, re.MULTILINE)}
    headlines, facts = reading.table("headlines", language), reading.table("facts", language)
    four = headlines.loc[["business_standard", "australian_paper", "voice_of_asia", "kenyan_post"]]
    for letter, headline in zip(LETTERS.in_language(language), four.itertuples(), strict=False):
        _, title, where, amount = told[letter]
        assert title.replace("&dollar;", "$") == headline.headline
        assert re.findall(r"(27|28)", where) == [headline.published[-2:]]
        assert read_number(re.search(r"[\d.]+(?:조|억| (?:b|tr)illion)", amount)[0]) == headline.usd
    right = four["usd"] == facts["value"]["nvidia_loss_bloomberg"]
    assert right[right].index.tolist() == ["kenyan_post"]  # the plainest of them
    assert all(number in four.loc["voice_of_asia", "note"] for number in ("3.49", "2.88", "0.61"))


def test_a_changed_fact_is_told_with_each_sentence_that_now_disagrees():
    facts, names = tables()
    lesson, known = Lesson(SOURCES / "02-numbers.md"), known_values()
    changed = known | {"v3_cost": known["v3_cost"] * 1.5}
    prose = [cell for cell in lesson.cells if cell.cell_type == "markdown"]
    disagree = [c for c in prose if figures.orphans(c.source, c.metadata.get("facts", []), changed, facts, names)]
    named = [c for c in prose if "v3_cost" in str(c.metadata.get("facts", [])) and re.search(r"557만|5\.576", c.source)]
    assert named and all(cell in disagree for cell in named)


def test_the_chart_font_has_every_character():
    glyphs = TTFont(pylopdf_fonts_ko.sans_path()).getBestCmap()
    paths = [
        *LESSONS,
        *reading.HERE.glob("*.csv"),
        *reading.HERE.parent.rglob("*.toml"),
        Path(feedback.__file__),  # the marks
    ]
    missing = {
        f"{character} in {path.name}"
        for path in paths
        for character in path.read_text(encoding="utf-8")
        if character.isprintable() and ord(character) not in glyphs
    }
    assert not missing


def not_executed(notebook, folder, name):
    folder.mkdir(parents=True)
    return notebook


def build_with(monkeypatch, *arguments, execute=not_executed):
    """The command `build`, as a rule without running any notebook."""
    monkeypatch.setattr("sys.argv", ["build", *map(str, arguments)])
    monkeypatch.setattr(build, "execute", execute)
    build.main()


def test_solutions_change_nothing_in_the_course(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "digest", lambda _: pytest.fail("the retold article was written, too"))
    build_with(monkeypatch, "00", "--solutions", tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*.ipynb")) == ["00-start.ipynb"] * 2


@pytest.mark.parametrize("lessons_fail", [True, False], ids=["a lesson fails", "solutions alone"])
def test_the_exercises_are_as_before_where_nothing_was_built(monkeypatch, tmp_path, lessons_fail):
    shipped = tmp_path / "exercises"
    shipped.mkdir()
    (shipped / "00.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(build, "EXERCISES", shipped)

    def execute(notebook, folder, name):
        assert "00-colours" in (shipped / "00.json").read_text(encoding="utf-8")  # the lessons run with the new ones
        if lessons_fail:
            raise SourceError(f"{name}: a cell fails.")
        return not_executed(notebook, folder, name)

    with pytest.raises(SystemExit) if lessons_fail else nullcontext():
        build_with(monkeypatch, "00", *([] if lessons_fail else ["--solutions", tmp_path / "new"]), execute=execute)
    assert [(path.name, path.read_text(encoding="utf-8")) for path in shipped.iterdir()] == [("00.json", "{}")]


@pytest.mark.parametrize(("arguments", "says"), [(["00", "99"], "no lesson 99"), (["2"], "there are 00, 01, 02")])
def test_a_lesson_that_is_not_there_is_told_and_nothing_is_built(monkeypatch, arguments, says):
    with pytest.raises(SystemExit, match=says):
        build_with(monkeypatch, *arguments)


def test_a_folder_that_cannot_be_written_is_told(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"file.* cannot be written"):
        build_with(monkeypatch, "00", "--solutions", tmp_path / "file")


def test_cell_ids_stay_when_other_cells_change(tmp_path):
    text = LESSONS[0].read_text(encoding="utf-8")
    longer = tmp_path / LESSONS[0].name
    longer.write_text(
        text.replace("\n+++ ", '\n+++ {"lang": "ko"}\n\n새 칸\n\n+++ {"lang": "en"}\n\nnew cell\n\n+++ ', 1),
        encoding="utf-8",
    )
    for language in LANGUAGES:
        before = [cell.id for cell in build.learner(Lesson(LESSONS[0]), language).cells]
        after = [cell.id for cell in build.learner(Lesson(longer), language).cells]
        assert len(after) == len(before) + 1 and [id for id in after if id in before] == before


def periods(source):
    """The cells of each class period; homework and what is for home (stretch, an optional debate) apart."""
    found = [[]]
    for cell in Lesson(source).cells:
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
        levels = [judging.get(cell.metadata["exercise"]).level for cell in period if "exercise" in cell.metadata]
        charts = [cell for cell in period if "course.show(" in cell.source and cell.cell_type == "code"]
        assert levels.count("core") <= 6 and levels.count("exit") <= 3 and len(charts) <= 2
        assert "stretch" not in levels


@pytest.mark.parametrize("source", LESSONS[1:], ids=lambda path: path.stem)
def test_each_period_from_01_on_begins_with_three_questions_and_each_lesson_has_another_article(source):
    for period in periods(source):
        prose = "\n".join(cell.source for cell in period if cell.metadata.get("lang") == "ko")
        retrieval = prose.partition("### 떠올리기")[2].partition("<details>")[0]
        assert re.findall(r"^\d(?=\. )", retrieval, re.MULTILINE) == ["1", "2", "3"]
    assert re.search("다른 기사|Another article", source.read_text(encoding="utf-8"))
