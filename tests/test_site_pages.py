"""The site's own pages and the door in front of its lessons, in Chromium with no other host to reach."""

import base64
import json
import shutil
import zipfile
from contextlib import ExitStack
from urllib.parse import parse_qs, unquote, urlsplit

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from chromium import CHROMIUM, MISSING, started
from deepseek_class.source import ROOT
from deepseek_site import pages
from samples import languages
from site_helpers import renewed, served

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=MISSING)
LESSON = "ko/02-numbers.ipynb"
CELLS = nbformat.read(ROOT / "notebooks" / LESSON, 4).cells
TITLE, GONE = CELLS[1].id, CELLS[3].id  # the newer edition changes the one and has the other no more
PRICE = next(cell.id for cell in CELLS if cell.source.startswith("price = "))
LOCALES = {"ko": "ko-KR", "en": "en-US"}
PHONE = {"width": 390, "height": 844}
# How JupyterLite keeps a file that Python in the browser has written.
AS_PYTHON_DOES = """content => localforage.createInstance({name: course.storage, storeName: "files"}).setItem(
    "ko/my-course.json", {name: "my-course.json", path: "ko/my-course.json", type: "file", format: "base64",
    content, last_modified: "2026-11-28T00:00:00Z"})"""
OTHER = {"ko": "English", "en": "한국어"}
TASK = {"ko": "문제 1", "en": "Task 1"}


expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def site(site, tmp_path_factory):
    """A copy of the site, to be changed, in which JupyterLite has no Python; its first page names another host."""
    copy = tmp_path_factory.mktemp("copy") / "site"
    shutil.copytree(site, copy, ignore=shutil.ignore_patterns("pyodide"))
    settings = json.loads((copy / "lite" / "jupyter-lite.json").read_text(encoding="utf-8"))
    settings["jupyter-config-data"]["federated_extensions"] = []
    (copy / "lite" / "jupyter-lite.json").write_text(json.dumps(settings), encoding="utf-8")
    for name, page in pages.front(["cdn.example"]).items():
        (copy / name).write_text(page, encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def address(site):
    with served(site) as address:
        yield address


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with started(tmp_path_factory.mktemp("fonts")) as running:
        yield running


@pytest.fixture
def visit(browser, address):
    """Opens a page in an empty browser, or once more in a page given; an error in it, or a way out, fails the test."""
    wrong, contexts = [], []

    def only_here(route):
        if route.request.url.startswith((address, "blob:")):
            route.fallback()
        else:
            wrong.append(route.request.url)
            route.abort()

    def open_page(path, language="ko", page=None, script="", **options):
        if page is None:
            contexts.append(browser.new_context(locale=LOCALES[language], **options))
            contexts[-1].route("**/*", only_here)
            page = contexts[-1].new_page()
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.add_init_script(script)
        page.goto(address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def faults(page, **options):
    found = Axe().run(page, options=options).response["violations"]
    return [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@languages
def test_the_site_opens_in_the_browsers_language_and_the_other_is_one_link_away(visit, language):
    page = visit("index.html", language)
    expect(page.get_by_role("heading", level=1)).to_have_text(pages.contents(language).title)
    expect(page.locator("h3:visible")).to_have_count(6)
    expect(page.get_by_text("cdn.example").filter(visible=True)).to_have_count(1)
    page.get_by_role("link", name=OTHER[language]).click()
    other = next(code for code in LOCALES if code != language)
    expect(page.get_by_role("heading", level=1)).to_have_text(pages.contents(other).title)


def check_on_a_phone(page):
    """That nothing is wider than the page, or a serious fault of access, in the light and in the dark."""
    assert fits(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert not faults(page), scheme


@pytest.mark.parametrize("path", ["index.html", "read/ko/02-numbers.html"])
def test_a_page_fits_a_phone_and_has_no_serious_fault_of_access(visit, path):
    check_on_a_phone(visit(path, viewport=PHONE))


@languages
def test_the_teachers_guide_fits_a_phone_and_can_be_reached_without_a_mouse(visit, language):
    """Colours, which take axe a quarter of a minute in so long a page, are those of the other pages."""
    page = visit(f"teacher/{language}.html", language, viewport=PHONE)
    assert fits(page)
    assert not faults(page, rules={"color-contrast": {"enabled": False}})


def test_work_and_door_fit_a_phone_and_have_no_serious_fault_of_access(visit, site, newer):
    page = visit("work.html", viewport=PHONE)
    keep(page, worked_through(site)[0])
    page.reload()
    page.locator(".kept li:visible").wait_for()
    check_on_a_phone(page)
    newer()
    page = door(visit, page=page)
    page.locator("dialog.door").wait_for()
    check_on_a_phone(page)


def test_every_link_of_the_pages_leads_somewhere(site):
    paths = [path for kind in ("*.html", "read/*/*.html", "teacher/*.html") for path in site.glob(kind)]
    own = {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in paths}
    lost = [(path.name, url) for path, page in own.items() for url in urls(page) if not leads(path, url, own, site)]
    assert len(own) == 16 and not lost


def urls(page):
    return [tag.get("href") or tag.get("src") for tag in page.select("[href], [src]")]


def leads(path, url, own, site) -> bool:
    """Whether a file is there, with the place in it that is named, and where JupyterLite is to open one, that too."""
    parts = urlsplit(url)
    if parts.scheme:
        return parts.scheme in ("https", "data")
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    opened = parse_qs(parts.query).get("path", [])
    place = parts.fragment in ("", "ko", "en") or own[target].find(id=unquote(parts.fragment))
    return target.is_file() and bool(place) and all((site / "lite" / "files" / name).is_file() for name in opened)


@languages
def test_a_page_to_read_shows_no_result_before_it_is_asked_for(visit, language):
    page = visit(f"read/{language}/02-numbers.html", language)
    expect(page.get_by_text(TASK[language], exact=True)).to_be_visible()
    results = page.locator(".result")
    assert results.count() > 10
    assert not page.locator(".result > :not(summary)").filter(visible=True).count()
    assert not page.locator("main img").filter(visible=True).count()
    chart = results.filter(has=page.locator("img")).first
    chart.locator("summary").first.click()
    expect(chart.locator("img").first).to_be_visible()


def door(visit, language="ko", page=None, **options):
    """A lesson's door alone: what lies behind it, JupyterLite, is left out."""
    page = page or visit("work.html", language, **options)
    page.route("**/config-utils.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    return visit(f"lite/notebooks/index.html?path={language}/02-numbers.ipynb", page=page)


def open_lesson(visit, page=None):
    """A lesson in JupyterLite, as far as its text can be changed: without Python it takes no answer."""
    page = visit(f"lite/notebooks/index.html?path={LESSON}", page=page)
    page.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click(timeout=60_000)
    page.locator(".jp-Notebook .jp-MarkdownOutput h1").first.wait_for(timeout=60_000)
    return page


def stored(page, path=LESSON):
    return page.evaluate("path => storage.read(path)", path)


def source_of(cell):
    return "".join(cell["source"])


def source(notebook, cell_id):
    return next((source_of(cell) for cell in notebook["cells"] if cell["id"] == cell_id), None)


def worked_through(site):
    """A learner's copy of the lesson: an answer, a number changed, a sentence written, a cell added."""
    notebook = json.loads((site / "lite" / "files" / LESSON).read_text(encoding="utf-8"))
    typed = {
        "02-rate-answer": 'rate = 1443\n\ncourse.check("02-rate", rate)',
        PRICE: "price = 4",
        "02-correction-written": "내가 쓴 문장",
    }
    for cell in notebook["cells"]:
        cell["source"] = typed.get(cell["id"], cell["source"])
    own = {"id": "0b5f1c1e-8f0a-4b6e-9d57-3f1f3d1c2b4a", "cell_type": "code", "source": "mine = 1", "outputs": []}
    notebook["cells"].insert(5, own | {"metadata": {}, "execution_count": None})
    return notebook, typed | {own["id"]: own["source"]}


def keep(page, notebook, path=LESSON):
    page.evaluate("([path, notebook]) => storage.write(path, notebook)", [path, notebook])


def announced(page):
    """Whether the door has something to ask; it opens by itself where it has nothing."""
    asks = "new Promise(found => setInterval(() => document.querySelector('dialog.door') && found(true), 50))"
    return page.evaluate(f"Promise.race([door.then(() => false), {asks}])")


@pytest.fixture
def newer(site):
    """Publishes the lesson anew, with another sentence, a hint in a task and without a cell; afterwards as before."""

    def change(notebook):
        notebook.cells = [cell for cell in notebook.cells if cell.id != GONE]
        for cell in notebook.cells:
            if cell.id in (TITLE, "02-million-answer", "02-rate-answer"):
                cell.source = cell.source.replace("# 02.", "# 02, 새로:").replace("= ...", "= ...  # 새 도움말")

    with ExitStack() as meanwhile:
        yield lambda: meanwhile.enter_context(renewed(site, LESSON, change))


def test_what_is_typed_in_a_lesson_is_kept_and_shown_as_work(visit):
    page = open_lesson(visit)
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("\nmine = 1")
    page.keyboard.press("Control+s")
    page.wait_for_function("path => storage.read(path)", arg=LESSON)
    assert [cell for cell in stored(page)["cells"] if source_of(cell).endswith("\nmine = 1")]
    page.locator(".door-bar").get_by_role("link", name="내 작업").click()
    expect(page.locator(".kept li:visible")).to_contain_text(["02. 핵심 숫자"])


def test_work_is_taken_out_and_brought_back_into_an_empty_browser(visit, site, tmp_path):
    page = visit("work.html")
    notebook, typed = worked_through(site)
    keep(page, notebook)
    entries = json.dumps({"rate": {"value": 1400, "when": "2026-11-28"}}).encode()
    page.evaluate(AS_PYTHON_DOES, base64.b64encode(entries).decode())
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("button", name="모두 파일 하나로 내려받기").click()
    download.value.save_as(tmp_path / "work.zip")
    with zipfile.ZipFile(tmp_path / "work.zip") as taken:
        assert sorted(taken.namelist()) == [LESSON, "ko/my-course.json"]
        assert nbformat.reads(taken.read(LESSON), 4).cells[5].source == "mine = 1"
        assert json.loads(taken.read("ko/my-course.json"))["rate"]["value"] == 1400
    empty = visit("work.html")
    assert empty.locator("[type=file]:visible").count() == 1
    empty.locator("[type=file]:visible").set_input_files(tmp_path / "work.zip")
    expect(empty.locator(".kept li:visible")).to_have_count(2)
    assert {cell_id: source(stored(empty), cell_id) for cell_id in typed} == typed
    assert not announced(door(visit, page=empty))


def test_what_is_brought_in_leaves_beside_it_what_differs(visit, site, tmp_path):
    page = visit("work.html")
    mine, _ = worked_through(site)
    keep(page, mine)
    page.reload()
    other = nbformat.read(ROOT / "notebooks" / LESSON, 4)
    other.cells[1].source += "\n\n집에서"
    with zipfile.ZipFile(tmp_path / "home.zip", "w") as made:  # as one packs the folder of a clone
        made.writestr(f"notebooks/{LESSON}", nbformat.writes(other))
        made.writestr("notebooks/en/02-numbers.ipynb", (ROOT / "notebooks/en/02-numbers.ipynb").read_bytes())
        made.writestr("notebooks/ko/.ipynb_checkpoints/02-numbers.ipynb", "{}")
        made.writestr("notebooks/ko/broken.ipynb", "{")
        made.writestr("notebooks/teacher/README.md", "")
    page.locator("[type=file]:visible").set_input_files(tmp_path / "home.zip")
    expect(page.locator(".told:visible")).to_contain_text("ko/broken.ipynb: 손상되어")
    kept = page.evaluate("storage.paths()")
    assert kept[1] == LESSON and "(before " in kept[0] and len(kept) == 2
    assert source(stored(page), TITLE).endswith("집에서")
    assert source(stored(page, kept[0]), PRICE) == "price = 4"


def test_a_lesson_renewed_since_is_announced_and_takes_the_answers_over(visit, site, newer):
    page = door(visit)
    mine, typed = worked_through(site)
    keep(page, mine)
    fresh = newer()
    page = door(visit, page=page)
    expect(page.locator("dialog.door")).to_contain_text("새로 고친 수업이 있습니다")
    page.get_by_role("button", name="새 수업으로 바꾸기").click()
    expect(page.locator(".door-bar")).to_contain_text("답을 옮겼습니다")
    made = stored(page)
    assert {cell_id: source(made, cell_id) for cell_id in typed} == typed
    assert source(made, TITLE).startswith("# 02, 새로") and source(made, GONE) is None
    assert source(made, "02-million-answer").startswith("dollars = ...  # 새 도움말")  # not answered yet
    assert len(made["cells"]) == len(fresh.cells) + 1
    aside = next(path for path in page.evaluate("storage.paths()") if "before" in path)
    assert stored(page, aside) == mine
    assert not announced(door(visit, page=page))
    page.unroute_all()
    expect(open_lesson(visit, page).locator(".jp-Notebook h1").first).to_contain_text("02, 새로")


def test_a_copy_that_came_from_elsewhere_is_renewed_with_its_answers(visit, site, newer):
    """Nobody noted its edition: what is an answer, or named by JupyterLab, is the learner's."""
    page = visit("work.html")
    mine, typed = worked_through(site)
    keep(page, mine)
    newer()
    page = door(visit, page=page)
    page.get_by_role("button", name="새 수업으로 바꾸기").click()
    expect(page.locator(".door-bar")).to_contain_text("답을 옮겼습니다")
    made = stored(page)
    assert {cell_id: source(made, cell_id) for cell_id in typed if cell_id != PRICE} == {
        cell_id: text for cell_id, text in typed.items() if cell_id != PRICE
    }
    assert source(made, GONE) is None


def test_who_keeps_an_older_lesson_is_asked_once(visit, site, newer):
    page = door(visit)
    mine, _ = worked_through(site)
    keep(page, mine)
    assert not announced(door(visit, page=page))
    newer()
    page = door(visit, page=page)
    page.get_by_role("button", name="쓰던 것을 그대로 쓰기").click()
    assert not announced(door(visit, page=page))
    assert stored(page) == mine


def test_a_lesson_is_put_back_to_its_beginning_and_the_copy_stays(visit, site):
    page = visit("work.html")
    mine, _ = worked_through(site)
    keep(page, mine)
    page.reload()
    page.get_by_role("button", name="처음 상태로 되돌리기").click()
    expect(page.locator(".told:visible")).to_contain_text("(before ")
    (kept,) = page.evaluate("storage.paths()")
    assert kept != LESSON and stored(page, kept) == mine


@languages
def test_where_nothing_is_kept_the_page_says_so_before_one_begins(visit, language):
    refuse = "indexedDB.open = () => { throw new DOMException('refused', 'SecurityError'); };"
    page = door(visit, language, script=refuse)
    said = {"ko": "저장되지 않습니다", "en": "will not keep your work"}[language]
    expect(page.locator("dialog.door")).to_contain_text(said)
    assert page.evaluate("Promise.race([door, 'waiting'])") == "waiting"
    page.locator("dialog.door button").click()
    assert page.evaluate("door.then(() => 'open')") == "open"
    expect(page.locator(".door-bar")).to_contain_text({"ko": "저장되지 않음", "en": "Not kept"}[language])
