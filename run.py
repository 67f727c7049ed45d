"""Opens and tests the course: sets up an environment beside this file, then hands over to the right tool.

    python run.py lab [...]      JupyterLab on the first lesson, in the language of the system
    python run.py test [...]     all tests that this machine can run
    python run.py build [...]    the notebooks from their sources
    python run.py class [...]    a class with nbgrader, in the folder class

Further arguments go to JupyterLab, to pytest, to notebooks/teacher/build.py and classroom.py. Standard library only.
"""

import glob
import hashlib
import json
import locale
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
WINDOWS = os.name == "nt"
LEARNER = ["requirements.txt"]
DEVELOPER = LEARNER + ["notebooks/teacher/requirements.txt", "tests/requirements.txt"]

# Each text in Korean and in English. No f-strings: an old Python has to read this far to say that it is too old.
TEXTS = {
    "usage": ("쓰는 법: python run.py lab | test | build | class", "Usage: python run.py lab | test | build | class"),
    "old": (
        "Python 3.11 이상이 필요합니다. 지금은 {0}입니다. python.org에서 새 Python을 설치해 주십시오.",
        "Python 3.11 or newer is needed, and this is {0}. Please install a newer one from python.org.",
    ),
    "venv": (
        "이 Python에는 가상 환경을 만드는 venv가 없습니다. 데비안과 우분투: 'apt install python3-venv'",
        "This Python lacks the venv module. On Debian and Ubuntu: 'apt install python3-venv'.",
    ),
    "make": ("1/3 가상 환경을 만듭니다: {0}", "1/3 Making the environment {0}."),
    "install": (
        "2/3 패키지를 설치합니다. 처음 한 번, 몇 분 걸립니다.",
        "2/3 Installing packages. This happens once and takes some minutes.",
    ),
    "fonts": ("3/3 차트에 쓸 글꼴을 준비합니다.", "3/3 Preparing the fonts for the charts."),
    "network": (
        "설치가 끝나지 않았습니다. 인터넷 연결을 확인하고 같은 명령을 다시 실행해 주십시오. 위에 까닭이 적혀 있습니다.",
        "The installation did not finish. Please check the network and run the command again; the reason is above.",
    ),
}

# matplotlib builds its font cache at the first import; the browser gets the same Korean font as the charts.
PREPARE_FONTS = """
import pathlib, shutil, sys
import deepseek_course, pylopdf_fonts_ko
deepseek_course.use("ko")
folder = pathlib.Path(sys.argv[1], "share", "jupyter", "custom")
folder.mkdir(parents=True, exist_ok=True)
shutil.copy(pylopdf_fonts_ko.sans_path(), folder / "korean.otf")
"""
# Fonts of the system come first; this one fills in where they have no Hangul.
CUSTOM_CSS = """@font-face { font-family: "Course Korean"; src: url("korean.otf"); }
body {
  --jp-content-font-family: system-ui, "Segoe UI", Helvetica, Arial, "Course Korean", sans-serif;
  --jp-ui-font-family: var(--jp-content-font-family);
  --jp-code-font-family: Menlo, Consolas, "DejaVu Sans Mono", "Course Korean", monospace;
}
.jp-MarkdownOutput details { margin-bottom: 1em; }
body::before { content: "가"; font-family: "Course Korean"; position: fixed; visibility: hidden; } /* loads it early */
"""


def language():
    """'ko' on a Korean system, else 'en'."""
    name = next((os.environ[k] for k in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(k)), "")
    if not name:
        try:
            locale.setlocale(locale.LC_CTYPE, "")
        except locale.Error:
            pass
        name = locale.setlocale(locale.LC_CTYPE) or ""
    return "ko" if name.lower().startswith("ko") else "en"


def text(key, *values):
    return TEXTS[key][language() == "en"].format(*values)


def stop(key, *values):
    sys.exit(text(key, *values))


def python_in(folder):
    return os.path.join(folder, *(["Scripts", "python.exe"] if WINDOWS else ["bin", "python"]))


