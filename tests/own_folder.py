"""A pytest plugin: tests see no entries of the maintainer's own, and run in any folder and over several workers."""

import os
import tempfile

from deepseek_course.lesson.notes import FOLDER

_empty = tempfile.TemporaryDirectory()
os.environ[FOLDER] = _empty.name  # my-course.json and seeds/article.txt are looked for there


def pytest_configure(config):
    config.option.nbval_sanitize_with = str(config.rootpath / "tests" / "nbval.cfg")
    if getattr(config.option, "dist", "no") == "load":  # the cells of a notebook need one kernel, so one worker
        config.option.dist = "loadfile"
