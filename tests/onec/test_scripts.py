"""The scripts that load and build with the user's own platform.

The shell scripts really run, with a platform that only notes how it was called. The Windows ones cannot run
here: they are held to the same commands and texts, and to the bytes that Windows needs.
"""

import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lxml import etree

SAMPLES = Path(__file__).parents[2] / "onec_samples"
SCRIPTS = SAMPLES / "scripts"
NAMES = ("load_extension", "build_cfe", "build_epf", "check_extension")
SECRET = "Тайна и 1 пробел"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the shell scripts are for Linux")

PLATFORM = '''#!{python}
"""Notes its arguments, does what a platform leaves behind, fails when it is told to."""
import os, sys
arguments = sys.argv[1:]
with open({calls!r}, "a", encoding="utf-8") as notes:
    notes.write("\\0".join(arguments) + "\\n")
log = arguments[arguments.index("/Out") + 1] if "/Out" in arguments else None
failing, text = os.environ.get("FAKE_FAILS", ""), os.environ.get("FAKE_TEXT", "")
if failing and failing in arguments:
    if log:
        open(log, "wb").write(b"\\xef\\xbb\\xbf" + text.encode())
    else:
        sys.stdout.buffer.write(text.encode())
    sys.exit(int(os.environ.get("FAKE_CODE", "1")))
for command in ("/DumpCfg", "/LoadExternalDataProcessorOrReportFromFiles"):
    if command in arguments:
        place = arguments.index(command) + (1 if command == "/DumpCfg" else 2)
        open(arguments[place], "wb").write(b"built")
if arguments[0] == "CREATEINFOBASE":
    os.mkdir(arguments[1].removeprefix("File="))
    open(arguments[1].removeprefix("File=") + "/1Cv8.1CD", "wb").close()
if arguments[:3] == ["infobase", "config", "save"]:
    open(arguments[-1], "wb").write(b"built")
'''


