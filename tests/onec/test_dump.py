"""The shipped dumps are whole, generated and byte for byte what 1C writes."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from onec.dump.kinds import KINDS
from onec.dump.reading import BOM, MD, RIGHTS, Dump, read
from onec.dump.references import SECRET
from onec.dump.validator import RULES, validate

SAMPLES = Path(__file__).parents[2] / "onec_samples"
GENERATOR = SAMPLES / "tools" / "generate.py"
EXTENSIONS = ("extension", "extension_bsp")
FOLDERS = (*EXTENSIONS, *(f"{one}_2.13" for one in EXTENSIONS), "external_processor")
ATTRIBUTES = SAMPLES.parent / ".gitattributes"


def generate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The generator, as a person starts it."""
    return subprocess.run(
        [sys.executable, "-B", "-X", "utf8", str(GENERATOR), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_is_wrong_with_a_shipped_dump(folder: str) -> None:
    files = read(SAMPLES / folder)
    assert len(files) > 3
    assert [str(one) for one in validate(files)] == []


def test_there_are_23_rules() -> None:
    assert len(RULES) == 23
    assert [int(name.split()[0]) for name in RULES] == list(range(1, 24))


def test_an_empty_folder_is_no_dump() -> None:
    assert validate({})


def test_what_is_committed_is_what_is_generated() -> None:
    checked = generate("--check")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_everything_comes_from_the_description_and_the_modules(tmp_path: Path) -> None:
    for path in SAMPLES.rglob("*.bsl"):
        folder = path.relative_to(SAMPLES).parts[0]
        if folder in (*EXTENSIONS, "external_processor"):
            target = tmp_path / path.relative_to(SAMPLES)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)

    assert generate("--samples", str(tmp_path)).returncode == 0

    for folder in FOLDERS:
        assert read(tmp_path / folder) == read(SAMPLES / folder)


def test_the_generator_needs_only_python() -> None:
    """Whoever changes the extension has nothing to install."""
    own = {path.stem for path in GENERATOR.parent.glob("*.py")} | {"writers"}
    for path in GENERATOR.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in (one.partition(".")[0] for one in names):
                assert name in own or name in sys.stdlib_module_names, f"{path.name} imports {name}"


def test_check_names_what_is_other_too_much_or_missing(tmp_path: Path) -> None:
    for folder in FOLDERS:
        shutil.copytree(SAMPLES / folder, tmp_path / folder)
    (tmp_path / "extension/Constants/МВ_АдресМоста.xml").write_bytes(b"")
    (tmp_path / "extension/Roles/МВ_Лишняя.xml").write_bytes(b"")
    (tmp_path / "extension_2.13/CommonModules/МВ_Мост/Ext/Module.bsl").write_bytes(b"")
    (tmp_path / "extension_bsp_2.13/Configuration.xml").unlink()

    checked = generate("--check", "--samples", str(tmp_path))

    assert checked.returncode == 1
    assert [line.partition(":")[0] for line in checked.stderr.splitlines()] == [
        "extension/Constants/МВ_АдресМоста.xml",
        "extension/Roles/МВ_Лишняя.xml",
        "extension_2.13/CommonModules/МВ_Мост/Ext/Module.bsl",
        "extension_bsp_2.13/Configuration.xml",
    ]

    assert generate("--samples", str(tmp_path)).returncode == 0
    assert generate("--check", "--samples", str(tmp_path)).returncode == 0
    assert not (tmp_path / "extension/Roles/МВ_Лишняя.xml").exists()


def test_nothing_in_the_dump_is_for_nobody() -> None:
    """Every constant, field and role's object is used: by a module, a form or a role."""
    dump = Dump(read(SAMPLES / "extension"))
    modules = "".join(
        content.decode("utf-8-sig") for path, content in dump.files.items() if path.endswith(".bsl")
    )
    fields = {
        field.findtext(f"{MD}Properties/{MD}Name") or ""
        for register in dump.of_kind("InformationRegister")
        for kind in ("Dimension", "Resource")
        for field in register.children(kind)
    }
    constants = {one.name for one in dump.of_kind("Constant")}
    registers = {one.name for one in dump.of_kind("InformationRegister")}
    assert [name for name in fields | constants | registers if name not in modules] == []

    granted = {
        element.text
        for path, tree in dump.trees.items()
        if path.endswith("Rights.xml")
        for element in tree.findall(f"{RIGHTS}object/{RIGHTS}name")
    }
    hidden = SECRET | {"Constant.МВ_НомерСобытия", "Constant.МВ_ЗаборНеРаньше"}
    given = {one.full_name for one in dump.objects if one.shape.rights}
    assert given - granted == hidden


@pytest.mark.parametrize("folder", EXTENSIONS)
def test_the_modules_of_both_formats_are_the_same(folder: str) -> None:
    new, old = read(SAMPLES / folder), read(SAMPLES / f"{folder}_2.13")
    modules = {path: content for path, content in new.items() if path.endswith(".bsl")}
    assert modules
    assert {path: content for path, content in old.items() if path.endswith(".bsl")} == modules
    assert set(old) == set(new)


@pytest.mark.parametrize("folder", EXTENSIONS)
def test_the_formats_differ_in_what_is_known_to_differ(folder: str) -> None:
    """The number, the place of ObjectBelonging and one name space of forms: nothing else."""
    new, old = read(SAMPLES / folder), read(SAMPLES / f"{folder}_2.13")
    schema = b' xmlns:dcssch="http://v8.1c.ru/8.1/data-composition-system/schema"'
    for path in (path for path in new if path.endswith(".xml")):
        one, other = new[path].replace(b'version="2.17"', b'version="2.13"'), old[path]
        if path.endswith("Ext/Form.xml"):
            assert schema in one
            one = one.replace(schema, b"")
        if b"<ObjectBelonging>" in one:
            assert one.count(b"<ObjectBelonging>") == 1
            assert one != other
            assert sorted(one.split(b"\r\n")) == sorted(other.split(b"\r\n"))
        else:
            assert one == other


@pytest.mark.parametrize(
    "path", sorted(path.relative_to(SAMPLES).as_posix() for path in SAMPLES.rglob("*.bsl"))
)
def test_modules_have_the_bytes_of_1c(path: str) -> None:
    content = (SAMPLES / path).read_bytes()
    assert content.startswith(BOM)
    assert BOM not in content[3:]
    assert content.count(b"\n") == content.count(b"\r\n") > 0
    assert content.count(b"\r") == content.count(b"\r\n")


@pytest.mark.skipif(
    not ATTRIBUTES.is_file() or shutil.which("git") is None, reason="needs git and its .gitattributes"
)
@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
def test_a_clone_has_the_same_bytes(tmp_path: Path, autocrlf: str) -> None:
    """Whatever a person's git does with line ends, 1C gets CRLF and the BOM, cmd.exe gets CRLF."""
    here, there = tmp_path / "here", tmp_path / "there"
    wanted = {
        path: SAMPLES / path
        for path in (
            "extension/Configuration.xml",
            "extension/WebServices/VATS/Ext/Module.bsl",
            "modules/8.3_ws.bsl",
            "scripts/load_extension.cmd",
            "scripts/load_extension.sh",
            "scripts/onec.ps1",
            "scripts/errors.txt",
        )
    }
    here.mkdir()
    shutil.copyfile(ATTRIBUTES, here / ".gitattributes")
    for path, source in wanted.items():
        target = here / "onec_samples" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)

    def git(*arguments: str) -> None:
        settings = ("-c", f"core.autocrlf={autocrlf}", "-c", "core.safecrlf=false")
        person = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *settings, *person, *arguments], check=True, capture_output=True, timeout=60)

    git("init", "-q", str(here))
    git("-C", str(here), "add", ".")
    git("-C", str(here), "commit", "-q", "-m", "samples")
    git("clone", "-q", str(here), str(there))

    for path, source in wanted.items():
        assert (there / "onec_samples" / path).read_bytes() == source.read_bytes(), path


def test_every_kind_has_a_place() -> None:
    """The validator's own tables hold together: an own kind has properties, an adopted one has those."""
    for name, kind in KINDS.items():
        assert bool(kind.properties) or kind.may_be_adopted, name
        assert bool(kind.adopted) == kind.may_be_adopted, name
