"""A class of thirty for lesson 02: what learners hand in, right, wrong, by accident and on purpose."""

import io
import json
import zipfile
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path

import nbformat

from deepseek_class import build
from deepseek_class.source import ROOT, SOURCES, Lesson
from deepseek_course.practice import judging

NAME = "02-numbers.ipynb"
FIRST = 9  # so many answers are right where only the first are


@cache
def solved(language: str) -> dict[str, str]:
    """The cells of the solved notebook, by their ids."""
    lesson = Lesson(SOURCES / NAME.replace("ipynb", "md"))
    return {cell.id: cell.source for cell in build.solved(lesson, language).cells}


@cache
def charts(language: str) -> set[str]:
    """The ids of the cells that draw one."""
    built = nbformat.read(ROOT / "notebooks" / language / NAME, as_version=4)
    return {cell.id for cell in built.cells if "image/png" in str(cell.get("outputs"))}


def drop_charts(source: Path):
    """What a teacher may do with an assignment's notebook before it is released."""
    nb = nbformat.read(source, as_version=4)
    nb.cells = [cell for cell in nb.cells if cell.id not in charts("ko")]
    nbformat.write(nb, source)


def points(right: int = 999) -> int:
    """What the first `right` checks count together."""
    return sum(exercise.points for exercise in exercises()[:right])


def exercises() -> list:
    return [exercise for exercise in judging.load().values() if exercise.lesson == "02"]


def notebook(language: str = "ko", right: int = 999, also: str = "", at: int = 0) -> nbformat.NotebookNode:
    """The learner's notebook as it is built, the first `right` answers solved.

    Args:
        also: code of the learner's own, in a cell of its own behind the answer number `at`. Such a notebook has no
            charts, as the class's own has none: they take a third of the time.
    """
    nb = nbformat.read(ROOT / "notebooks" / language / NAME, as_version=4)
    if also:
        nb.cells = [cell for cell in nb.cells if cell.id not in charts(language)]
    answers = [cell for cell in nb.cells if cell.id.endswith(("-answer", "-written"))]
    for cell in answers[:right]:
        cell.source = solved(language)[cell.id]
    if also:
        place = nb.cells.index(answers[at]) + 1
        nb.cells.insert(place, nbformat.v4.new_code_cell(also, id="somebodys-own"))
    return nb


def short(right: int = 999) -> nbformat.NotebookNode:
    """Without charts."""
    return notebook(right=right, also="# my own")


def answers(nb: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in nb.cells if cell.id.endswith("-answer")]


def with_answers(made: Callable[[str], str], right: int = 999) -> nbformat.NotebookNode:
    """A notebook in which each answer cell is what is made of it."""
    nb = notebook(right=right)
    for cell in answers(nb):
        cell.source = made(cell.source)
    return nb


def without_check(source: str) -> str:
    return source.partition("course.check(")[0].rstrip()


def wrong() -> nbformat.NotebookNode:
    """Every answer given and none of them right."""
    return with_answers(lambda source: source.replace("...", "-123456"), right=0)


def edited_check_lines() -> nbformat.NotebookNode:
    """What a check says is the learner's own, and so is what it counts."""
    nb = with_answers(lambda source: without_check(source) + '\nprint("맞습니다")')
    for cell in answers(nb):
        cell.metadata.nbgrader |= {"points": 100, "grade": True}
    return nb


def doubled() -> nbformat.NotebookNode:
    """Copied and pasted as JupyterLab does it: a new id, nbgrader's metadata kept."""
    nb = notebook()
    for n in range(len(nb.cells) - 1, 0, -1):
        if nb.cells[n].id.endswith("-answer"):
            copied = deepcopy(nb.cells[n])
            copied.id = f"copy-{n}"
            nb.cells.insert(n + 1, copied)
    return nb


def moved() -> nbformat.NotebookNode:
    """All answers right below the first code cell."""
    nb = notebook()
    at = next(n for n, cell in enumerate(nb.cells) if cell.cell_type == "code") + 1
    below = sorted(nb.cells[at:], key=lambda cell: not cell.id.endswith("-answer"))
    nb.cells[at:] = below
    return nb


def split() -> nbformat.NotebookNode:
    """Each check in a cell of its own, as after JupyterLab's "split cell"."""
    nb = notebook()
    for cell in answers(nb):
        before, _, check = cell.source.rpartition("\n")
        cell.source = before.rstrip()
        nb.cells.insert(nb.cells.index(cell) + 1, nbformat.v4.new_code_cell(check))
    return nb


