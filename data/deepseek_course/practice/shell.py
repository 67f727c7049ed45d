"""What a notebook's IPython is given for the exercises: bare letters, forgiving typing, help with errors."""

from .errors import show_help
from .picks import LETTERS
from .typed import as_python


def install() -> None:
    """Set up the IPython that runs, if one does; a second time changes nothing. A learner's own names stay."""
    from IPython import get_ipython

    shell = get_ipython()
    if not shell:
        return
    words = [*LETTERS.ko, *LETTERS.en, *LETTERS.en.lower(), "yes", "no", "예", "아니요"]
    shell.push({word: word for word in words if word not in shell.user_ns}, interactive=False)
    shell.InteractiveTB.set_mode("Minimal")
    if as_python not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(as_python)
    shell.events.register("post_run_cell", show_help)  # a function that is registered already is not added again
