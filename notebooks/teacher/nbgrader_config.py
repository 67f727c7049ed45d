"""nbgrader's settings for this course. class/nbgrader_config.py loads them; what it sets itself wins over these."""

import os
import sys
from pathlib import Path

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

TOOLS = Path(__file__).resolve().parent
sys.path.insert(0, str(TOOLS))
os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(TOOLS), os.environ.get("JUPYTER_PATH")]))
os.environ.setdefault("MPLCONFIGDIR", str(Path(sys.prefix, "share", "matplotlib")))  # its list of fonts, for launch.py

from collecting import Collector  # noqa: E402
from marking import ClearForLanguage, Defuse, Judge, Restore  # noqa: E402
from opening import SubmissionReader  # noqa: E402
from running import ISOLATED, Run  # noqa: E402
from unpacking import Extractor  # noqa: E402

c = get_config()  # noqa: F821 - nbgrader defines it

c.CourseDirectory.course_id = "deepseek-course"
c.CourseDirectory.db_url = f"sqlite:///{Path.cwd() / 'gradebook.db'}?timeout=60"  # several markers write

# Making a release: nbgrader's own list, the stub of a written task in the notebook's language.
c.ClearSolutions.code_stub = {"python": ""}
c.GenerateAssignment.preprocessors = [
    *(IncludeHeaderFooter, InstantiateTests, LockCells, ClearForLanguage, ClearOutput, CheckCellMetadata),
    *(ComputeChecksums, SaveCells, ClearHiddenTests, ClearMarkScheme, ComputeChecksums, CheckCellMetadata),
]

# Marking: nbgrader's own lists with Restore, Run, Judge and Defuse in their places.
c.Autograde.exporter_class = SubmissionReader
c.Autograde.sanitize_preprocessors = [
    *(Restore, ClearOutput, DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata),
]
c.Autograde.autograde_preprocessors = [
    *(Run, IgnorePattern, LimitOutput, Judge, Defuse, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata),
]
c.Run.kernel_name = ISOLATED
c.Execute.timeout = 20  # seconds a cell
c.Execute.iopub_timeout = 10  # seconds until what a cell put out has come, after its end
c.Execute.shutdown_kernel = "immediate"

# Collecting: the same command again takes what has come since, too.
c.ZipCollectApp.extractor_plugin = Extractor
c.ZipCollectApp.collector_plugin = Collector
c.ZipCollectApp.force = True
