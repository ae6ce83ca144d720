"""docs/openapi.json says what the HTTP entrances do: held against the router and against made-up requests.

Each operation is asked for what its schemas allow and for what they do not; every answer must be one
that the description has, in a media type that it names.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.wiring import entrances
from support.world import HOOK_SECRET, LOGIN, PASSWORD, World, world

DESCRIPTION = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8"))
METHODS = ("get", "post")
FORM = "application/x-www-form-urlencoded"
KNOWN = {"exchange": "main", "secret": HOOK_SECRET}  # else every request would be a stranger's
CASES = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True, kw_only=True)
class Operation:
    path: str
    method: str
    about: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]

    def __str__(self) -> str:
        return str(self.about["operationId"])

    def of(self, place: str) -> dict[str, Any]:
        return {one["name"]: one["schema"] for one in self.parameters if one["in"] == place}

    @property
    def body(self) -> tuple[str, Mapping[str, Any]]:
        """Media type and schema of what is posted; "" for nothing."""
        content = self.about.get("requestBody", {}).get("content", {})
        return next(((media, resolved(one["schema"])) for media, one in content.items()), ("", {}))

    @property
    def answers(self) -> Mapping[int, Mapping[str, Any]]:
        return {int(status): resolved(one) for status, one in self.about["responses"].items()}


def resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a `$ref` stands for."""
    found: Any = node
    while "$ref" in found:
        steps = found["$ref"].removeprefix("#/").split("/")
        found = DESCRIPTION
        for step in steps:
            found = found[step]
    return found


def _operations() -> Iterator[Operation]:
    for path, one in DESCRIPTION["paths"].items():
        for method in METHODS:
            if method in one:
                about = one[method]
                parameters = (*one.get("parameters", ()), *about.get("parameters", ()))
                yield Operation(path=path, method=method, about=about, parameters=parameters)


OPERATIONS = tuple(_operations())


