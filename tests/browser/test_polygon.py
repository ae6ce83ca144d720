"""The Полигон by clicking only: the demo as a newcomer starts it, and a real call."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bridge.demo.apart import SandboxApart
from bridge.demo.stage import SUBSCRIBERS, Script, Stage, staged
from bridge.wiring.console_extras import Extras
from support.serving import environment
from support.world import eventually

from .conftest import WIDTHS, Visitor, visiting

ADDRESS = re.compile(r"консоль\s+(http\S+/)console/")
PASSWORD = re.compile(r"имя и пароль консоли\s+operator / (\S+)")
EXPIRED = re.compile("истекло, demo-vats$")
CLIENT = "8 923 529-29-26"
ANNA = SUBSCRIBERS[0]


@pytest.fixture
def shown(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    """`vpbx-bridge demo --serve`, and what it prints."""
    del chromium  # without a browser it is not started
    command = [sys.executable, "-m", "bridge", "demo", "--serve"]
    env = environment(PYTHONUNBUFFERED="1", TMPDIR=str(tmp_path))
    with (tmp_path / "demo.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=log)
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line.decode("utf-8")
        if (password := PASSWORD.search(said)) and (address := ADDRESS.search(said)):
            url = address[1].rstrip("/")
            yield SimpleNamespace(url=url, console=f"{url}/console/", console_password=password[1])
            break
    process.send_signal(signal.SIGTERM if os.name == "posix" else signal.CTRL_BREAK_EVENT)
    process.stdout.close()
    assert process.wait(40) == 0
    assert said


def test_a_newcomer_starts_the_demo_and_clicks(chromium: Any, shown: Any) -> None:
    """A call arrives, fails, is seen in the queue, is sent again by a button, and arrives."""
    with visiting(chromium, shown, "desktop") as visitor:
        page = visitor.page
        visitor.enter()
        page.get_by_role("link", name="Полигон").click()
        visitor.press("Отправить события")
        visitor.reads("Мост сообщает 1С")
        visitor.press("Выключить 1С")
        visitor.press("Отправить события")
        visitor.reads("1С выключена: события ждут, карточка")
        assert page.get_by_text("Мост сообщает 1С").count() == 0
        page.get_by_role("link", name="Очередь").click()
        page.get_by_role("link", name=re.compile("ждут, demo-vatscalls|в очереди, demo-vatscalls")).wait_for()

        def expired() -> bool:
            page.reload()
            return page.get_by_role("link", name=EXPIRED).count() > 0

        assert eventually(expired, within_s=60)  # the card lives for half a minute
        page.get_by_role("link", name="Полигон").click()
        visitor.press("Включить 1С")
        visitor.reads("1С включена.")
        visitor.reads("Мост сообщает 1С")  # the journal of the call has waited
        page.get_by_role("link", name="Очередь").click()
        page.get_by_role("link", name=EXPIRED).click()
        page.get_by_role("checkbox").first.check()
        visitor.press("Отправить ещё раз")
        visitor.press("Отправить ещё раз")
        visitor.reads("Сделано: 1")
        page.get_by_role("link", name="Звонки", exact=True).click()
        page.get_by_role("link", name=re.compile(r"\d\d:\d\d:\d\d")).first.click()

        def arrived() -> bool:
            page.reload()
            return page.locator(".delivery", has_text="demo-vats ").filter(has_text="доставлено").count() > 0

        assert eventually(arrived, within_s=20)
        visitor.picture("polygon-replayed")


@pytest.fixture(scope="module")
def real(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bridge that takes its exchange for a real one; its Полигон is apart, as that of `serve`."""
    del chromium
    sandbox = SandboxApart()
    with staged(Script(data=tmp_path_factory.mktemp("real")), Extras(sandbox=lambda: sandbox)) as made:
        yield made
    sandbox.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_real_call_is_read_confirmed_and_made(chromium: Any, real: Stage, width: str, scheme: str) -> None:
    number = f"8 923 529-2{list(WIDTHS).index(width)}-{'01' if scheme == 'light' else '02'}"
    digits = re.sub(r"\D", "", number)

    def dials() -> list[str]:
        return [one.number for one in real.exchange.dials if one.made and one.number == digits]

    with visiting(chromium, real, width) as visitor:
        page = visitor.page
        page.emulate_media(color_scheme=scheme)
        visitor.enter()
        visitor.open("sandbox")
        _fine(visitor, f"real-form-{scheme}")
        page.get_by_label("Чей телефон зазвонит первым").select_option("demo/101")
        page.get_by_label("Номер, который наберёт ВАТС").fill(number)
        visitor.press("Дальше: подтверждение")
        visitor.reads("Позвонить по-настоящему?")
        assert f"{ANNA.name} (101)" in page.inner_text("main")
        assert number in page.inner_text("main")
        _fine(visitor, f"real-ask-{scheme}")
        visitor.press("Позвонить по-настоящему")  # the browser itself wants the box ticked
        assert dials() == []
        page.get_by_label("Звонок настоящий, я этого хочу").check()
        visitor.press("Позвонить по-настоящему")
        visitor.reads("сначала зазвонит ваш телефон")
        assert dials() == [digits]
        _fine(visitor, f"real-called-{scheme}")
        page.reload()  # the form is sent again
        visitor.reads("сначала зазвонит ваш телефон")
        assert dials() == [digits]


