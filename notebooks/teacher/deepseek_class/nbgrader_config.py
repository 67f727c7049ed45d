"""nbgrader's settings for this course. class/nbgrader_config.py loads them; what it sets itself wins over these."""

import os
import sqlite3
import sys
import warnings
from pathlib import Path

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ComputeChecksums,
    DeduplicateIds,
    IgnorePattern,
    IncludeHeaderFooter,
    InstantiateTests,
    LimitOutput,
    LockCells,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
    SaveCells,
)
from sqlalchemy import Engine, event
from sqlalchemy.exc import SAWarning

from deepseek_class.collecting import Collector
from deepseek_class.deadlines import LatePenalty
from deepseek_class.feedback_page import FeedbackPage, Points, Tabulate
from deepseek_class.preprocessors.clearing import ClearForLanguage, DropHidden
from deepseek_class.preprocessors.defusing import Defuse
from deepseek_class.preprocessors.judging import Judge
from deepseek_class.preprocessors.opening import SubmissionReader
from deepseek_class.preprocessors.restoring import Restore
from deepseek_class.preprocessors.running import ISOLATED, Run
from deepseek_class.unpacking import Extractor

TOOLS = Path(__file__).resolve().parent / "jupyter"  # a kernel, and templates of pages
os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(TOOLS), os.environ.get("JUPYTER_PATH")]))
os.environ.setdefault("MPLCONFIGDIR", str(Path(sys.prefix, "share", "matplotlib")))  # its list of fonts, for launch.py

warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader's own use of SQLAlchemy
for stream in (sys.stdout, sys.stderr):
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")  # a learner's name that a Korean Windows cannot print


@event.listens_for(Engine, "connect")
def wait_for_the_others(connection, _):
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA busy_timeout = 60000")  # milliseconds: several markers write


c = get_config()  # noqa: F821 - nbgrader defines it

c.CourseDirectory.course_id = "deepseek-course"
c.CourseDirectory.db_url = "sqlite:///gradebook.db"  # in class/: in a URL, a folder's % or ? would mean something else

# Making a release: nbgrader's own list, the stub of a written task in the notebook's language.
c.ClearSolutions.code_stub = {"python": ""}
c.GenerateAssignment.preprocessors = [
    *(IncludeHeaderFooter, InstantiateTests, LockCells, ClearForLanguage, ClearOutput, CheckCellMetadata),
    *(ComputeChecksums, SaveCells, ClearHiddenTests, DropHidden, ClearMarkScheme, ComputeChecksums, CheckCellMetadata),
]

# Marking: nbgrader's own lists with Restore, Run, Judge and Defuse in their places.
c.Autograde.exporter_class = SubmissionReader
c.Autograde.sanitize_preprocessors = [
    *(Restore, ClearOutput, DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata),
]
c.Autograde.autograde_preprocessors = [
    *(Run, IgnorePattern, LimitOutput, Judge, Defuse, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata),
]
c.AssignLatePenalties.plugin_class = LatePenalty
c.Run.kernel_name = ISOLATED
c.Execute.timeout = 20  # seconds a cell
c.Execute.iopub_timeout = 10  # seconds until what a cell put out has come, after its end
c.Execute.shutdown_kernel = "immediate"

# Giving back: a page in the learner's language that begins with the results and fetches nothing.
c.GenerateFeedback.exporter_class = FeedbackPage
c.FeedbackPage.template_name = "course_feedback"  # found by JUPYTER_PATH, as is the kernel
c.GenerateFeedback.preprocessors = [Points, Tabulate, CSSHTMLHeaderPreprocessor]

# Collecting: the same command again takes what has come since, too. Our lines are not to drown in nbgrader's.
c.ZipCollectApp.log_level = "ERROR"
c.ZipCollectApp.extractor_plugin = Extractor
c.ZipCollectApp.collector_plugin = Collector
c.ZipCollectApp.force = True