# --- requests of a schema ---------------------------------------------------------------------------
def right(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema allows; of the words of JSON Schema, those that the description uses."""
    schema = resolved(schema)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "object":
            required = {name: right(schema["properties"][name]) for name in schema["required"]}
            others = {name: right(one) for name, one in schema["properties"].items() if name not in required}
            return st.fixed_dictionaries(required, optional=others)
    return st.from_regex(schema["pattern"].removeprefix("^").removesuffix("$"), fullmatch=True)


ODD = st.one_of(
    st.text(max_size=200),
    st.sampled_from(
        ["", "\0", "\r\nX: 1", "%00", "' OR 1=1 --", "9" * 3_000, "\u202e", "{KEY}", "../..", "\ud7ff"]
    ),
)


@dataclass
class Asked:
    """A request on its way: names and values as they will be sent, repeated ones too."""

    query: list[tuple[str, str]]
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)


@st.composite
def allowed(draw: st.DrawFn, operation: Operation) -> Asked:
    asked = Asked([(name, draw(right(one))) for name, one in operation.of("query").items()])
    asked.path = {name: KNOWN.get(name) or draw(right(one)) for name, one in operation.of("path").items()}
    media, schema = operation.body
    if media:
        value = draw(right(schema))
        asked.body = urlencode(value).encode() if media == FORM else json.dumps(value).encode()
        asked.headers = {"Content-Type": media}
    return asked


@st.composite
def spoiled(draw: st.DrawFn, operation: Operation) -> Asked:
    """An allowed request with something wrong in it, or in all of it."""
    asked = draw(allowed(operation))
    names = [name for name, _ in asked.query] or ["x"]
    match draw(st.sampled_from(["value", "missing", "repeated", "body", "media", "path"])):
        case "value":
            asked.query.append((draw(st.sampled_from([*names, "x"])), draw(ODD)))
        case "missing":
            asked.query = asked.query[1:]
        case "repeated":
            asked.query = [pair for pair in asked.query for _ in range(2)]
        case "body":
            asked.body = draw(st.one_of(st.binary(max_size=300), ODD.map(lambda text: text.encode())))
        case "media":
            kinds = ["application/json", FORM, "text/xml", "", "multipart/form-data; boundary=x"]
            asked.headers["Content-Type"] = draw(st.sampled_from(kinds))
        case _:
            asked.path |= {name: draw(ODD.filter(bool)) for name in asked.path}
    return asked


def ask(here: World, operation: Operation, asked: Asked) -> requests.Response:
    path = operation.path
    for name, value in asked.path.items():
        path = path.replace("{" + name + "}", quote(value, safe=""))
    query = urlencode(asked.query)
    return requests.request(
        operation.method,
        f"{here.url}{path}{'?' if query else ''}{query}",
        data=asked.body,
        headers=asked.headers,
        auth=(LOGIN, PASSWORD) if "security" in operation.about else None,
        timeout=10,
    )


def described(operation: Operation, answer: requests.Response) -> None:
    """The answer is one that the description of the operation has."""
    assert answer.status_code in operation.answers, answer.text
    media = answer.headers["Content-Type"].partition(";")[0]
    content = operation.answers[answer.status_code]["content"]
    assert media in content
    if media == "application/json":
        schema, said = resolved(content[media]["schema"]), answer.json()
        assert set(schema["required"]) <= set(said) <= set(schema["properties"])


# --- the tests --------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    secret = {"link_secret": "a-secret-of-links-for-tests-000000001"}
    with world(tmp_path_factory.mktemp("openapi"), contract="none", server=secret) as made:
        made.exchange.hook_url = ""
        yield made


NOT_HERE = ("/ws/", "/console")  # SOAP has its WSDL, the console is for people


def test_every_entrance_of_the_router_is_described_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, Any] = {}
    router = entrances.Router
    monkeypatch.setattr(entrances, "Router", lambda **tables: made.update(tables) or router(**tables))
    with world(tmp_path, contract="none"):
        pass
    ours = {path for path in (*made["exact"], *made["prefixes"]) if not path.startswith(NOT_HERE)}
    theirs = {path.partition("{")[0] for path in DESCRIPTION["paths"]}
    assert theirs == ours


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_what_is_described_is_taken(here: World, operation: Operation) -> None:
    @CASES
    @given(allowed(operation))
    def asks(asked: Asked) -> None:
        answer = ask(here, operation, asked)
        described(operation, answer)
        # a link cannot be made up
        assert answer.status_code == (403 if str(operation) == "listen" else 200), answer.text

    asks()


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_what_is_not_described_gets_a_described_answer(here: World, operation: Operation) -> None:
    @CASES
    @given(spoiled(operation))
    def asks(asked: Asked) -> None:
        described(operation, ask(here, operation, asked))

    asks()


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.of("query")], ids=str)
def test_a_parameter_that_comes_twice_is_refused(here: World, operation: Operation) -> None:
    names = list(operation.of("query"))
    for name in names:
        pairs = [(one, "1") for one in names] + [(name, "2")]
        path = {**KNOWN, "call_id": "1"}
        answer = ask(here, operation, Asked(pairs, path={one: path[one] for one in operation.of("path")}))
        described(operation, answer)
        assert answer.status_code in (400, 403)


def test_an_answer_that_is_not_described_is_seen(here: World) -> None:
    (alive,) = (one for one in OPERATIONS if str(one) == "alive")
    answer = ask(here, alive, Asked([]))
    described(alive, answer)
    for responses in ({}, {"200": {"content": {"text/html": {}}}}, {"404": {"content": {"text/plain": {}}}}):
        with pytest.raises(AssertionError):
            described(replace(alive, about={**alive.about, "responses": responses}), answer)


def test_the_description_names_no_status_twice_and_every_reference_leads_somewhere() -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for name, value in node.items():
                if name == "$ref":
                    yield value
                else:
                    yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    used = set(references(DESCRIPTION))
    assert all(resolved({"$ref": one}) for one in used)
    parts = DESCRIPTION["components"]
    declared = {f"#/components/{kind}/{name}" for kind in ("responses", "schemas") for name in parts[kind]}
    assert declared == used