def two_cells(nb: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """As version 0.1.0 handed it out: a check in a locked cell of its own, and some of the prose another."""
    nb.metadata.deepseek_course.version = "0.1.0"
    for cell in answers(nb):
        answer, _, check = cell.source.rpartition("\n")
        name = cell.id.removesuffix("-answer")
        grading = build.grading("check", name, judging.get(name).points)
        cell.source = answer.rstrip()
        at = nb.cells.index(cell)
        nb.cells.insert(at + 1, nbformat.v4.new_code_cell(check, id=f"{name}-check", metadata={"nbgrader": grading}))
        if nb.cells[at - 1].cell_type == "markdown":
            nb.cells[at - 1] |= {"id": f"old-{at}", "source": f"**{name}** · " + nb.cells[at - 1].source}
    return nb


def retyped() -> nbformat.NotebookNode:
    nb = notebook()
    for n, cell in enumerate(nb.cells):
        if cell.id.endswith("-answer"):
            nb.cells[n] = nbformat.v4.new_markdown_cell(cell.source, id=cell.id, metadata=cell.metadata)
    return nb


def stripped() -> nbformat.NotebookNode:
    """As after a trip through an editor that keeps neither ids nor metadata."""
    nb = notebook()
    nb.metadata = {}
    for n, cell in enumerate(nb.cells):
        cell.metadata, cell.id = {}, f"n{n}"
    return nb


def other_lesson() -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "notebooks" / "ko" / "03-contrast.ipynb", as_version=4)


def edited_set_up() -> nbformat.NotebookNode:
    """The first code cell is broken; the teacher's runs before it."""
    nb = notebook()
    next(cell for cell in nb.cells if cell.cell_type == "code").source = "import deepseek_curse as course"
    return nb


def odd_metadata() -> str:
    """Metadata of other types than they have, and half a surrogate in a text."""
    nb = notebook(also="# half")
    for cell in nb.cells:
        cell.metadata["nbgrader"] = ["nothing"]
    nb.metadata["deepseek_course"]["version"] = "[x](javascript:a())"
    return json.dumps(nb).replace("# half", "# \\ud800")


def odd_cells() -> str:
    """Cells without a text, with a number or lists in lists for one, and none at all; metadata 400 deep."""
    nb = json.loads(json.dumps(notebook()))
    for _ in range(400):
        nb["metadata"] = {"deeper": nb["metadata"], "deepseek_course": nb["metadata"].get("deepseek_course")}
    nb["cells"] += [{"cell_type": "code"}, {"cell_type": "code", "source": 5}, None, {"source": [["a"], ["b", ["c"]]]}]
    return json.dumps(nb)


def prints_everywhere() -> nbformat.NotebookNode:
    """Every cell stays below its limit, all together do not."""
    nb = notebook()
    nb.cells[1:1] = [nbformat.v4.new_code_cell("print('x\\n' * 310_000)", id=f"print-{n}") for n in range(13)]
    return nb


def scripts() -> nbformat.NotebookNode:
    """A script in a written answer, in what is printed and in what is displayed; and a picture that is to stay."""
    nb = notebook(
        also="from IPython.display import HTML, display\n"
        'print("<script>alert(1)</script>")\n'
        'dot = "iVBORw0KGgo="\n'
        'display({"image/png": dot}, raw=True, metadata={"image/png": {"width": "1 onload=alert(7) "}})\n'
        "display(HTML(\"<img src=x onerror=alert(2)><script>alert(3)</script><p style='color: red'>red</p>\"))"
    )
    written = next(cell for cell in nb.cells if cell.id.endswith("-written"))
    written.source = (
        '내 생각 <script>alert(4)</script> <a href="javascript:alert(5)">여기</a> **굵게** [링크](javascript:alert(6)) '
    )
    written.source += "![없는 그림](attachment:none.png)"
    return nb


