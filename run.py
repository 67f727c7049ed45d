"""Opens and tests the course: sets up an environment beside this file, then hands over to the right tool.

    python run.py lab [...]      JupyterLab on the contents page, in the language of the system
    python run.py test [...]     all tests that this machine can run; with --quick those of a minute
    python run.py build [...]    the notebooks from their sources
    python run.py class [...]    a class with nbgrader, in the folder class
    python run.py site [...]     the lessons for a browser with nothing installed, in build/site
    python run.py hub [...]      JupyterHub on this computer, for trying

Further arguments go to JupyterLab, to pytest, to deepseek_class, deepseek_site or deepseek_hub in notebooks/teacher.
Standard library only.
"""

import errno
import hashlib
import json
import locale
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    fcntl = None

HERE = os.path.dirname(os.path.abspath(__file__))
WINDOWS = os.name == "nt"
LEARNER = ["requirements.txt"]
DEVELOPER = LEARNER + ["notebooks/teacher/requirements.txt", "tests/requirements.txt"]
HUB = LEARNER + ["notebooks/teacher/deepseek_hub/requirements.txt"]
ENVIRONMENTS = {"lab": (".venv", LEARNER), "hub": (".venv-hub", HUB)}
STAMP = "complete.txt"  # in an environment that is whole
OWN = ".jupyter"  # settings and tabs of the course's own: not in an environment, which a class's sandbox can read
OWN_PLACES = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "IPYTHONDIR": "ipython",
}
in_use = []  # the environments' stamps that are held open

