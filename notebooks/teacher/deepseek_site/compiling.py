"""Archives of Python code are compiled before they are served: half of a kernel's start was compiling.

Only the Python that runs them can do that. It runs in the Node.js that Playwright brings with it.
"""

import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory

import playwright

NODE = Path(playwright.__file__).with_name("driver") / "node"
SCRIPT = Path(__file__).with_name("compile.js")


def compile_archives(archives: Collection[Path], pyodide: Path) -> None:
    """Put into wheels and other zips what Python makes of their .py files, in place of these, and leave out tests.

    Args:
        archives: they keep their names.
        pyodide: a folder with Pyodide itself.

    Raises:
        subprocess.CalledProcessError: Python did not start; it has said why.
        OSError: a file is missing or cannot be written.
    """
    with TemporaryDirectory() as place:
        for archive in archives:
            _unpack(archive, Path(place, archive.name))
        subprocess.run([NODE, SCRIPT, pyodide.resolve(), place], check=True)
        for archive in archives:
            _pack(Path(place, archive.name), archive)


def _unpack(archive: Path, folder: Path) -> None:
    shutil.unpack_archive(archive, folder, "zip")
    for tests in list(folder.rglob("tests")):  # three of four of pandas' files
        shutil.rmtree(tests, ignore_errors=True)


def _pack(folder: Path, archive: Path) -> None:
    for compiled in folder.rglob("*.pyc"):
        compiled.with_suffix(".py").unlink()
    Path(shutil.make_archive(str(archive), "zip", folder)).replace(archive)
