"""nbgrader's two plug-ins for `nbgrader zip_collect`: open what a class handed in, and tell whose each notebook is."""

import csv
import hashlib
import io
import json
import os
import re
import time
import unicodedata
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin

MB = 1_000_000
FILE, ARCHIVE, INNER = 50 * MB, 2000 * MB, 200 * MB  # what one file, a class's zip and a learner's zip may unpack to
LEAST = 64_000  # what each entry counts for, so that a zip of a million empty files ends too
LEVELS = 3  # a zip, one in it, and one in that
JUNK = re.compile(r"__MACOSX$|\.|(?:thumbs\.db|desktop\.ini)$", re.IGNORECASE)  # .DS_Store, .ipynb_checkpoints
OUTSIDE = re.compile(r"(?:^|[\\/])\.\.(?:[\\/]|$)|^[\\/]|^[A-Za-z]:")
COPY = r"\(\d+\)|복사본|사본|copy(?: of|\d*)"
# Moodle: Name_NUMBER_assignsubmission_file_/…, or all in the file's name. Canvas: name_LATE_USER_UPLOAD_….
LMS = re.compile(
    r"(?P<name>.+?)_(?:(?P<number>\d+)_assignsubmission_[a-z]+(?:_(?P<rest>.*))?"
    r"|(?:LATE_)?(?P<user>\d+)_(?P<upload>\d+)_(?P<file>.*))$"
)
TEXTS = {
    "broken": (
        "{file}: 열지 못했습니다({why}). 다시 받아 주십시오.",
        "{file}: this could not be opened ({why}). Please ask for it again.",
    ),
    "large": (
        "{file}: 압축을 풀면 너무 커서 다 풀지 않았습니다. 직접 확인해 주십시오.",
        "{file}: this is too large to be unpacked in full. Please look at it yourself.",
    ),
    "outside": (
        "{file}: 압축 파일 밖을 가리키는 경로가 들어 있습니다. 그 파일도 이 폴더 안에만 풀었습니다.",
        "{file}: some paths in this zip lead out of it. Those files, too, were unpacked inside this folder only.",
    ),
    "other": (
        "{file}: .ipynb 파일이 아니어서 빼놓았습니다. .ipynb 파일을 다시 받거나, 알집이나 7z 같은 압축 파일이면 직접 "
        "풀어 archive 폴더에 넣어 주십시오.",
        "{file}: this is no .ipynb file and was left out. Please ask for the .ipynb file, or if this is an archive "
        "such as .7z, unpack it into the folder archive yourself.",
    ),
    "whose": (
        "{file}: 누구의 것인지 확실하지 않아 거두지 않았습니다. archive 폴더에서(압축 파일이면 푼 뒤) 이 폴더나 파일 "
        "이름 앞에 students.csv의 id와 _를 붙이고, zip_collect를 --force와 함께 다시 실행해 주십시오.",
        "{file}: it is not certain whose this is, so it was not collected. In the folder archive (unpack the zip "
        "first) put the id from students.csv and a _ before the folder's or file's name and run zip_collect --force.",
    ),
    "stranger": (
        "{file}: students.csv에 맞는 학생이 없습니다. 거둘 때 붙인 학생 id: {student}",
        "{file}: nobody in students.csv fits. The student id that this was collected under: {student}",
    ),
    "older": (
        "{file}: 거두지 않고 그대로 두었습니다. {student} 학생이 낸 파일 가운데 거둔 것: {taken}",
        "{file}: this one was not collected and stays where it is. Of the files of {student} this was taken: {taken}",
    ),
    "empty": (
        "release/{assignment}에 노트북이 없습니다. 먼저 generate_assignment {assignment} 명령을 실행해 주십시오.",
        "There is no notebook in release/{assignment}. Please run generate_assignment {assignment} first.",
    ),
    "roster": (
        "students.csv의 첫 줄에 id라는 열이 없습니다. 첫 줄은 id,last_name,first_name,email,lms_user_id입니다.",
        "The first line of students.csv has no column id. That line is id,last_name,first_name,email,lms_user_id.",
    ),
}


def say(key: str, **values: str) -> str:
    """One of the sentences above in the teacher's language (environment variable COURSE_LANGUAGE)."""
    return TEXTS[key][os.environ.get("COURSE_LANGUAGE") != "ko"].format(**values)


