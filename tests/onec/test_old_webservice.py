"""modules/8.2_webservice_VATS.bsl, set up as its own head tells, is called by the real bridge."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import zeep
from lxml import etree
from onec.run.infobase.dump import Dump, Operation, Register, WebService
from onec.run.infobase.fields import FieldType
from onec.run.infobase.infobase import Infobase, User
from onec.run.infobase.service import Publication
from onec.run.infobase.session import Session
from requests.auth import HTTPBasicAuth

from bridge.resources import wsdl_text
from bridge.sim.loopback import Loopback
from support.world import ANNA, World, eventually, world

MODULE = Path(__file__).parents[2] / "onec_samples" / "modules" / "8.2_webservice_VATS.bsl"
EXCHANGE = User(name="МостВАТС", password="пароль-обмена", full=True)
CALLER = "89160000001"
OPERATIONS = {"IncomingCall": ("NumFrom", "Key"), "SayName": ("Number",)}
CALLS, BOOK = "МВ_ВходящиеЗвонки", "МВ_Контакты"


def text(length: int) -> FieldType:
    return FieldType(kind="Строка", length=length)


REGISTERS = {
    CALLS: Register(
        name=CALLS,
        synonym=CALLS,
        dimensions={"ИдЗвонка": text(36)},
        resources={"Номер": text(32), "КлючАбонента": text(100), "Получен": FieldType(kind="Дата")},
    ),
    BOOK: Register(
        name=BOOK,
        synonym=BOOK,
        dimensions={"Телефон": text(20)},
        resources={"Наименование": text(150), "Категория": text(50), "ТелефонОтветственного": text(20)},
    ),
}


class Old(Infobase):
    """An infobase of platform 8.2 with what the head of the module asks for, and nothing else."""

    def __init__(self) -> None:
        super().__init__(users=[EXCHANGE])
        named = [
            Operation(
                name=name,
                procedure=name,
                returns="xs:string",
                nillable=False,
                parameters=tuple((one, "xs:string", False) for one in parameters),
                transactioned=False,
            )
            for name, parameters in OPERATIONS.items()
        ]
        service = WebService(
            name="VATS",
            namespace="http://VATS",
            file_name="VATS.1cws",
            operations=tuple(named),
            text=MODULE.read_text(encoding="utf-8-sig"),
            path=MODULE.name,
        )
        self.dump = Dump(self.dump.folder)  # that of the extension may be shared by infobases
        vars(self.dump).update(registers=REGISTERS, services={"VATS": service}, modules={})

    def session(self, user: str) -> Session:
        made = super().session(user)
        made.interpreter.version = "8.2"
        return made


@dataclass(frozen=True, kw_only=True)
class Firm:
    infobase: Old
    publication: Publication
    address: str
    bridge: World

    def say_name(self, number: str) -> dict[str, str]:
        """What 1C answers to SayName, read as XML."""
        with requests.Session() as session:
            session.auth = HTTPBasicAuth(EXCHANGE.name.encode(), EXCHANGE.password.encode())
            client = zeep.Client(
                f"{self.address}?wsdl", transport=zeep.Transport(session=session, timeout=10)
            )
            answer = client.service.SayName(number)
        found = etree.fromstring(answer)
        return {path: found.findtext(path) or "" for path in ("title", "category", "manager/phone")}


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    infobase = Old()
    publication = Publication(infobase)
    with Loopback(publication) as server:
        address = f"{server.url}/base/ws/VATS"
        login = {"user": EXCHANGE.name, "password": EXCHANGE.password}
        with world(tmp_path, contract="vats", url=address, namespace="http://VATS", **login) as bridge:
            yield Firm(infobase=infobase, publication=publication, address=address, bridge=bridge)
    assert publication.broken == []
    assert infobase.defects == []


def test_a_ring_becomes_a_row_that_a_client_may_show(firm: Firm) -> None:
    firm.bridge.exchange.ring("answered", from_number=CALLER)
    (row,) = eventually(lambda: firm.infobase.rows(CALLS))
    assert (row["Номер"], row["КлючАбонента"]) == (CALLER, ANNA.key)
    assert row["Получен"] == firm.infobase.clock()
    assert len(row["ИдЗвонка"]) == 36
    assert {one.fault for one in firm.publication.taken} == {None}


def test_a_caller_is_found_by_the_last_ten_digits(firm: Firm) -> None:
    firm.infobase.add_row(
        BOOK,
        Телефон="9160000001",
        Наименование="ООО \"Рога & Копыта\" <Ко> 'А'",
        Категория="Клиент\tопт",
        ТелефонОтветственного="101",
    )
    found = firm.say_name("+7 (916) 000-00-01")
    assert found == {
        "title": "ООО \"Рога & Копыта\" <Ко> 'А'",
        "category": "Клиент опт",
        "manager/phone": "101",
    }


@pytest.mark.parametrize("number", ["", "скрыт", "89999999999"])
def test_a_stranger_has_no_name(firm: Firm, number: str) -> None:
    assert set(firm.say_name(number).values()) == {""}


def test_what_cannot_be_written_is_logged_and_raised_for_the_bridge_to_repeat(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = dict(vars(firm.infobase.dump)["registers"])
    del broken[CALLS]
    monkeypatch.setitem(vars(firm.infobase.dump), "registers", broken)
    firm.bridge.exchange.ring("answered", from_number=CALLER)
    assert eventually(firm.infobase.event_log.errors)
    assert eventually(lambda: firm.publication.taken)[0].fault is not None
    monkeypatch.setitem(vars(firm.infobase.dump), "registers", REGISTERS)
    assert eventually(lambda: firm.infobase.rows(CALLS), within_s=20)


def test_the_operations_are_those_of_the_contract(firm: Firm) -> None:
    root = etree.fromstring(wsdl_text("onec/vats.wsdl").encode())
    space = "{http://www.w3.org/2001/XMLSchema}"
    elements = {
        one.get("name"): tuple(child.get("name") for child in one.iter(f"{space}element") if child is not one)
        for one in root.find(f".//{space}schema")
    }
    assert {name: elements[name] for name in OPERATIONS} == OPERATIONS
