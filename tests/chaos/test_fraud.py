"""A stolen token costs little: the raid of `fraud`, in small."""

from pathlib import Path

from bridge.core.dialing import CallCode
from support.world import ANNA, UNLIMITED, world

from .fraud import allowed, raid


def test_a_stolen_token_reaches_the_exchange_no_oftener_than_the_limits_say(tmp_path: Path) -> None:
    with world(tmp_path, dial={}) as here:
        done = raid(here, dials=300, seconds=30, threads=8)
    assert done.tried == 300
    assert 0 < done.reached <= allowed(done.seconds)
    assert done.abroad == 0
    assert done.codes[CallCode.TOO_OFTEN] > 0
    assert done.alarms == 1, "once a minute, not for each"


def test_without_limits_the_same_raid_gets_through(tmp_path: Path) -> None:
    """The measurement sees a hole when there is one."""
    # seats for all eight: who finds none is told so at once, and such a raid would be over in no time
    with world(tmp_path, dial=UNLIMITED, server={"threads": 32}) as here:
        done = raid(here, dials=150, seconds=30, threads=8)
    assert done.reached > allowed(done.seconds)


def test_the_stop_holds_from_the_next_click_on(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        client = here.client()
        assert client.service.MakeCall(ANNA.key, "89235292926").Code == CallCode.DONE
        here.archive().stop_dialling("", "проверка")
        refused = client.service.MakeCall(ANNA.key, "89235292927")
        assert (refused.Result, refused.Code) == ("FAIL", CallCode.STOPPED)
        assert refused.Message.endswith("проверка")
        here.archive().allow_dialling("")
        assert client.service.MakeCall(ANNA.key, "89235292927").Code == CallCode.DONE
        assert len(here.exchange.dials) == 2
