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
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin

MB = 1_000_000
FILE, ARCHIVE, INNER = 50 * MB, 2000 * MB, 200 * MB  # what one file, a class's zip and a learner's zip may unpack to
LEAST = 64_000  # what each entry counts for, so that a zip of a million empty files ends too
LEVELS = 3  # a zip, one in it, and one in that
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)
JUNK = re.compile(r"__MACOSX$|\.|(?:thumbs\.db|desktop\.ini)$", re.IGNORECASE)  # .DS_Store, .ipynb_checkpoints
OUTSIDE = re.compile(r"(?:^|[\\/])\.\.(?:[\\/]|$)|^[\\/]|^[A-Za-z]:")
COPY = re.compile(r"\(\d+\)|복사본|사본|copy(?: of|\d*)|-\d+$", re.IGNORECASE)
EDGES = " _-.()"
# Moodle: Name_NUMBER_assignsubmission_file_/…, or all in the file's name. Canvas: name_LATE_USER_UPLOAD_….
LMS = re.compile(
    r"(?P<name>.+?)_(?:(?P<number>\d+)_assignsubmission_[a-z]+(?:_(?P<rest>.*))?"
    r"|(?:LATE_)?(?P<user>\d+)_(?P<upload>\d+)_(?P<file>.*))$"
)
TEXTS = {
    "broken": (
        "{file}: 이 파일은 깨졌거나 암호가 걸려 있어 열지 못했습니다. 다시 받아 주십시오.",
        "{file}: this file is broken or locked with a password and could not be opened. Please ask for it again.",
    ),
    "large": (
        "{file}: 압축을 풀면 너무 커서 나머지를 빼놓았습니다. 직접 확인해 주십시오.",
        "{file}: this is too large when unpacked, so the rest of it was left out. Please look at it yourself.",
    ),
    "outside": (
        "{file}: 압축 파일 밖을 가리키는 경로가 있어 그 파일들도 제자리 안에 풀었습니다.",
        "{file}: some paths in this zip lead out of it; those files were kept inside.",
    ),
    "other": (
        "{file}: 노트북(.ipynb)이 아니어서 빼놓았습니다. .ipynb 파일을 내게 해 주십시오.",
        "{file}: this is not a notebook and was left out. Please ask for the .ipynb file.",
    ),
    "whose": (
        "{file}: 누구의 것인지 확실하지 않아 거두지 않았습니다. archive 폴더에서(압축 파일이면 푼 뒤) 이 폴더나 파일 이름 "
        "앞에 students.csv의 id와 _를 붙이고, zip_collect를 --force와 함께 다시 실행해 주십시오.",
        "{file}: it is not certain whose this is, so it was not collected. In the folder archive (unpack the zip first) "
        "put the id from students.csv and a _ before this folder's or file's name and run zip_collect --force again.",
    ),
    "stranger": (
        "{file}: students.csv에 맞는 학생이 없어 {student}(이)라는 이름으로 거두었습니다.",
        "{file}: nobody in students.csv fits, so this was collected as {student}.",
    ),
    "older": (
        "{file}: {student} 학생이 낸 여러 파일 가운데 {taken}을(를) 거두었고, 이 파일은 그대로 두었습니다.",
        "{file}: of the files that {student} handed in, {taken} was taken; this one stays where it is.",
    ),
    "empty": (
        "release/{assignment}에 노트북이 없습니다. 먼저 generate_assignment {assignment}을(를) 실행해 주십시오.",
        "There is no notebook in release/{assignment}. Please run generate_assignment {assignment} first.",
    ),
    "roster": (
        "students.csv의 첫 줄에 id라는 열이 없습니다. 열 이름을 id,last_name,first_name,email,lms_user_id로 적어 주십시오.",
        "The first line of students.csv has no column id. Its columns are id,last_name,first_name,email,lms_user_id.",
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
    part = re.sub(r"\.ipynb(?:\.txt|\.json)?$", ".ipynb", part, flags=re.IGNORECASE)  # as some browsers save it
    if len(part.encode()) > 200:
        part = part[:50] + digest(part) + os.path.splitext(part)[1][:10]
    return part


def digest(text: str) -> str:
    return "~" + hashlib.sha256(text.encode()).hexdigest()[:6]


class Extractor(ExtractorPlugin):
    """Unpacks downloaded/ASSIGNMENT/archive. Each zip becomes a folder of its own name; what is wrong is one line."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Called by nbgrader, once."""
        for root, _, names in os.walk(archive_path):
            for name in sorted(names):
                path = Path(root, name)
                parts = inside(readable(os.fsencode(path.relative_to(archive_path))))
                if parts:
                    self._store(path, Path(extracted_path, *parts), path.stat().st_mtime, ARCHIVE)

    def _store(self, source: Path | io.BytesIO, path: Path, when: float, room: int, level: int = 1) -> int:
        """Write a file, or unpack it where it is a zip, and say how many bytes that took."""
        if path.suffix.lower() == ".zip" and level <= LEVELS:
            return self._unpack(source, path, room, level)
        data = source.read_bytes() if isinstance(source, Path) else source.getvalue()
        path.parent.mkdir(parents=True, exist_ok=True)
        free, number = path, 2
        while free.exists():
            free, number = path.with_stem(f"{path.stem} ({number})"), number + 1
        free.write_bytes(data)
        os.utime(free, (when, when))
        return len(data)

    def _unpack(self, source: Path | io.BytesIO, path: Path, room: int, level: int) -> int:
        used = 0
        try:
            archive = zipfile.ZipFile(source)
        except BROKEN:
            self._warn("broken", path)
            return 0
        with archive:
            if any(OUTSIDE.search(member.filename) for member in archive.infolist()):
                self._warn("outside", path)
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
        except BROKEN:
            self._warn("broken", target)
            return 0

    def _warn(self, key: str, path: Path):
        extracted = self.parent.extracted_directory
        shown = path.parts[len(path.parts) - path.parts[::-1].index(extracted) :]
        self.log.warning(say(key, file="/".join(shown)))


@dataclass(frozen=True)
class Student:
    """A row of students.csv, and the patterns by which a file's or folder's name may mean it."""

    id: str
    lms: str
    marks: re.Pattern  # id or email
    name: re.Pattern | None


@dataclass
class Work:
    """A notebook that came in."""

    path: Path
    students: set[str] = field(default_factory=set)  # whose it may be, from students.csv
    account: str = ""  # the LMS's number
    trust: int = 0  # 2 where the LMS's own name was known, 1 more where an id stood in a name
    upload: int = 0
    stranger: str = ""  # what to call the student without a row in students.csv
    place: Path | None = None  # where that name was read
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
    return [student(row) for row in rows if row["id"]]


def student(row: dict[str, str]) -> Student:
    """One row as a Student. An id of one to three signs counts only where it stands alone."""
    marks = [re.escape(mark) for mark in (row["id"], row.get("email", "")) if len(mark) > 3]
    alone = rf"\A{re.escape(row['id'])}\Z"
    marks = "|".join([alone, *(rf"(?<![^\W_]){mark}(?![^\W_])" for mark in marks)])
    last, first = (squeezed(row.get(key, "")) for key in ("last_name", "first_name"))
    spelled = "|".join(r"[\W_]*".join(map(re.escape, name)) for name in {last + first, first + last} if name)
    name = re.compile(rf"(?<![^\W\d_])(?:{spelled})(?![^\W\d_])", re.IGNORECASE) if spelled else None
    return Student(row["id"], row.get("lms_user_id", ""), re.compile(marks, re.IGNORECASE), name)


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
        folders = [
            Path(course.root, name, self.assignment) for name in (course.release_directory, course.source_directory)
        ]
        released = [path for folder in folders for path in sorted(folder.glob("*.ipynb"))]
        if not released:
            app.fail(say("empty", assignment=self.assignment))
        self.notebook = released[0].stem
        try:
            self.roster = read_roster(Path(course.root, "students.csv"))
        except ValueError as error:
            app.fail(str(error))
        files = sorted(path for path in self.root.rglob("*") if path.is_file())
        works = [self._identify(path) for path in files if path.suffix == ".ipynb"]
        self._settle_roster(works)
        self._settle_strangers(works)
        plan = {path: (None, say("other", file=self._shown(path))) for path in files}
        return plan | self._choose(works)

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _identify(self, path: Path) -> Work:
        """What the names of a file and its folders say of whose it is."""
        work, parts = Work(path), path.relative_to(self.root).parts
        found = next(((n, match) for n, part in enumerate(parts) if (match := LMS.match(part))), None)
        pool = self.roster
        if found:
            n, match = found
            user, number = match["user"], match["number"]
            work.account, work.upload = user or number, int(match["upload"] or 0)
            work.stranger = user or match["name"]
            if user:
                pool = [student for student in self.roster if student.lms in ("", user)]
                work.students = {student.id for student in pool if student.lms == user}
            texts = [f"{match['name']}_{user or ''}", match["rest"] or match["file"] or "", *parts[n + 1 :]]
        else:
            work.stranger, work.place = self._stranger(parts)
            texts = parts
        for n, text in enumerate(texts):
            text = self._bare(text)
            marked, named = find_marks(text, pool), find_names(text, pool)
            meant = (marked & named) or (marked | named)
            both = work.students & meant
            # Within an LMS's download, what the learner wrote can only narrow down what the LMS says.
            work.students = both or work.students or meant if found else both or work.students | meant
            work.trust |= (2 if found and n == 0 and work.students else 0) | bool(marked & work.students)
        return work

    def _bare(self, name: str) -> str:
        """What is left of a name without the notebook's own and the marks of a copy."""
        name = re.sub(r"\.(?:ipynb|zip)$", "", name)
        return COPY.sub("", name.replace(self.notebook, "")).strip(EDGES)

    def _stranger(self, parts: tuple[str, ...]) -> tuple[str, Path]:
        """A name for a student whom no list and no LMS names, from the file or its folder, and where it stands."""
        head = COPY.sub("", parts[-1].partition(self.notebook)[0] if self.notebook in parts[-1] else "").strip(EDGES)
        inner = next((n for n, part in enumerate(parts[1:-1], 1) if part.endswith(".zip")), len(parts) - 1)
        folders = [n for n in range(inner) if not parts[n].endswith(".zip")]
        n = folders[-1] if folders else min(inner, len(parts) - 2)
        place = Path(*parts[: n + 1])
        return head or (parts[n].removesuffix(".zip") if n >= 0 else ""), place

    def _settle_roster(self, works: list[Work]):
        """One row of students.csv is one account of the LMS: the one that is known best, or none."""
        claims = defaultdict(lambda: defaultdict(int))
        for work in works:
            if len(work.students) == 1 and work.account:
                accounts = claims[min(work.students)]
                accounts[work.account] = max(accounts[work.account], work.trust)
        for work in works:
            if len(work.students) == 1:
                (student,) = work.students
                trusts = claims[student]
                best = max(trusts.values(), default=0)
                alone = list(trusts.values()).count(best) <= 1
                if not work.account or (alone and trusts[work.account] == best):
                    work.student = safe(student)

    def _settle_strangers(self, works: list[Work]):
        """Without a row: Canvas's number; Moodle's name, with its number if two have it; a name that stands once."""
        strangers = [work for work in works if not work.students and work.stranger]
        taken = {safe(student.id).casefold() for student in self.roster}
        accounts, places, rests = defaultdict(set), defaultdict(set), defaultdict(set)
        for work in strangers:
            accounts[work.stranger.casefold()].add(work.account)
            places[work.stranger.casefold()].add(work.place)
            rests[work.place, work.stranger].add(self._bare(work.path.name))
        for work in strangers:
            name = work.stranger
            if work.account:
                name += f"_{work.account}" if len(accounts[name.casefold()]) > 1 else ""
            elif len(places[name.casefold()]) > 1 or len(rests[work.place, name]) > 1:
                continue
            work.student = safe(name, taken)

    def _choose(self, works: list[Work]) -> dict[Path, tuple[dict | None, str]]:
        """The newest notebook of each student that is of this lesson, and a line on each that does not count."""
        plan, handed_in = {}, defaultdict(list)
        for work in works:
            handed_in[work.student].append(work)
        for work in handed_in.pop("", []):
            plan[work.path] = (None, say("whose", file=self._shown(work.path)))
        for student, own in handed_in.items():
            best = max(own, key=self._rank)
            for work in own:
                shown, taken = self._shown(work.path), self._shown(best.path)
                plan[work.path] = (None, say("older", file=shown, student=student, taken=taken))
            when = datetime.fromtimestamp(best.path.stat().st_mtime, UTC).isoformat()
            line = say("stranger", file=taken, student=student) if self.roster and not best.students else ""
            plan[best.path] = ({"student_id": student, "file_id": self.notebook, "timestamp": when}, line)
        return plan

    def _rank(self, work: Work) -> tuple:
        number = re.search(r"[-(](\d{1,3})\)?$", work.path.stem)
        name = work.path.as_posix()
        return self._fits(work.path), work.upload, work.path.stat().st_mtime, int(number[1]) if number else 0, name

    def _fits(self, path: Path) -> int:
        """2 for a notebook that says it is of this lesson and language, 1 for one that says nothing, else 0."""
        try:
            said = json.loads(path.read_bytes())["metadata"].get("deepseek_course", {})
            said = f"{said['lesson']}-{said['language']}" if said else ""
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return 0
        return 2 if said == self.assignment else 0 if said else 1


def find_marks(text: str, pool: list[Student]) -> set[str]:
    """The ids of those whose id or email stands in a text."""
    return {student.id for student in pool if student.marks.search(text)}


def find_names(text: str, pool: list[Student]) -> set[str]:
    """The ids of those whose name stands in a text; only the longest, as one name may be in another."""
    found = [(match, student) for student in pool if student.name and (match := student.name.search(text))]
    longest = max((len(squeezed(match[0])) for match, _ in found), default=0)
    return {student.id for match, student in found if len(squeezed(match[0])) == longest}


def safe(name: str, taken: set[str] = frozenset()) -> str:
    """A student id that can be a folder's name and is no pattern; what had to be changed gets a tail of its own."""
    clean = re.sub(r"[^\w@.-]+", "-", name)[:40].strip(".-")
    return clean if clean == name and clean.casefold() not in taken else f"{clean}{digest(name).replace('~', '-')}"
