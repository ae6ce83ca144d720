"""A firm: the shipped extension in an infobase, published on loopback, and the real bridge beside it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

import requests
import zeep
from onec.run.infobase.catalogs import Catalog
from onec.run.infobase.client import Client
from onec.run.infobase.infobase import Infobase, User
from onec.run.infobase.jobs import ADMINISTRATION
from onec.run.infobase.service import Publication
from onec.run.infobase.store import Row
from requests.auth import HTTPBasicAuth

from bridge.core.calls import Subscriber
from bridge.sim.loopback import Loopback
from support.hooks import post_all
from support.world import ANNA, LOGIN, PASSWORD, PETR, World, eventually, world

BOOK = "МВ_Контакты"
CALLER = "89160000001"
DID = "83912000000"
TAKEN_WITHIN_S = 20.0  # generous: two cores may be shared
EXCHANGE_USER = User(name="МостВАТС", password="пароль-обмена", roles=("МВ_ОбменСМостом",))
USERS = (
    User(name="Анна", roles=("МВ_ИспользованиеМоста",)),
    User(name="Пётр", roles=("МВ_ИспользованиеМоста",)),
    User(name="Настройщик", roles=("МВ_ИспользованиеМоста", "МВ_НастройкаМоста")),
    User(name="Админ", roles=("МВ_ПолныеПрава",), rights=frozenset({ADMINISTRATION})),
    User(name="Чужой"),
)
SUBSCRIBERS = {"Анна": ANNA, "Пётр": PETR}


@dataclass(kw_only=True)
class Office:
    """An infobase with the extension, published; whoever knows its address may call it."""

    infobase: Infobase
    publication: Publication
    address: str

    def client(self, user: str) -> Client:
        """The user has started the application."""
        made = Client(self.infobase, user)
        made.start()
        return made

    def event(self, call: str, state: str, who: Subscriber | None = ANNA, **more: Any) -> dict[str, Any]:
        """What the exchange would post now; a field that is None is left out."""
        told = {
            "uuid": call,
            "baseid": "1.1",
            "subid": f"1.{who.extension}" if who else "1.1",
            "state": state,
            "direction": "incoming",
            "from": CALLER,
            "to": who.extension if who else DID,
            "userkey": who.key if who else None,
            "time": int(self.infobase.clock.unix()),
            **more,
        }
        return {name: value for name, value in told.items() if value is not None}

    def soap(self) -> Any:
        """The operations of the published service, by its own WSDL."""
        session = requests.Session()
        session.auth = HTTPBasicAuth(EXCHANGE_USER.name.encode(), EXCHANGE_USER.password.encode())
        transport = zeep.Transport(session=session, timeout=10, operation_timeout=10)
        return zeep.Client(f"{self.address}?wsdl", transport=transport).service

    def calls(self) -> dict[str, Row]:
        return {row["ИдЗвонка"]: row for row in self.infobase.rows("МВ_Звонки")}

    def check(self) -> None:
        """Nothing in the modules went wrong in a way that only a developer sees."""
        assert self.publication.broken == []
        assert self.infobase.defects == []
        assert self.infobase.job_errors == []


@dataclass(kw_only=True)
class Firm(Office):
    bridge: World

    def says(self, call: str, *states: str, who: Subscriber | None = ANNA, **more: Any) -> None:
        """The exchange posts events; returns when 1C has taken each of them."""
        for state in states:
            taken = len(self.publication.taken) + 1
            assert post_all(self.bridge.hook, [self.event(call, state, who, **more)]) == [200]
            assert eventually(partial(self._has_taken, taken), within_s=TAKEN_WITHIN_S), state

    def _has_taken(self, count: int) -> bool:
        return len(self.publication.taken) >= count


@contextmanager
def office(
    *,
    catalogs: Sequence[Catalog] = (),
    between: Callable[[WSGIApplication], WSGIApplication] = lambda app: app,
    user: User = EXCHANGE_USER,
) -> Iterator[Office]:
    """Published and set up, but for the bridge; defects fail the test at the end.

    Args:
        between: something that stands before the published service.
        user: whom the bridge enters 1C as.
    """
    infobase = Infobase(users=[*USERS, user], catalogs=catalogs)
    infobase.set_constant("МВ_ПоказыватьКарточки", True)
    for name, one in SUBSCRIBERS.items():
        names = {"Абонент": one.extension, "Добавочный": one.extension, "КлючВАТС": one.key}
        infobase.add_row("МВ_Абоненты", Пользователь=name, **names)
    publication = Publication(infobase)
    with Loopback(between(publication)) as server:
        made = Office(infobase=infobase, publication=publication, address=f"{server.url}/base/ws/VATS")
        yield made
        made.check()


@contextmanager
def firm(
    folder: Path,
    *,
    contract: str = "vatscalls",
    catalogs: Sequence[Catalog] = (),
    between: Callable[[WSGIApplication], WSGIApplication] = lambda app: app,
    user: User = EXCHANGE_USER,
    **changes: Any,
) -> Iterator[Firm]:
    """Everything is set up as the README says.

    Args:
        changes: of the bridge's settings.
    """
    with ExitStack() as running:
        here = running.enter_context(office(catalogs=catalogs, between=between, user=user))
        published = {
            "url": here.address,
            "namespace": "http://VATS",
            "user": user.name,
            "password": user.password,
        }
        place = {"url": None} if contract == "mailbox" else published
        bridge = running.enter_context(world(folder, contract=contract, **{**place, **changes}))
        bridge.exchange.clock = here.infobase.clock.unix
        here.infobase.set_constant("МВ_АдресМоста", bridge.url)
        here.infobase.set_constant("МВ_ИмяПользователяМоста", LOGIN)
        here.infobase.administration().call("МВ_ПараметрыМоста", "ЗаписатьПароль", PASSWORD)
        yield Firm(infobase=here.infobase, publication=here.publication, address=here.address, bridge=bridge)
