"""Other programs that the tools hand over to."""

import subprocess
import sys


def nbgrader(arguments: list[str]) -> int:
    """nbgrader's own command."""
    return hand_over([sys.executable, "-m", "nbgrader", *arguments])


def hand_over(command: list[str]) -> int:
    """Runs a program to its end; Ctrl+C is the program's to answer."""
    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            pass
