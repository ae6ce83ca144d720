"""Writes the XML of the extensions and of the external data processor.

    python onec_samples/tools/generate.py          writes
    python onec_samples/tools/generate.py --check  writes nothing; 1 when a file would change

Modules (.bsl) are written by hand in extension/, extension_bsp/ and external_processor/; the folders of
format 2.13 get copies of them.
"""

import argparse
import sys
from pathlib import Path

from description import EXTENSION, EXTENSION_BSP, PROCESSOR
from dumps import Files, extension, processor

SAMPLES = Path(__file__).resolve().parents[1]
NEW, OLD = "2.17", "2.13"


def folders(samples: Path) -> dict[str, Files]:
    """Folder -> what the generator is answerable for there."""
    return {
        "extension": extension(EXTENSION, NEW),
        "extension_2.13": {**extension(EXTENSION, OLD), **_modules(samples / "extension")},
        "extension_bsp": extension(EXTENSION_BSP, NEW),
        "extension_bsp_2.13": {**extension(EXTENSION_BSP, OLD), **_modules(samples / "extension_bsp")},
        # One format is enough here: nothing but the number differs, and the older one loads everywhere.
        "external_processor": processor(PROCESSOR, OLD),
    }


def differences(samples: Path) -> list[str]:
    """Paths below `samples` that are missing, other or too many."""
    found = []
    for folder, files in folders(samples).items():
        for path, content in files.items():
            file = samples / folder / path
            if not file.is_file() or file.read_bytes() != content:
                found.append(f"{folder}/{path}")
        found += [f"{folder}/{path}" for path in _superfluous(samples / folder, files)]
    return sorted(found)


def write(samples: Path) -> None:
    for folder, files in folders(samples).items():
        for path in _superfluous(samples / folder, files):
            (samples / folder / path).unlink()
        for path, content in files.items():
            file = samples / folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.is_file() or file.read_bytes() != content:
                file.write_bytes(content)


def _modules(folder: Path) -> Files:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.bsl")}


def _superfluous(folder: Path, files: Files) -> list[str]:
    """Generated kinds of file that are no longer generated: XML everywhere, modules where they are copies."""
    ours = {".xml", ".bsl"} if folder.name.endswith(OLD) else {".xml"}
    present = (path for path in folder.rglob("*") if path.suffix in ours)
    return [name for path in present if (name := path.relative_to(folder).as_posix()) not in files]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Writes the XML of onec_samples")
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    parser.add_argument("--samples", type=Path, default=SAMPLES, help="another onec_samples folder")
    options = parser.parse_args(arguments)
    if options.check:
        found = differences(options.samples)
        for path in found:
            sys.stderr.write(f"{path}: not as generated\n")
        return 1 if found else 0
    write(options.samples)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
