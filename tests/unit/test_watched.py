"""What the loop cannot watch is not watched, and whoever asked is told so."""

import pytest

from bridge.web.watched import Watch, Watched


class Answer:
    """Its time is over from the beginning."""

    ends_at = 0.0

    def fileno(self) -> int:
        return 7

    def come(self) -> bool:
        return True


def test_what_is_refused_is_not_heard_of_again() -> None:
    def refuse(_: Watched) -> None:
        raise OSError("no more is watched")

    heard: list[str] = []
    watch = Watch(refuse, lambda _: heard.append("removed"))
    with pytest.raises(OSError, match="no more"):
        watch.add(Answer(), lambda: heard.append("heard"))
    watch.look()
    assert not watch
    assert heard == []


def test_what_was_heard_before_it_was_refused_is_heard_once() -> None:
    heard: list[str] = []

    def refuse(watched: Watched) -> None:
        watched.handle_close()
        raise OSError("no more is watched")

    watch = Watch(refuse, lambda _: heard.append("removed"))
    watch.add(Answer(), lambda: heard.append("heard"))
    assert not watch
    assert heard == ["removed", "heard"]
