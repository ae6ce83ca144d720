"""Guessing is slow; whoever knows the password is not locked out by a neighbour."""

from base64 import b64encode

import pytest

from bridge.web.auth import Doorkeeper, Gatekeeper, token_hash
from bridge.web.sources import Sources
from bridge.web.throttle import MAX_ADDRESSES, TRIES, WINDOW_S, Throttle, Throttled
from support.stand import Clock

STRANGER, NEIGHBOUR = "203.0.113.9", "198.51.100.7"


def basic(login: str, password: str) -> str:
    return "Basic " + b64encode(f"{login}:{password}".encode()).decode()


def gate() -> Gatekeeper:
    return Gatekeeper({"buh": "buh"}, {"buh": [token_hash("right")]})


def guess(keeper: Gatekeeper, address: str, times: int = TRIES) -> None:
    for number in range(times):
        assert keeper.infobase(basic("buh", f"wrong-{number}"), address) is None


def test_after_so_many_wrong_passwords_not_even_the_right_one_is_tried() -> None:
    keeper = gate()
    guess(keeper, STRANGER)
    with pytest.raises(Throttled):
        keeper.infobase(basic("buh", "right"), STRANGER)
    assert keeper.infobase(basic("buh", "right"), NEIGHBOUR) == "buh", "others are not concerned"


def test_whoever_got_in_before_is_let_try_and_a_new_login_from_there_is_not() -> None:
    keeper = gate()
    assert keeper.infobase(basic("buh", "right"), STRANGER) == "buh"
    guess(keeper, STRANGER)
    assert keeper.infobase(basic("buh", "right"), STRANGER) == "buh"
    with pytest.raises(Throttled):
        keeper.infobase(basic("sklad", "x"), STRANGER)


def test_the_wait_ends() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(TRIES):
        throttle.failed(STRANGER)
    clock.advance(WINDOW_S)
    with pytest.raises(Throttled):
        throttle.check(STRANGER, ("buh",))
    clock.advance(1)
    throttle.check(STRANGER, ("buh",))


def test_a_request_without_a_login_is_no_guess() -> None:
    """Clients that send none at first are told that one is needed, and come back."""
    keeper = gate()
    for _ in range(3 * TRIES):
        assert keeper.infobase("", STRANGER) is None
    assert keeper.infobase(basic("buh", "right"), STRANGER) == "buh"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_be_a_proxy_and_is_never_locked_out(address: str) -> None:
    keeper = gate()
    guess(keeper, address, 3 * TRIES)
    assert keeper.infobase(basic("buh", "right"), address) == "buh"


def test_the_exchanges_entrance_is_as_slow_to_guess_at() -> None:
    keeper = Doorkeeper([("SOAP", "123", "main")])
    for number in range(TRIES):
        assert keeper.exchange(basic("SOAP", str(number)), STRANGER) is None
    with pytest.raises(Throttled):
        keeper.exchange(basic("SOAP", "123"), STRANGER)


def test_a_customer_with_2_to_the_64_addresses_has_no_more_tries_than_others() -> None:
    keeper = gate()
    for number in range(TRIES):
        assert keeper.infobase(basic("buh", f"wrong-{number}"), f"2001:db8:0:7::{number:x}") is None
    with pytest.raises(Throttled):
        keeper.infobase(basic("buh", "right"), "2001:db8:0:7:ffff::1")
    assert keeper.infobase(basic("buh", "right"), "2001:db8:0:8::1") == "buh"
    guess(keeper, f"::ffff:{STRANGER}")
    with pytest.raises(Throttled):
        keeper.infobase(basic("buh", "right"), STRANGER)


def test_a_million_addresses_do_not_fill_the_memory() -> None:
    throttle = Throttle()
    for number in range(MAX_ADDRESSES + 100):
        throttle.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        throttle.entered(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "x")
    assert len(throttle._failed) == len(throttle._entered) == MAX_ADDRESSES


def test_the_exchanges_own_place_is_not_slowed_at_soap_either() -> None:
    keeper = Doorkeeper([("SOAP", "123", "main")], sources=Sources({"main": ["91.199.46.0/24"]}))
    for number in range(TRIES + 5):
        assert keeper.exchange(basic("SOAP", f"old {number}"), "91.199.46.7") is None
    assert keeper.exchange(basic("SOAP", "123"), "91.199.46.7") == "main"
    for number in range(TRIES):
        assert keeper.exchange(basic("SOAP", f"old {number}"), "203.0.113.9") is None
    with pytest.raises(Throttled):
        keeper.exchange(basic("SOAP", "123"), "203.0.113.9")
