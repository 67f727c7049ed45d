"""Starts one learner's kernel in a bubblewrap of its own, and ends it when it takes too much.

Jupyter runs this in the submission's folder, with the path of the connection file (kernel.json); Python's -P keeps it
from importing what lies there. Without a path it tries whether the course starts in a bubblewrap at all.

Inside, every folder has a neutral name, and without /proc neither processes, nor their environment, nor the mounts can
be seen. The kernel's sockets lie inside, too. From outside a link to /proc/PID/root leads to them: the user who started
a bubblewrap may follow it.
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from contextlib import suppress
from pathlib import Path

from . import syscalls

MB = 2**20
MEMORY, PROCESSES, THREADS, OPEN, SECONDS = 2048 * MB, 40, 200, 300, 180  # of all processes together
FILES = 10_000  # in the folders that can be written
EACH = [
    f"--as={1792 * MB}",
    f"--fsize={64 * MB}",
    "--cpu=120",
    "--nofile=256",
    f"--nproc={THREADS}",
    "--sigpending=1000",
    "--core=0",
]  # of a process, prlimit(1)
OWN_FILES = 20 * MB  # what a learner handed in beside the notebook
CONFIG = os.environ.get("MPLCONFIGDIR", "")
WRITABLE = {"/tmp": 64 * MB, "/run": MB}  # size-limited, gone with the kernel
SOCKETS = "/run/kernel"  # what the names of the kernel's sockets begin with
INTERPRETER = f"bin/python{sys.version_info.major}.{sys.version_info.minor}"


def data(content: bytes) -> str:
    """A file descriptor from which bubblewrap reads this, so that it stands in no command line."""
    descriptor = os.memfd_create("")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.set_inheritable(descriptor, True)
    return str(descriptor)


def readable() -> list[str]:
    """bubblewrap's flags for what a kernel reads: the system, the data module, this Python with its packages."""
    flags = ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/lib", "/lib64", "/sbin"):
        if os.path.islink(name):
            flags += ["--symlink", os.readlink(name), name]
        elif os.path.exists(name):
            flags += ["--ro-bind", name, name]
    for path in ["/etc/ld.so.cache", "/etc/localtime", "/etc/fonts"]:
        flags += ["--ro-bind-try", path, path]
    module = Path(importlib.util.find_spec("deepseek_course").origin).parents[1]
    flags += ["--ro-bind", str(module), "/course"]
    base = base_python()
    if base != sys.base_prefix:
        flags += ["--ro-bind", sys.base_prefix, base]
    if sys.prefix != sys.base_prefix:  # the same environment, told where its Python is now
        packages = Path(sysconfig.get_path("purelib"))
        there = f"/env/{packages.relative_to(sys.prefix)}"
        flags += ["--ro-bind", str(packages), there]
        for path in [*packages.glob("*editable*deepseek_course*"), *packages.glob("deepseek_course*/direct_url.json")]:
            flags += ["--ro-bind-data", data(b""), f"{there}/{path.relative_to(packages)}"]  # says where the course is
        flags += ["--symlink", f"{base}/{INTERPRETER}", "/env/bin/python"]
        settings = f"home = {base}/bin\ninclude-system-site-packages = false\n"
        flags += ["--file", data(settings.encode()), "/env/pyvenv.cfg"]
    return flags


def base_python() -> str:
    """Where the Python that an environment was made with lies inside."""
    return sys.base_prefix if Path(sys.base_prefix).is_relative_to("/usr") else "/python"


def writable() -> list[str]:
    """Flags for the folders that can be written, with matplotlib's list of fonts: that saves a second at each start."""
    flags = [part for path, size in WRITABLE.items() for part in ("--size", str(size), "--tmpfs", path)]
    flags += ["--dir", "/tmp/matplotlib", "--dir", "/tmp/work"]
    for path in Path(CONFIG).glob("fontlist*.json") if CONFIG else []:
        flags += ["--file", data(json.dumps(fonts(path)).encode()), f"/tmp/matplotlib/{path.name}"]
    return flags


def fonts(path: Path) -> dict:
    """matplotlib's list without the fonts that are not seen inside, such as those in somebody's home."""
    found = json.loads(path.read_text("utf-8"))
    for kind in ("afmlist", "ttflist"):
        found[kind] = [font for font in found[kind] if font["fname"].startswith("/usr/") or font["fname"][:1] != "/"]
    return found


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