# Each text in Korean and in English. No f-strings: an old Python has to read this far to say that it is too old.
TEXTS = {
    "usage": (
        "쓰는 법: python run.py lab | test | build | class | site | hub",
        "Usage: python run.py lab | test | build | class | site | hub",
    ),
    "old": (
        "Python 3.11 이상이 필요합니다. 지금은 {0}입니다. python.org에서 새 Python을 설치하세요.",
        "Python 3.11 or newer is needed, and this is {0}. Please install a newer one from python.org.",
    ),
    "venv": (
        "이 Python에는 가상 환경을 만드는 venv가 없습니다. 데비안과 우분투: 'apt install python3-venv'",
        "This Python lacks the venv module. On Debian and Ubuntu: 'apt install python3-venv'.",
    ),
    "sign": (
        "이 명령은 경로에 {0} 기호가 있는 폴더에서 실행할 수 없습니다: {1}\n"
        "폴더의 이름을 바꾸거나 다른 곳으로 옮긴 다음 다시 실행하세요.",
        "This command cannot work in a folder whose path has {0} in it: {1}\n"
        "Rename or move the folder and run the command again.",
    ),
    "read-only": (
        "여기에 쓸 수 없습니다: {0}\n({1}) 이 과정의 폴더를 자기 폴더로 복사하고 그곳에서 다시 실행하세요.",
        "This cannot be written: {0}\n({1}) Copy the course's folder into a folder of your own and start it there.",
    ),
    "wait": (
        "다른 창에서 설치하고 있습니다. 끝날 때까지 기다립니다.",
        "Another window is installing at the moment; waiting until it is done.",
    ),
    "busy": (
        "새로 설치해야 하는데 다른 창에서 {0} 폴더를 쓰고 있습니다. 그 창에서 Ctrl + C를 두 번 눌러 끝내고 다시"
        " 실행하세요. 그 창을 그대로 두려면 그때와 같은 Python으로 실행하세요.",
        "{0} has to be made anew but is in use in another window. Stop that one with Ctrl + C, twice, and run this"
        " again; or, to let it run, start with the same Python as there.",
    ),
    "make": ("1/3 가상 환경을 만듭니다: {0}", "1/3 Making the environment {0}."),
    "install": (
        "2/3 패키지를 설치합니다. 처음 한 번, 몇 분 걸립니다.",
        "2/3 Installing packages. This happens once and takes some minutes.",
    ),
    "fonts": ("3/3 차트에 쓸 글꼴을 준비합니다.", "3/3 Preparing the fonts for the charts."),
    "failed": (
        "설치가 끝나지 않았습니다. 위에 까닭이 적혀 있습니다. {0}",
        "The installation did not finish; the reason is above. {0}",
    ),
    "network": (
        "인터넷 연결을 확인하고 같은 명령을 다시 실행하세요.",
        "Please check the network and run the command again.",
    ),
    "disk": (
        "디스크에 빈자리가 없습니다. 1GB쯤 비우고 같은 명령을 다시 실행하세요.",
        "The disk is full: make room for about 1 GB and run the command again.",
    ),
    "rights": (
        "쓸 권한이 없는 곳이 있습니다. 이 과정의 폴더를 자기 폴더로 복사하고 그곳에서 다시 실행하세요.",
        "Something may not be written: copy the course's folder into a folder of your own and start it there.",
    ),
    "wheel": (
        "이 컴퓨터의 Python {0}에 맞는 패키지를 찾지 못했습니다. pip를 따로 설정했다면 그 설정을 확인하고,"
        " 아니면 python.org의 다른 Python(3.11~3.13)으로 다시 실행하세요.",
        "No package was found that fits Python {0} on this computer. If pip has settings of your own, look at them;"
        " otherwise try another one of python.org's (3.11 to 3.13).",
    ),
    "other": (
        "까닭을 없앤 다음 같은 명령을 다시 실행하세요.",
        "Mend what it says and run the command again.",
    ),
}
# What the installation says, and which sentence tells what to do then.
REASONS = [
    ("disk", r"No space left|Errno 28\b|WinError 112\b"),
    ("network", r"Retrying \(|Max retries|connection (error|broken)|ProxyError|SSLError|timed out|name resolution"),
    ("rights", r"Permission ?denied|PermissionError|Read-only file system|Access is denied|WinError 5\b"),
    ("wheel", r"No matching distribution|Failed (to build|building)|subprocess-exited-with-error"),
]
# Without the first three Python takes UTF-8: with a locale that is not there, pip could not write a Korean path. The
# others would send packages elsewhere.
LEFT_OUT = ("LC_ALL", "LC_CTYPE", "LANG", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
# Signs in the course's path that pip and venv take for their own, and nbgrader's search for files and its database.
SIGNS = "{}" + os.pathsep
CLASS_SIGNS = SIGNS + "[]%?*"

# matplotlib builds its font cache at the first import; the browser gets the same Korean font as the charts.
PREPARE_FONTS = """
import pathlib, shutil, sys
import deepseek_course, pylopdf_fonts_ko
deepseek_course.use("ko")
folder = pathlib.Path(sys.argv[1], "share", "jupyter", "custom")
folder.mkdir(parents=True, exist_ok=True)
shutil.copy(pylopdf_fonts_ko.sans_path(), folder / "korean.otf")
"""
LOOK = os.path.join("data", "deepseek_course", "lesson", "jupyter.css")  # JupyterLab's custom.css


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
    """Changes when a requirements file, this Python or this place does; a link to this place is the same place."""
    digest = hashlib.sha256((sys.version + os.path.realpath(HERE)).encode("utf-8", "surrogateescape"))
    for name in requirements:
        with open(os.path.join(HERE, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def environment(name, requirements):
    """The Python of a complete environment, kept from being made anew as long as this program runs.

    What is missing, stale or was interrupted is made anew; where that fails, what was there before is put back.
    """
    folder = os.path.join(HERE, name)
    wanted = fingerprint(requirements)
    with open(folder + ".lock", "a") as door:
        lock(door)
        if not is_complete(folder, wanted):
            aside = folder + ".old"
            set_aside(folder, aside)
            try:
                make(folder, requirements)
                write(wanted, folder, STAMP)
            except BaseException:  # Ctrl+C too
                shutil.rmtree(folder, ignore_errors=True)
                if os.path.exists(aside):
                    os.rename(aside, folder)
                raise
            shutil.rmtree(aside, ignore_errors=True)
        use(folder)
    return python_in(folder)


def lock(file):
    """Lets one start at a time install, and says so to the others."""
    said = False
    while True:
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            return
        except (BlockingIOError, PermissionError):
            if not said:
                print(text("wait"), flush=True)
            said = True
            time.sleep(0.5)
        except OSError:  # a folder on a network that knows no locks
            return


def use(folder):
    """Holds an environment's stamp until this program ends. On Windows an open file is enough for that."""
    file = open(os.path.join(folder, STAMP))  # noqa: SIM115
    in_use.append(file)
    if fcntl:
        try:
            fcntl.flock(file, fcntl.LOCK_SH)
        except OSError:  # no locks here
            pass


def set_aside(folder, aside):
    """Renames an environment that is to be made anew; ends where another program uses it."""
    try:
        with open(os.path.join(folder, STAMP), "r+") as file:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stop("busy", os.path.basename(folder))
    except OSError:  # not whole (or no locks here): nothing to keep
        shutil.rmtree(folder, ignore_errors=True)
        return
    shutil.rmtree(aside, ignore_errors=True)
    try:
        os.rename(folder, aside)
    except OSError as error:
        if fcntl:
            stop_unwritten(folder, error)
        stop("busy", os.path.basename(folder))  # Windows renames nothing that is open


def is_complete(folder, wanted):
    try:
        with open(os.path.join(folder, STAMP)) as file:
            return file.read() == wanted
    except OSError:
        return False


def make(folder, requirements):
    """An environment with the packages that the requirements name, a link to the data module, and the fonts."""
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        stop("venv")
    print(text("make", os.path.basename(folder)), flush=True)
    try:
        venv.create(folder, with_pip=True)
    except (subprocess.CalledProcessError, OSError) as error:
        said = (getattr(error, "output", None) or b"").decode("utf-8", "replace") + str(error)
        sys.stderr.write(said + "\n")
        fail(said)
    print(text("install"), flush=True)
    python = python_in(folder)
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-user"]
    attempt([python] + pip + packages(requirements))
    # The data module and the class tools are no copies: a corrected table counts at once. A relative path has no Korean
    # in it, which Python could not read under some locales.
    library = sysconfig.get_path("purelib", "venv", {"base": folder})
    places = [os.path.join(HERE, "data"), os.path.join(HERE, "notebooks", "teacher")]
    write("\n".join(os.path.relpath(place, library) for place in places), library, "deepseek_course.pth")
    print(text("fonts"), flush=True)
    attempt([python, "-c", PREPARE_FONTS, folder])


def packages(requirements):
    """The lines of requirements files, without the data module itself (`.`)."""
    lines = []
    for name in requirements:
        with open(os.path.join(HERE, name), encoding="utf-8") as file:
            lines += file.read().splitlines()
    return [line for line in lines if line not in ("", ".")]


def attempt(command):
    """Runs a part of the installation and lets its complaints through; ends with a sentence where it fails."""
    clean = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    clean["PYTHONIOENCODING"] = "utf-8"
    said = ""
    with subprocess.Popen(command, cwd=HERE, env=clean, stderr=subprocess.PIPE) as process:
        for line in process.stderr:
            line = line.decode("utf-8", "replace")
            sys.stderr.write(line)
            said += line
    if process.returncode:
        fail(said)


def fail(said):
    """Ends with what to do about it, as far as the installation's own words tell."""
    key = next((key for key, words in REASONS if re.search(words, said, re.IGNORECASE)), "other")
    stop("failed", text(key, sys.version.split()[0]))


def make_folder(path):
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        stop_unwritten(path, error)


def write(text, *path):
    path = os.path.join(HERE, *path)
    make_folder(os.path.dirname(path))
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        stop_unwritten(path, error)


def check_place(verb):
    """Ends, before anything is changed, where the course cannot work in its folder."""
    for path in (HERE, os.path.realpath(HERE)):
        found = [sign for sign in (CLASS_SIGNS if verb == "class" else SIGNS) if sign in os.path.splitdrive(path)[1]]
        if found:
            stop("sign", " ".join(found), path)
    places = [HERE, os.path.join(HERE, "notebooks", language()), os.path.join(HERE, OWN, verb)]
    for folder in filter(os.path.isdir, places):
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            stop_unwritten(folder, error)


def stop_unwritten(path, error):
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        stop("disk")
    stop("read-only", path, error.strerror)


def settle(verb, name):
    """No settings, tabs or files of the user's other work, and no need of a home folder that can be written."""
    for variable, folder in OWN_PLACES.items():
        os.environ[variable] = os.path.join(HERE, OWN, verb, folder)
        make_folder(os.environ[variable])  # IPython warns where its own is not there
    os.environ["MPLCONFIGDIR"] = os.path.join(HERE, name, "share", "matplotlib")  # with the list of fonts
    for variable in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH", "PYTHONPATH"):
        os.environ.pop(variable, None)


def settle_lab(folder):
    """JupyterLab in the system's language, with a Korean font, without its question about news."""
    settings = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
        "@jupyterlab/notebook-extension:tracker": {
            "codeCellConfig": {"lineWrap": True},  # sentences are typed there
            "windowingMode": "none",  # all of a lesson is in the page: nothing jumps, and the browser's search finds it
        },
        "@jupyterlab/translation-extension:plugin": {"locale": "ko_KR" if language() == "ko" else "en"},
    }
    custom = os.path.join(HERE, folder, "share", "jupyter", "custom")
    server = {"LabApp": {"custom_css": True}, "ServerApp": {"tornado_settings": {"static_custom_path": [custom]}}}
    write(json.dumps(settings), folder, "share", "jupyter", "lab", "settings", "overrides.json")
    write(json.dumps(server), folder, "etc", "jupyter", "jupyter_server_config.json")
    with open(os.path.join(HERE, LOOK), encoding="utf-8") as file:
        write(file.read(), custom, "custom.css")


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
    if verb not in ("lab", "test", "build", "class", "site", "hub"):
        stop("usage")
    # A sign that the console or a file does not know ends no command.
    sys.stdout.reconfigure(errors="backslashreplace")
    os.environ["PYTHONIOENCODING"] = os.environ.get("PYTHONIOENCODING", "").partition(":")[0] + ":backslashreplace"
    check_place(verb)
    name, requirements = ENVIRONMENTS.get(verb, (".venv-dev", DEVELOPER))
    settle(verb, name)
    if verb in ("class", "hub"):
        os.environ["COURSE_LANGUAGE"] = language()
    rest = list(rest)
    python = environment(name, requirements)
    if verb in ("lab", "hub"):
        settle_lab(name)
    if verb == "lab":
        if not any(argument.endswith(".ipynb") for argument in rest):
            rest.insert(0, os.path.join("notebooks", language(), "index.ipynb"))
        run([python, "-m", "jupyterlab"] + rest)
    elif verb == "test":
        if "--quick" in rest:
            rest = [argument for argument in rest if argument != "--quick"] + ["-m", "not whole_way"]
        run([python, "-m", "pytest", "-n", "auto"] + rest)
    elif verb in ("build", "site"):
        package = "deepseek_class" if verb == "build" else "deepseek_site"
        run([python, "-m", package + ".build"] + rest)
    elif verb == "hub":
        run([python, "-m", "deepseek_hub"] + rest)
    else:
        folder = os.path.join(HERE, "class")
        os.makedirs(folder, exist_ok=True)
        run([python, "-m", "deepseek_class.commands"] + rest, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
