"""Python's part of the site: the wheels that Pyodide does not have, and the list (lock) of all that a kernel loads."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlretrieve

import pylopdf_fonts_ko
from packaging.utils import canonicalize_name
from pyodide_lock import PyodideLockSpec
from pyodide_lock.utils import add_wheels_to_spec

from deepseek_class import fonts
from deepseek_class.source import ROOT

from .compiling import compile_archives
from .settings import AT_START

HERE = Path(__file__).parent
LOCK = "pyodide-lock.json"
STDLIB = "python_stdlib.zip"
CORE = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", STDLIB)
PANDAS = "pyemscripten_2024_0_wasm32"  # the platform for which PyPI has pandas, by the name that pip knows
FOR_BROWSER = ["--implementation=cp", "--python-version=3.12", "--abi=cp312", "--abi=none", f"--platform={PANDAS}"]
START = "deepseek-browser"
# What JupyterLite's kernel asks for by name and no lesson needs; the package with the start stands in their place.
IN_PLACE = ("jedi", "micropip", "piplite", "ssl")
# What others name as needed and no lesson needs: locks, time zones, fonts inside a PDF.
NOT_LOADED = {"filelock", "tzdata", "pytz", "fonttools"}
# What a learner may type: the Hangul of KS X 1001, which is all of everyday Korean.
HANGUL = bytes(byte for high in range(0xB0, 0xC9) for low in range(0xA1, 0xFF) for byte in (high, low)).decode("euc_kr")


def used() -> str:
    """All characters that the lessons, the data module and its tables have, and those that learners may type."""
    folders = (ROOT / "notebooks" / "ko", ROOT / "notebooks" / "en", ROOT / "data" / "deepseek_course")
    kinds = (".ipynb", ".py", ".csv", ".json", ".toml")
    files = [file for folder in folders for file in folder.rglob("*.*") if file.suffix in kinds]
    return "".join({*HANGUL, *"".join(file.read_text(encoding="utf-8") for file in files)})


@cache
def font() -> bytes:
    """The course's font with the characters that are used and no others."""
    return fonts.cut(used(), flavor=None)


def write(folder: Path, pyodide: Path | str, kernel: Path) -> dict:
    """Write what the site itself gives to a kernel, and say what a kernel loads.

    Args:
        folder: to be made. Our own wheels go there, and Pyodide with the packages that are needed where it is a folder.
        pyodide: a folder with Pyodide's files, or an address that ends with a slash.
        kernel: the folder with the wheels of JupyterLite's kernel.

    Returns:
        A `pyodide-lock.json`; our wheels' names begin with "./", the others are relative to Pyodide's folder.

    Raises:
        subprocess.CalledProcessError: pip could not make or get a wheel, or Python did not start, and has said why.
        OSError: a file is missing, or the address does not answer.
    """
    folder.mkdir(parents=True)
    with _core(pyodide) as core:
        lock = _full_lock(core)
        make_wheels(folder)
        for name in ("ipykernel", "pyodide_kernel"):
            shutil.copy(next(kernel.glob(f"{name}*.whl")), folder)
        for wheel in folder.glob(f"*{PANDAS}.whl"):  # pyodide-lock knows the platform by its other name
            wheel.rename(folder / wheel.name.replace(PANDAS, f"{lock.info.platform}_{lock.info.arch}"))
        lock = _with_own(lock, sorted(folder.glob("*.whl")))
        if isinstance(pyodide, Path):
            for name in (*CORE, *(package.file_name for package in lock.packages.values())):
                if not name.startswith("./"):
                    shutil.copy(pyodide / name, folder)
        compile_archives([path for path in _archives(folder) if not path.name.startswith("deepseek")], core)
    for package in lock.packages.values():
        if (path := folder / package.file_name).is_file():
            package.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return lock.model_dump()


def _archives(folder: Path) -> list[Path]:
    return [*folder.glob("*.whl"), *folder.glob("*.zip")]


@contextmanager
def _core(pyodide: Path | str) -> Iterator[Path]:
    """A folder with Pyodide itself."""
    if isinstance(pyodide, Path):
        yield pyodide
    else:
        with TemporaryDirectory() as folder:
            for name in (LOCK, *CORE):
                urlretrieve(pyodide + name, Path(folder, name))
            yield Path(folder)


def _with_own(lock: PyodideLockSpec, own: list[Path]) -> PyodideLockSpec:
    """Of Pyodide's packages and our wheels those that a kernel loads."""
    lock = add_wheels_to_spec(lock, own, base_url="./", ignore_missing_dependencies=True)
    for package in lock.packages.values():
        package.depends = [name for name in package.depends if name not in NOT_LOADED]
    for name in IN_PLACE:
        lock.packages[name] = lock.packages[START].model_copy(update={"name": name})
    lock.packages = {name: lock.packages[name] for name in sorted(_needed(lock))}
    return lock


def make_wheels(folder: Path) -> None:
    """Put into a folder the wheels of the course, of the font and of the start, and those of wheels.txt."""
    with TemporaryDirectory() as made:
        course, cut = Path(made, "course"), Path(made, "font")
        shutil.copytree(ROOT / "data", course / "data", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        (course / "notebooks" / "teacher").mkdir(parents=True)  # the tools stay outside
        for file in (ROOT / "pyproject.toml", *ROOT.glob("LICENSE*")):
            shutil.copy(file, course)
        (cut / "pylopdf_fonts_ko").mkdir(parents=True)
        shutil.copy(HERE / "fonts.toml", cut / "pyproject.toml")
        shutil.copy(pylopdf_fonts_ko.__file__, cut / "pylopdf_fonts_ko")
        (cut / "pylopdf_fonts_ko" / pylopdf_fonts_ko.sans_path().name).write_bytes(font())
        start = shutil.copytree(HERE / "browser", Path(made, "start"))
        _pip("wheel", "--no-build-isolation", f"--wheel-dir={folder}", course, cut, start)
    _pip("download", "--only-binary=:all:", *FOR_BROWSER, f"--dest={folder}", "-r", HERE / "wheels.txt")


def _pip(verb: str, *arguments: object) -> None:
    command = [sys.executable, "-m", "pip", verb, "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, *map(str, arguments)], check=True)


def _full_lock(core: Path) -> PyodideLockSpec:
    """What a Pyodide has; each package is found by its usual name."""
    lock = PyodideLockSpec.model_validate_json((core / LOCK).read_text(encoding="utf-8"))
    lock.packages = {canonicalize_name(name): package for name, package in lock.packages.items()}
    for package in lock.packages.values():
        package.depends = [canonicalize_name(name) for name in package.depends]
    return lock


def _needed(lock: PyodideLockSpec) -> set[str]:
    """The names of what a kernel loads at its start, and of what that needs."""
    found, open_names = set(), [canonicalize_name(name) for name in AT_START]
    while open_names:
        name = open_names.pop()
        if name not in found:
            found.add(name)
            open_names += lock.packages[name].depends
    return found
