"""A pytest plugin: tests see no entries of the maintainer's own, and run in any folder and over several workers."""

import os
import re
import tempfile

import pytest

from deepseek_course.lesson.notes import FOLDER

# Files whose tests start browsers, kernels and whole classes: left out by `python run.py test --quick`.
WHOLE_WAY = [
    "browser",
    "class",
    "cluster",
    "collecting",
    "feedback",
    "hub",
    "opening",
    "reporting",
    "running",
    "school",
    "sheets",
    "site",
    "site_pages",
]
# What takes longest, so that no worker waits at the end for another. The Korean browser starts after the class: both at
# once would wait for the environment that one is making.
FIRST = ["test_browser en", "test_class", "test_cluster", "test_browser ko", "test_site"]

_empty = tempfile.TemporaryDirectory()
os.environ[FOLDER] = (
    _empty.name
)  # my-course.json and seeds/article.txt are looked for there; for notebooks it stays empty


@pytest.fixture(autouse=True)
def own_folder(monkeypatch):
    """A test keeps its entries in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv(FOLDER, folder)
        yield


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site, which no test changes; all workers have the same."""
    from site_helpers import built  # a learner's environment has no JupyterLite

    folder = tmp_path_factory.getbasetemp()
    return built((folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "site")


def pytest_configure(config):
    config.option.nbval_sanitize_with = str(config.rootpath / "tests" / "nbval.cfg")


def pytest_itemcollected(item):
    if item.path.suffix == ".ipynb" or item.path.stem.removeprefix("test_") in WHOLE_WAY:
        item.add_marker("whole_way")


def pytest_collection_modifyitems(items):
    items.sort(key=turn)


def turn(item) -> int:
    name = f"{item.path.stem} {browser_language(item.nodeid)}".strip()
    return FIRST.index(name) if name in FIRST else len(FIRST)


def browser_language(nodeid: str) -> str:
    """The language of a test in the browser; "" of any other."""
    found = re.search(r"test_browser\.py::.*\[(?:.*-)?(ko|en)\b", nodeid)
    return found[1] if found else ""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.getvalue("dist") != "load":  # another way was asked for
        return None
    from xdist.scheduler import LoadFileScheduling  # a learner's environment has none

    class ByFile(LoadFileScheduling):
        """One worker for what stands in one file: a notebook's cells need one kernel. But two for the browser."""

        def _split_scope(self, nodeid: str) -> str:
            return super()._split_scope(nodeid) + browser_language(nodeid)

    config.option.loadscopereorder = False  # the browser, which takes longest, stands near the beginning
    return ByFile(config, log)
