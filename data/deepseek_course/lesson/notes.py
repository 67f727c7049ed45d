"""What a learner keeps from one lesson for another: one small file beside the notebooks, my-course.json."""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from .. import language
from ..language import told
from ..pages import Line, block, escaped
from ..plain import plain, simple
from ..tables.words import kept_name

FILE = "my-course.json"
PAGE = "my-course.html"  # the closing page
FOLDER = "DEEPSEEK_COURSE_FOLDER"  # an environment variable: where tests, build and marking look for one's own files
MARKING = "DEEPSEEK_COURSE_MARKING"  # an environment variable: set where answers are marked and nothing is noted
SOLVED = "solved-exercises"  # the entry that holds their ids
LONGEST = 100_000  # characters of a text that are kept
WAITS = (0.05, 0.1, 0.2, 0.4)  # seconds before trying again a file that another program has open


@dataclass(frozen=True)
class Kept:
    """What is kept, and a sentence on it; shows the entries of the names in `shown`, or all."""

    message: str
    entries: dict = field(default_factory=dict)
    shown: tuple[str, ...] | None = None
    trouble: str = ""  # what was wrong with the file: "damaged" or "gone"

    def _rows(self) -> list[tuple[str, str, str]]:
        """Name, value and time of each entry that is shown; of the exercises that are solved only how many."""
        names = self.entries if self.shown is None else self.shown
        shown = {name: self.entries[name] for name in names}
        rows = [
            (kept_name(name, language.current()), _said(entry["value"]), str(entry["when"]))
            for name, entry in shown.items()
            if name != SOLVED
        ]
        found = _solved(shown)
        return rows + ([(told("kept_solved"), str(len(found)), str(shown[SOLVED]["when"]))] if found else [])

    def __repr__(self) -> str:
        return "\n".join([self.message, *(f"{name}: {said}" for name, said, _ in self._rows())])

    def _repr_html_(self) -> str:
        cell = '<td style="text-align: left">{}</td>'  # JupyterLab puts all cells at the right
        row = f"<tr>{cell * 2}{cell.replace('left', 'left; white-space: nowrap')}</tr>"  # and breaks dates at hyphens
        rows = "".join(row.format(*map(escaped, said)) for said in self._rows())
        return block(f"<p>{escaped(self.message)}</p>" + (f"<table>{rows}</table>" if rows else ""))


def keep(**entries: object) -> Kept:
    """Keep entries for another lesson; an entry of the same name is replaced, what is open (`...`) is passed over.

    Whoever wants to seal an entry passes only what `kept` does not have yet.

    Args:
        entries: numbers of any type, texts, or lists of them, each under a name.

    Returns:
        All that is kept; it shows what is new, and of a single new entry only that it is kept. What is neither
        number, text nor list is passed over and named. A damaged file is set aside, and its last good copy goes on;
        where the folder cannot be written the sentence says so. Raises nothing.
    """
    given = {name: plain(value, LONGEST) for name, value in entries.items()}
    odd = {name: found[0] for name, data in given.items() if (found := _leaves(data, "other"))}
    notes = [told("kept_odd", name=name, found=found["value"]) for name, found in odd.items()]
    given = {name: data for name, data in given.items() if name not in odd and not _leaves(data, "blank")}
    new = {name: simple(data) for name, data in given.items() if data["kind"] != "none"}
    before = kept()
    if not new:
        notes += [before.message] if before.trouble or not entries else []
        notes += [told("kept_nothing_new")] if entries else []
        return Kept("\n".join(notes), before.entries, () if entries else None)
    try:
        merged, trouble = _update(lambda _: new)
    except OSError:
        return Kept("\n".join([*notes, told("kept_not_writable", file=FILE)]), before.entries, ())
    done = told("kept_after_damage" if trouble == "damaged" else "kept", file=FILE, count=len(new))
    return Kept("\n".join([*notes, done]), merged, tuple(new) if len(new) > 1 else ())


def write_page(page: str) -> None:
    """Write the closing page beside what is kept. Raises OSError where that cannot be done."""
    _write(_path().with_name(PAGE), page.encode("utf-8", "replace"))


def note_solved(exercise_id: str) -> None:
    """Keep that an exercise is solved; in silence, and only where it is news. Raises nothing."""
    if MARKING in os.environ:
        return

    def with_this(old: dict) -> dict:
        ids = _solved(old)
        return {} if exercise_id in ids else {SOLVED: [*ids, exercise_id]}

    with suppress(OSError, NotImplementedError):  # the second from a file system without locks
        # No copy: in the browser each touch of a file takes 30 ms, and a learner waits for it at each right answer.
        _update(with_this, timeout=5, copied=False)


def solved() -> list[str]:
    """The ids of the exercises that are solved, in this notebook and in others, as far as they are kept."""
    return _solved(_read(_path())[0])


def _solved(entries: dict) -> list[str]:
    ids = entries.get(SOLVED, {}).get("value")
    return [id for id in ids if isinstance(id, str)] if isinstance(ids, list) else []


def kept() -> Kept:
    """All that is kept."""
    entries, trouble = _read(_path())
    message = told(f"kept_{trouble}" if trouble else "kept_so_far" if entries else "kept_none", file=FILE)
    return Kept(message, entries, trouble=trouble)


def recall(name: str, value: float) -> Kept:
    """What was kept under a name, said in words, beside the value that came out.

    Args:
        name: as given to `keep`; a range [low, high] is said to hold the value or not.
        value: in the unit of what was kept.
    """
    return Kept(f"{kept_name(name, language.current())}: {_recalled(kept().entries.get(name), value)}")


