"""The site's own pages: where one arrives, lessons to read, a learner's work, and the door in front of JupyterLite."""

import json
import re
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html

from deepseek_class.build import README
from deepseek_class.fonts import cut
from deepseek_class.layout import CONTENTS, OPEN
from deepseek_class.source import ROOT, Lesson
from deepseek_course import lesson
from deepseek_course.language import LANGUAGES, catalogue

HERE = Path(__file__).parent
TEMPLATES, SCRIPTS = HERE / "templates", HERE / "scripts"
LOOK = Path(lesson.__file__).with_name("jupyter.css")
LITE = "lite"  # where JupyterLite lies in the site
DOORS = ("notebooks", "lab")  # the two pages of JupyterLite that open a lesson
STARTS = "await import("  # where these begin to load it
DOOR = ("course", "localforage.min", "fflate.min", "storage", "lessons", "words", "door")
WORK = (*DOOR[:-1], "work")
ROW = re.compile(r"^\| \[(\d\d)\. (.+?)\]\((.+?)\.ipynb\) \| (.+?) \| (.+?) \|$", re.MULTILINE)

_say = catalogue(TEMPLATES / "words.toml")


@dataclass(frozen=True)
class Entry:
    """A lesson in the table of contents."""

    number: str
    title: str
    name: str  # "02-numbers"
    time: str
    does: str


@dataclass(frozen=True)
class Contents:
    """The page of contents in one language, as notebooks/source has it."""

    title: str
    intro: str  # Markdown
    entries: tuple[Entry, ...]


def write(site: Path, hosts: Sequence[str] = ()) -> None:
    """Adds the pages to a site in whose folder lite/ JupyterLite has been built.

    Args:
        hosts: what the lessons load from others than the site's own host, such as "cdn.jsdelivr.net".

    Raises:
        OSError, KeyError: JupyterLite is not there, or has no name for its storage.
        ValueError: its pages have changed, so that the door does not fit.
    """
    write_assets(site)
    notebooks = write_editions(site)
    pages = front(hosts) | {f"teacher/{language}.html": guide(language) for language in LANGUAGES}
    for path, notebook in notebooks.items():
        if path.stem != CONTENTS.stem:
            pages[f"read/{path.with_suffix('.html').as_posix()}"] = reading(path, notebook)
    for name, page in pages.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(page, encoding="utf-8")
    words = (SCRIPTS / "words.toml").read_text(encoding="utf-8")
    (site / "assets" / "korean.woff").write_bytes(cut("".join([words, *pages.values()])))
    for name in DOORS:
        put_door(site / LITE / name / "index.html")


def front(hosts: Sequence[str]) -> dict[str, str]:
    """The pages in both languages: where one arrives, and a learner's work."""
    return {f"{name}.html": _rendered(f"{name}.html.j2", hosts=hosts, scripts=WORK) for name in ("index", "work")}


def write_editions(site: Path) -> dict[Path, nbformat.NotebookNode]:
    """Writes down which edition of each lesson the site has; returns the lessons by their paths."""
    files = site / LITE / "files"
    notebooks = {path.relative_to(files): nbformat.read(path, 4) for path in sorted(files.glob("*/*.ipynb"))}
    editions = {path.as_posix(): edition(notebook) for path, notebook in notebooks.items()}
    (site / "lessons.json").write_text(json.dumps(editions), encoding="utf-8")
    return notebooks


def edition(notebook: nbformat.NotebookNode) -> dict[str, int]:
    """What tells this edition of a lesson from another: a fingerprint of each cell, by its id."""
    return {cell.id: fingerprint(cell.source) for cell in notebook.cells}


def fingerprint(text: str) -> int:
    """FNV-1a over code points, as lessons.js reckons it."""
    value = 0x811C9DC5
    for sign in text:
        value = (value ^ ord(sign)) * 0x01000193 & 0xFFFFFFFF
    return value


def write_assets(site: Path) -> None:
    """Styles, pictures, and scripts with their words and the storage's name."""
    assets = site / "assets"
    assets.mkdir(exist_ok=True)
    for path in [*SCRIPTS.glob("*.js"), *SCRIPTS.glob("vendor/*"), *TEMPLATES.glob("*.css")]:
        shutil.copy(path, assets)
    (assets / "jupyter.css").write_text(look(), encoding="utf-8")
    shutil.copytree(ROOT / "notebooks" / "pictures", assets / "pictures", dirs_exist_ok=True)
    settings = json.loads((site / LITE / "jupyter-lite.json").read_text(encoding="utf-8"))["jupyter-config-data"]
    words = tomllib.loads((SCRIPTS / "words.toml").read_text(encoding="utf-8"))
    course = {"storage": settings["contentsStorageName"], "words": words, "titles": titles()}
    # The site's address follows from that of this script: it may lie anywhere on a server.
    root = 'new URL("..", document.currentScript.src).href'
    (assets / "course.js").write_text(
        f"const course = {json.dumps(course, ensure_ascii=False)};\ncourse.root = {root};\n", encoding="utf-8"
    )


