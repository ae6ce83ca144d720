"""The published web service as the bridge's doctor and foreign clients see it."""

from dataclasses import replace
from pathlib import Path

import pytest
import requests
import zeep
from lxml import etree
from onec.run.infobase.firm import EXCHANGE_USER, Office, office
from requests.auth import HTTPBasicAuth

from bridge.doctor import Code, Finding, examine
from bridge.doctor.finding import BAD, GOOD
from bridge.resources import wsdl_text
from support.ports import free_port
from support.world import HOOK_SECRET

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
SETTINGS = """
[server]
listen = "127.0.0.1:{port}"
[exchange.main]
base_url = "http://127.0.0.1:9"
hook_secret = "{secret}"
[infobase.buh]
exchange = "main"
token_hashes = ["sha256:{hash}"]
contract = "{contract}"
url = "{url}"
namespace = "http://VATS"
user = "{user}"
password = "{password}"
"""


def looked_at(folder: Path, made: Office, contract: str, password: str) -> list[Finding]:
    path = folder / "bridge.toml"
    text = SETTINGS.format(
        port=free_port(),
        secret=HOOK_SECRET,
        hash="0" * 64,
        contract=contract,
        url=made.address,
        user=EXCHANGE_USER.name,
        password=password,
    )
    path.write_text(text, encoding="utf-8")
    return [one for one in examine(path, only="buh") if one.link == "1С buh"]


@pytest.mark.parametrize("contract", ["vats", "vatscalls"])
def test_the_doctor_is_content(tmp_path: Path, contract: str) -> None:
    with office() as made:
        found = looked_at(tmp_path, made, contract, EXCHANGE_USER.password)
        assert max(one.grade for one in found) == GOOD, [one.as_text() for one in found]
        assert {one.operation for one in made.publication.taken} == {"SayName"}


def test_the_doctor_says_that_the_role_was_forgotten(tmp_path: Path) -> None:
    with office(user=replace(EXCHANGE_USER, roles=())) as made:
        found = looked_at(tmp_path, made, "vatscalls", EXCHANGE_USER.password)
        assert [one.code for one in found if one.grade == BAD] == [Code.CALL_NO_RIGHT]


def test_the_doctor_says_that_the_password_is_wrong(tmp_path: Path) -> None:
    with office() as made:
        found = looked_at(tmp_path, made, "vatscalls", "не тот")
        assert [one.code for one in found if one.grade == BAD] == [Code.ONEC_LOGIN]
        assert made.publication.taken == []


@pytest.mark.parametrize("name", ["onec/vats.wsdl", "onec/vatscalls.wsdl"])
def test_it_holds_every_operation_of_both_contracts(name: str) -> None:
    """A client of either finds its operations here with the same parameters in the same order."""
    with office() as made:
        answer = requests.get(f"{made.address}?wsdl", auth=_login(), timeout=10)
        published = _elements(answer.content)
    asked = _elements(wsdl_text(name).encode())
    assert asked.items() <= published.items()


@pytest.mark.parametrize("place", ["VATS", "VATS.1cws"])
def test_a_client_of_1c_loads_the_description(place: str) -> None:
    with office() as made:
        session = requests.Session()
        session.auth = _login()
        address = made.address.replace("/ws/VATS", f"/ws/{place}")
        client = zeep.Client(f"{address}?wsdl", transport=zeep.Transport(session=session, timeout=10))
        assert set(client.wsdl.services["VATS"].ports) == {"VATSSoap", "VATSSoap12"}
        answer = client.bind("VATS", "VATSSoap12").SayName(Number="89160000001")
        assert "<title>" in answer


def _login() -> HTTPBasicAuth:
    return HTTPBasicAuth(EXCHANGE_USER.name.encode(), EXCHANGE_USER.password.encode())


def _elements(text: bytes) -> dict[str, list[tuple[str, str]]]:
    """Of each message: its parts with their types, in order."""
    schema = etree.fromstring(text).find(f"{WSDL}types/{SCHEMA}schema")
    assert schema is not None
    return {
        str(one.get("name")): [
            (str(inner.get("name")), str(inner.get("type"))) for inner in one.iterfind(f".//{SCHEMA}element")
        ]
        for one in schema.iterfind(f"{SCHEMA}element")
    }
