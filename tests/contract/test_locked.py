"""`requirements.lock` is all that is installed, in exact versions, and what was made insecure stays out."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.!+]+)(?: ; (.+))?")
EXTRAS = ("", "test", "dev")
# The first versions without the advisories that were known on 2026-11-23 (docs/dependencies.md)
FIXED_IN = {
    "lxml": "6.1.1",  # CVE-2026-41066 and, in libxslt, CVE-2025-7424, CVE-2025-11731
    "urllib3": "2.7.0",  # CVE-2026-44432, GHSA-qccp-gfcp-xxvc
    "requests": "2.33.0",  # CVE-2026-25645
    "waitress": "3.0.2",  # CVE-2024-49768, CVE-2024-49769
    "jinja2": "3.1.6",  # CVE-2025-27516
    "spyne": "2.14.0",  # GHSL-2021-115
    "zeep": "4.3.3",  # `forbid_external`
}


def _lines() -> list[str]:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _pinned() -> dict[str, str]:
    found = [LINE.fullmatch(line) for line in _lines()]
    return {canonicalize_name(one[1]): one[2] for one in found if one}


def _asked() -> Iterator[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for line in (*project["dependencies"], *extras["test"], *extras["dev"]):
        yield Requirement(line)


def _needed(requirement: Requirement) -> bool:
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": one}) for one in EXTRAS)


def _everything() -> set[str]:
    """What the project asks for and all that those ask for, as far as it is installed here."""
    waiting, found = list(_asked()), set()
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if not _needed(one) or name in found:
            continue
        found.add(name)
        try:
            needs = distribution(name).requires or ()
        except PackageNotFoundError:  # of the extra `dev`, which a user does not install
            continue
        for line in needs:
            more = Requirement(line)
            wanted = more.marker is None or any(
                more.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)
            )
            if wanted:
                waiting.append(more)
    return found


def test_every_line_is_one_exact_version() -> None:
    assert [line for line in _lines() if not LINE.fullmatch(line)] == []
    names = [canonicalize_name(line.partition("==")[0]) for line in _lines()]
    assert names == sorted(set(names))


def test_nothing_that_is_needed_is_missing() -> None:
    assert _everything() - set(_pinned()) == set()


def test_what_is_installed_is_what_is_pinned() -> None:
    """README installs with `-c requirements.lock`; so does everybody who wants what was tested."""
    wrong = {}
    for name in sorted(_everything()):
        try:
            installed = distribution(name).version
        except PackageNotFoundError:
            continue
        if installed != _pinned()[name]:
            wrong[name] = (installed, _pinned()[name])
    assert wrong == {}


def test_the_pins_satisfy_what_the_project_asks_for() -> None:
    pinned = _pinned()
    names = {canonicalize_name(one.name): one for one in _asked()}
    assert [name for name, one in names.items() if not one.specifier.contains(pinned[name])] == []


@pytest.mark.parametrize(("name", "fixed"), FIXED_IN.items())
def test_no_version_with_a_known_hole_is_pinned_or_allowed(name: str, fixed: str) -> None:
    assert Version(_pinned()[name]) >= Version(fixed)
    (asked,) = (one for one in _asked() if canonicalize_name(one.name) == name)
    lowest = min(Version(one.version) for one in asked.specifier)
    assert lowest >= Version(fixed.removesuffix(".0"))


@pytest.mark.parametrize(
    "line", ["lxml>=6", "lxml", "lxml==6.*", "lxml == 6.1", "lxml==6.1 --hash=x", "-r x"]
)
def test_a_line_that_leaves_a_choice_is_seen(line: str) -> None:
    assert LINE.fullmatch(line) is None
