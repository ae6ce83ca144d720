"""Third-party linters over the modules of onec_samples/; fails on errors, prints how many warnings there are.

    python -m venv .venv-linters && .venv-linters/bin/pip install -r tests/onec/linters.txt
    .venv-linters/bin/python tests/onec/linters.py

- onec-hbk-bsl-core (MIT): rules of BSL Language Server; its errors fail, but for the named exceptions;
- bslfmt (Apache-2.0): refuses a module whose blocks do not close; how it would wrap lines is not followed;
- tree-sitter-hbk (MIT): the grammar of the query language over every query of the modules.
"""

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import tree_sitter_hbk
from onec_hbk_bsl import check_files
from tree_sitter import Language, Parser

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "onec_samples"
sys.path.insert(0, str(HERE.parent))

from onec.bsl.lexer import words  # noqa: E402

ERROR = 1
REFUSED = 2  # of bslfmt: the structure of the module is broken
NOT_OURS = "the catalog is of the firm's configuration, its name is put in when it runs"
SAME_NAME = "it takes РегистрыСведений.X for the common module X of the same name"

# (rule, module): why its error is none.
EXCEPTIONS = {
    ("BSL213", "extension/CommonModules/МВ_Звонки/Ext/Module.bsl"): SAME_NAME,
    ("BSL213", "extension/CommonModules/МВ_Карточки/Ext/Module.bsl"): SAME_NAME,
    ("BSL236", "extension/CommonModules/МВ_ПоискКонтактов/Ext/Module.bsl"): NOT_OURS,
}


def modules() -> list[Path]:
    """All but the copies for the older format, which a test holds equal."""
    return sorted(one for one in SAMPLES.rglob("*.bsl") if "_2.13" not in one.relative_to(SAMPLES).parts[0])


def rules(paths: list[Path]) -> Iterator[str]:
    met = set()
    counts: Counter[int] = Counter()
    for one in check_files([str(path) for path in paths]):
        counts[int(one.severity)] += 1
        path = Path(one.file).resolve().relative_to(SAMPLES.resolve()).as_posix()
        if int(one.severity) != ERROR:
            continue
        met.add((one.code, path))
        if (one.code, path) not in EXCEPTIONS:
            yield f"{path}:{one.line}: {one.code} {one.message}"
    for code, path in sorted(EXCEPTIONS.keys() - met):
        yield f"{path}: {code} is an exception no more: remove it from linters.py"
    say(f"onec-hbk-bsl: {counts[ERROR]} errors, {counts[2]} warnings, {counts[3] + counts[4]} remarks")


def structure(paths: list[Path]) -> Iterator[str]:
    done = format_check(paths)
    if done.returncode >= REFUSED:
        yield done.stderr.decode(errors="replace") or done.stdout.decode(errors="replace")
    say(f"bslfmt: {len(paths)} modules read")


def format_check(paths: list[Path]) -> subprocess.CompletedProcess[bytes]:
    command = [str(Path(sys.executable).with_name("bslfmt")), "--check", *map(str, paths)]
    return subprocess.run(command, capture_output=True, check=False)


def is_broken(query: str) -> bool:
    parser = Parser(Language(tree_sitter_hbk.sdbl_language()))
    return parser.parse(query.encode()).root_node.has_error


def queries(paths: list[Path]) -> Iterator[str]:
    count = 0
    for path in paths:
        for token in words(path.read_text(encoding="utf-8-sig"), str(path)).tokens:
            if token.kind == "string" and token.text.lstrip().startswith("ВЫБРАТЬ"):
                count += 1
                if is_broken(token.text):
                    yield f"{path.relative_to(SAMPLES)}:{token.place.line}: not a query"
    if count == 0:
        yield "no query was found in any module"
    say(f"tree-sitter-hbk: {count} queries read")


def toothless() -> Iterator[str]:
    """Each of them is shown something broken: one that says nothing would pass everything."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Module.bsl"
        path.write_text("Процедура А()\n\tЕсли Истина Тогда\nКонецПроцедуры\n", encoding="utf-8-sig")
        if not any(int(one.severity) == ERROR for one in check_files([str(path)])):
            yield "onec-hbk-bsl finds nothing in a broken module"
        if format_check([path]).returncode < REFUSED:
            yield "bslfmt finds nothing in a broken module"
    if not is_broken("ВЫБРАТЬ Поле ИЗ ГДЕ КАК"):
        yield "tree-sitter-hbk finds nothing in a broken query"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main() -> int:
    paths = modules()
    found = [*toothless(), *structure(paths), *queries(paths), *rules(paths)]
    for one in found:
        say(one)
    return 1 if found or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
