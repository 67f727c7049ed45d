"""`python run.py class …` as tests give it: in a process of its own that has nbgrader loaded already.

A new Python takes three seconds to load it, and tests give a hundred commands.
"""

import multiprocessing
import os
import tempfile
from pathlib import Path
from subprocess import CompletedProcess

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(["deepseek_class.commands"])


def run(folder: Path, *arguments: str, **environment: str) -> CompletedProcess:
    """Gives a command in a class's folder, in Korean; how it ended, and what it said."""
    wanted = os.environ | {"COURSE_LANGUAGE": "ko"} | environment
    with tempfile.TemporaryDirectory() as place:
        files = Path(place, "stdout"), Path(place, "stderr")
        command = _server.Process(target=_give, args=(folder, arguments, wanted, files))
        command.start()
        command.join()
        return CompletedProcess(arguments, command.exitcode, *(file.read_text(errors="replace") for file in files))


def _give(folder: Path, arguments: tuple[str, ...], environment: dict[str, str], files: tuple[Path, Path]):
    for number, path in enumerate(files, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    from deepseek_class import commands

    commands.main(*arguments)