def isolated(arguments: list[str], *more: str, **options) -> subprocess.Popen:
    """Starts Python in a bubblewrap with limits.

    Args:
        arguments: Python's own.
        more: further flags of bubblewrap.
        options: of subprocess.Popen.
    """
    environment = {
        "HOME": "/tmp/work",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "LANG": "C.UTF-8",
        "PYTHONPATH": "/course",
        "DEEPSEEK_COURSE_MARKING": "1",
        "LD_LIBRARY_PATH": "/python/lib",  # of a Python that was built to lie elsewhere
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    } | dict.fromkeys(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"], "1")
    flags = [
        *["--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL", "--hostname", "learner"],
        *["--die-with-parent", "--new-session", "--clearenv"],
        *[part for name, value in environment.items() for part in ("--setenv", name, value)],
        *["--dev", "/dev", "--dev-bind", "/dev/null", "/dev/zero", "--remount-ro", "/dev"],  # zero is shared memory
        *writable(),
        *readable(),
        *more,
        *["--remount-ro", "/", "--chdir", "/tmp/work"],
    ]
    if program := syscalls.program():
        flags += ["--seccomp", data(program)]
    python = "/env/bin/python" if sys.prefix != sys.base_prefix else f"{base_python()}/{INTERPRETER}"
    command = ["bwrap", "--args", data("\0".join(flags).encode()), "--", "prlimit", *EACH, python, *arguments]
    # No variable of ours: a process of bubblewrap's own runs beside the learner's.
    return subprocess.Popen(command, env={"PATH": os.environ["PATH"]}, close_fds=False, **options)


def start(connection_file: Path) -> tuple[subprocess.Popen, int]:
    """Starts a kernel; also returns the process of bubblewrap's that is inside and the ancestor of all others."""
    connection = json.loads(connection_file.read_text()) | {"ip": SOCKETS}
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    kernel = isolated(
        ["-m", "ipykernel_launcher", "-f", "/run/connection.json", "--HistoryManager.hist_file=:memory:"],
        *handed_in("."),
        *["--file", data(json.dumps(connection).encode()), "/run/connection.json", "--info-fd", str(writer)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as file:
        return kernel, json.load(file)["child-pid"]


def end(kernel: subprocess.Popen, inside: int):
    """Ends a kernel and all that it started: while it is set up, bubblewrap's end does not end the process inside."""
    if kernel.poll() is None:
        with suppress(ProcessLookupError):  # it has ended since
            os.kill(inside, signal.SIGKILL)
    kernel.kill()


def family(ancestor: int) -> dict[int, tuple[int, int]]:
    """The threads and the bytes in memory of a process and all that come from it, by process."""
    found, children = {}, {}
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError):  # it has ended since
            fields = Path("/proc", name, "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            found[int(name)] = int(fields[17]), int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
            children.setdefault(int(fields[1]), []).append(int(name))
    members = [ancestor]
    for member in members:
        members += children.get(member, [])
    return {member: found[member] for member in members if member in found}


def open_files(process: int) -> set[str]:
    """What a process has open, by the names that Linux gives it."""
    folder, names = f"/proc/{process}/fd", set()
    with suppress(OSError):
        for name in os.listdir(folder):
            with suppress(OSError):
                names.add(os.readlink(f"{folder}/{name}"))
    return names


def takes_too_much(ancestor: int) -> bool:
    members = family(ancestor)
    threads, memory = (sum(column) for column in zip(*members.values(), strict=True)) if members else (0, 0)
    if len(members) > PROCESSES or threads > THREADS or memory > MEMORY:
        return True
    root = f"/proc/{ancestor}/root"
    with suppress(OSError):
        # While bubblewrap still sets it up, its root is the machine's, whose folders are full of other files.
        for folder in [] if os.path.samefile(root, "/") else WRITABLE:
            room = os.statvfs(root + folder)
            if room.f_files - room.f_ffree > FILES:
                return True
    return len(set().union(*map(open_files, members))) > OPEN


def main(connection_file: Path):
    # Jupyter's own word for who asked: where that one has ended already, this process has another parent by now.
    parent = int(os.environ.get("JPY_PARENT_PID", os.getppid()))
    kernel, inside = start(connection_file)
    link = Path(json.loads(connection_file.read_text())["ip"]).parent
    link.symlink_to(f"/proc/{inside}/root{os.path.dirname(SOCKETS)}")
    latest = time.monotonic() + SECONDS
    try:
        while kernel.poll() is None and os.getppid() == parent and time.monotonic() < latest:
            if takes_too_much(inside):
                break
            time.sleep(0.2)
    finally:
        end(kernel, inside)
        for path in (link, connection_file):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            link.parent.rmdir()  # if whoever waited for the kernel no longer can


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        sys.exit(isolated(["-c", "import deepseek_course"]).wait())