def readable(name: bytes) -> str:
    """A file's name from a zip that does not say its encoding: UTF-8 (macOS) or CP949 (Korean Windows)."""
    for encoding in ("utf-8", "cp949"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            pass
    return name.decode("utf-8", "replace")


def inside(name: str) -> list[str]:
    """A path's parts as every system can store them, none of which leads out; empty for a system's own files."""
    parts = [part for part in re.split(r"[\\/]", unicodedata.normalize("NFC", name)) if part.strip(". ")]
    return [] if any(map(JUNK.match, parts)) else [storable(part) for part in parts]


def storable(part: str) -> str:
    part = re.sub(r'[<>:"|?*\x00-\x1f\x7f]', "_", part).rstrip(". ")
    part = re.sub(r"\.zip$", ".zip", part, flags=re.IGNORECASE)
    part = re.sub(r"\.ipynb(?:\.txt|\.json)?$", ".ipynb", part, flags=re.IGNORECASE)  # as some browsers save it
    if len(part.encode()) > 200:
        part = part[:50] + digest(part) + os.path.splitext(part)[1][:10]
    return part


def digest(text: str) -> str:
    return "-" + hashlib.sha256(text.encode()).hexdigest()[:6]


class Extractor(ExtractorPlugin):
    """Unpacks downloaded/ASSIGNMENT/archive: each zip becomes a folder of its own name, what is wrong one line."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Called by nbgrader, once."""
        self._root = Path(extracted_path)
        for path in sorted(Path(archive_path).rglob("*")):
            parts = inside(readable(os.fsencode(path.relative_to(archive_path))))
            if parts and path.is_file():
                with path.open("rb") as file:
                    self._store(file, self._root.joinpath(*parts), path.stat().st_mtime, ARCHIVE)

    def _store(self, file: BinaryIO, path: Path, when: float, room: int, level: int = 1) -> int:
        """Write a file, or unpack it where it is a zip, and say how many bytes came out of it."""
        if path.suffix == ".zip" and level <= LEVELS:
            return self._unpack(file, path, room, level)
        path.parent.mkdir(parents=True, exist_ok=True)
        free, number = path, 1
        while free.exists():
            number += 1
            free = path.with_stem(f"{path.stem} ({number})")
        free.write_bytes(file.read())
        os.utime(free, (when, when))
        return 0

    def _unpack(self, file: BinaryIO, path: Path, room: int, level: int) -> int:
        try:
            archive = zipfile.ZipFile(file)
        except Exception as error:  # zipfile has some ten kinds for what is broken or made to harm
            return self._warn("broken", path, why=str(error))
        if any(OUTSIDE.search(member.filename) for member in archive.infolist()):
            self._warn("outside", path)
        used = 0
        for member in archive.infolist():
            if used >= room:
                self._warn("large", path)
                break
            used += max(LEAST, self._unpack_one(archive, member, path, room - used, level))
        return used

    def _unpack_one(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, room: int, level: int) -> int:
        told = member.flag_bits & 0x800  # the zip says that its names are UTF-8; else Python has read them as cp437
        parts = inside(member.filename if told else readable(member.filename.encode("cp437", "replace")))
        if member.is_dir() or not parts:
            return 0
        target = path.joinpath(*parts)
        try:
            with archive.open(member) as stream:
                data = stream.read(FILE + 1)
            if len(data) > FILE:
                self._warn("large", target)
                return len(data)
            when = time.mktime((*member.date_time, 0, 0, -1))
            return len(data) + self._store(io.BytesIO(data), target, when, min(room, INNER), level + 1)
        except Exception as error:
            return self._warn("broken", target, why=str(error))

    def _warn(self, key: str, path: Path, **values: str) -> int:
        self.log.warning(say(key, file=path.relative_to(self._root).as_posix(), **values))
        return 0


class Student(NamedTuple):
    """A row of students.csv, and how a file's or folder's name may mean it."""

    id: str
    user: str  # the LMS's number
    marks: re.Pattern  # id or email
    name: re.Pattern | None


@dataclass
class Work:
    """A notebook that came in."""

    path: Path
    students: set[str] = field(default_factory=set)  # whose it may be, from students.csv
    account: str = ""  # the LMS's name and number
    upload: int = 0  # Canvas's number of the file: the higher, the later
    stranger: str = ""  # what to call the student without a row in students.csv
    place: Path | None = None  # where that was read
    key: tuple = ()  # a row's id, or what a stranger is called
    student: str = ""  # the outcome; empty where it is not certain


def squeezed(name: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFC", name))


def read_roster(path: Path) -> list[Student]:
    """The rows of students.csv; none where there is no such file.

    Raises:
        ValueError: the file has no column id; the message is for the teacher.
    """
    if not path.exists():
        return []
    rows = list(csv.DictReader(io.StringIO(readable(path.read_bytes()).removeprefix("\ufeff"))))
    if rows and "id" not in rows[0]:
        raise ValueError(say("roster"))
    rows = [{key: unicodedata.normalize("NFC", str(value or "")).strip() for key, value in row.items()} for row in rows]
    return [as_student(row) for row in rows if row["id"]]


def as_student(row: dict[str, str]) -> Student:
    """One row as a Student. An id of one to three signs counts only where it stands alone."""
    marks = [re.escape(mark) for mark in (row["id"], row.get("email", "")) if len(mark) > 3]
    marks = [rf"\A{re.escape(row['id'])}\Z", *(rf"(?<![^\W_]){mark}(?![^\W_])" for mark in marks)]
    last, first = (squeezed(row.get(key, "")) for key in ("last_name", "first_name"))
    spelled = "|".join(r"[\W_]*".join(map(re.escape, name)) for name in {last + first, first + last} if name)
    name = re.compile(rf"(?<![^\W\d_])(?:{spelled})(?![^\W\d_])", re.IGNORECASE) if spelled else None
    return Student(row["id"], row.get("lms_user_id", ""), re.compile("|".join(marks), re.IGNORECASE), name)


def meant(text: str, students: list[Student]) -> set[str]:
    """The ids of those whose id, email or name stands in a text: who fits both, else whoever fits one."""
    marked = {student.id for student in students if student.marks.search(text)}
    found = [(student.id, student.name.search(text)) for student in students if student.name]
    lengths = {student: len(squeezed(match[0])) for student, match in found if match}
    named = {student for student in lengths if lengths[student] == max(lengths.values())}  # one name may be in another
    return marked & named or marked | named


def safe(name: str, taken: set[str] = frozenset()) -> str:
    """A student id that can be a folder's name and is no pattern; what had to be changed gets a tail of its own."""
    clean = re.sub(r"[^\w@. -]+", "-", name)[:40].strip(". -")
    return clean if clean == name and clean.casefold() not in taken else clean + digest(name)


class Collector(FileNameCollectorPlugin):
    """Tells nbgrader whose each notebook is, which of several counts, and under which name it is marked."""

    _plan: dict | None = None

    def collect(self, submitted_file: str) -> dict | None:
        """Called by nbgrader for each file: student_id, file_id and timestamp, or None where it is not collected."""
        if self._plan is None:
            self._plan = self._make_plan()
        taken, line = self._plan[Path(submitted_file)]
        if line:
            self.log.warning(line)
        return taken

    def _make_plan(self) -> dict[Path, tuple[dict | None, str]]:
        app, course = self.parent, self.parent.coursedir
        self.assignment = course.assignment_id
        step = {"downloaded": app.downloaded_directory, "collect_step": app.extracted_directory}
        self.root = Path(course.root, app.collect_directory_structure.format(assignment_id=self.assignment, **step))
        folders = (course.release_directory, course.source_directory)
        released = [path for name in folders for path in Path(course.root, name, self.assignment).glob("*.ipynb")]
        if not released:
            app.fail(say("empty", assignment=self.assignment))
        self.notebook = min(released).stem
        self.plain = re.compile(rf"{re.escape(self.notebook)}(?:-\d+)?|{COPY}", re.IGNORECASE)
        try:
            self.roster = read_roster(Path(course.root, "students.csv"))
        except ValueError as error:
            app.fail(str(error))
        files = sorted(path for path in self.root.rglob("*") if path.is_file())
        works = [self._identify(path) for path in files if path.suffix == ".ipynb"]
        self._settle(works)
        return {path: (None, say("other", file=self._shown(path))) for path in files} | self._choose(works)

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _bare(self, name: str) -> str:
        """What is left of a name without the notebook's own and the marks of a copy."""
        return self.plain.sub("", re.sub(r"\.(?:ipynb|zip)$", "", name)).strip(" _-.()")

    def _identify(self, path: Path) -> Work:
        """What the names of a file and its folders say of whose it is; where they disagree, it may be any of those."""
        parts = path.relative_to(self.root).parts
        n, match = next(((n, match) for n, part in enumerate(parts) if (match := LMS.match(part))), (len(parts), None))
        work = self._account(path, match, parts[n + 1 :]) if match else Work(path)
        if not match:
            work.stranger, work.place = self._call(parts)
        for part in parts[:n]:
            found = meant(self._bare(part), self.roster)
            work.students = work.students & found or work.students | found
        return work

    def _account(self, path: Path, match: re.Match, within: tuple[str, ...]) -> Work:
        """In an LMS's download, what a learner called files and folders can only narrow down what the LMS says."""
        user, account = match["user"] or "", f"{match['name']}_{match['number'] or match['user']}"
        work = Work(path, account=account, upload=int(match["upload"] or 0), stranger=user or match["name"])
        pool = [student for student in self.roster if not (user and student.user) or student.user == user]
        work.students = {student.id for student in pool if user and student.user == user}
        for text in (f"{match['name']}_{user}", match["rest"] or match["file"] or "", *within):
            found = meant(self._bare(text), pool)
            work.students = work.students & found or work.students or found
        return work

    def _call(self, parts: tuple[str, ...]) -> tuple[str, Path]:
        """What to call a student whom no list and no LMS names: as the file or its folder says, and where it says so.

        What stands before the notebook's name counts first, then the nearest folder outside of a learner's own zip.
        """
        *folders, name = parts
        within = next((n for n, part in enumerate(folders) if n and part.endswith(".zip")), len(folders))
        plain = [n for n in range(within) if not parts[n].endswith(".zip")]
        n = plain[-1] if plain else min(within, len(folders) - 1)
        head = self._bare(name.partition(self.notebook)[0]) if self.notebook in name else ""
        return head or (parts[n].removesuffix(".zip") if folders else ""), Path(*parts[: n + 1])

    def _settle(self, works: list[Work]):
        """Who each notebook's student is, where that is certain."""
        taken = {safe(student.id).casefold() for student in self.roster}
        accounts, places, rests = defaultdict(set), defaultdict(set), defaultdict(set)
        for work in works:
            name = min(work.students) if len(work.students) == 1 else work.stranger.casefold()
            work.key = (len(work.students), name)
            accounts[work.key].update({work.account} - {""})
            places[work.key].add(work.place)
            rests[work.key].add(self._bare(work.path.name))
        for work in works:
            several = len(accounts[work.key]) > 1  # two accounts cannot be one student
            if len(work.students) == 1:
                work.student = "" if several and work.account else safe(*work.students)
            elif not work.students and work.account:
                work.student = safe(work.account if several else work.stranger, taken)
            elif not work.students and work.stranger and len(places[work.key]) == len(rests[work.key]) == 1:
                work.student = safe(work.stranger, taken)  # one folder, and in it nothing that may be another's

    def _choose(self, works: list[Work]) -> dict[Path, tuple[dict | None, str]]:
        """The newest notebook of each student that is of this lesson; and a line on each that does not count."""
        handed_in = defaultdict(list)
        for work in works:
            handed_in[work.student].append(work)
        plan = {work.path: (None, say("whose", file=self._shown(work.path))) for work in handed_in.pop("", [])}
        for student, own in handed_in.items():
            if not all(work.upload for work in own):  # Canvas's numbers tell the order only among themselves
                for work in own:
                    work.upload = 0
            best = max(own, key=self._rank)
            name, stranger = self._shown(best.path), self.roster and not best.students
            for work in own:
                plan[work.path] = (None, say("older", file=self._shown(work.path), student=student, taken=name))
            when = datetime.fromtimestamp(best.path.stat().st_mtime, UTC).isoformat()
            line = say("stranger", file=name, student=student) if stranger else ""
            plan[best.path] = ({"student_id": student, "file_id": self.notebook, "timestamp": when}, line)
        return plan

    def _rank(self, work: Work) -> tuple:
        number = re.search(r"[-(](\d{1,3})\)?$", work.path.stem)
        when = work.path.stat().st_mtime
        return self._fits(work.path), work.upload, when, int(number[1]) if number else 0, work.path

    def _fits(self, path: Path) -> int:
        """2 for a notebook that says it is of this lesson and language, 1 for one that says nothing, else 0."""
        try:
            said = json.loads(path.read_bytes())["metadata"].get("deepseek_course")
            return 1 if not said else 2 if f"{said['lesson']}-{said['language']}" == self.assignment else 0
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return 0
