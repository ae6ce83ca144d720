"""Which calls a search means, as one statement: a page is read along an index, and no further.

A call is in the place of the last of its events that the search means, so that each is found once.
"""

from typing import Any

from bridge.core.overview import Search

AFTER_ALL = 2**62  # no id is so high
FIRST_AT = "SELECT id FROM event WHERE received_at >= :moment ORDER BY received_at, id LIMIT 1"
# the last ten characters; the indexes have the same words
_TAIL_FROM = "substr({0}.from_number, length({0}.from_number) - 9)"
_TAIL_TO = "substr({0}.to_number, length({0}.to_number) - 9)"


def statement(search: Search) -> tuple[str, dict[str, Any]]:
    """The statement and its facts, but for `floor`, `before` and `limit`, which bound ids and rows."""
    ways, facts = _ways(search)
    branches = [_branch(way, ways) for way in ways or [""]]
    if len(branches) == 1:
        return branches[0], facts
    parts = [f"SELECT * FROM ({one}) AS part{number}" for number, one in enumerate(branches)]  # noqa: S608
    together = " UNION ".join(parts)
    return f"SELECT * FROM ({together}) AS found ORDER BY id DESC LIMIT :limit", facts  # noqa: S608


def _ways(search: Search) -> tuple[list[str], dict[str, Any]]:
    """Each way in which an event may be meant, with an index of its own; `{0}` is the event."""
    if search.digits:
        return [f"{_TAIL_FROM} = :digits", f"{_TAIL_TO} = :digits"], {"digits": search.digits}
    ways: list[str] = []
    facts: dict[str, Any] = {}
    if search.person is not None and search.person.key:
        ways.append("{0}.user_key = :user_key AND {0}.user_key <> ''")
        facts["user_key"] = search.person.key
    if search.person is not None and search.person.extension:
        ways += [f"{_TAIL_FROM} = :extension", f"{_TAIL_TO} = :extension"]
        facts["extension"] = search.person.extension
    return ways, facts


def _branch(way: str, ways: list[str]) -> str:
    meant = f" AND {way}" if way else ""
    anyway = f" AND ({' OR '.join(ways)})" if ways else ""
    # a subquery for each row, which a planner cannot turn into a join of the whole table with itself
    return f"""
SELECT e.id, e.exchange, e.call_id FROM event e
 WHERE e.id < :before AND e.id >= :floor AND e.merged_into IS NULL{meant.format("e")}
   AND e.id = (SELECT max(x.id) FROM event x WHERE x.exchange = e.exchange AND x.call_id = e.call_id
                AND x.merged_into IS NULL{anyway.format("x")})
 ORDER BY e.id DESC LIMIT :limit"""  # noqa: S608 - put together from constants
