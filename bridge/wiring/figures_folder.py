"""The folder where the children of one parent share their figures; what killed parents left is removed.

For Linux, as `serve --workers` is. A lock of the system says whose folder is in use: it is inherited by the
children and ends with the last of them, whatever ended them, and holds between containers too.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "vpbx-bridge-figures-"
LOCK = "in-use"


@contextmanager
def figures_folder() -> Iterator[str]:
    """A folder of this parent and its children, gone with them."""
    _remove_stale(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        # made under another name: nobody finds it unlocked under its own
        fresh = Path(folder, f"{LOCK}.new")
        descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            fresh.rename(fresh.with_name(LOCK))
            yield folder
        finally:
            os.close(descriptor)


def _remove_stale(parent: Path) -> None:
    """Folders of ours that nobody uses. One without a lock stays: another version may be using it."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else was first, or it is not ours to remove
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(descriptor)
