"""Foreign clients call the services of 1C that we stand in for, by the WSDLs that we serve."""

import gc
import json
from xml.etree import ElementTree

import pytest
import requests
import suds.client
import zeep
from requests.auth import HTTPBasicAuth

from bridge.sim.onec_data import MANUAL_CLIENT
from support.hooks import call_events
from support.world import ANNA, HOOK_SECRET, eventually, world

# suds leaves the connection of an HTTP error to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
USER, PASSWORD = "Телефония", "пароль-1С"
NUMBERS = (f"8916{number:07}" for number in range(10_000_000))


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    def infobases(url):
        one = {"exchange": "main", "contract": "vatscalls", "url": f"{url}/ws/VATScalls"}
        return {"buh": {**one, "user": USER, "password": PASSWORD, "popup_lifetime_s": 30}}

    with world(tmp_path_factory.mktemp("world"), infobases=infobases) as running:
        yield running


@pytest.fixture(autouse=True)
def _garbage_of_suds():
    yield
    gc.collect()


def by_zeep(url, port, login=USER, password=PASSWORD):
    session = requests.Session()
    session.auth = HTTPBasicAuth(login.encode(), password.encode())
    transport = zeep.Transport(session=session, timeout=10, operation_timeout=10)
    client = zeep.Client(f"{url}?wsdl", transport=transport)
    (name,) = client.wsdl.services
    service = client.bind(name, f"{name}{port}")
    return lambda operation, **words: service[operation](**words)


def by_suds(url, port, login="main", password=HOOK_SECRET):
    """suds encodes a login in Latin-1 only, so it comes with the exchange's own."""
    client = suds.client.Client(f"{url}?wsdl", cache=None, username=login, password=password, timeout=10)
    (definition,) = client.sd
    service = client.service[f"{definition.service.name}{port}"]
    return lambda operation, **words: str(service[operation](*words.values()))


@pytest.fixture(
    params=[(by_zeep, "Soap"), (by_zeep, "Soap12"), (by_suds, "Soap")], ids=["zeep", "zeep12", "suds"]
)
def client(here, request):
    """Address of a service -> a way to call its operations."""
    make, port = request.param
    return lambda path: make(here.url + path, port)


def stored(here):
    return {one.id: one for _, one in here.archive().events(limit=9_999)}


def test_a_ring(here, client):
    before, number = stored(here), next(NUMBERS)
    assert client("/ws/VATS")("IncomingCall", NumFrom=number, Key=ANNA.key) == "1"
    (new,) = stored(here).keys() - before.keys()
    event = stored(here)[new].event
    assert (event.from_number, event.user_key) == (number, ANNA.key)


def test_an_event(here, client):
    event, *_ = call_events(f"call-{next(NUMBERS)}", ("START",), comment='«Рога & Копыта» <b>]]>"')
    assert client("/ws/VATScalls")("Event", Data=json.dumps(event, ensure_ascii=False)) == "1"
    told = eventually(
        lambda: [
            data
            for one in here.onec.received
            if (data := json.loads(one.parameters["Data"]))["uuid"] == event["uuid"]
        ]
    )
    assert [{**data, "bridgeEventId": None} for data in told] == [{**event, "bridgeEventId": None}]


@pytest.mark.parametrize("path", ["/ws/VATS", "/ws/VATScalls"])
def test_who_is_calling(client, path):
    card = ElementTree.fromstring(client(path)("SayName", Number=MANUAL_CLIENT.number))
    assert (card.findtext("title"), card.findtext("manager/phone")) == (MANUAL_CLIENT.name, "244")


def test_who_has_this_taxpayers_number(client):
    card = ElementTree.fromstring(client("/ws/VATScalls")("SayNameByINN", INN=MANUAL_CLIENT.inn))
    assert (card.findtext("title"), card.findtext("manager/phone")) == (MANUAL_CLIENT.name, "244")


def test_zeep_reads_a_fault_in_russian(here):
    with pytest.raises(zeep.exceptions.Fault, match="не JSON"):
        by_zeep(f"{here.url}/ws/VATScalls", "Soap")("Event", Data="x")


def test_suds_reads_a_fault_in_russian(here):
    with pytest.raises(suds.WebFault, match="не JSON"):
        by_suds(f"{here.url}/ws/VATScalls", "Soap")("Event", Data="x")


@pytest.mark.parametrize("service", ["VATS", "VATScalls"])
def test_the_wsdl_has_every_operation_of_the_service(here, service):
    client = zeep.Client(f"{here.url}/telephony/ws/{service}.1cws?wsdl")
    operations = {"VATS": {"IncomingCall", "SayName"}, "VATScalls": {"Event", "SayName", "SayNameByINN"}}
    for port in ("Soap", "Soap12"):
        assert set(client.bind(service, f"{service}{port}")._operations) == operations[service]
    client.transport.session.close()
