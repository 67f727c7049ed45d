"""Files that are written whole or not at all."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .messages import say


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; it takes the place of `path` once all is written.

    Raises:
        SystemExit: it cannot be written, such as where `path` is open in Excel; what was there before stays.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        sys.exit(say("unwritable", path, error.strerror or error))
    finally:
        part.unlink(missing_ok=True)
