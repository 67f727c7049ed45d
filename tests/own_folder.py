"""A pytest plugin: tests see no entries of the maintainer's own, and run in any folder and over several workers."""

import os
import re
import tempfile

import pytest

from deepseek_course.lesson.notes import FOLDER

# Files whose tests start browsers, kernels and whole classes: left out by `python run.py test --quick`.
WHOLE_WAY = r"test_(browser|class|collecting|feedback|opening|reporting|running|sheets)\.py$|\.ipynb$"

_empty = tempfile.TemporaryDirectory()
os.environ[FOLDER] = _empty.name  # my-course.json and seeds/article.txt are looked for there


def pytest_configure(config):
    config.option.nbval_sanitize_with = str(config.rootpath / "tests" / "nbval.cfg")


def pytest_itemcollected(item):
    if re.search(WHOLE_WAY, item.path.name):
        item.add_marker("whole_way")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.getvalue("dist") != "load":  # another way was asked for
        return None
    from xdist.scheduler import LoadFileScheduling  # a learner's environment has none

    class ByFile(LoadFileScheduling):
        """One worker for what stands in one file: a notebook's cells need one kernel. But two for the browser."""

        def _split_scope(self, nodeid: str) -> str:
            language = re.search(r"test_browser\.py::.*\[(?:.*-)?(ko|en)\b", nodeid)
            return super()._split_scope(nodeid) + (language[1] if language else "")

    config.option.loadscopereorder = False  # the browser, which takes longest, stands near the beginning
    return ByFile(config, log)
