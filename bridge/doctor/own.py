"""The bridge's own ground: what it runs on, its disk and its database."""

import os
import platform
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bridge import __version__
from bridge.core.errors import StoreUnavailable
from bridge.doctor.codes import Code
from bridge.doctor.finding import Finding, bad, doubtful, good
from bridge.settings import Settings
from bridge.store.opening import open_store, place_of, weakness_of

COMPUTER, DATABASE = "компьютер", "база"
MEGABYTE = 1024 * 1024
LITTLE_BYTES, FULL_BYTES = 1024 * MEGABYTE, 100 * MEGABYTE


def computer_findings(settings: Settings) -> Iterator[Finding]:
    """What we run on, and whether the disk has room."""
    system = f"{platform.system()} {platform.release()}".strip()
    said = (
        f"мост {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {system}"
    )
    yield good(COMPUTER, Code.PROGRAM, said)
    folders = {_existing(settings.server.records_dir): "записей"}
    if file := settings.server.database_file:
        folders[_existing(file.parent)] = "базы"
    for folder, what in folders.items():
        free = shutil.disk_usage(folder).free
        said = f"на диске {what} ({folder}) свободно {free // MEGABYTE} МБ"
        if free < FULL_BYTES:
            yield bad(
                COMPUTER, Code.DISK_FULL, said, "освободите место: полный диск — отказ ВАТС и потеря звонков"
            )
        elif free < LITTLE_BYTES:
            advice = "освободите место или уменьшите keep_days; записи занимают больше всего"
            yield doubtful(COMPUTER, Code.DISK_LITTLE, said, advice)


def _existing(folder: Path) -> Path:
    folder = folder.resolve()
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


def database_findings(settings: Settings) -> Iterator[Finding]:
    """May it be written, is what it has committed kept, is it ours alone?"""
    file = settings.server.database_file
    if file is not None and not file.exists():
        yield _new(file)
        return
    yield _writable(settings)
    if file is not None and os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        said = f"{file} могут прочесть другие пользователи, а в нём номера телефонов"
        yield doubtful(DATABASE, Code.DATABASE_OPEN, said, f"закройте: chmod 600 {file}*")


def _new(file: Path) -> Finding:
    """The file is left to `serve`: made by whoever checks, it could be closed to the service's user."""
    folder = _existing(file.parent)
    blocked = next((one for one in file.parents if one.exists() and not one.is_dir()), None)
    if blocked:
        said, advice = f"{blocked} — файл, а не папка", "исправьте server.database"
        return bad(DATABASE, Code.DATABASE_WRONG, said, advice)
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        advice = "дайте права на папку тому, от чьего имени работает мост, или исправьте server.database"
        return bad(
            DATABASE, Code.DATABASE_WRONG, f"в папку {folder} нельзя писать ({error.strerror})", advice
        )
    return good(DATABASE, Code.DATABASE_NEW, f"{file} создаст сам мост при запуске, папка доступна")


def _writable(settings: Settings) -> Finding:
    place = place_of(settings.server.database)
    try:
        store = open_store(settings.server.database)
        weakness = weakness_of(settings.server.database)
    except StoreUnavailable as error:
        if "другой мост" in str(error):
            return good(DATABASE, Code.DATABASE_HELD, f"{place}: её держит работающий мост")
        advice = (
            "проверьте в server.database адрес, имя и пароль и что сервер запущен"
            if settings.server.database_file is None
            else "проверьте server.database, права на папку и место на диске"
        )
        return bad(DATABASE, Code.DATABASE_WRONG, str(error), advice)
    try:
        store.ping()
    except StoreUnavailable as error:
        return bad(DATABASE, Code.DATABASE_WRONG, str(error), "проверьте место на диске и права на файл")
    finally:
        store.close()
    if weakness:
        said = f"{place}: {weakness} — отключение питания сотрёт принятые события"
        return bad(DATABASE, Code.DATABASE_WEAK, said, "включите это в postgresql.conf")
    return good(DATABASE, Code.DATABASE_GOOD, f"{place} принимает записи")
