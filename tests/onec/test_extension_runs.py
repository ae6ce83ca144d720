"""The shipped extension dials and is set up: modules as they are, real HTTP, the real bridge."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import zeep
from onec.run.infobase.client import Client
from onec.run.infobase.firm import Firm, firm
from onec.run.infobase.form import Form
from onec.run.infobase.infobase import SAMPLES, User
from onec.run.infobase.screen import Notice
from onec.run.infobase.surroundings import NO_RIGHT
from onec.run.losses import Line
from onec.run.objects import OnecError

from support.ports import free_port
from support.world import ANNA, PASSWORD, PETR

NUMBER = "8 (923) 529-29-26"
DIGITS = "89235292926"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Firm]:
    with firm(tmp_path) as made:
        yield made


def dial(client: Client, number: str = NUMBER) -> str:
    """From the command, by hand: what the form says in the end."""
    client.run_command("МВ_Позвонить")
    form = client.form("МВ_НаборНомера")
    form.type_in("Номер", number)
    form.press("Позвонить")
    assert client.screen.errors == []
    return str(form["Результат"])


def errors_logged(office: Firm) -> list[str]:
    return [one.event for one in office.infobase.event_log.errors()]


class TestDialling:
    def test_the_telephone_rings(self, office: Firm) -> None:
        said = dial(office.client("Анна"))

        (dialled,) = office.bridge.exchange.dials
        assert (dialled.key, dialled.number, dialled.made) == (ANNA.key, DIGITS, True)
        assert said.startswith("Звоним")
        assert office.infobase.event_log.records == []

    def test_each_user_rings_with_the_own_telephone(self, office: Firm) -> None:
        dial(office.client("Пётр"))
        assert [one.key for one in office.bridge.exchange.dials] == [PETR.key]

    def test_a_number_from_elsewhere_comes_into_the_form(self, office: Firm) -> None:
        client = office.client("Анна")
        client.call("МВ_МостКлиент", "ОткрытьНабор", NUMBER)
        assert client.form("МВ_НаборНомера")["Номер"] == NUMBER

    def test_one_click_elsewhere_shows_a_notice(self, office: Firm) -> None:
        """As БСП's telephone button does."""
        client = office.client("Анна")
        client.call("МВ_МостКлиент", "Позвонить", NUMBER)

        assert [one.made for one in office.bridge.exchange.dials] == [True]
        (notice,) = client.screen.notices
        assert isinstance(notice, Notice)
        assert notice.explanation.startswith("Звоним")

    @pytest.mark.parametrize(
        ("code", "words"),
        [(1, "не зарегистрирован"), (2, "ключ"), (3, "номер"), (4, "ошибка"), (5, "кабинете")],
    )
    def test_a_refusal_of_the_exchange_is_said_and_is_no_success(
        self, office: Firm, code: int, words: str
    ) -> None:
        office.bridge.exchange.options = office.bridge.exchange.options.changed({"fail_code": str(code)})
        client = office.client("Анна")
        said = dial(client)
        answer = client.call("МВ_МостВызовСервера", "Позвонить", NUMBER)

        assert said
        assert not said.startswith("Звоним")
        assert answer.get("Успех") is False
        assert answer.get("ИсходНеизвестен") is False
        assert answer.get("Код") == code
        assert words in answer.get("Сообщение").lower()

    def test_a_refusal_elsewhere_must_be_closed_by_the_user(self, office: Firm) -> None:
        office.bridge.exchange.options = office.bridge.exchange.options.changed({"fail_code": "2"})
        client = office.client("Анна")
        client.call("МВ_МостКлиент", "Позвонить", NUMBER)

        assert client.screen.notices == []
        assert client.screen.take_question().kind == "warning"

    def test_an_exchange_that_hangs_leaves_the_outcome_unknown(self, office: Firm) -> None:
        office.bridge.exchange.options = office.bridge.exchange.options.changed({"trouble": "silence"})
        client = office.client("Анна")
        answer = client.call("МВ_МостВызовСервера", "Позвонить", NUMBER)

        assert answer.get("Успех") is False
        assert answer.get("ИсходНеизвестен") is True
        assert "телефон" in answer.get("Сообщение")
        assert len(office.bridge.exchange.dials) == 1, "nothing is repeated"

    def test_a_bridge_that_answers_too_late_leaves_the_outcome_unknown(self, tmp_path: Path) -> None:
        with firm(tmp_path, exchange={"timeout_s": 8}) as office:
            office.infobase.set_constant("МВ_ТаймаутВызова", Decimal(5))
            office.bridge.exchange.options = office.bridge.exchange.options.changed({"trouble": "silence"})
            said = dial(office.client("Анна"))

            assert "исход неизвестен" in said
            assert "посмотрите на телефон" in said
            assert len(office.bridge.exchange.dials) == 1, "nothing is repeated"
            assert errors_logged(office) == ["Мост ВАТС.Вызов"]

    def test_an_answer_that_is_lost_leaves_the_outcome_unknown(self, office: Firm) -> None:
        """The dial was made, the connection broke before 1C heard of it."""
        with Line(office.bridge.url, "MakeCall") as line:
            office.infobase.set_constant("МВ_АдресМоста", line.url)
            said = dial(office.client("Анна"))
        assert line.lost == 1
        assert "исход неизвестен" in said
        assert [one.made for one in office.bridge.exchange.dials] == [True]

    def test_a_line_that_breaks_before_the_call_leaves_nothing_unknown(self, office: Firm) -> None:
        with Line(office.bridge.url, "Ping") as line:
            office.infobase.set_constant("МВ_АдресМоста", line.url)
            said = dial(office.client("Анна"))
        assert line.lost == 1
        assert said.startswith("Звонок не начат")
        assert office.bridge.exchange.dials == []

    def test_the_button_of_the_firms_own_configuration(self, office: Firm) -> None:
        """extension_bsp/: the replaced method of УправлениеКонтактнойИнформациейКлиент."""
        path = SAMPLES / "extension_bsp/CommonModules/УправлениеКонтактнойИнформациейКлиент/Ext/Module.bsl"
        text = path.read_text(encoding="utf-8-sig")
        client = office.client("Анна")
        tree = office.infobase.tree(str(path), text, "client")
        (method,) = tree.methods
        assert method.annotation is not None
        assert (method.annotation.kind, method.annotation.method) == ("Вместо", "ПозвонитьПоТелефону")
        client.interpreter.load(tree, "УправлениеКонтактнойИнформациейКлиент", "client").call(
            method.name, NUMBER
        )
        assert [one.number for one in office.bridge.exchange.dials] == [DIGITS]
        assert len(client.screen.notices) == 1

    @pytest.mark.parametrize("faults", ["read", "status"])
    def test_a_wrong_password(self, office: Firm, faults: str) -> None:
        office.infobase.faults = faults
        office.infobase.administration().call("МВ_ПараметрыМоста", "ЗаписатьПароль", "не тот")
        said = dial(office.client("Анна"))

        assert "имя или пароль" in said
        assert "Звонок не начат" in said
        assert office.bridge.exchange.dials == []
        assert all("не тот" not in one.comment for one in office.infobase.event_log.records)

    def test_the_bridge_is_away(self, office: Firm) -> None:
        office.infobase.set_constant("МВ_АдресМоста", f"http://127.0.0.1:{free_port()}")
        said = dial(office.client("Анна"))

        assert said.startswith("Звонок не начат. Мост не ответил")
        assert errors_logged(office) == ["Мост ВАТС.Вызов"]

    def test_something_else_is_at_the_address(self, office: Firm) -> None:
        office.infobase.set_constant("МВ_АдресМоста", office.bridge.url + "/elsewhere")
        assert "404" in dial(office.client("Анна"))

    def test_nothing_is_set_up(self, office: Firm) -> None:
        office.infobase.set_constant("МВ_АдресМоста", "")
        assert "Не указан адрес моста" in dial(office.client("Анна"))

    def test_a_user_without_a_telephone(self, office: Firm) -> None:
        assert "выберите абонента" in dial(office.client("Настройщик"))
        assert office.bridge.exchange.dials == []

    @pytest.mark.parametrize("number", ["", "  ", "мама"])
    def test_what_is_no_number_is_not_dialled(self, office: Firm, number: str) -> None:
        assert dial(office.client("Анна"), number)
        assert office.bridge.exchange.dials == []

    def test_without_the_role_there_is_no_button_and_no_call(self, office: Firm) -> None:
        stranger = Client(office.infobase, "Чужой")
        with pytest.raises(OnecError, match=NO_RIGHT):
            stranger.run_command("МВ_Позвонить")
        answer = stranger.call("МВ_МостВызовСервера", "Позвонить", NUMBER)

        assert answer.get("Успех") is False
        assert "роль" in answer.get("Сообщение")
        assert office.bridge.exchange.dials == []


