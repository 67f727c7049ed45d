"""Starts one learner's kernel in a bubblewrap of its own, and ends it when it takes too much.

Jupyter runs this in the submission's folder, with the path of the connection file (kernel.json).
"""

import importlib.util
import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil

MB = 2**20
MEMORY, PROCESSES, SECONDS = 2048 * MB, 40, 180  # of all processes together
EACH = [
    f"--as={1792 * MB}",
    f"--fsize={64 * MB}",
    "--cpu=120",
    "--nofile=256",
    "--nproc=200",
    "--core=0",
]  # of a process, prlimit(1)
OWN_FILES = 20 * MB  # what a learner handed in beside the notebook
CONFIG = os.environ.get("MPLCONFIGDIR", "")


def readable() -> list[str]:
    """bubblewrap's flags for what a kernel reads: the system, this Python, the data module."""
    flags = []
    for name in ("/bin", "/lib", "/lib64", "/sbin"):
        if os.path.islink(name):
            flags += ["--symlink", os.readlink(name), name]
        elif os.path.exists(name):
            flags += ["--ro-bind", name, name]
    module = Path(importlib.util.find_spec("deepseek_course").origin).parents[1]
    for path in ["/usr", sys.base_prefix, sys.prefix, str(module)]:
        flags += ["--ro-bind", path, path]
    for path in ["/etc/ld.so.cache", "/etc/localtime", "/etc/fonts"]:
        flags += ["--ro-bind-try", path, path]
    return flags


def scratch() -> list[str]:
    """Flags for the only place that can be written: size-limited, gone with the kernel."""
    return ["--size", str(64 * MB), "--tmpfs", "/tmp", "--dir", "/tmp/matplotlib", "--dir", "/tmp/work"]


def handed_in(folder: str) -> list[str]:
    """Flags for what a learner handed in beside the notebook, in the folder where the kernel works."""
    flags, room = [], OWN_FILES
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        # No program: a matplotlib.py would stand in for the real one.
        if entry.is_file(follow_symlinks=False) and not entry.name.endswith((".ipynb", ".py", ".pyc", ".so")):
            room -= entry.stat().st_size
            if room > 0:
                flags += ["--ro-bind", os.path.abspath(entry.path), f"/tmp/work/{entry.name}"]
    return flags


def isolated(*more: str) -> list[str]:
    """The beginning of a command: Python in a bubblewrap with limits. `more`: further flags of bubblewrap."""
    environment = {
        "HOME": "/tmp/work",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "LANG": "C.UTF-8",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    } | dict.fromkeys(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"], "1")
    fonts = Path(CONFIG).glob("fontlist*.json") if CONFIG else []  # saves a second at each start
    return [
        *["bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"],
        *["--die-with-parent", "--new-session", "--clearenv"],
        *[part for name, value in environment.items() for part in ("--setenv", name, value)],
        *["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"],
        *scratch(),
        *readable(),  # after scratch: this course itself may lie in /tmp
        *[part for path in fonts for part in ("--ro-bind", str(path), f"/tmp/matplotlib/{path.name}")],
        *more,
        *["--remount-ro", "/", "--chdir", "/tmp/work", "--", "prlimit", *EACH, sys.executable],
    ]


def command(connection_file: str, sockets: str) -> list[str]:
    """The kernel's whole command, run in a submission's folder."""
    shared = ["--bind", sockets, sockets, "--ro-bind", connection_file, connection_file]
    kernel = ["-m", "ipykernel_launcher", "-f", connection_file, "--HistoryManager.hist_file=:memory:"]
    return [*isolated(*handed_in("."), *shared), *kernel]


def takes_too_much(kernel: psutil.Process) -> bool:
    try:
        family = [kernel, *kernel.children(recursive=True)]
        memory = sum(process.memory_info().rss for process in family)
    except psutil.NoSuchProcess:
        return False
    return len(family) > PROCESSES or memory > MEMORY


def is_misused(sockets: str) -> bool:
    """Whether anything but the kernel's sockets lies in the one folder that is shared with this machine."""
    return any(not stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode) for entry in os.scandir(sockets))


def main():
    sockets = os.path.dirname(json.loads(Path(sys.argv[1]).read_text())["ip"])
    kernel = subprocess.Popen(command(sys.argv[1], sockets), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + SECONDS
    while kernel.poll() is None:
        if time.monotonic() > end or takes_too_much(psutil.Process(kernel.pid)) or is_misused(sockets):
            kernel.kill()  # all that it started goes with it
        time.sleep(0.2)


if __name__ == "__main__":
    main()
