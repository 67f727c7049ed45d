"""What a learner keeps from one lesson for another: one small file beside the notebooks, my-course.json."""

import html
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from ..language import Text, say

FILE = "my-course.json"
FOLDER = "DEEPSEEK_COURSE_FOLDER"  # an environment variable: where tests, build and marking look for one's own files


@dataclass(frozen=True)
class Kept:
    """What is kept, and a sentence on it."""

    message: Text
    entries: dict = field(default_factory=dict)

    def __repr__(self) -> str:
        return "\n".join([str(self.message), *(f"{name}: {entry['value']}" for name, entry in self.entries.items())])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{html.escape(str(entry['value']))}</td>"
            f"<td>{html.escape(str(entry['when']))}</td></tr>"
            for name, entry in self.entries.items()
        )
        return f"<p>{html.escape(str(self.message))}</p>" + (f"<table>{rows}</table>" if rows else "")


def keep(**entries: object) -> Kept:
    """Keep entries for another lesson; an entry of the same name is replaced, `...` is passed over.

    Whoever wants to seal an entry passes only what `kept` does not have yet.

    Args:
        entries: numbers, texts, or lists of them, each under a name.

    Returns:
        All that is kept. A damaged file is set aside, and its last good copy goes on; where the folder cannot be
        written the sentence says so. Raises nothing for that.

    Raises:
        TypeError: something that is neither number, text nor list.
    """
    if not entries:
        return kept()
    new = {name: value for name, value in entries.items() if value is not ... and ... not in _items(value)}
    json.dumps(new)
    if not new:
        entries = kept().entries
        return Kept(say("kept_so_far" if entries else "kept_nothing_new", file=FILE), entries)
    path = _path()
    try:
        with _locked(path):
            old, damaged = _read(path)
            if damaged:
                path.rename(path.with_name(f"my-course-damaged-{time.time_ns()}.json"))
            when = time.strftime("%Y-%m-%d %H:%M")
            merged = old | {name: {"value": value, "when": when} for name, value in new.items()}
            for place in (path, _backup(path)):
                _write(place, json.dumps(merged, ensure_ascii=False, indent=1))
    except OSError:
        return Kept(say("kept_not_writable", file=FILE))
    return Kept(say("kept_after_damage" if damaged else "kept", file=FILE, count=len(new)), merged)


def kept() -> Kept:
    """All that is kept."""
    entries, damaged = _read(_path())
    return Kept(say("kept_damaged" if damaged else "kept_so_far" if entries else "kept_none", file=FILE), entries)


def recall(name: str, value: float) -> Kept:
    """What was kept under a name, beside the value that came out.

    Args:
        name: as given to `keep`; a range [low, high] is said to hold the value or not.
        value: in the unit of what was kept.
    """
    entry = kept().entries.get(name)
    if not entry:
        return Kept(say("recall_none"))
    match entry["value"]:
        case [int() | float(), int() | float()]:
            low, high = sorted(entry["value"])
            inside = "recall_inside" if low <= value <= high else "recall_outside"
            return Kept(say(inside, low=f"{low:,.6g}", high=f"{high:,.6g}", value=f"{value:,.5g}"))
    return Kept(say("recall_other", kept=entry["value"]))


def forget() -> Kept:
    """Delete the file, its copy and what was set aside of it; other files in the folder stay."""
    path = _path()
    mine = [path, _backup(path), _lock(path), *path.parent.glob("my-course-damaged-*.json")]
    there = [file for file in mine if file.is_file()]
    try:
        for file in there:
            file.unlink(missing_ok=True)
    except OSError:
        return Kept(say("kept_not_writable", file=FILE), kept().entries)
    return Kept(say("kept_forgotten" if there else "kept_none", file=FILE))


def _items(value: object) -> list:
    return list(value) if isinstance(value, list | tuple) else []


def own_folder(usual: Path) -> Path:
    """Where files of one's own lie: in the folder that the environment variable names, else in the usual one."""
    return Path(os.environ.get(FOLDER) or usual)


def _path() -> Path:
    return own_folder(Path()) / FILE  # not Path.cwd(): that raises where the folder has been deleted


def _backup(path: Path) -> Path:
    return path.with_name(".my-course.backup")


def _lock(path: Path) -> Path:
    return path.with_name(".my-course.lock")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with FileLock(_lock(path), timeout=10):  # two notebooks may be open at once; its Timeout is an OSError
        yield


def _read(path: Path) -> tuple[dict, bool]:
    """The entries, from the last good copy where the file is damaged; and whether it is."""
    if not path.exists():
        return {}, False
    for candidate in (path, _backup(path)):
        try:
            entries = json.loads(candidate.read_text(encoding="utf-8"))
            return {name: {"value": entry["value"], "when": entry["when"]} for name, entry in entries.items()}, (
                candidate != path
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            continue
    return {}, True


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, so that it is never half written."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        with open(part, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:  # a full disk leaves nothing behind
        part.unlink(missing_ok=True)
