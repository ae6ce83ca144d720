"""Whether a database has all migrations of ours, told without yoyo: it takes longer to load than the store.

Yoyo notes a migration by the SHA-256 of its id, the name of its file, in the transaction that makes it. Where
this says no, or cannot say, yoyo decides.
"""

from collections.abc import Container
from hashlib import sha256
from pathlib import Path

NOTED = "SELECT migration_hash FROM _yoyo_migration"


def all_applied(folder: Path, noted: Container[str]) -> bool:
    """Is there nothing to do? `noted`: hashes; those of a newer bridge are nobody's business."""
    files = [file for file in folder.glob("*.sql") if not file.stem.endswith(".rollback")]
    return bool(files) and all(sha256(file.stem.encode()).hexdigest() in noted for file in files)
