"""What a kernel in the browser does while the learner reads: it imports what the first cell would wait for."""

import sys
from importlib.util import find_spec
from pathlib import Path

from IPython import get_ipython

get_ipython().Completer.use_jedi = False  # it is not there; names are completed without it
sys.path[:] = [place for place in sys.path if place]  # IPython has put the lessons' folder there again

# Pyodide's matplotlib 3.8.4 comes with the list of fonts of a later one: it would pass it over, make its own at each
# start, and say so in the first cell.
_fonts = Path(find_spec("matplotlib").origin).with_name("fontlist.json")
_fonts.write_text(_fonts.read_text().replace('"_version": 390', '"_version": 330'))

import matplotlib.pyplot  # noqa: E402
import seaborn  # noqa: E402

import deepseek_course  # noqa: E402

del Path, deepseek_course, find_spec, get_ipython, matplotlib, seaborn, sys, _fonts