def look() -> str:
    """The lessons' look, with the font that belongs to these pages."""
    return LOOK.read_text(encoding="utf-8").replace("korean.otf", "korean.woff")


def reading(path: Path, notebook: nbformat.NotebookNode) -> str:
    """A lesson to be read: nothing is seen of a result, or of code that only draws, before it is asked for.

    Args:
        path: such as ko/02-numbers.ipynb.
    """
    language = path.parent.name
    body, _ = _exporter().from_notebook_node(notebook, {"result": _say("result").in_language(language)})
    body = body.replace(f'href="{CONTENTS.stem}.ipynb"', f'href="../../index.html#{language}"')
    body = re.sub(r'href="(\d\d-[\w-]+)\.ipynb"', r'href="\1.html"', body)
    title, place = titles()[path.as_posix()], {"language": language, "root": "../../", "path": path.as_posix()}
    return _rendered("page.html.j2", title=title, body=body, **place)


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter(template_name="reading", extra_template_basedirs=[str(TEMPLATES)], exclude_anchor_links=True)


def guide(language: str) -> str:
    """The teacher's guide as a page; its links to other files of the course are left out."""
    text = (ROOT / "notebooks" / "teacher" / README[language]).read_text(encoding="utf-8")
    body = BeautifulSoup(f'<div class="jp-RenderedHTMLCommon">{markdown2html(text)}</div>', "html.parser")
    for link in body.select("a.anchor-link"):
        link.decompose()
    for heading in body.select("[id]"):  # as the guide's own links have it, which is GitHub's way
        heading["id"] = re.sub(r"[^\w-]", "", heading.text.strip().lower().replace(" ", "-"))
    pages = {README[other]: f"{other}.html" for other in LANGUAGES}
    for link in body.select("a[href]"):
        link["href"] = pages.get(link["href"], link["href"])
        if not link["href"].startswith(("#", "http", *pages.values())):
            link.unwrap()
    title = _say("guide_title").in_language(language)
    return _rendered("page.html.j2", language=language, root="../", path="", title=title, body=str(body))


def titles() -> dict[str, str]:
    """Each lesson's title by its path: "ko/02-numbers.ipynb"."""
    return {
        f"{language}/{entry.name}.ipynb": f"{entry.number}. {entry.title}"
        for language in LANGUAGES
        for entry in contents(language).entries
    }


@cache
def contents(language: str) -> Contents:
    """The page of contents, read."""
    prose = next(cell for _, cell in Lesson(CONTENTS).in_language(language) if cell.cell_type == "markdown").source
    title, intro, *_ = prose.split("\n\n")
    return Contents(title.removeprefix("# "), intro, tuple(Entry(*row) for row in ROW.findall(prose)))


def put_door(page: Path) -> None:
    """Makes a page of JupyterLite wait for the door, whose scripts it loads first."""
    text = page.read_text(encoding="utf-8")
    if text.count(STARTS) != 1 or text.count("</title>") != 1:
        raise ValueError(f"{page}: JupyterLite does not begin with one {STARTS}…) any more, so the door does not fit.")
    tags = [
        '<link rel="preload" href="../../assets/korean.woff" as="font" type="font/woff" crossorigin>',
        '<link rel="stylesheet" href="../../assets/door.css">',
    ]
    tags += [f'<script src="../../assets/{name}.js"></script>' for name in DOOR]
    text = text.replace("</title>", "\n    ".join(["</title>", *tags]))
    page.write_text(text.replace(STARTS, f"await door;\n        {STARTS}"), encoding="utf-8")


def _rendered(template: str, root: str = "", **values: object) -> str:
    return _environment().get_template(template).render(root=root, **values)


@cache
def _environment() -> Environment:
    """The templates, which have the contents and the words of templates/words.toml in both languages."""
    loader = FileSystemLoader(TEMPLATES)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["markdown"] = markdown2html
    environment.globals |= {
        "languages": LANGUAGES,
        "contents": {language: contents(language) for language in LANGUAGES},
        "say": lambda key, language, *more: _say(key, *more).in_language(language),
        "open": OPEN,
    }
    return environment
