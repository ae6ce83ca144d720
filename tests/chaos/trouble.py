"""Troubles of the disk and the clock of a running program: see trouble.c."""

import struct
from pathlib import Path

from .powercut import build

_TROUBLE = struct.Struct("<qqq")


class Trouble:
    """Set what is wrong from now on; `environment` is for the program that is to suffer."""

    def __init__(self, scratch: Path) -> None:
        library = build("trouble.c", scratch)
        self._path = scratch / "trouble"
        self.set()
        self.environment = {"LD_PRELOAD": str(library), "TROUBLE": str(self._path)}

    def set(self, *, clock_s: float = 0.0, fsync_s: float = 0.0, disk_full: bool = False) -> None:
        """All of it at once; without arguments everything is well."""
        bytes_ = _TROUBLE.pack(int(clock_s * 1e9), int(fsync_s * 1e6), int(disk_full))
        with self._path.open("r+b" if self._path.exists() else "wb") as file:  # the same inode: it is mapped
            file.write(bytes_)