class Place:
    """A folder with a fake platform, an infobase and what was asked of the platform."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls_file = folder / "calls"
        self.base = folder / "База с пробелом"
        self.base.mkdir()
        (self.base / "1Cv8.1CD").touch()

    def platform(self, version: str = "8.3.24.1761", program: str = "1cv8") -> str:
        file = self.folder / version / program
        file.parent.mkdir(exist_ok=True)
        file.write_text(PLATFORM.format(python=sys.executable, calls=str(self.calls_file)), encoding="utf-8")
        file.chmod(0o755)
        return str(file)

    def environment(self, **more: str) -> dict[str, str]:
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**kept, "DISPLAY": ":9", "LC_ALL": "C.UTF-8", "TMPDIR": str(temporary), **more}

    def run(self, name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(SCRIPTS / f"{name}.sh"), *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def calls(self) -> list[list[str]]:
        if not self.calls_file.exists():
            return []
        return [line.split("\0") for line in self.calls_file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def without_tail(call: list[str]) -> list[str]:
    """A call of the Designer without what every call ends with."""
    assert call[-4:-1] == ["/DisableStartupDialogs", "/DisableStartupMessages", "/Out"]
    return call[:-4]


@pytest.mark.parametrize("name", [*NAMES, "onec"])
def test_shell_scripts_are_posix_shell(name: str) -> None:
    for shell in {shutil.which(one) for one in ("sh", "dash", "bash")} - {None}:
        subprocess.run([str(shell), "-n", str(SCRIPTS / f"{name}.sh")], check=True, timeout=30)
    assert b"\r" not in (SCRIPTS / f"{name}.sh").read_bytes()


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
@pytest.mark.parametrize("name", NAMES)
def test_shellcheck_finds_nothing(name: str) -> None:
    """onec.sh is read together with each."""
    command = ["shellcheck", "-x", "-P", str(SCRIPTS), str(SCRIPTS / f"{name}.sh")]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert checked.stdout == ""


def test_load_loads_and_applies(place: Place) -> None:
    done = place.run(
        "load_extension",
        *("--platform", place.platform(), "--base", str(place.base), "--user", "Иван Петров"),
        ONEC_PASSWORD=SECRET,
    )

    assert (done.returncode, done.stderr) == (0, "")
    login = ["DESIGNER", "/F", str(place.base), "/N", "Иван Петров", "/WA-", "/P", SECRET]
    assert [without_tail(call) for call in place.calls()] == [
        [*login, "/LoadConfigFromFiles", str(SAMPLES / "extension"), "-Extension", "МостВАТС"],
        [*login, "/UpdateDBCfg", "-Extension", "МостВАТС"],
    ]
    assert SECRET not in done.stdout
    assert "Безопасный режим" in done.stdout
    assert list((place.folder / "tmp").iterdir()) == []


def test_load_into_a_server_base_without_users(place: Place) -> None:
    place.run("load_extension", "--platform", place.platform(), "--base", "srv01/buh", "--what", "bsp")
    assert without_tail(place.calls()[0]) == [
        *("DESIGNER", "/S", "srv01/buh", "/LoadConfigFromFiles", str(SAMPLES / "extension_bsp")),
        *("-Extension", "МостВАТСдляБСП"),
    ]


@pytest.mark.parametrize(
    ("version", "folder"),
    [
        ("8.3.20.1613", "extension_2.13"),
        ("8.3.23.2040", "extension_2.13"),
        ("8.3.24.1761", "extension"),
        ("8.3.27.1859", "extension"),
        ("8.5.1.302", "extension"),
        ("current", "extension_2.13"),
    ],
)
def test_the_platform_gets_a_dump_that_it_can_read(place: Place, version: str, folder: str) -> None:
    place.run("load_extension", "--platform", place.platform(version), "--base", str(place.base))
    assert str(SAMPLES / folder) in place.calls()[0]


def test_a_platform_that_is_too_old_is_refused_before_anything_is_touched(place: Place) -> None:
    done = place.run("load_extension", "--platform", place.platform("8.3.18.1741"), "--base", str(place.base))
    assert done.returncode == 1
    assert "8.3.18" in done.stderr
    assert "Что сделать" in done.stderr
    assert place.calls() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--base", "/нет/такой/папки"], "нет папки /нет/такой/папки"),
        (["--base", "buh"], "непонятно, какая база"),
        (["--base", "."], "нет файла 1Cv8.1CD"),
        ([], "не указана база"),
        (["--base"], "нет значения"),
        (["--what", "всё"], "--what"),
        (["--password", "x"], "неизвестный параметр --password"),
    ],
)
def test_a_wrong_parameter_is_named(place: Place, arguments: list[str], said: str) -> None:
    done = place.run("load_extension", "--platform", place.platform(), *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Что сделать" in done.stderr
    assert place.calls() == []


def test_a_platform_that_is_not_there_is_named(place: Place) -> None:
    done = place.run("build_epf", "--platform", str(place.folder / "1cv8"))
    assert (done.returncode, "не запускается" in done.stderr) == (1, True)


def test_without_a_screen_it_says_what_is_needed(place: Place) -> None:
    tools = place.folder / "bin"
    tools.mkdir()
    for tool in ("sh", "dirname", "mktemp", "rm", "stty", "cat"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    done = place.run("build_epf", "--platform", place.platform(), PATH=str(tools), DISPLAY="")
    assert done.returncode == 1
    assert "нет экрана" in done.stderr


@pytest.mark.parametrize("language", ["C.UTF-8", "C"])
@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (
            "МостВАТС: Значение контролируемого свойства ОсновнойРежимЗапуска у объекта  не совпадает со "
            "значением в расширяемой конфигурации",
            "загружено, но не применено",
        ),
        (
            "Режим совместимости расширения конфигурации больше режима совместимости основной конфигурации",
            "старше 8.3.14",
        ),
        ("Расширение конфигурации с указанным именем не найдено", "не разрешает расширений"),
        ("Идентификация пользователя не выполнена", "имя или пароль"),
        ("Неправильное имя или пароль пользователя", "имя или пароль"),
        ("Ошибка исключительной блокировки информационной базы", "выйти"),
        ("Не найдена лицензия", "лицензию"),
        ("Что-то совсем другое", "прочтите сообщение платформы"),
    ],
)
def test_the_words_of_the_platform_are_shown_and_explained(
    place: Place, text: str, advice: str, language: str
) -> None:
    done = place.run(
        "load_extension",
        *("--platform", place.platform(), "--base", str(place.base)),
        FAKE_FAILS="/UpdateDBCfg",
        FAKE_TEXT=text,
        FAKE_CODE="101",
        LC_ALL=language,
    )
    assert done.returncode == 1
    assert text in done.stderr
    assert "код 101" in done.stderr
    assert advice in done.stderr.partition("Что сделать")[2]
    assert "Осталось сделать" not in done.stdout


def test_build_cfe_in_a_base_of_its_own(place: Place) -> None:
    done = place.run("build_cfe", "--platform", place.platform(), "--out", "мост.cfe")

    assert (done.returncode, done.stderr) == (0, "")
    create, load, dump = place.calls()
    assert create[0] == "CREATEINFOBASE"
    base = create[1].removeprefix("File=")
    assert without_tail(load)[:5] == [
        *("DESIGNER", "/F", base, "/LoadConfigFromFiles", str(SAMPLES / "extension")),
    ]
    assert without_tail(dump)[3:] == ["/DumpCfg", "мост.cfe", "-Extension", "МостВАТС"]
    assert (place.folder / "мост.cfe").read_bytes() == b"built"
    assert not Path(base).exists()


def test_build_cfe_with_ibcmd(place: Place) -> None:
    program = place.platform("8.3.23.1688", "ibcmd")
    done = place.run("build_cfe", "--ibcmd", program)

    assert (done.returncode, done.stderr) == (0, "")
    create, load, save = place.calls()
    assert create[:2] == ["infobase", "create"]
    assert load[:4] == ["infobase", "config", "import", "--extension=МостВАТС"]
    assert load[-1] == str(SAMPLES / "extension_2.13")
    assert save[:4] == ["infobase", "config", "save", "--extension=МостВАТС"]
    assert {tuple(call[-3:-1]) for call in (load, save)} == {tuple(create[-2:])}
    assert (place.folder / "МостВАТС.cfe").read_bytes() == b"built"


def test_a_failure_of_ibcmd_is_explained(place: Place) -> None:
    program = place.platform("8.3.24.1761", "ibcmd")
    done = place.run("build_cfe", "--ibcmd", program, FAKE_FAILS="import", FAKE_TEXT="Версия формата 9")
    assert done.returncode == 1
    assert "Версия формата 9" in done.stderr
    assert not (place.folder / "МостВАТС.cfe").exists()


def test_build_epf(place: Place) -> None:
    done = place.run("build_epf", "--platform", place.platform("8.3.20.1613"))

    assert (done.returncode, done.stderr) == (0, "")
    assert without_tail(place.calls()[-1])[3:] == [
        "/LoadExternalDataProcessorOrReportFromFiles",
        str(SAMPLES / "external_processor" / "МВ_НаборНомера.xml"),
        "МВ_НаборНомера.epf",
    ]
    assert (place.folder / "МВ_НаборНомера.epf").read_bytes() == b"built"


def test_check_asks_three_checks_of_the_base_that_is_named(place: Place) -> None:
    done = place.run("check_extension", "--platform", place.platform(), "--base", str(place.base))
    assert (done.returncode, done.stderr) == (0, "")
    assert [without_tail(call)[3] for call in place.calls()] == [
        "/CheckModules",
        "/CheckCanApplyConfigurationExtensions",
        "/CheckConfig",
    ]
    assert all(without_tail(call)[-2:] == ["-Extension", "МостВАТС"] for call in place.calls())


def test_check_without_a_base_loads_into_an_empty_one(place: Place) -> None:
    place.run("check_extension", "--platform", place.platform())
    assert [call[0] for call in place.calls()] == ["CREATEINFOBASE", *["DESIGNER"] * 4]
    assert "/LoadConfigFromFiles" in place.calls()[1]


def test_the_password_is_asked_for_and_not_shown(place: Place) -> None:
    """On a real terminal: what is typed as the password does not come back from it."""
    master, slave = pytest.importorskip("pty").openpty()
    process = subprocess.Popen(
        ["sh", str(SCRIPTS / "load_extension.sh"), "--platform", place.platform()],
        cwd=place.folder,
        env=place.environment(),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        close_fds=True,
    )
    os.close(slave)
    shown = ""
    try:
        for question, answer in (
            ("База (", str(place.base)),
            ("Пользователь базы", "Админ"),
            ("Пароль (", SECRET),
        ):
            shown += read_until(master, question)
            os.write(master, f"{answer}\n".encode())
        shown += read_until(master, "Полных прав для этого мало")
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)

    assert "Админ" in shown
    assert SECRET not in shown
    assert place.calls()[0][6:8] == ["/P", SECRET]


def read_until(terminal: int, text: str) -> str:
    """What the terminal shows, up to this text and the moment of silence in which the answer is awaited."""
    got = b""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.3)
        if ready:
            try:
                got += os.read(terminal, 4096)
            except OSError:
                break
        elif text in got.decode(errors="replace"):
            break
    shown = got.decode(errors="replace")
    assert text in shown
    return shown


@pytest.mark.parametrize("name", NAMES)
def test_help_tells_the_parameters(place: Place, name: str) -> None:
    done = place.run(name, "--help")
    assert done.returncode == 0
    for parameter in ("--platform", "--base", "--user", "--what", "--out", "--ibcmd", "ONEC_PASSWORD"):
        assert parameter in done.stdout


# --- Windows


def windows() -> str:
    return (SCRIPTS / "onec.ps1").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("name", NAMES)
def test_batch_files_are_ascii_with_crlf_and_call_what_exists(name: str) -> None:
    content = (SCRIPTS / f"{name}.cmd").read_bytes()
    assert content.isascii()
    assert content.count(b"\n") == content.count(b"\r\n") > 0
    action = re.search(rb'-File "%~dp0onec\.ps1" -Action ([\w-]+) %\*', content)
    assert action is not None
    assert f"'{action[1].decode()}' {{ Invoke-" in windows()
    assert f"'{action[1].decode()}'" in windows().partition("ValidateSet(")[2].partition(")")[0]


def test_the_powershell_script_has_the_bytes_that_windows_powershell_needs() -> None:
    content = (SCRIPTS / "onec.ps1").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n")
    assert windows().count("{") == windows().count("}")
    assert windows().count("(") == windows().count(")")


def test_the_powershell_script_is_powershell() -> None:
    """By a grammar: the linters' environment of CI has one."""
    grammar = pytest.importorskip("tree_sitter_powershell")
    tree_sitter = pytest.importorskip("tree_sitter")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    assert not parser.parse(windows().encode()).root_node.has_error
    assert parser.parse(windows().replace("}", "", 1).encode()).root_node.has_error


