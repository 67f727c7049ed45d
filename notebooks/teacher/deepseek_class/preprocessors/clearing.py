"""Makes a release: the stub of a written task in the notebook's language, and no cell that hands answers out."""

from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor

from ..build import STUB
from .cells import about, is_check


class ClearForLanguage(ClearSolutions):
    """nbgrader's ClearSolutions; a written task's stub is in the notebook's language."""

    def preprocess(self, nb, resources):
        self.text_stub = STUB.get(about(nb).get("language"), self.text_stub)
        return super().preprocess(nb, resources)


class DropHidden(NbGraderPreprocessor):
    """Leaves out the hidden cells of a lesson of ours once the gradebook knows them and they are empty."""

    def preprocess(self, nb, resources):
        if about(nb):
            nb.cells = [cell for cell in nb.cells if not is_check(cell) or cell.source.strip()]
        return nb, resources