LOOP = "while True:\n    pass"
DEAF = "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass"
MEMORY = "kept = []\nfor _ in range(100):\n    kept.append(bytearray(100_000_000))"
FAMILY = (
    "import subprocess, sys, time\n"
    "grow = 'import time; kept = b\"x\" * 700_000_000; time.sleep(40)'\n"
    f"family = [subprocess.Popen([sys.executable, '-c', grow]) for _ in range(4)]\n{DEAF}"
)
OUTPUT = "for _ in range(300):\n    print('x' * 100_000)"
PROCESSES = f"import subprocess\nfamily = [subprocess.Popen(['sleep', '40']) for _ in range(60)]\n{DEAF}"
DELETE = (
    "import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)\n"
    "for folder in ('..', os.path.expanduser('~')):\n    shutil.rmtree(folder, ignore_errors=True)"
)
READ = (
    "import glob, os\n"
    "for pattern in ('../*', '../../*', '{folder}/*', '/root/*', '/home/*/*', '/proc/1/root/home/*'):\n"
    "    for path in glob.iglob(pattern):\n        print('SEEN', os.path.abspath(path))"
)
CONNECT = (
    "import socket\n"
    "for host in ('127.0.0.1', '::1', 'localhost'):\n"
    "    try:\n        socket.create_connection((host, {port}), timeout=1).sendall(b'hello')\n"
    "    except OSError as error:\n        print(error)"
)
OVERWRITE = (
    "course.check = lambda *arguments: '✓'\n"
    "course.judge = course.plain = course.check\n"
    "import sys\nsys.modules['deepseek_course'] = None\nprint = None"
)
FORGE = (
    "from deepseek_course.plain import MIME\n"
    "class Full:\n"
    "    def __init__(self, value): pass\n"
    "    def _repr_mimebundle_(self, **kwargs):\n"
    "        return {'text/plain': '100', MIME: {'kind': 'full', 'value': 1}}\n"
    "course.Answer = Full\nprint('score: 100')\nprint('02-numbers 100/100')"
)
NO_ASSERTS = (
    "import ast\n"
    "class Gone(ast.NodeTransformer):\n    def visit_Assert(self, node):\n        return ast.Pass()\n"
    "get_ipython().ast_transformers.append(Gone())\n"
    "get_ipython().input_transformers_cleanup.append("
    "lambda lines: [line for line in lines if 'assert' not in line])"
)
END = "import os\nos._exit(0)"
RENAME = (
    "import glob, os\n"
    "for path in glob.glob('*'):\n    os.rename(path, path + '.renamed')\n"
    "os.rename(os.getcwd(), os.getcwd() + '-renamed')"
)
NAMED = "raise type('x' * 30_000_000, (Exception,), {})()"
FILL = f"for n in range(1_000_000):\n    open(f'/tmp/{{n}}', 'w').close()\n{DEAF}"
SOCKETS = (
    "import os, socket, time\n"
    "for _ in range(4):\n"
    "    if not os.fork():\n"
    "        kept = [socket.socketpair() for _ in range(80)]\n        time.sleep(40)\n        os._exit(0)\n"
    f"{DEAF}"
)
LOOK = (
    "import glob, os, socket\n"
    "def look(path):\n"
    "    try:\n        print('LOOKED', open(path, 'rb').read())\n"
    "    except OSError as error:\n        print(error)\n"
    "for name in ('environ', 'cmdline', 'mountinfo', 'mounts', 'maps', 'cgroup'):\n"
    "    for process in ('1', '2', 'self', *map(str, range(3, 60))):\n        look(f'/proc/{process}/{name}')\n"
    "look('/etc/hostname')\nlook('/run/connection.json')\nlook('/env/pyvenv.cfg')\n"
    "print(socket.gethostname(), os.environ, os.listdir('/'), glob.glob('/*/*'), course.__file__)"
)
HIDE = (
    "import ctypes, mmap, os\n"
    "def hide(name, how):\n"
    "    try:\n        print('HIDDEN' if how() != -1 else 'refused', name)\n"
    "    except OSError as error:\n        print(name, error)\n"
    "libc = ctypes.CDLL(None)\n"
    "hide('memory file', lambda: os.memfd_create('x'))\n"
    "hide('shared mapping', lambda: mmap.mmap(-1, 4096))\n"
    "hide('mapping of zero', lambda: mmap.mmap(os.open('/dev/zero', os.O_RDWR), 4096))\n"
    "hide('shared memory', lambda: libc.shmget(0, 4096, 0o600))\n"
    "hide('message queue', lambda: libc.msgget(0, 0o600))\n"
    "hide('link in the place of a socket', lambda: os.symlink('/etc', '/run/kernel-9'))\n"
    "kept = os.open('/tmp', os.O_TMPFILE | os.O_RDWR)\n"
    "hide('unnamed file', lambda: [os.write(kept, bytes(1_000_000)) for _ in range(70)] and 0)"
)
FLOOD = (
    "socket = get_ipython().kernel.iopub_socket\n"
    "session = get_ipython().kernel.session\n"
    "for _ in range(30):\n"
    "    session.send(socket, 'stream', {'name': 'stdout', 'text': 'x' * 5_000_000}, get_ipython().kernel.get_parent())"
)
SMALL = "from IPython.display import HTML, display\nfor _ in range(1_500):\n    display(HTML('<b>x</b>'))"
BOLD = "from IPython.display import HTML, display\ndisplay(HTML('<b>' * 300_000))"
FORGE_LONG = (
    "from deepseek_course.plain import MIME\n"
    "class Long:\n"
    "    def __init__(self, value): pass\n"
    "    def _repr_mimebundle_(self, **kwargs):\n"
    "        return {'text/plain': '1', MIME: {'kind': 'text', 'value': 'a' * 19_000 + '!'}}\n"
    "course.Answer = Long"
)
SHOUT = "raise ValueError('x' * 30_000_000)"
RAISE = "raise ValueError('나의 실수')"