def fingerprint(requirements):
    """Changes when a requirements file, this Python or this place does."""
    digest = hashlib.sha256((sys.version + HERE).encode())
    for name in requirements:
        with open(os.path.join(HERE, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def environment(name, requirements):
    """The Python of a complete environment; what is missing, stale or was interrupted is made anew."""
    folder = os.path.join(HERE, name)
    stamp = os.path.join(folder, "complete.txt")
    wanted = fingerprint(requirements)
    try:
        with open(stamp) as file:
            if file.read() == wanted:
                return python_in(folder)
    except OSError:
        pass
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        stop("venv")
    print(text("make", name), flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder, with_pip=True)
    except subprocess.CalledProcessError:
        stop("network")
    print(text("install"), flush=True)
    python = python_in(folder)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for requirement in requirements:
        command += ["-r", requirement]
    # Without these Python takes UTF-8; with a locale that is not there, pip could not write a Korean path.
    clean = {name: value for name, value in os.environ.items() if name not in ("LC_ALL", "LC_CTYPE", "LANG")}
    if subprocess.call(command, cwd=HERE, env=clean):
        stop("network")
    # And Python could not read it at the next start: a relative path has no Korean in it.
    for link in glob.glob(os.path.join(glob.escape(folder), "**", "__editable__*.pth"), recursive=True):
        write(os.path.relpath(os.path.join(HERE, "data"), os.path.dirname(link)), link)
    print(text("fonts"), flush=True)
    subprocess.call([python, "-c", PREPARE_FONTS, folder], cwd=HERE, stderr=subprocess.DEVNULL)
    write(wanted, stamp)
    return python


def write(text, *path):
    path = os.path.join(HERE, *path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def settle_lab(folder):
    """JupyterLab in the system's language, with a Korean font, without its question about news."""
    settings = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
        "@jupyterlab/translation-extension:plugin": {"locale": "ko_KR" if language() == "ko" else "en"},
    }
    custom = os.path.join(HERE, folder, "share", "jupyter", "custom")
    server = {"LabApp": {"custom_css": True}, "ServerApp": {"tornado_settings": {"static_custom_path": [custom]}}}
    write(json.dumps(settings), folder, "share", "jupyter", "lab", "settings", "overrides.json")
    write(json.dumps(server), folder, "etc", "jupyter", "jupyter_server_config.json")
    write(CUSTOM_CSS, custom, "custom.css")


def first_lesson():
    folder = os.path.join("notebooks", language())
    return os.path.join(folder, sorted(n for n in os.listdir(os.path.join(HERE, folder)) if n.endswith(".ipynb"))[0])


def run(command, folder=HERE):
    """Hands over to a program and ends with its exit code; Ctrl+C is the program's to answer."""
    process = subprocess.Popen(command, cwd=folder)
    while True:
        try:
            sys.exit(process.wait())
        except KeyboardInterrupt:
            pass


def main(verb=None, *rest):
    if sys.version_info < (3, 11):
        stop("old", sys.version.split()[0])
    rest = list(rest)
    if verb == "lab":
        # Always there and ours: where the usual folder cannot be written, matplotlib would say so in each lesson.
        os.environ["MPLCONFIGDIR"] = os.path.join(HERE, ".venv", "share", "matplotlib")
        python = environment(".venv", LEARNER)
        settle_lab(".venv")
        # Nobody else's open tabs, on a computer that several people use.
        os.environ.setdefault("JUPYTERLAB_WORKSPACES_DIR", os.path.join(HERE, ".venv", "workspaces"))
        if not any(argument.endswith(".ipynb") for argument in rest):
            rest.insert(0, first_lesson())
        run([python, "-m", "jupyterlab"] + rest)
    elif verb == "test":
        run([environment(".venv-dev", DEVELOPER), "-m", "pytest", "-n", "auto", "--dist", "loadfile"] + rest)
    elif verb == "build":
        run([environment(".venv-dev", DEVELOPER), os.path.join("notebooks", "teacher", "build.py")] + rest)
    elif verb == "class":
        os.environ["COURSE_LANGUAGE"] = language()
        folder = os.path.join(HERE, "class")
        os.makedirs(folder, exist_ok=True)
        tools = os.path.join(HERE, "notebooks", "teacher", "classroom.py")
        run([environment(".venv-dev", DEVELOPER), tools] + rest, folder)
    else:
        stop("usage")


if __name__ == "__main__":
    main(*sys.argv[1:])
