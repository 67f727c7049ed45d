"""A class with nbgrader: `python run.py class …`, run in the course folder class/, which is set up where it is not.

The verbs below are the course's own; every other command is nbgrader's.
"""

import os
import sys
from pathlib import Path

from nbgrader.apps.nbgraderapp import NbGraderApp
from sqlalchemy.exc import OperationalError

from . import reporting
from .folder import TOOLS, assignments, set_up
from .giving_back import feedback
from .handing_out import handout
from .marking import mark
from .marks import marks
from .messages import say
from .programs import hand_over
from .school_list import roster
from .written import written

CLUSTER = TOOLS.with_name("requirements-cluster.txt")


def formgrader(arguments: list[str]):
    """nbgrader's formgrader, in the browser."""
    sys.exit(hand_over([sys.executable, "-m", "jupyterlab", "--LabApp.default_url=/formgrader", *arguments]))


def report(arguments: list[str]):
    """The class report, in report/."""
    reporting.report(Path.cwd())


VERBS = {
    **{"roster": roster, "handout": handout, "mark": mark, "formgrader": formgrader},
    **{"written": written, "feedback": feedback, "report": report, "marks": marks},
}


def tell_commands():
    """The course's own commands, and below them the names of nbgrader's."""
    others = sorted(NbGraderApp.subcommands.keys() - VERBS.keys() - {"assign", "fetch", "release"})
    print(say("ready", Path.cwd(), ", ".join(assignments()), ", ".join(others)))


def main(verb: str | None = None, *rest: str):
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # alembic
    set_up()
    if verb in (None, "help", "-h", "--help") or (verb in ("report", "handout") and {"-h", "--help"} & set(rest)):
        tell_commands()
    elif verb in VERBS:
        carry_out(verb, list(rest))
    else:
        if verb == "zip_collect":
            prepare_collecting([name for name in rest if not name.startswith("-")])
        NbGraderApp.launch_instance([verb, *rest])


def carry_out(verb: str, arguments: list[str]):
    """One of the course's own commands; ends with a line where the gradebook or a package of the cluster is missing."""
    try:
        VERBS[verb](arguments)
    except OperationalError as error:
        sys.exit(say("no_gradebook", str(error.orig).strip().partition("\n")[0]))
    except ModuleNotFoundError as error:
        if error.name not in ("distributed", "psycopg"):
            raise
        sys.exit(say("no_package", error.name, sys.executable, CLUSTER))


def prepare_collecting(names: list[str]):
    """Makes the folder for what comes in; ends where there is no such assignment."""
    for name in names:
        if name not in assignments():
            sys.exit(say("unknown", name, ", ".join(assignments())))
        Path("downloaded", name, "archive").mkdir(parents=True, exist_ok=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