def files(folder: Path, port: int) -> dict[str, nbformat.NotebookNode | str | bytes]:
    """What each learner hands in, by the learner's id: a notebook, or the content of a file that is none.

    Args:
        folder: the course folder, for the one that tries to read it.
        port: where somebody listens on this machine, for the one that tries to connect.
    """
    return {
        "blank": notebook(right=0),
        "perfect": notebook(),
        "perfect-en": notebook("en"),
        "wrong": wrong(),
        "half": short(FIRST),
        "raises": notebook(also=RAISE, at=3),
        "loop": notebook(also=LOOP, at=3),
        "deaf": notebook(also=DEAF, at=FIRST),
        "memory": notebook(also=MEMORY, at=3),
        "family": notebook(also=FAMILY, at=FIRST),
        "output": notebook(also=OUTPUT, at=3),
        "shouts": notebook(also=SHOUT, at=3),
        "names": notebook(also=NAMED, at=3),
        "fills": notebook(also=FILL, at=FIRST),
        "forges-long": notebook(also=FORGE_LONG, at=3),
        "floods": notebook(also=FLOOD, at=3),
        "small-messages": notebook(also=SMALL, at=3),
        "prints-everywhere": prints_everywhere(),
        "bold": notebook(also=BOLD, at=3),
        "looks": notebook(also=LOOK, at=3),
        "hides": notebook(also=HIDE, at=3),
        "sockets": notebook(also=SOCKETS, at=FIRST),
        "odd-metadata": odd_metadata(),
        "odd-cells": odd_cells(),
        "processes": notebook(also=PROCESSES, at=FIRST),
        "edited-check-lines": edited_check_lines(),
        "two-cells": two_cells(notebook()),
        "other-lesson": other_lesson(),
        "no-notebook": "이것은 노트북이 아닙니다.",
        "deletes": notebook(also=DELETE, at=3),
        "reads": notebook(also=READ.format(folder=folder), at=3),
        "connects": notebook(also=CONNECT.format(port=port), at=3),
        "overwrites": notebook(right=FIRST, also=OVERWRITE, at=3),
        "forges": notebook(right=FIRST, also=FORGE, at=3),
        "no-asserts": notebook(right=FIRST, also=NO_ASSERTS, at=3),
        "scripts": scripts(),
        "ends": notebook(also=END, at=FIRST),
        "renames": notebook(also=RENAME, at=3),
        "edited-set-up": edited_set_up(),
        "climbs": zipped({"../../../climbed.txt": b"out", f"../{NAME}": content(notebook())}),
    }


def content(handed_in: nbformat.NotebookNode | str | bytes) -> bytes:
    if isinstance(handed_in, bytes):
        return handed_in
    return (handed_in if isinstance(handed_in, str) else json.dumps(handed_in, ensure_ascii=False)).encode()


def zipped(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def download(handed_in: dict) -> bytes:
    """The zip that an LMS makes of a class: a folder a learner."""
    return zipped(
        {
            f"{student}/{'숙제.zip' if content(what).startswith(b'PK') else NAME}": content(what)
            for student, what in handed_in.items()
        }
    )


def hand_in(folder: Path, handed_in: dict, assignment: str = "02-ko"):
    """Puts notebooks into submitted/, as nbgrader keeps them."""
    for student, what in handed_in.items():
        path = folder / "submitted" / student / assignment / NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(what))
