"""A pytest plugin: tests see no entries of the maintainer's own (my-course.json, seeds/article.txt)."""

import os
import tempfile

from deepseek_course.keeping import FOLDER

_empty = tempfile.TemporaryDirectory()
os.environ[FOLDER] = _empty.name
