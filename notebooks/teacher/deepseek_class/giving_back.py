"""`python run.py class feedback 02-ko`: a page for each learner, and all in a zip under the names that the LMS gave."""

import sys
import zipfile
from collections import defaultdict
from pathlib import Path

from .folder import ROSTER, assignments, class_gradebook
from .handed_in import HandedIn, read_handed_in
from .messages import say
from .programs import nbgrader
from .roster import folder_name, full_name, read_rows
from .writing import whole

KINDS = ("moodle", "canvas", "")  # each has its own zip


def feedback(arguments: list[str]):
    """Makes the pages with nbgrader's generate_feedback, and the zips of them.

    Raises:
        SystemExit: there is no such assignment, or a page could not be made.
    """
    for name in arguments:
        if name not in assignments():
            sys.exit(say("unknown", name, ", ".join(assignments())))
    wanted = arguments or sorted({path.parent.name for path in Path("autograded").glob("*/*/*.ipynb")})
    if not wanted:
        sys.exit(say("nothing_marked"))
    with class_gradebook():  # brings late points up to date
        pass
    failed = [name for name in wanted if nbgrader(["generate_feedback", name, "--force", "--log-level=ERROR"])]
    for name in wanted:
        for path, count in zip_pages(name):
            print(say("feedback_zip", path, count))
    with class_gradebook() as gradebook:
        tell_waiting(gradebook, wanted)
    if failed:
        sys.exit(1)


def tell_waiting(gradebook, wanted: list[str]):
    """Says how many tasks still wait for their marker: their pages say so too."""
    submissions = [one for name in wanted for one in gradebook.assignment_submissions(name)]
    if waiting := sum(one.needs_manual_grade for one in submissions):
        print(say("feedback_waiting", waiting))


def zip_pages(name: str) -> list[tuple[Path, int]]:
    """Writes the zips of an assignment; each with the number of pages in it."""
    known = read_handed_in(Path("downloaded", name))
    rows = {folder_name(row["id"]): row for row in read_rows(Path(ROSTER))}
    kinds = defaultdict(list)
    for page in sorted(Path("feedback").glob(f"*/{name}/*.html")):
        student = page.parts[1]
        kind, inside = place(known.get(student), page) or ("", plain_name(page, rows.get(student, {})))
        kinds[kind].append((page, inside))
    made = []
    for kind in KINDS:
        target = Path("feedback", "-".join(filter(None, [name, kind])) + ".zip")
        target.unlink(missing_ok=True)
        if kinds[kind]:
            with whole(target) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                for page, inside in kinds[kind]:
                    archive.write(page, inside)
            made.append((target, len(kinds[kind])))
    return made


def place(known: HandedIn | None, page: Path) -> tuple[str, str] | None:
    """The LMS and the page's name there: Moodle goes by its folder's name, Canvas by the numbers in the file's."""
    lms = known and known.lms
    if not lms:
        return None
    if lms["user"]:
        return "canvas", str(Path(lms.string).with_suffix(".html"))
    inside = lms[0] if lms.string.endswith(".ipynb") else f"{lms.string}/"
    return "moodle", f"{inside}{page.name}"


def plain_name(page: Path, row: dict[str, str]) -> str:
    """Such as 20260101_홍길동_02-numbers.html, for who hands in without Moodle and Canvas."""
    name = folder_name(full_name(row.get("last_name"), row.get("first_name")))
    return "_".join(filter(None, [page.parts[1], name, page.name]))
