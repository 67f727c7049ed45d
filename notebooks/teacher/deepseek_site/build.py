"""Makes the site: the lessons in JupyterLite, in build/site, to be served by any web server.

python run.py site                        with Pyodide's files from its CDN
python run.py site --pyodide PLACE        with them in the site: from Pyodide's release archive, or a folder of it
python run.py site --serve [PORT]         and serves the site on this machine
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from deepseek_class.source import ROOT
from deepseek_course.language import LANGUAGES

from . import pages, python_files, settings
from .serve import server

SITE = ROOT / "build" / "site"
LOOK = ROOT / "data" / "deepseek_course" / "lesson" / "jupyter.css"
KERNEL = Path(sys.prefix, "share", "jupyter", "labextensions", "@jupyterlite", "pyodide-kernel-extension")
HERE = Path(__file__).parent
MANIFEST = re.compile(r'<link rel="manifest" [^>]*>')  # for an installed program, which this is not
HEAD = """    <link rel="icon" href="{0}/lab/favicon.ico">
    <link rel="stylesheet" href="{0}/custom.css">
    <script src="{0}/start.js"></script>
  </head>"""


def build(site: Path, pyodide: Path | str = settings.CDN) -> None:
    """Make the site, in a folder beside it that takes its place when it is whole.

    Args:
        site: the folder; one that is there is replaced.
        pyodide: an address that ends with a slash, or a folder with Pyodide's files, which become a part of the site.

    Raises:
        subprocess.CalledProcessError, OSError: what was there before is as it was.
    """
    site.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=site.parent, prefix="making-") as made:
        new = Path(made, "site")
        _lite(new / settings.LITE, Path(made, "lite"))
        put_python(new / settings.LITE, pyodide)
        pages.write(new, [] if isinstance(pyodide, Path) else [urlsplit(pyodide).netloc])
        if site.exists():
            site.rename(Path(made, "old"))
        new.rename(site)


def _lite(lite: Path, work: Path) -> None:
    """JupyterLite with the lessons, made in a folder of its own: over an older one it would pass settings by."""
    for language in LANGUAGES:
        shutil.copytree(ROOT / "notebooks" / language, work / "files" / language, ignore=_others)
    for name, content in (
        ("jupyter_lite_config.json", settings.build(str(lite), [str(KERNEL)])),
        ("jupyter-lite.json", settings.PAGE),
        ("overrides.json", settings.OVERRIDES),
    ):
        (work / name).write_text(json.dumps(content), encoding="utf-8")
    made = subprocess.run([sys.executable, "-m", "jupyterlite_core", "build"], cwd=work, stdout=subprocess.PIPE)
    if made.returncode:
        sys.stderr.buffer.write(made.stdout)
        made.check_returncode()
    _look(lite)


def _others(folder: str, names: list[str]) -> list[str]:
    """What lies beside the lessons and is somebody's own."""
    return [name for name in names if not name.endswith(".ipynb") or name.startswith(".")]


def _look(lite: Path) -> None:
    """The course's look; each page begins with it and with start.js."""
    shutil.copy(LOOK, lite / "custom.css")
    (lite / "korean.otf").write_bytes(python_files.font())
    for page in lite.rglob("index.html"):
        root = "/".join([".."] * (len(page.relative_to(lite).parts) - 1)) or "."
        text = MANIFEST.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("  </head>", HEAD.format(root)), encoding="utf-8")


def put_python(lite: Path, pyodide: Path | str) -> None:
    """Python's files for JupyterLite, and start.js, which tells where they are; for `pyodide` and errors see build."""
    lock = python_files.write(lite / settings.OWN, pyodide, KERNEL / "static" / "pypi")
    own = f"{settings.OWN}/"
    start = (HERE / "start.js").read_text(encoding="utf-8")
    start = start.replace("$PYODIDE", pyodide if isinstance(pyodide, str) else own)
    start = start.replace("$OWN", own).replace("$LOCK", json.dumps(lock))
    (lite / "start.js").write_text(start, encoding="utf-8")


@contextmanager
def unpacked(place: Path) -> Iterator[Path]:
    """The folder with Pyodide's files, in an archive or below a folder.

    Raises:
        FileNotFoundError: there is none.
    """
    with TemporaryDirectory() as folder:
        if place.is_file():
            with tarfile.open(place) as archive:
                archive.extractall(folder, filter="data")
        found = sorted((Path(folder) if place.is_file() else place).rglob(python_files.LOCK))
        if not found:
            raise FileNotFoundError(f"{place}: no {python_files.LOCK} in it")
        yield found[0].parent


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pyodide", type=Path, metavar="PLACE")
    parser.add_argument("--serve", type=int, nargs="?", const=8000, metavar="PORT")
    options = parser.parse_args(arguments)
    try:
        with unpacked(options.pyodide) if options.pyodide else nullcontext(settings.CDN) as pyodide:
            build(SITE, pyodide)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"The site was not made: {error}")
    print(SITE)
    if options.serve is not None:
        serve(options.serve)


def serve(port: int) -> None:
    """Serve the site until Ctrl+C."""
    with server(SITE, port) as running:
        print(f"http://127.0.0.1:{running.server_port}/")
        with suppress(KeyboardInterrupt):
            running.serve_forever()


if __name__ == "__main__":
    main()
