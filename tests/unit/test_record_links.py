"""Links to recordings: nothing of one may be changed, and none outlives its time or its secret."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.web.signing import CHANGED, EXPIRED, RecordLinks, Refused, Signed

SECRET = "a-secret-of-links-for-tests-000000001"
NOW = 1_790_000_000.0
CALL = "2ebc0000-b5da-4ddb-cd04-000000000001"
CALL_IDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(
    lambda text: text not in (".", "..")
)


def links(secret: str = SECRET, *, now: float = NOW, lifetime_s: float = 3600.0) -> RecordLinks:
    return RecordLinks(secret, "https://bridge.example.ru", lifetime_s, lambda: now)


def parts(link: str) -> tuple[str, str]:
    """The path as a server hands it over, and the query."""
    split = urlsplit(link)
    return unquote(split.path), split.query


def read(link: str, by: RecordLinks | None = None) -> Signed | Refused:
    return (by or links()).read(*parts(link))


def test_a_link_opens_what_it_was_made_for() -> None:
    link = links().link("buh", "main", CALL)
    assert link.startswith(f"https://bridge.example.ru/records/{CALL}?of=main&for=buh&until=1790003600&sig=")
    assert read(link) == Signed(infobase="buh", exchange="main", call_id=CALL)


@given(CALL_IDS)
def test_any_id_of_a_call_comes_back_as_it_was(call_id: str) -> None:
    assert read(links().link("buh", "main", call_id)) == Signed(
        infobase="buh", exchange="main", call_id=call_id
    )


@given(CALL_IDS, st.data())
def test_a_change_of_any_character_closes_it(call_id: str, data: st.DataObject) -> None:
    path, query = parts(links().link("buh", "main", call_id))
    whole = f"{path}\0{query}"  # no part of either
    place = data.draw(st.integers(0, len(whole) - 1).filter(lambda at: whole[at] != "\0"))
    other = data.draw(
        st.characters(exclude_categories=("Cs",)).filter(lambda one: one not in (whole[place], "\0"))
    )
    how = data.draw(st.sampled_from(["change", "insert", "drop"]))
    match how:
        case "change":
            changed = whole[:place] + other + whole[place + 1 :]
        case "insert":
            changed = whole[:place] + other + whole[place:]
        case _:
            changed = whole[:place] + whole[place + 1 :]
    new_path, _, new_query = changed.partition("\0")
    assert links().read(new_path, new_query) == Refused(reason=CHANGED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("of=main&for=buh", "for=buh&of=main"),
        ("of=main", "of=main&of=main"),
        ("for=buh", "for=crm"),
        ("of=main", "of=other"),
        ("until=1790003600", "until=9999999999"),
        ("until=1790003600", "until=01790003600"),
        ("until=", "x=&until="),
        ("&sig=", "&sig=&sig="),
        ("of=main", "of=m%61in"),
    ],
)
def test_another_spelling_or_another_right_is_refused(old: str, new: str) -> None:
    path, query = parts(links().link("buh", "main", CALL))
    assert old in query
    assert links().read(path, query.replace(old, new)) == Refused(reason=CHANGED)


def test_parts_do_not_flow_into_each_other() -> None:
    """A call whose id looks like a query, and fields moved from one to the next."""
    call_id = "1?of=main&for=buh"
    path, query = parts(links().link("crm", "main", call_id))
    assert links().read(path, query) == Signed(infobase="crm", exchange="main", call_id=call_id)
    one, two = (parts(links().link("b-a", "m", CALL))[1], parts(links().link("a", "m-b", CALL))[1])
    signature = one.rpartition("=")[2]
    assert links().read(f"/records/{CALL}", two.rpartition("=")[0] + "=" + signature) == Refused(
        reason=CHANGED
    )


def test_it_expires_and_says_so() -> None:
    link = links().link("buh", "main", CALL)
    assert isinstance(read(link, links(now=NOW + 3599)), Signed)
    assert read(link, links(now=NOW + 3600)) == Refused(reason=EXPIRED)


def test_a_changed_link_is_not_told_that_it_expired() -> None:
    path, query = parts(links().link("buh", "main", CALL))
    late = links(now=NOW + 9999)
    assert late.read(path + "1", query) == Refused(reason=CHANGED)


def test_it_does_not_survive_its_secret() -> None:
    link = links().link("buh", "main", CALL)
    assert read(link, links(SECRET + "x")) == Refused(reason=CHANGED)
    assert read(link, links("")) == Refused(reason=CHANGED)


def test_without_a_secret_or_an_id_there_is_no_link() -> None:
    assert links("").link("buh", "main", CALL) == ""
    assert [links().link("buh", "main", one) for one in ("", ".", "..")] == ["", "", ""]
