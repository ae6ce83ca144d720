"""A foreign client: suds, over the published WSDLs."""

import gc

import pytest
import suds.client

from bridge.sim.exchange_options import ExchangeOptions
from bridge.web.soap.vocabulary import ENGLISH, LANGUAGES, OPERATIONS
from support.world import ANNA, LOGIN, PASSWORD, PETR, world

NUMBERS = {ENGLISH.service: "8 912 345-67-01", "TelephonyRu": "8 912 345-67-02"}

# suds leaves the connection of an HTTP error to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
each_language = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.service)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world")) as running:
        running.exchange.options = ExchangeOptions(hooks_after_dial=False)
        yield running


@pytest.fixture(autouse=True)
def _garbage_of_suds():
    """What suds leaves behind is collected here, not in somebody else's test."""
    yield
    gc.collect()


def client(here, language, password=PASSWORD):
    url = f"{here.url}{language.path}?wsdl"
    return suds.client.Client(url, cache=None, username=LOGIN, password=password, timeout=10)


@pytest.fixture
def ask(here, language):
    service = client(here, language).service
    return lambda operation, *arguments: service[f"{language.service}Soap"][language.word(operation)](
        *arguments
    )


@each_language
def test_suds_reads_the_service_and_all_operations(here, language):
    (definition,) = client(here, language).sd
    (port,) = definition.ports
    assert definition.service.name == language.service
    assert port[0].name == f"{language.service}Soap"
    assert {name for name, _ in port[1]} == {language.word(one.name) for one in OPERATIONS}


@each_language
def test_suds_knows_the_types_of_the_contract(here, language):
    made = client(here, language).factory.create(f"ns0:{language.word('CallResult')}")
    assert [name for name, _ in made] == [
        language.word(name) for name in ("Result", "Message", "Code", "CallId")
    ]


@each_language
def test_suds_pings(ask, language):
    assert ask("Ping").startswith("vpbx-1c-bridge ")


@each_language
def test_suds_dials(here, ask, language):
    number = NUMBERS[language.service]
    answer = ask("MakeCall", ANNA.key, number)
    assert answer[language.word("Result")] == "SUCCESS"
    assert answer[language.word("Code")] == 0
    assert answer[language.word("CallId")]
    digits = "".join(char for char in number if char.isdigit())
    dials = [one for one in here.exchange.dials if one.number == digits]
    assert [(one.key, one.made) for one in dials] == [(ANNA.key, True)]


@each_language
def test_suds_reads_a_refusal_in_russian(ask, language):
    answer = ask("MakeCall", "nobody", "8 912 345-67-03")
    assert answer[language.word("Result")] == "FAIL"
    assert answer[language.word("Code")] == 101
    assert answer[language.word("Message")].startswith("Абонент не найден")


@each_language
def test_suds_reads_the_list_of_subscribers(ask, language):
    people = ask("GetSubscribers")[language.word("Subscriber")]
    assert [one[language.word("Name")] for one in people] == [ANNA.name, PETR.name]


@each_language
def test_suds_reads_a_fault_in_russian(ask, language):
    with pytest.raises(suds.WebFault, match=f"Параметр {language.word('Date')} должен быть датой") as caught:
        ask("GetCallJournal", "101", "вчера")
    assert caught.value.fault.faultcode.endswith(":Client")


@each_language
def test_suds_is_told_of_a_wrong_password(here, language):
    service = client(here, language, password="wrong").service
    with pytest.raises(Exception, match=r"401, 'Unauthorized'"):  # it reads a Fault only beside 500
        service[f"{language.service}Soap"][language.word("Ping")]()