def settings_form(client: Client) -> Form:
    client.run_command("МВ_Настройки")
    return client.form("МВ_Настройки")


class TestSettings:
    def test_an_administrator_sets_everything_up_and_dials(self, office: Firm) -> None:
        for name in ("МВ_АдресМоста", "МВ_ИмяПользователяМоста"):
            office.infobase.set_constant(name, "")
        office.infobase.administration().call("МВ_ПараметрыМоста", "ЗаписатьПароль", "")
        client = office.client("Админ")
        form = settings_form(client)
        form.type_in("МВ_АдресМоста", f" {office.bridge.url}/ws/Telephony?wsdl ")
        form.type_in("МВ_ИмяПользователяМоста", "buh")
        form.type_in("ПарольМоста", PASSWORD)
        form.press("ПроверитьСвязь")
        assert str(form["РезультатПроверки"]).startswith("Связь есть")

        form.press("ВыбратьАбонента")
        question = client.screen.take_question()
        assert [shown for _, shown in question.choices] == ["Иванова Анна (101)", "Петров Пётр (102)"]
        question.answer("Петров Пётр (102)")
        form.press("ЗаписатьИЗакрыть")

        assert client.screen.errors == []
        assert client.forms == []
        assert office.infobase.constant("МВ_АдресМоста") == office.bridge.url
        assert dial(client).startswith("Звоним")
        assert [one.key for one in office.bridge.exchange.dials] == [PETR.key]

    def test_a_base_without_users_is_set_up_and_dials(self, office: Firm) -> None:
        """A file base on one PC: everything is allowed, the name of the user is empty."""
        office.infobase.users[""] = User(name="", full=True)
        client = office.client("")
        form = settings_form(client)
        form.type_in("Абонент", ANNA.extension)
        form.press("ЗаписатьИЗакрыть")
        assert client.forms == []
        assert dial(client).startswith("Звоним")

    def test_the_password_never_comes_into_the_form(self, office: Firm) -> None:
        form = settings_form(office.client("Админ"))
        assert form["ПарольМоста"]
        assert form.items["ПарольМоста"].described.password, "it would be seen while it is typed"
        assert PASSWORD not in str(form.values)
        form.press("ЗаписатьИЗакрыть")
        assert office.infobase.administration().call("МВ_ПараметрыМоста", "Пароль") == PASSWORD

    def test_a_wrong_password_is_said_at_once(self, office: Firm) -> None:
        form = settings_form(office.client("Админ"))
        form.type_in("ПарольМоста", "не тот")
        form.press("ПроверитьСвязь")
        assert "имя или пароль" in str(form["РезультатПроверки"])

    def test_a_safe_mode_that_was_left_on_is_named(self, office: Firm) -> None:
        office.infobase.safe_mode = True
        administrator = office.client("Админ")
        administrator.run_command("МВ_Настройки")
        assert administrator.opened("МВ_Настройки") == []
        assert all("Безопасный режим" in one for one in administrator.screen.errors)
        assert len(administrator.screen.errors) == 1

        said = dial(office.client("Анна"))
        assert said.startswith("Звонок не начат")
        assert "Безопасный режим" in said
        with pytest.raises(zeep.exceptions.Fault, match="Безопасный режим"):
            office.soap().SayName(Number=NUMBER)
        with pytest.raises(zeep.exceptions.Fault, match="Безопасный режим"):
            office.soap().Event(Data='{"uuid": "c1", "state": "START"}')

    def test_an_address_that_cannot_be_is_not_written(self, office: Firm) -> None:
        client = office.client("Админ")
        form = settings_form(client)
        form.type_in("МВ_АдресМоста", "мост.фирма.рф")
        form.press("ЗаписатьИЗакрыть")

        assert client.forms == [form]
        assert "https://" in str(form["РезультатПроверки"])
        assert office.infobase.constant("МВ_АдресМоста") == office.bridge.url

    def test_the_scheduled_jobs_follow_the_settings(self, office: Firm) -> None:
        client = office.client("Админ")
        form = settings_form(client)
        form.type_in("МВ_ЗабиратьСобытия", True)
        form.type_in("МВ_ДнейХранения", Decimal(90))
        form.press("ЗаписатьИЗакрыть")
        assert office.infobase.job_in_use("МВ_ЗаборСобытий")
        assert office.infobase.job_in_use("МВ_УдалениеУстаревших")

        form = settings_form(client)
        form.type_in("МВ_ЗабиратьСобытия", False)
        form.press("ЗаписатьИЗакрыть")
        assert not office.infobase.job_in_use("МВ_ЗаборСобытий")
        assert office.infobase.job_in_use("МВ_УдалениеУстаревших")

    def test_who_may_not_switch_jobs_is_told_so(self, office: Firm) -> None:
        client = office.client("Настройщик")
        form = settings_form(client)
        form.type_in("МВ_ЗабиратьСобытия", True)
        form.press("ЗаписатьИЗакрыть")

        assert client.screen.errors == []
        assert client.forms == [form]
        assert "нужны права администратора" in str(form["РезультатПроверки"])
        assert office.infobase.constant("МВ_ЗабиратьСобытия") is True
        assert not office.infobase.job_in_use("МВ_ЗаборСобытий")

    def test_an_administrator_of_bsp_has_the_role_that_bsp_gives(self, office: Firm) -> None:
        """БСП leaves an administrator only roles whose names end with ПолныеПрава."""
        roles = ("МВ_ПолныеПрава",)
        office.infobase.users["Главный"] = office.infobase.with_rights(User(name="Главный", roles=roles))
        client = office.client("Главный")
        form = settings_form(client)
        form.type_in("Абонент", PETR.extension)
        form.press("ПроверитьСвязь")
        assert str(form["РезультатПроверки"]).startswith("Связь есть")
        assert dial(client).startswith("Звоним")

    def test_an_accountant_has_no_settings(self, office: Firm) -> None:
        with pytest.raises(OnecError, match=NO_RIGHT):
            office.client("Анна").run_command("МВ_Настройки")

    def test_no_subscribers_without_a_bridge(self, office: Firm) -> None:
        office.infobase.set_constant("МВ_АдресМоста", f"http://127.0.0.1:{free_port()}")
        client = office.client("Админ")
        form = settings_form(client)
        form.press("ВыбратьАбонента")

        assert client.screen.questions == []
        assert "Мост не ответил" in str(form["РезультатПроверки"])
