"""Settings for a bridge under load: every click is allowed, and enough threads for slow exchanges."""

from pathlib import Path

from benchmarks.side_by_side.envelope import HOOK_SECRET, KEY, LOGIN, PASSWORD
from bridge.web.auth import token_hash

LIMITS = (
    "subscriber_minute", "subscriber_hour", "subscriber_day", "infobase_minute", "infobase_hour",
    "infobase_day", "same_number_hour", "at_once",
)  # fmt: skip
TEXT = """\
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
database = '{folder}/bridge.db'
records_dir = '{folder}/records'
threads = {threads}

[exchange.main]
hook_secret = "{secret}"
base_url = "{upstream}"
silence_s = 0

[[exchange.main.subscribers]]
name = "Иванова Анна"
extension = "101"
key = "{key}"

[infobase.{login}]
exchange = "main"
token_hashes = ["{hash}"]
{infobase}

[infobase.{login}.dial]
{limits}
"""


def write_settings(
    folder: Path,
    port: int,
    *,
    upstream: str = "http://127.0.0.1:9",
    threads: int = 128,
    infobase: str = 'contract = "none"',
) -> Path:
    """A `bridge.toml` in `folder`.

    Args:
        threads: half of them may dial at once, so 128 for 64 connections.
        infobase: more lines of its section.
    """
    text = TEXT.format(
        port=port,
        folder=folder,
        threads=threads,
        secret=HOOK_SECRET,
        upstream=upstream,
        login=LOGIN,
        key=KEY,
        hash=token_hash(PASSWORD),
        infobase=infobase,
        limits="\n".join(f"{limit} = 0" for limit in LIMITS),
    )
    file = folder / "bridge.toml"
    file.write_text(text, encoding="utf-8")
    return file
