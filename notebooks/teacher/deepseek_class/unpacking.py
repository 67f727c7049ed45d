"""Opens what a class handed in: nbgrader's extractor plug-in for `zip_collect`."""

import os
import re
import stat
import time
import unicodedata
import zipfile
from pathlib import Path
from typing import BinaryIO

from nbgrader.plugins import ExtractorPlugin

from .messages import say

MB = 1_000_000
FILE = 50 * MB  # what one file may unpack to
ZIP = (2000 * MB, 100 * MB, 100 * MB)  # of a class's zip with all in it, a learner's own, one in that
LEAST = 10_000  # what each file counts for at least, so that a zip of a million empty files is too large as well
JUNK = re.compile(r"\.|__MACOSX$|thumbs\.db$|desktop\.ini$", re.IGNORECASE)  # .DS_Store, .ipynb_checkpoints
SAVED_AS = re.compile(r"\.ipynb(?:\.txt|\.json)?$", re.IGNORECASE)  # some browsers add .txt or .json


def is_ordinary(path: Path) -> bool:
    """Whether a path is a folder or a file of its own: a link may lead to whatever the teacher can read."""
    found = path.lstat()
    return stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1)


def safe_parts(name: str) -> list[str]:
    """A path's parts as every system can store them, none of which leads out; empty for a system's own files."""
    parts = unicodedata.normalize("NFC", name).replace("\\", "/").split("/")
    parts = [re.sub(r'[<>:"|?*\x00-\x1f]', "_", part).rstrip(". ") for part in parts]
    parts = [SAVED_AS.sub(".ipynb", part) for part in parts if part]
    return [] if any(map(JUNK.match, parts)) else parts


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """A zip with its names read rightly: where it does not tell their encoding, UTF-8 (macOS) or CP949 (Windows)."""
    for encoding in ("utf-8", "cp949"):
        try:
            return zipfile.ZipFile(file, metadata_encoding=encoding)
        except UnicodeDecodeError:
            pass
    return zipfile.ZipFile(file)


class Extractor(ExtractorPlugin):
    """Copies the folder archive to the folder extracted; each zip becomes a folder of its own name."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Called by nbgrader, once. What could not be opened is one line and stops nothing."""
        self._root = Path(extracted_path)
        paths = sorted(Path(archive_path).rglob("*"))  # rglob goes into no linked folder
        if not any(path.is_file() for path in paths):
            self.parent.fail(say("nothing_to_collect", archive_path))
        for path in paths:
            parts = safe_parts(path.relative_to(archive_path).as_posix())
            if parts and not is_ordinary(path):
                self._warn("link", self._root.joinpath(*parts))
            elif parts and path.is_file():
                self._copy(path, self._root.joinpath(*parts))

    def _copy(self, path: Path, target: Path):
        self._room = ZIP[0]  # for all that is in it, however deep
        try:
            with path.open("rb") as file:
                self._store(file, target, path.stat().st_mtime, ZIP)
        except OSError as error:
            self._warn("unopened", target, error)

    def _store(self, file: BinaryIO, path: Path, when: float, limits: tuple[int, ...]):
        """Writes a file, or unpacks it. limits: one for this zip and one for each level of zips within it."""
        if limits and path.suffix.lower() == ".zip":
            return self._unpack(file, path, *limits)
        path.parent.mkdir(parents=True, exist_ok=True)
        while path.exists():  # a zip may hold two files of one name
            path = path.with_stem(f"{path.stem} (2)")
        try:
            path.write_bytes(file.read())
        except BaseException:
            path.unlink(missing_ok=True)  # half a notebook would be collected
            raise
        os.utime(path, (when, when))

    def _unpack(self, file: BinaryIO, folder: Path, limit: int, *inner: int):
        try:
            archive = open_zip(file)
        except Exception as error:  # zipfile has some ten kinds for what is broken or made to harm
            return self._warn("unopened", folder, error)
        members = [member for member in archive.infolist() if not member.is_dir()]
        if sum(max(member.file_size, LEAST) for member in members if member.file_size <= FILE) > limit:
            return self._warn("too_large", folder)
        if any(".." in re.split(r"[\\/]", member.filename) for member in members):
            self._warn("outside", folder)
        for member in members:
            if parts := safe_parts(member.filename):
                self._unpack_one(archive, member, folder.joinpath(*parts), inner)

    def _unpack_one(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, limits: tuple[int, ...]):
        size = max(member.file_size, LEAST)  # zipfile never gives out more than the zip says here
        if size > min(FILE, self._room):
            return self._warn("too_large", path)
        self._room -= size
        try:
            with archive.open(member) as file:
                self._store(file, path, time.mktime((*member.date_time, 0, 0, -1)), limits)
        except Exception as error:
            self._warn("unopened", path, error)

    def _warn(self, key: str, path: Path, *values: object):
        print(say(key, path.relative_to(self._root).as_posix(), *values))
