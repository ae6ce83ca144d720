"""1C's side of `Telephony` and `TelephonyRu`, played by zeep over real HTTP, in SOAP 1.1 and 1.2."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import count
from types import SimpleNamespace

import pytest
import requests
import zeep
from lxml import etree
from requests.auth import HTTPBasicAuth
from zeep.exceptions import Fault

from bridge import __version__
from bridge.core.calls import Subscriber
from bridge.resources import wsdl_dir
from bridge.settings import Settings
from bridge.sim.exchange import FakeExchange
from bridge.sim.exchange_options import ExchangeOptions
from bridge.sim.loopback import Loopback
from bridge.web.auth import token_hash
from bridge.web.soap.problem import Version
from bridge.web.soap.vocabulary import ENGLISH, LANGUAGES, OPERATIONS, RUSSIAN, TYPES
from bridge.wiring import assemble
from support.ports import free_port
from support.world import ANNA, LOGIN, PASSWORD, PETR, world
from support.wsdl import read, schema_of

OPEN, OPEN_PASSWORD = "open", "a-password-of-tests-0002"
NUMBERS = (f"+79{n:09d}" for n in count(120_000_001))  # a fresh one for each test: nothing was clicked yet
STRANGE_KEY = "zzzzNotOfTheBridge9"
EXCHANGE_PATIENCE_S = 1.0

each_language = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.service)


class Speaker:
    """A client of one published WSDL in one version of SOAP, spoken to in English names.

    Every answer it gets, Fault or not, is held against the SOAP version and the WSDL's own schema.
    """

    def __init__(self, url, language, version, folder, *, login=LOGIN, password=PASSWORD):
        self.language, self.version = language, version
        document = requests.get(f"{url}{language.path}?wsdl", timeout=5).content
        self.schema = schema_of(document)
        if version is Version.V12:
            document = document.replace(
                b"http://schemas.xmlsoap.org/wsdl/soap/", b"http://schemas.xmlsoap.org/wsdl/soap12/"
            )
        path = folder / f"{language.service}-{version.name}.wsdl"
        path.write_bytes(document)
        self.session = requests.Session()
        self.session.auth = HTTPBasicAuth(login, password)
        self.session.hooks["response"].append(self._look)
        self.answers = []
        self.client = zeep.Client(
            str(path), transport=zeep.Transport(session=self.session, timeout=10, operation_timeout=10)
        )

    def __call__(self, operation, *arguments):
        """The answer with its members called in English."""
        answer = self.client.service[self.language.word(operation)](*arguments)
        returns = next(one.returns for one in OPERATIONS if one.name == operation)
        return self._english(answer, returns)

    def _english(self, value, xsd):
        if xsd.startswith("*"):
            return [self._english(one, xsd[1:]) for one in value]
        if xsd not in TYPES:
            return "" if value is None else value  # zeep reads an empty element as None
        members = TYPES[xsd]
        if isinstance(value, list):  # zeep unwraps a type of one member
            return SimpleNamespace(**{member: self._english(value, kind) for member, kind in members.items()})
        return SimpleNamespace(
            **{
                member: self._english(value[self.language.word(member, xsd)], kind)
                for member, kind in members.items()
            }
        )

    def _look(self, response, **_):
        self.answers.append(response)
        assert response.headers["Content-Type"] == self.version.media
        envelope = etree.fromstring(response.content)
        assert envelope.tag == f"{{{self.version.value}}}Envelope"
        (body,) = envelope
        assert body.tag == f"{{{self.version.value}}}Body"
        (answer,) = body
        if answer.tag != f"{{{self.version.value}}}Fault":
            assert response.status_code == 200
            self.schema.assertValid(answer)
        else:
            assert response.status_code != 200


# --- one world for all, and every way to speak to it --------------------------------------------
@pytest.fixture(scope="module")
def here(tmp_path_factory):
    def infobases(_):
        main = {"exchange": "main"}
        return {
            LOGIN: {**main, "token_hashes": [token_hash(PASSWORD)]},
            OPEN: {
                **main,
                "token_hashes": [token_hash(OPEN_PASSWORD)],
                "show_keys": True,
                "unlisted_keys": True,
            },
        }

    folder = tmp_path_factory.mktemp("world")
    with world(folder, infobases=infobases, exchange={"timeout_s": EXCHANGE_PATIENCE_S}) as running:
        running.exchange.options = ExchangeOptions(hooks_after_dial=False)
        yield running


@pytest.fixture(scope="module")
def speakers(here, tmp_path_factory):
    """Makes a speaker of the shared world; each language and version only once."""
    folder, made = tmp_path_factory.mktemp("wsdl"), {}

    def speaker(language, version=Version.V11, login=LOGIN, password=PASSWORD):
        wanted = (language, version, login, password)
        key = (language.service, version, login, password)
        if key not in made:
            made[key] = Speaker(here.url, *wanted[:2], folder, login=login, password=password)
        return made[key]

    yield speaker
    for one in made.values():
        one.session.close()


@pytest.fixture(
    params=[(language, version) for language in LANGUAGES for version in Version],
    ids=lambda pair: f"{pair[0].service}-{pair[1].name}",
)
def spoken(request):
    return request.param


@pytest.fixture
def ask(speakers, spoken):
    return speakers(*spoken)


@pytest.fixture
def ask_open(speakers, spoken):
    return speakers(*spoken, OPEN, OPEN_PASSWORD)


@contextmanager
def behaving(exchange, **options):
    """The exchange behaves so for a while."""
    before = exchange.options
    exchange.options = ExchangeOptions(hooks_after_dial=False, **options)
    try:
        yield
    finally:
        exchange.options = before


@pytest.fixture
def number():
    return next(NUMBERS)


def dials_of(here, number):
    """What reached the exchange for a number, whatever its form."""
    return [one for one in here.exchange.dials if one.number.endswith(number[-10:])]


def held_no_secret(answer):
    assert [key for key in (ANNA.key, PETR.key, STRANGE_KEY, PASSWORD) if key in answer.Message] == []


# --- the operations -----------------------------------------------------------------------------
def test_ping_names_the_product_its_version_and_the_time(ask):
    product, version, time = ask("Ping").split(" ")
    assert (product, version) == ("vpbx-1c-bridge", __version__)
    assert abs((datetime.now().astimezone() - datetime.fromisoformat(time)).total_seconds()) < 60


@pytest.mark.parametrize(
    ("handle", "subscriber"),
    [
        (ANNA.key, ANNA),
        (PETR.key, PETR),
        ("101", ANNA),
        (" 102 ", PETR),
        ("Иванова Анна", ANNA),
        ("петров пётр", PETR),
    ],
)
def test_a_subscriber_dials_by_key_by_extension_or_by_name(here, ask, number, handle, subscriber):
    answer = ask("MakeCall", handle, number)
    assert (answer.Result, answer.Code) == ("SUCCESS", 0)
    assert answer.CallId
    (dial,) = dials_of(here, number)
    assert (dial.key, dial.number, dial.made) == (subscriber.key, f"8{number[2:]}", True)
    held_no_secret(answer)


@pytest.mark.parametrize(
    "form",
    [
        "+7 ({0}) {1}-{2}-{3}",
        "8 ({0}) {1}-{2}-{3}",
        "8{0}{1}{2}{3}",
        "7{0}{1}{2}{3}",
        "{0} {1} {2} {3}",
        " +7-{0}-{1}{2}{3}\n",
        "8.{0}.{1}.{2}.{3}",
        "+7 {0} {1} {2} {3} доб. 12",
        "8\xa0({0})\xa0{1}-{2}-{3}",
    ],
)
def test_a_russian_number_is_dialled_however_people_write_it(here, speakers, number, form):
    text = form.format(number[2:5], number[5:8], number[8:10], number[10:12])
    answer = speakers(ENGLISH)("MakeCall", "101", text)
    assert answer.Result == "SUCCESS", answer.Message
    assert [dial.number for dial in dials_of(here, number)] == [f"8{number[2:]}"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 102),
        ("позвоните мне", 102),
        ("8 912 345", 102),
        ("8 912 345-67-89, 8 912 345-67-80", 102),
        ("1" * 65, 102),
        ("+1 212 555 0100", 103),
        ("+375 29 123-45-67", 103),
        ("8 10 44 20 7946 0958", 103),
        ("8 803 123-45-67", 103),
        ("8 809 123-45-67", 103),
    ],
)
def test_a_wrong_or_a_foreign_or_a_paid_number_is_refused_and_reaches_nobody(here, ask, text, code):
    before = len(here.exchange.dials)
    answer = ask("MakeCall", "101", text)
    assert (answer.Result, answer.Code, answer.CallId) == ("FAIL", code, "")
    assert russian(answer.Message)
    assert len(here.exchange.dials) == before


@pytest.mark.parametrize("handle", ["", " ", "999", "Сидоров", STRANGE_KEY, ANNA.key.lower()])
def test_a_key_that_the_bridge_was_not_told_of_reaches_nobody(here, ask, number, handle):
    answer = ask("MakeCall", handle, number)
    assert (answer.Result, answer.Code, answer.CallId) == ("FAIL", 101, "")
    assert "Абонент не найден" in answer.Message
    assert dials_of(here, number) == []
    held_no_secret(answer)


def test_a_key_that_the_exchange_does_not_know_is_its_own_refusal_in_russian(here, ask_open, number):
    answer = ask_open("MakeCall", STRANGE_KEY, number)
    assert (answer.Result, answer.Code, answer.CallId) == ("FAIL", 2, "")
    assert "АТС не приняла ключ" in answer.Message
    assert [dial.made for dial in dials_of(here, number)] == [False]
    held_no_secret(answer)


@pytest.mark.parametrize("code", [1, 3, 4, 5])
def test_every_refusal_of_the_exchange_keeps_its_code_and_is_said_in_russian(here, speakers, number, code):
    with behaving(here.exchange, fail_code=code):
        answer = speakers(RUSSIAN)("MakeCall", "101", number)
    assert (answer.Result, answer.Code) == ("FAIL", code)
    assert russian(answer.Message)


def test_subscribers_are_listed_with_handles_and_without_their_keys(ask):
    people = ask("GetSubscribers").Subscriber
    assert [(one.Name, one.Extension, one.Key) for one in people] == [
        (ANNA.name, "101", "101"),
        (PETR.name, "102", "102"),
    ]
    assert ANNA.key not in ask.answers[-1].text


def test_subscribers_are_listed_with_their_keys_where_the_settings_allow(ask_open):
    people = ask_open("GetSubscribers").Subscriber
    assert [(one.Name, one.Key) for one in people] == [(ANNA.name, ANNA.key), (PETR.name, PETR.key)]


def test_what_is_listed_as_a_key_can_be_dialled_with(here, ask, number):
    listed = ask("GetSubscribers").Subscriber[1].Key
    assert ask("MakeCall", listed, number).Result == "SUCCESS"
    assert [dial.key for dial in dials_of(here, number)] == [PETR.key]


# --- one click, one call ------------------------------------------------------------------------
def test_a_double_click_dials_once_and_is_answered_twice(here, ask, number):
    first, second = ask("MakeCall", "101", number), ask("MakeCall", "101", number)
    assert first.Result == "SUCCESS"
    assert second == first
    assert len(dials_of(here, number)) == 1


def test_a_double_click_is_one_click_whatever_names_the_same_person_and_number(here, speakers, number):
    first = speakers(ENGLISH)("MakeCall", ANNA.key, number)
    second = speakers(RUSSIAN, Version.V12)("MakeCall", "Иванова Анна", f"8 {number[2:5]} {number[5:]}")
    assert (first.Result, second.CallId) == ("SUCCESS", first.CallId)
    assert len(dials_of(here, number)) == 1


def test_two_people_who_dial_one_number_are_two_clicks(here, ask, number):
    answers = [ask("MakeCall", handle, number) for handle in ("101", "102")]
    assert [answer.Result for answer in answers] == ["SUCCESS", "SUCCESS"]
    assert {dial.key for dial in dials_of(here, number)} == {ANNA.key, PETR.key}


@each_language
def test_two_clicks_at_the_same_moment_dial_once(here, tmp_path, number, language):
    # each with a connection of its own: 1C calls from several sessions at once
    clients = [Speaker(here.url, language, Version.V11, tmp_path) for _ in range(2)]
    together = threading.Barrier(2)

    def click(client):
        together.wait(5)
        return client("MakeCall", "101", number)

    with behaving(here.exchange, delay_s=0.3), ThreadPoolExecutor(2) as pool:
        first, second = pool.map(click, clients)
    for client in clients:
        client.session.close()
    assert first == second
    assert first.Result == "SUCCESS"
    assert len(dials_of(here, number)) == 1


# --- an exchange in trouble ---------------------------------------------------------------------
@each_language
def test_a_silent_exchange_is_an_unknown_outcome_and_is_not_dialled_again(here, speakers, number, language):
    ask = speakers(language)
    with behaving(here.exchange, trouble="silence"):
        first = ask("MakeCall", "101", number)
    assert (first.Result, first.Code, first.CallId) == ("FAIL", 104, "")
    assert "Исход неизвестен" in first.Message
    held_no_secret(first)
    assert ask("MakeCall", "101", number) == first
    assert len(dials_of(here, number)) == 1


@each_language
def test_an_exchange_that_is_off_is_a_refusal_in_russian(here, speakers, number, language):
    ask = speakers(language)
    here.exchange_server.stop()
    try:
        answer = ask("MakeCall", "101", number)
    finally:
        here.exchange_server.start()
    assert (answer.Result, answer.Code, answer.CallId) == ("FAIL", 105, "")
    assert russian(answer.Message)
    held_no_secret(answer)


@pytest.mark.parametrize("trouble", ["http500", "html", "empty"])
def test_an_exchange_that_answers_nonsense_is_not_taken_for_success(here, speakers, number, trouble):
    ask = speakers(ENGLISH)
    with behaving(here.exchange, trouble=trouble):
        answer = ask("MakeCall", "101", number)
    assert answer.Result == "FAIL"
    assert answer.Code >= 100
    assert russian(answer.Message)
    held_no_secret(answer)
    assert ask("MakeCall", "101", number) == answer
    assert len(dials_of(here, number)) == 1


# --- who may ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("login", "password"),
    [(LOGIN, "wrong"), (LOGIN, ""), ("nobody", PASSWORD), (OPEN, PASSWORD), (LOGIN, PASSWORD + " ")],
)
def test_a_wrong_password_is_401_with_a_fault_and_dials_nobody(
    here, tmp_path, spoken, number, login, password
):
    ask = Speaker(here.url, *spoken, tmp_path, login=login, password=password)
    try:
        with pytest.raises(Fault, match="Неверное имя или пароль информационной базы"):
            ask("MakeCall", "101", number)
    finally:
        ask.session.close()
    (answer,) = ask.answers
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Basic realm="')
    assert dials_of(here, number) == []


@each_language
def test_nobody_may_call_without_a_login(here, language):
    answer = requests.post(
        f"{here.url}{language.path}", data=b"", headers={"Content-Type": "text/xml"}, timeout=5
    )
    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers
    assert "<faultstring>Неверное имя или пароль" in answer.content.decode()


@contextmanager
def two_firms(folder):
    """A bridge that serves two firms, each with its own exchange, people and infobase."""
    people = {
        "north": Subscriber(name="Северов Семён", key="northkey00000001", extension="101"),
        "south": Subscriber(name="Южина Юлия", key="southkey00000001", extension="201"),
    }
    with ExitStack() as running:
        exchanges = {name: FakeExchange((one,)) for name, one in people.items()}
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        bridge = assemble(
            Settings.model_validate(
                {
                    "server": {
                        "listen": f"127.0.0.1:{port}",
                        "public_url": url,
                        "database": str(folder / "bridge.db"),
                        "threads": 4,
                    },
                    "exchange": {
                        name: {
                            "base_url": running.enter_context(Loopback(exchange)).url,
                            "hook_secret": f"a-hook-secret-of-{name}",
                            "subscribers": [
                                {
                                    "name": people[name].name,
                                    "key": people[name].key,
                                    "extension": people[name].extension,
                                }
                            ],
                        }
                        for name, exchange in exchanges.items()
                    },
                    "infobase": {
                        name: {
                            "exchange": name,
                            "show_keys": True,
                            "token_hashes": [token_hash(f"password-{name}")],
                        }
                        for name in people
                    },
                }
            )
        )
        thread = threading.Thread(target=bridge.run, name="bridge-of-two-firms")
        thread.start()
        running.callback(thread.join)
        running.callback(bridge.drain)
        yield SimpleNamespace(url=url, people=people, exchanges=exchanges)


@pytest.fixture(scope="module")
def firms(tmp_path_factory):
    with two_firms(tmp_path_factory.mktemp("firms")) as running:
        yield running


@each_language
@pytest.mark.parametrize(("mine", "other"), [("north", "south"), ("south", "north")])
def test_another_infobase_neither_sees_nor_dials_for_these_subscribers(
    firms, tmp_path, number, language, mine, other
):
    password = f"password-{mine}"
    ask = Speaker(firms.url, language, Version.V11, tmp_path, login=mine, password=password)
    try:
        (seen,) = ask("GetSubscribers").Subscriber
        assert (seen.Name, seen.Key) == (firms.people[mine].name, firms.people[mine].key)
        stranger = firms.people[other]
        for handle in (stranger.key, stranger.extension, stranger.name):
            answer = ask("MakeCall", handle, number)
            assert (answer.Result, answer.Code) == ("FAIL", 101)
        assert ask("MakeCall", seen.Key, number).Result == "SUCCESS"
    finally:
        ask.session.close()
    assert [dial.key for dial in firms.exchanges[mine].dials if dial.number[1:] == number[2:]] == [seen.Key]
    assert [dial for dial in firms.exchanges[other].dials if dial.number[1:] == number[2:]] == []


def test_the_same_click_in_two_infobases_is_two_calls(firms, tmp_path, number):
    for mine in ("north", "south"):
        ask = Speaker(firms.url, ENGLISH, Version.V11, tmp_path, login=mine, password=f"password-{mine}")
        assert ask("MakeCall", firms.people[mine].key, number).Result == "SUCCESS"
        ask.session.close()
        assert [dial.number[1:] for dial in firms.exchanges[mine].dials].count(number[2:]) == 1


# --- wrong requests -----------------------------------------------------------------------------
def test_a_fault_names_the_guilty_in_the_words_of_its_version(here, spoken):
    language, version = spoken
    body = (
        f'<e:Envelope xmlns:e="{version.value}"><e:Body>'
        f'<m:{language.word("MakeCall")} xmlns:m="{language.namespace}"/></e:Body></e:Envelope>'
    )
    answer = here.post(body.encode(), language.path, Content_Type=version.media)
    (guilty,) = [one.text for one in etree.fromstring(answer.content).iter("{*}Value", "{*}faultcode")]
    assert (answer.status_code, guilty.partition(":")[2]) == {
        Version.V11: (500, "Client"),
        Version.V12: (400, "Sender"),
    }[version]
    assert f"Не передан параметр {language.word('Key')}" in answer.content.decode()


@pytest.mark.parametrize(
    ("operation", "wrong"),
    [("GetCallJournal", {"Date": "вчера"}), ("PollEvents", {"AfterId": "1.5"})],
)
def test_a_value_of_the_wrong_type_is_a_fault_with_an_example(here, spoken, operation, wrong):
    language, version = spoken
    (asked,) = (
        one for one in read((wsdl_dir() / language.wsdl).read_bytes()).operations if one.action == operation
    )
    words = {language.word(name): value for name, value in wrong.items()}
    envelope = etree.Element(f"{{{version.value}}}Envelope")
    request = etree.SubElement(etree.SubElement(envelope, f"{{{version.value}}}Body"), asked.request)
    for member in asked.request_members:
        child = etree.SubElement(request, f"{{{language.namespace}}}{member.name}")
        child.text = words.get(member.name, "0")
    answer = here.post(etree.tostring(envelope, encoding="utf-8"), language.path, Content_Type=version.media)
    assert answer.status_code in (400, 500)
    text = answer.content.decode()
    assert f"Параметр {next(iter(words))} должен быть" in text
    assert "например" in text


def russian(text):
    """A sentence for an accountant: Russian words, nothing of the wire."""
    letters = [char for char in text if char.isalpha()]
    cyrillic = [char for char in letters if "а" <= char.lower() <= "я" or char.lower() == "ё"]
    return len(letters) > 10 and len(cyrillic) > 0.9 * len(letters)
