"""Cutting the power of a program: kill -9, then its files lose what no finished fsync has promised.

`powercut.c` keeps the log while the program runs; here the log is read and a state of the disk is
chosen that a real power cut could have left.
"""

import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
_HEAD = struct.Struct("<cQQQQIII")  # struct record of powercut.c
SECTOR = 512
FSYNC_US = 10_000
# What a disk may do with the unpromised writes of one file; each is met by SQLite's own tests too.
FORGETS = ("all", "all", "suffix", "suffix", "subset", "sectors", "nothing")
MISSING = "power cuts and other faults of the disk need Linux and gcc"


def available() -> bool:
    return sys.platform == "linux" and shutil.which("gcc") is not None


def build(source: str, folder: Path) -> Path:
    """The library made of tests/chaos/`source`, for LD_PRELOAD."""
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / source.replace(".c", ".so")
    if not library.exists():
        command = [
            "gcc",
            "-shared",
            "-fPIC",
            "-O2",
            "-o",
            str(library),
            str(HERE / source),
            "-ldl",
            "-lpthread",
        ]
        subprocess.run(command, check=True, timeout=60)
    return library


@dataclass(frozen=True, kw_only=True)
class Record:
    kind: str
    inode: int
    token: int
    offset: int
    size: int
    path: str
    before: bytes
    after: bytes


@dataclass
class Unpromised:
    """What a power cut may take: changes by inode, and changes of names, oldest first."""

    changes: dict[int, list[Record]] = field(default_factory=dict)
    names: list[Record] = field(default_factory=list)


def records(log: bytes) -> Iterator[Record]:
    """The whole records; the last may be torn by the kill, then its change was not made."""
    at = 0
    while at + _HEAD.size <= len(log):
        kind, inode, token, offset, size, *lengths = _HEAD.unpack_from(log, at)
        at += _HEAD.size
        if at + sum(lengths) > len(log):
            return
        parts = []
        for length in lengths:
            parts.append(log[at : at + length])
            at += length
        yield Record(
            kind=kind.decode(),
            inode=inode,
            token=token,
            offset=offset,
            size=size,
            path=parts[0].decode(),
            before=parts[1],
            after=parts[2],
        )


def unpromised(log: bytes) -> Unpromised:
    """An fsync promises what was written before it began, once it has returned."""
    found = Unpromised()
    begun: dict[int, tuple[list[Record], list[Record]]] = {}  # token -> what it will promise
    for one in records(log):
        match one.kind:
            case "W" | "T":
                found.changes.setdefault(one.inode, []).append(one)
            case "C" | "U":
                found.names.append(one)
            case "B":
                directory = Path(one.path).is_dir()
                begun[one.token] = (
                    [] if directory else list(found.changes.get(one.inode, ())),
                    list(found.names) if directory else [],
                )
            case "E" if one.token in begun:
                promised = {id(change) for some in begun.pop(one.token) for change in some}
                left = found.changes.get(one.inode, [])
                found.changes[one.inode] = [change for change in left if id(change) not in promised]
                found.names = [name for name in found.names if id(name) not in promised]
    return found


class PowerCuts:
    """Cuts the power of what runs with `environment` and keeps its files in `folder`.

    Args:
        scratch: for the library and the log; on the file system of `folder`.
    """

    def __init__(self, folder: Path, scratch: Path, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder.resolve()
        self._log = scratch.resolve() / "log"
        self._chance = random.Random(seed)
        self.forgotten = 0  # changes, and sectors of torn ones, taken so far
        self.environment = {
            "LD_PRELOAD": str(build("powercut.c", scratch)),
            "POWERCUT_DIR": str(self._folder),
            "POWERCUT_LOG": str(self._log),
            "POWERCUT_FSYNC_US": str(FSYNC_US),
        }

    def cut(self) -> None:
        """Call it when the program is dead and not yet started again."""
        lost = unpromised(self._log.read_bytes() if self._log.exists() else b"")
        self._forget_names(lost.names)
        files = {path.stat().st_ino: path for path in self._kept() if path.is_file()}
        for inode, changes in lost.changes.items():
            if changes and inode in files:
                self._forget(files[inode], changes)
        for path in self._kept():
            if path.name.endswith("-shm") or path.parent != self._folder:
                path.unlink()

    def _kept(self) -> list[Path]:
        """Files of the program, and those it unlinked; the log goes with the latter."""
        return [*self._folder.iterdir(), *self._log.parent.glob(f"{self._log.name}*")]

    def _forget_names(self, names: list[Record]) -> None:
        kept = self._chance.choice((0, self._chance.randint(0, len(names)), len(names)))
        for one in reversed(names[kept:]):
            path = Path(one.path)
            here = path.exists() and path.stat().st_ino == one.inode
            if one.kind == "C" and here:
                path.unlink()
                self.forgotten += 1
            elif one.kind == "U" and not path.exists():
                os.link(f"{self._log}.{one.inode}", path)
                self.forgotten += 1

    def _forget(self, path: Path, changes: list[Record]) -> None:
        """Back to what was promised, then forward by what the disk happened to have written."""
        how = self._chance.choice(FORGETS)
        file = os.open(path, os.O_RDWR)
        try:
            for one in reversed(changes):
                if one.kind == "T":
                    os.ftruncate(file, one.size)
                os.pwrite(file, one.before, one.offset)
                os.ftruncate(file, one.size)
            survivors = self._survivors(how, changes)
            for one in survivors:
                torn = how == "sectors" or (how == "suffix" and one is survivors[-1])
                self._make(file, one, torn=torn)
        finally:
            os.close(file)

    def _survivors(self, how: str, changes: list[Record]) -> list[Record]:
        match how:
            case "all":
                kept = []
            case "suffix":
                kept = changes[: self._chance.randint(0, len(changes))]
            case "subset":
                kept = [one for one in changes if self._chance.random() < 0.5]
            case _:
                kept = changes
        self.forgotten += len(changes) - len(kept)
        return kept

    def _make(self, file: int, one: Record, *, torn: bool) -> None:
        if one.kind == "T":
            os.ftruncate(file, one.offset)
            return
        at = 0
        while at < len(one.after):
            length = min(len(one.after) - at, SECTOR - (one.offset + at) % SECTOR)
            if torn and self._chance.random() < 0.5:
                self.forgotten += 1
            else:
                os.pwrite(file, one.after[at : at + length], one.offset + at)
            at += length
