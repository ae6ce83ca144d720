"""Where a recording is fetched from, and where the bridge does not go whatever the exchange says."""

import pytest

from bridge.core.records import Traces
from bridge.vpbx.mobilon.record_places import MAX_PLACES, Places

TOKEN = "acc/TOKEN+777"
SENT = "acc%2FTOKEN%2B777"
OTHER_SECRET = "api-password-of-tests"


def places(**changes: object) -> Places:
    facts: dict[str, object] = {
        "base_url": "https://connect.mobilon.ru",
        "own_urls": ("https://callapi.services.mobilon.ru",),
        "token": TOKEN,
        "hosts": ("records.mobilon.ru", "10.0.0.7:8443", "127.0.0.1:9000"),
        "secrets": (OTHER_SECRET,),
        **changes,
    }
    return Places(**facts)  # type: ignore[arg-type]


def url(address: str, **changes: object) -> str:
    found = places(**changes).of(Traces(addresses=[address]))
    return found[0].url if found else ""


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        # the manual's own: relative, with a token inside
        (
            "/api/call/record?token=old&callid=1565770000.25643",
            f"https://connect.mobilon.ru/api/call/record?token={SENT}&callid=1565770000.25643",
        ),
        ("api/call/record?callid=1.2", f"https://connect.mobilon.ru/api/call/record?token={SENT}&callid=1.2"),
        (
            "/api/call/record?callid=1&TOKEN=x",
            f"https://connect.mobilon.ru/api/call/record?callid=1&token={SENT}",
        ),
        ("/files/1.mp3", "https://connect.mobilon.ru/files/1.mp3"),
        # another address of the exchange's own
        (
            "https://callapi.services.mobilon.ru/r?token=z",
            f"https://callapi.services.mobilon.ru/r?token={SENT}",
        ),
        ("https://CONNECT.mobilon.ru:443/r?token=z", f"https://connect.mobilon.ru/r?token={SENT}"),
        ("//connect.mobilon.ru/r", "https://connect.mobilon.ru/r"),
        (
            "http://connect.mobilon.ru/r?token=z",
            f"https://connect.mobilon.ru/r?token={SENT}",
        ),  # never in clear
        # a server of the settings: no token goes there
        ("https://records.mobilon.ru/a/1.mp3?x=1", "https://records.mobilon.ru:443/a/1.mp3?x=1"),
        ("https://records.mobilon.ru/1.mp3?token=z&x=1", "https://records.mobilon.ru:443/1.mp3?x=1"),
        ("https://records.mobilon.ru/1.mp3?%74oken=z", "https://records.mobilon.ru:443/1.mp3"),
        ("https://10.0.0.7:8443/1.wav", "https://10.0.0.7:8443/1.wav"),
        ("http://127.0.0.1:9000/1.wav", "http://127.0.0.1:9000/1.wav"),
    ],
)
def test_an_address_of_the_exchange_leads_to_its_own_servers(address: str, asked: str) -> None:
    assert url(address) == asked


@pytest.mark.parametrize(
    "address",
    [
        "https://records.sim.invalid/1.mp3",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1/1.mp3",
        "http://localhost:8080/metrics",
        "https://10.0.0.7/1.wav",  # its other port
        "https://[::1]/1.wav",
        "http://2130706433/1.wav",
        "https://records.mobilon.ru.evil.example/1.mp3",
        "https://evilrecords.mobilon.ru/1.mp3",
        "https://records.mobilon.ru@evil.example/1.mp3",
        "https://user:pw@records.mobilon.ru/1.mp3",
        "https://records.mobilon.ru:22/1.mp3",
        "https://connect.mobilon.ru:8443/r?token=z",
        "https://connect.mobilon.ru.:443/r",
        "http://records.mobilon.ru/1.mp3",  # unencrypted
        "file:///etc/passwd",
        "ftp://records.mobilon.ru/1.mp3",
        "javascript:alert(1)",
        "https:\\\\evil.example/1.mp3",
        "/api/../call/record?callid=1",
        "/%2e%2e/secret",
        "/a/%252e%252e/b",
        "https://records.mobilon.ru//evil/1.mp3",
        "https://records.mobilon.ru/1.mp3\r\nX: y",
        "https://records.mobilon.ru/ 1.mp3",
        "https://records.mobilon.ru:99999/1.mp3",
        "https://[records/1.mp3",
        "https://запись.рф/1.mp3",
        f"https://records.mobilon.ru/{SENT}/1.mp3",
        f"https://records.mobilon.ru/1.mp3?key={OTHER_SECRET}",
        # a GET there makes the exchange dial
        "/api/call/CallToSubscriber?key=k&outboundNumber=88095000000&token=x",
        "/api/call/%43allToSubscriber?key=k&outboundNumber=88095000000",
        "/call/k0aa/88095000000",
        "https://callapi.services.mobilon.ru/simple-calls/call/?event=1",
        "/" + "a" * 3000,
        "",
        "?",
    ],
)
def test_the_bridge_goes_nowhere_else(address: str) -> None:
    assert url(address) == ""


def test_unencrypted_servers_only_when_the_settings_allow() -> None:
    assert url("http://records.mobilon.ru/1.mp3", allow_http=True) == "http://records.mobilon.ru:80/1.mp3"


def test_every_name_of_the_call_is_asked_for_but_not_endlessly() -> None:
    traces = Traces(addresses=["/r/1.mp3", "/r/1.mp3"], call_ids=["a b", "2", "3", "4", "5"])
    found = [one.url for one in places().of(traces)]
    assert found[0] == "https://connect.mobilon.ru/r/1.mp3"
    assert found[1] == f"https://connect.mobilon.ru/api/call/record?token={SENT}&callid=a%20b"
    assert len(found) == MAX_PLACES


def test_without_our_token_only_what_the_exchange_said_is_asked() -> None:
    bare = places(token="")
    assert [one.url for one in bare.of(Traces(addresses=["/r?token=theirs"], call_ids=["1"]))] == [
        "https://connect.mobilon.ru/r?token=theirs"
    ]
    assert bare.of(Traces(call_ids=["1"])) == []


def test_what_is_shown_holds_no_secret() -> None:
    for token in (TOKEN, ""):
        here = places(token=token)
        for address in ("/api/call/record?token=other-token&callid=1", f"/x/{OTHER_SECRET}/1.mp3"):
            shown = [here.shown(one) for one in here.of(Traces(addresses=[address], call_ids=["1"]))]
            assert shown
            for secret in (TOKEN, SENT, OTHER_SECRET, "other-token"):
                assert not [one for one in shown if secret in one]


def test_nothing_secret_is_in_a_representation() -> None:
    here = places()
    assert TOKEN not in repr(here)
    assert SENT not in repr(here.of(Traces(call_ids=["1"])))
