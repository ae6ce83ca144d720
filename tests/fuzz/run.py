"""Fuzz one target, guided by coverage, for as long as asked (Linux, needs `pip install atheris`).

    python -m tests.fuzz.run soap --seconds 600 [--corpus DIR]

A finding ends it with the bytes that caused it in a file `crash-…`; libFuzzer prints how many cases ran.
"""

import argparse
import logging
import sys
import tempfile
from pathlib import Path

import atheris
import structlog

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from tests.fuzz.run_names import NAMES  # noqa: E402

MAX_BYTES = 8192


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path, help="grows there and is used again")
    asked = parser.parse_args()
    with atheris.instrument_imports(
        include=["bridge", "phonenumbers", "waitress.parser", "waitress.receiver"]
    ):
        from tests.fuzz.targets import TARGETS
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    target = TARGETS[asked.target]
    corpus = asked.corpus or Path(tempfile.mkdtemp(prefix=f"fuzz-{asked.target}-"))
    corpus.mkdir(parents=True, exist_ok=True)
    for place, seed in enumerate(target.seeds):
        (corpus / f"seed-{place:03}").write_bytes(seed)
    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-max_total_time={asked.seconds}",
            f"-max_len={MAX_BYTES}",
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
        ],
        target.run,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
