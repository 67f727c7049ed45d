"""A hub for trying, and handing in from any hub.

python run.py hub [PORT]                                starts JupyterHub on this computer
python run.py hub collect 02-ko                         puts what was made on it where the class tools look for it
python -m deepseek_hub collect 02-ko /home 02-ko.zip    the same on a hub elsewhere: its homes, and where the zip goes

Further arguments go to JupyterHub.
"""

import os
import secrets
import shutil
import socket
import sys
from pathlib import Path

from deepseek_course.language import catalogue

from .collecting import collect

HERE = Path(__file__).resolve().parent
LEARNERS = Path("hub", "learners")
QUESTIONS = {"--version", "--help", "--help-all"}
_say = catalogue(HERE / "messages.toml")


def say(key: str, *values: object) -> str:
    """A sentence of messages.toml in the language of the system, which run.py tells."""
    return _say(key, *values).in_language(os.environ.get("COURSE_LANGUAGE", "en"))


def hub(arguments: list[str]) -> None:
    """Becomes JupyterHub."""
    port = arguments.pop(0) if arguments and arguments[0].isdigit() else "8000"
    if not QUESTIONS.intersection(arguments):
        prepare(port)
    command = [sys.executable, "-m", "jupyterhub", f"--config={HERE / 'jupyterhub_config.py'}"]
    os.execv(sys.executable, [*command, *arguments])


def prepare(port: str) -> None:
    """The hub's folder and password, and what to know of it; ends with one sentence where something is missing."""
    if os.name == "nt":
        sys.exit(say("windows"))
    left = LEARNERS.with_name("jupyterhub-proxy.pid")  # by a hub that was killed; JupyterHub ends that proxy itself
    if is_taken(int(port)) and not left.exists():
        sys.exit(say("taken", port))
    if not (shutil.which("configurable-http-proxy") and shutil.which("node")):
        sys.exit(say("proxy"))
    LEARNERS.mkdir(parents=True, exist_ok=True)
    os.chdir(LEARNERS.parent)
    password = secrets.token_urlsafe(9)
    os.environ |= {"COURSE_PORT": port, "COURSE_PASSWORD": password}
    print(say("trying", port, password, Path(LEARNERS.name).resolve()), flush=True)


def is_taken(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return True
    return False


def hand_in(name: str, homes: str = str(LEARNERS), target: str = "") -> None:
    """Makes the zip, where the class tools look for it if no other place is named, and says the next step."""
    path = Path(target or Path("class", "downloaded", name, "archive", "hub.zip"))
    try:
        taken = collect(name.partition("-")[0], Path(homes), path)
    except OSError as error:
        sys.exit(str(error))
    if not taken:
        sys.exit(say("none", homes, name))
    print(say("collected", path, len(taken), sum(taken.values()), name))


def main(*arguments: str) -> None:
    if arguments[:1] == ("collect",):
        if len(arguments) not in (2, 3, 4):
            sys.exit(__doc__)
        hand_in(*arguments[1:])
    else:
        hub(list(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
