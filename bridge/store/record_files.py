"""Copies of recordings: one file each, whole or not there at all."""

import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from bridge.core.records import KeptRecord, NoSuchPart, Recording, Span

CHUNK_BYTES = 64 * 1024
UNFINISHED = ".part"
ABANDONED_S = 24 * 3600.0
SUFFIXES: Mapping[str, str] = {
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/ogg": ".ogg",
    "audio/mp4": ".m4a",
}


class RecordFiles:
    """The folder of copies. Names are hashes: nothing of the network becomes a name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @staticmethod
    def name_of(exchange: str, call_id: str, media: str) -> str:
        """
        >>> RecordFiles.name_of("main", "1565770000.25643", "audio/mpeg")
        '2ee3277c9756b66821138f15cdf3aca2e5d07593.mp3'
        """
        digest = sha256(f"{exchange}\n{call_id}".encode("utf-8", "replace")).hexdigest()[:40]
        return digest + SUFFIXES.get(media, ".bin")

    def write(self, name: str, chunks: Iterable[bytes]) -> int:
        """Keep a file under this name; returns its size. Nothing is kept if `chunks` or the disk fails.

        Raises:
            OSError: the disk is full, or may not be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # what people said to each other
        # a name of its own: replicas in containers share a folder and have the same process number
        unfinished = self._folder / f"{name}.{secrets.token_hex(8)}{UNFINISHED}"
        size = 0
        try:
            unfinished.touch(mode=0o600)
            with unfinished.open("wb") as file:
                for chunk in chunks:
                    size += file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._folder / name)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise
        self._sync_folder()
        return size

    @contextmanager
    def open(self, kept: KeptRecord, span: Span | None) -> Iterator[Recording]:
        """A copy, or a part of it.

        Raises:
            OSError: it is not here, or not as long as it was.
            NoSuchPart: it has no such part.
        """
        with (self._folder / kept.file).open("rb") as file:
            total = os.fstat(file.fileno()).st_size
            if total != kept.size:
                raise FileNotFoundError(kept.file)
            part = span.within(total) if span else None
            if span is not None and part is None:
                raise NoSuchPart(total)
            first, last = part or (0, total - 1)
            file.seek(first)
            chunks = _read(file.read, last - first + 1)
            yield Recording(media=kept.media, total=total, part=part, chunks=chunks)

    def drop(self, kept: KeptRecord) -> bool:
        """False when there is none here.

        Raises:
            OSError: it is there and cannot be removed (on Windows: somebody listens to it).
        """
        try:
            (self._folder / kept.file).unlink()
        except FileNotFoundError:
            return False
        return True

    def tidy(self) -> None:
        """Remove what was never finished and nobody writes any more."""
        for left in self._folder.glob(f"*{UNFINISHED}"):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > ABANDONED_S:
                    left.unlink()

    def _sync_folder(self) -> None:
        """The new name must outlive a power cut; Windows has no such thing and needs none."""
        if os.name != "posix":
            return
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(read: Callable[[int], bytes], left: int) -> Iterator[bytes]:
    while left > 0 and (chunk := read(min(CHUNK_BYTES, left))):
        left -= len(chunk)
        yield chunk
