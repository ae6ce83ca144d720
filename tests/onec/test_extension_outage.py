"""What an outage leaves behind: a full mailbox, a bridge that is off, an answer that never came."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path

import pytest
from onec.run.infobase.client import Client
from onec.run.infobase.firm import Firm, firm, office
from onec.run.infobase.session import Session
from onec.run.losses import Line
from onec.run.objects import OnecError

from support.hooks import post_all
from support.ports import free_port

NUMBER = "8 (923) 529-29-26"
BATCH = 100  # bridge.flows.collect.LIMIT
CALLS = 70  # of four events: three batches


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Firm]:
    with firm(tmp_path, contract="mailbox") as made:
        made.infobase.set_constant("МВ_ЗабиратьСобытия", True)
        assert made.infobase.administration().call("МВ_ПараметрыМоста", "ПрименитьРасписание") == ""
        yield made


def fill(office: Firm) -> None:
    for number in range(CALLS):
        events = [office.event(f"c{number}", state) for state in ("START", "ANSWER", "HANGUP", "END")]
        assert post_all(office.bridge.hook, events) == [200] * len(events)


def taken(office: Firm) -> int:
    return len(office.infobase.rows("МВ_События"))


def test_an_open_client_takes_one_batch_at_a_time(mailbox: Firm) -> None:
    """The user waits for as long as the batch takes, not for the whole night."""
    fill(mailbox)
    client = mailbox.client("Анна")
    client.tick(5)
    assert taken(mailbox) == BATCH
    client.tick(5)
    assert taken(mailbox) == 2 * BATCH


def test_the_job_takes_everything_in_one_run(mailbox: Firm) -> None:
    fill(mailbox)
    mailbox.infobase.run_jobs()
    assert taken(mailbox) == 4 * CALLS


def test_a_bridge_that_is_off_is_asked_by_the_job_and_not_by_the_clients(mailbox: Firm) -> None:
    address = mailbox.infobase.constant("МВ_АдресМоста")
    mailbox.infobase.set_constant("МВ_АдресМоста", f"http://127.0.0.1:{free_port()}")
    client = mailbox.client("Анна")
    client.tick(300)
    assert len(mailbox.infobase.event_log.errors()) == 1

    mailbox.infobase.set_constant("МВ_АдресМоста", address)
    mailbox.infobase.run_jobs()
    fill(mailbox)
    client.tick(5)
    assert taken(mailbox) == BATCH, "the job has found the bridge again: the client asks at once"


def test_whoever_calls_the_module_is_told_that_the_outcome_is_unknown(tmp_path: Path) -> None:
    with firm(tmp_path) as office, Line(office.bridge.url, "MakeCall") as line:
        office.infobase.set_constant("МВ_АдресМоста", line.url)
        answer = office.client("Анна").call("МВ_МостВызовСервера", "Позвонить", NUMBER)

    assert line.lost == 1
    assert (answer.get("Успех"), answer.get("ИсходНеизвестен")) == (False, True)
    assert answer.get("Код") == Decimal(-1)


def test_a_server_that_fails_at_the_start_does_not_stop_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """No error dialog for every user of the firm; the cards begin by themselves a minute later."""
    away = [True]
    whole = Session.server_call

    def server_call(session: Session) -> AbstractContextManager[None]:
        if away:
            raise OnecError("Сеанс отсутствует или удален")
        return whole(session)

    with office() as here:
        client = Client(here.infobase, "Анна")
        monkeypatch.setattr(Session, "server_call", server_call)
        client.start()
        assert client.screen.errors == []
        client.tick(60)
        assert client.waits() == [("МВ_ОбработчикПовтораПоказа", 60)]
        away.clear()
        client.tick(60)
        assert client.waits() == [("МВ_ОбработчикВходящихЗвонков", 5)]
