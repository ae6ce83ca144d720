"""The closed loop: hook, bridge, SOAP, the shipped web service, a row of the register, a card."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from onec.run.infobase import catalogs
from onec.run.infobase import firm as firms
from onec.run.infobase.catalogs import Catalog
from onec.run.infobase.client import Client
from onec.run.infobase.firm import BOOK, CALLER, Firm, Office, firm
from onec.run.infobase.form import Form
from onec.run.infobase.records import table_of

from support.world import ANNA, PETR, eventually

CARD = "МВ_ВходящийЗвонок"
NASTY = 'ООО "Рога & Копыта" <Ко>'


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Firm]:
    with firm(tmp_path) as made:
        yield made


@pytest.fixture
def published() -> Iterator[Office]:
    """Without a bridge: the test itself calls the web service."""
    with firms.office() as made:
        yield made


def cards(client: Client) -> list[Form]:
    return client.opened(CARD)


def look(client: Client) -> list[Form]:
    """The waiting handler runs once; the cards that are open then."""
    client.tick(5)
    assert client.screen.errors == []
    assert [one for one in client.screen.notices if "не показываются" in one.text] == []
    return cards(client)


class TestCards:
    def test_a_ring_is_a_card_with_the_name(self, office: Firm) -> None:
        office.infobase.add_row(BOOK, Телефон=CALLER[-10:], Наименование=NASTY)
        client = office.client("Анна")
        assert look(client) == []
        office.says("c1", "START", "PREANSWER")

        (card,) = look(client)
        assert (card["Номер"], card["Собеседник"]) == (CALLER, NASTY)
        assert NASTY in card.title
        (notice,) = client.screen.notices  # is seen above other windows
        assert NASTY in notice.explanation
        assert card["Состояние"] == "Звонит"
        assert not card.items["КнопкаОткрытьКлиента"].visible

    def test_a_card_comes_once(self, office: Firm) -> None:
        client = office.client("Анна")
        office.says("c1", "PREANSWER")
        (card,) = look(client)
        card.press("Закрыть")
        assert look(client) == []

    def test_a_second_session_of_the_same_user_takes_no_card_away(self, office: Firm) -> None:
        """Marked as shown by the user: the first session that asks shows it, and it is not lost."""
        one, other = office.client("Анна"), office.client("Анна")
        office.says("c1", "PREANSWER")
        assert len(look(one)) + len(look(other)) == 1

    def test_an_ended_call_is_said_on_the_card_which_closes_by_itself(self, office: Firm) -> None:
        client = office.client("Анна")
        office.says("c1", "START", "PREANSWER")
        (card,) = look(client)
        office.says("c1", "HANGUP", "END", to="83912000000", duration="14")
        (same,) = look(client)
        assert same is card
        assert "завершен" in card["Состояние"]

        client.tick(120)
        assert cards(client) == []

    def test_only_the_user_whose_telephone_rings_sees_it(self, office: Firm) -> None:
        anna, petr = office.client("Анна"), office.client("Пётр")
        office.says("c1", "PREANSWER", who=PETR)

        assert look(anna) == []
        assert len(look(petr)) == 1

    def test_who_wants_all_calls_sees_all(self, office: Firm) -> None:
        office.infobase.add_row("МВ_Абоненты", Пользователь="Настройщик", ВсеЗвонки=True)
        secretary = office.client("Настройщик")
        office.says("c1", "PREANSWER", who=PETR)
        assert len(look(secretary)) == 1

    def test_a_colleague_who_answers_ends_the_cards_of_the_others(self, office: Firm) -> None:
        anna, petr = office.client("Анна"), office.client("Пётр")
        office.says("c1", "PREANSWER")
        office.says("c1", "PREANSWER", who=PETR)
        (of_anna,), (of_petr,) = look(anna), look(petr)
        office.says("c1", "ANSWER", who=PETR)
        look(anna)
        look(petr)

        assert "другим" in of_anna["Состояние"]
        assert of_petr["Состояние"] == "Звонит"

    def test_a_client_of_the_base_is_opened_from_the_card(self, tmp_path: Path) -> None:
        section = catalogs.contact_section()
        clients = Catalog(
            name="Контрагенты", synonym="Контрагенты", sections={"КонтактнаяИнформация": section}
        )
        item = clients.add(NASTY, {"КонтактнаяИнформация": [{"НомерТелефона": "79160000001"}]})
        with firm(tmp_path, catalogs=(Catalog(name="Валюты"), clients)) as office:
            client = office.client("Анна")
            office.says("c1", "PREANSWER")
            (card,) = look(client)
            assert card["Собеседник"] == NASTY
            card.press("ОткрытьКлиента")
            assert client.screen.links == [catalogs.CatalogRef(item).link()]

    def test_the_caller_is_called_back_from_the_card(self, office: Firm) -> None:
        client = office.client("Анна")
        office.says("c1", "PREANSWER")
        (card,) = look(client)
        card.press("Перезвонить")

        assert [one.number for one in office.bridge.exchange.dials] == [CALLER]
        assert str(card["Состояние"]).startswith("Звоним")

    def test_a_hidden_number_has_a_card(self, office: Firm) -> None:
        client = office.client("Анна")
        office.says("c1", "PREANSWER", **{"from": ""})
        (card,) = look(client)
        assert card["Собеседник"] == "Номер скрыт"

    def test_a_dial_from_1c_gives_no_card(self, office: Firm) -> None:
        client = office.client("Анна")
        client.call("МВ_МостКлиент", "Позвонить", CALLER)
        office.bridge.exchange.wait()
        assert eventually(lambda: [row for row in office.calls().values() if row["Состояние"] == "END"])
        client.screen.notices.clear()
        assert look(client) == []
        assert office.infobase.rows("МВ_Карточки") == []

    def test_a_call_between_colleagues_gives_no_card(self, office: Firm) -> None:
        office.bridge.exchange.ring("internal", subscriber=ANNA)
        assert eventually(lambda: [row for row in office.calls().values() if row["Состояние"] == "END"])
        assert office.infobase.rows("МВ_Карточки") == []

    def test_an_old_ring_is_for_the_journal_only(self, published: Office) -> None:
        service = published.soap()
        event = published.event("c1", "PREANSWER") | {"time": int(published.infobase.clock.unix()) - 120}
        assert service.Event(Data=json.dumps(event)) == "1"

        assert list(published.calls()) == ["c1"]
        assert published.infobase.rows("МВ_Карточки") == []

    def test_without_the_handler_of_the_start_a_command_begins_it(self, published: Office) -> None:
        client = Client(published.infobase, "Анна")
        assert client.waits() == []
        client.run_command("МВ_ПоказыватьЗвонки")
        assert [interval for _, interval in client.waits()] == [5]
        assert "показываются" in client.screen.notices[0].explanation

    @pytest.mark.parametrize(
        ("user", "shown", "words"),
        [("Анна", False, "выключен"), ("Настройщик", True, "выберите абонента")],
    )
    def test_the_command_says_why_there_will_be_no_cards(
        self, published: Office, user: str, shown: bool, words: str
    ) -> None:
        published.infobase.set_constant("МВ_ПоказыватьКарточки", shown)
        client = Client(published.infobase, user)
        client.run_command("МВ_ПоказыватьЗвонки")
        assert client.waits() == []
        assert words in client.screen.notices[0].explanation

    def test_a_trouble_at_the_server_is_said_and_passes(self, published: Office) -> None:
        """Somebody holds the register for too long: one notice, a pause, and cards again."""
        infobase = published.infobase
        infobase.store.lock_wait_s = 0.02
        client = published.client("Анна")
        service = published.soap()
        assert service.Event(Data=json.dumps(published.event("c1", "PREANSWER"))) == "1"
        other = infobase.administration().connection
        other.begin()
        other.lock(table_of(infobase.dump.registers["МВ_ПоказанныеКарточки"]), {}, exclusive=True)
        client.tick(30)
        assert len(client.screen.notices) == 1
        assert client.opened(CARD) == []

        other.rollback()
        client.tick(60)
        client.screen.notices.clear()
        assert service.Event(Data=json.dumps(published.event("c2", "PREANSWER"))) == "1"
        assert len(look(client)) == 1

    def test_the_first_hook_of_the_exchange_is_a_ring(self, office: Firm) -> None:
        """It tells the key and the number, nothing else."""
        client = office.client("Анна")
        office.bridge.exchange.ring("old_hook", subscriber=ANNA)
        assert eventually(lambda: office.calls())
        assert len(look(client)) == 1

    def test_who_may_not_dial_is_not_asked_for(self, published: Office) -> None:
        client = published.client("Чужой")
        assert client.waits() == []
        assert client.screen.errors == []


class TestIncomingCall:
    """The manual's own contract: only a ring, told by the bridge or by the exchange itself."""

    def test_the_bridge_tells_a_ring(self, tmp_path: Path) -> None:
        with firm(tmp_path, contract="vats") as office:
            client = office.client("Анна")
            office.says("c1", "PREANSWER")
            (card,) = look(client)
            assert card["Номер"] == CALLER
            (row,) = office.calls().values()
            assert (row["Откуда"], row["Направление"]) == (CALLER, "Входящий")

    def test_a_repetition_is_the_same_ring(self, published: Office) -> None:
        service = published.soap()
        for _ in range(3):
            assert service.IncomingCall(NumFrom=CALLER, Key=ANNA.key) == "1"
        assert len(look(published.client("Анна"))) == 1

        published.infobase.clock.forward(30)
        assert service.IncomingCall(NumFrom=CALLER, Key=ANNA.key) == "1"
        assert len(look(published.client("Анна"))) == 1
        assert len(published.infobase.rows("МВ_Карточки")) == 2

    def test_an_unknown_key_rings_at_nobody(self, published: Office) -> None:
        assert published.soap().IncomingCall(NumFrom=CALLER, Key="k-unknown") == "1"
        assert look(published.client("Анна")) == []