def test_windows_and_linux_give_the_platform_the_same_commands() -> None:
    linux = "\n".join((SCRIPTS / f"{name}.sh").read_text(encoding="utf-8") for name in (*NAMES, "onec"))
    command = re.compile(r"(?<![\w/.])(/[A-Z][A-Za-z]*-?|-[A-Z][A-Za-z]+|CREATEINFOBASE)(?![\w.])")
    platform = {
        "/F", "/S", "/N", "/P", "/WA-", "/Out", "/DisableStartupDialogs", "/DisableStartupMessages",
        "/LoadConfigFromFiles", "/UpdateDBCfg", "/DumpCfg", "/LoadExternalDataProcessorOrReportFromFiles",
        "/CheckModules", "/CheckCanApplyConfigurationExtensions", "/CheckConfig", "CREATEINFOBASE",
        "-Extension", "-ThinClient", "-Server", "-ExternalConnection", "-IncorrectReferences",
        "-HandlersExistence", "-ExtendedModulesCheck", "-CheckUseModality",
    }  # fmt: skip
    assert set(command.findall(linux)) & platform == platform
    assert set(command.findall(windows())) & platform == platform


def test_both_read_the_same_advice() -> None:
    rows = [
        line.split("\t")
        for line in (SCRIPTS / "errors.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    assert len(rows) >= 6
    for pattern, advice in rows:
        re.compile(pattern)
        # Neither brackets nor capitals: grep in the locale C sees bytes, not letters.
        assert not re.search(r"[\[\]А-ЯЁ]", pattern)
        assert len(advice) > 20
    assert "errors.txt" in windows()
    assert "errors.txt" in (SCRIPTS / "onec.sh").read_text(encoding="utf-8")


def test_the_example_of_a_publication_publishes_extensions_and_holds_no_secret() -> None:
    text = (SAMPLES / "publish" / "default.vrd.example").read_bytes()
    point = etree.fromstring(text)
    namespace = {"v": "http://v8.1c.ru/8.2/virtual-resource-system"}
    for name in ("ws", "httpServices"):
        (found,) = point.findall(f"v:{name}", namespace)
        assert found.get("publishExtensionsByDefault") == "true"
    assert not re.search(r"(Usr|Pwd)=", point.get("ib") or "")
    assert len(point.xpath("//comment()")) >= 4