def _recalled(entry: dict | None, value: float) -> str:
    if not entry:
        return told("recall_none")
    match entry["value"]:
        case [int() | float(), int() | float()]:
            low, high = sorted(entry["value"])
            inside = "recall_inside" if low <= value <= high else "recall_outside"
            return told(inside, low=f"{low:,.6g}", high=f"{high:,.6g}", value=f"{value:,.5g}")
    return told("recall_other", kept=entry["value"])


def compare(guess: object, actual: object, unit: str = "") -> Line:
    """What was guessed before a result, beside the result.

    Args:
        guess: whatever was typed, `...` where nothing was.
        actual: a number or a text; `...` where nothing has come out yet.
        unit: what follows either, such as "%".

    Returns:
        One line; where nothing was guessed, or nothing has come out, it says the other alone. Raises nothing.
    """
    said, came = (_in_words(value, unit) for value in (guess, actual))
    key = "compare" if said and came else "compare_actual" if came else "compare_guess" if said else "compare_none"
    return Line(told(key, guess=said, actual=came))


def _in_words(value: object, unit: str) -> str:
    """A number or a text with its unit; nothing for what is open or neither."""
    data = plain(value)
    match data["kind"], data["value"]:
        case "number", float(number):
            return f"{number:,.6g}{unit}"
        case "text", text:
            return text if text.endswith(unit) else f"{text}{unit}"
    return ""


def forget() -> Kept:
    """Delete the file, its copy, what was set aside of it and the closing page; other files in the folder stay."""
    path = _path()
    others = [f for pattern in ("my-course-damaged-*.json", "*my-course.*.part") for f in path.parent.glob(pattern)]
    # The file itself last: what breaks off forgets nothing.
    mine = [*others, path.with_name(PAGE), _lock(path), _backup(path), path]
    there = [file for file in mine if file.is_file()]
    try:
        for file in there:
            _patiently(file.unlink, missing_ok=True)
    except OSError:
        return Kept(told("kept_not_forgotten", file=FILE), kept().entries)
    return Kept(told("kept_forgotten" if there else "kept_none", file=FILE))


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    if value is None:  # left open
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _leaves(data: dict, kind: str) -> list[dict]:
    """What is of this kind in plain data, at any depth."""
    if data["kind"] == "list":
        return [leaf for item in data["value"] for leaf in _leaves(item, kind)]
    return [data] if data["kind"] == kind else []


def own_folder(usual: Path) -> Path:
    """Where files of one's own lie: in the folder that the environment variable names, else in the usual one."""
    return Path(os.environ.get(FOLDER) or usual)


def _path() -> Path:
    return own_folder(Path()) / FILE  # not Path.cwd(): that raises where the folder has been deleted


def _backup(path: Path) -> Path:
    return path.with_name(".my-course.backup")


def _lock(path: Path) -> Path:
    return path.with_name(".my-course.lock")


def _update(change: Callable[[dict], dict], timeout: float = 10, copied: bool = True) -> tuple[dict, str]:
    """Add what `change` makes of the entries to them; all of them, and what was wrong with the file.

    Nothing is written where that is nothing; the copy is written too where `copied` says so.

    Raises:
        OSError: the folder cannot be written, or another notebook has held the file all the time.
    """
    path = _path()
    with _locked(path, timeout):
        old, trouble = _read(path)
        new = change(old)
        if not new:
            return old, trouble
        if copied or trouble:
            for file in (path, _backup(path)):
                _set_aside(file)
        when = time.strftime("%Y-%m-%d %H:%M")
        merged = old | {name: {"value": value, "when": when} for name, value in new.items()}
        content = json.dumps(merged, ensure_ascii=False, indent=1).encode("utf-8", "replace")
        if copied:  # first: if it cannot be written, nothing has changed
            _write(_backup(path), content)
        _write(path, content)
    return merged, trouble


@contextmanager
def _locked(path: Path, timeout: float) -> Iterator[None]:
    if sys.platform == "emscripten":  # a browser has no locks, and a file for one would outlive a tab that is closed
        yield
        return
    from filelock import FileLock

    with FileLock(_lock(path), timeout=timeout):  # two notebooks may be open at once; its Timeout is an OSError
        yield


def _patiently(act: Callable, *args: object, **options: object) -> object:
    """Do something with a file; Windows refuses while another notebook has it open, so try again for a moment."""
    for wait in WAITS:
        try:
            return act(*args, **options)
        except PermissionError:
            time.sleep(wait)
    return act(*args, **options)


def _read(path: Path) -> tuple[dict, str]:
    """The entries, from the last good copy where the file is "damaged" or "gone"; and which of the two, or ""."""
    there = os.path.exists(path)
    entries = _entries(path) if there else None
    if entries is not None:
        return entries, ""
    copy = _entries(_backup(path)) or {}
    return copy, "damaged" if there else "gone" if copy else ""


def _entries(path: Path) -> dict | None:
    """What a file holds; None where it is not there or cannot be read."""
    try:
        entries = json.loads(_patiently(path.read_bytes))
        return {name: {"value": entry["value"], "when": entry["when"]} for name, entry in entries.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _set_aside(path: Path) -> None:
    """Copy a damaged file, under a name made from what it holds, so that trying again makes no second copy."""
    if os.path.exists(path) and _entries(path) is None:
        content = _patiently(path.read_bytes)
        name = hashlib.sha256(content).hexdigest()[:8]
        _write(path.with_name(f"my-course-damaged-{name}.json"), content)


def _write(path: Path, content: bytes) -> None:
    """Replace a file in one step, so that it is never half written."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _patiently(os.replace, part, path)
    except BaseException:  # a full disk leaves nothing behind
        part.unlink(missing_ok=True)
        raise