@pytest.mark.parametrize("width", WIDTHS)
def test_what_may_not_be_dialled_is_said_before_it_is_confirmed(
    chromium: Any, real: Stage, width: str
) -> None:
    with visiting(chromium, real, width) as visitor:
        visitor.enter()
        visitor.open("sandbox")
        visitor.page.get_by_label("Номер, который наберёт ВАТС").fill("+1 212 555-01-23")
        visitor.page.get_by_label("Номер, который наберёт ВАТС").press("Enter")
        visitor.reads("Мост не станет звонить")
        assert visitor.page.get_by_role("button", name="Позвонить по-настоящему").count() == 0
        _fine(visitor, "real-refused")


def test_the_sandbox_apart_starts_by_a_press(chromium: Any, real: Stage) -> None:
    with visiting(chromium, real, "phone") as visitor:
        visitor.page.set_default_timeout(60_000)
        visitor.enter()
        visitor.open("sandbox")
        visitor.reads("Полигон — отдельный процесс")
        visitor.press("Отправить события")
        visitor.reads("Мост сообщает 1С")
        in_sight = "document.getElementById('happened').getBoundingClientRect().top < 100"
        assert eventually(lambda: visitor.page.evaluate(in_sight))
        visitor.press("Выключить 1С")
        visitor.press("Отправить события")
        visitor.reads("придёт и будет показано здесь")
        _fine(visitor, "sandbox-apart-off")
        visitor.press("Включить 1С")
        visitor.reads("Мост сообщает 1С")


def test_a_real_call_in_english(chromium: Any, real: Stage) -> None:
    with visiting(chromium, real, "desktop") as visitor:
        page = visitor.page
        visitor.enter()
        visitor.press("In English")
        visitor.open("sandbox")
        ours = re.compile(rf"{'|'.join(one.name for one in SUBSCRIBERS)}|По-русски|Позвонить")
        page.get_by_label("The number for the exchange to dial").fill(CLIENT)
        for name in ("", "Next: confirm"):
            if name:
                visitor.press(name)
                page.get_by_label("The call is real, and I want it").wait_for()
            assert re.findall(r"[А-Яа-яё]{3,}[^\n]*", ours.sub("", page.inner_text("main"))) == []


def _fine(visitor: Visitor, name: str) -> None:
    visitor.picture(name)
    assert visitor.barriers() == []
    assert visitor.overflow() <= 0
