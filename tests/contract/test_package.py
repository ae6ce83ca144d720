"""What an installation carries: everything that the bridge reads from beside its code."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

import bridge
from bridge.resources import wsdl_dir, wsdl_text

CONTRACTS = (
    "telephony.wsdl",
    "telephony_ru.wsdl",
    "onec/vats.wsdl",
    "onec/vatscalls.wsdl",
    "onec/miko.wsdl",
    "onec/crm.wsdl",
)


@pytest.fixture(scope="module")
def installed():
    try:
        found = distribution("vpbx-1c-bridge")
    except PackageNotFoundError:
        pytest.skip("vpbx-1c-bridge is not installed: this is a checkout on the path")
    package = Path(str(found.locate_file("bridge"))).resolve()
    if package != Path(bridge.__file__).resolve().parent:
        pytest.skip("vpbx-1c-bridge is installed, but the checkout on the path hides it or it is editable")
    return found


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_contract_is_at_hand_wherever_the_bridge_runs_from(name):
    assert wsdl_dir().is_dir()
    assert wsdl_text(name).startswith('<?xml version="1.0" encoding="UTF-8"?>\n')


def test_the_migrations_are_at_hand_each_with_its_way_back():
    folder = Path(bridge.__file__).parent / "store" / "migrations" / "sqlite"
    steps = {path.name for path in folder.iterdir()}
    forward = {name for name in steps if not name.endswith(".rollback.sql")}
    assert forward
    assert steps == forward | {f"{name.removesuffix('.sql')}.rollback.sql" for name in forward}


def test_the_package_says_that_it_is_typed():
    assert (Path(bridge.__file__).parent / "py.typed").is_file()


@pytest.mark.parametrize(
    "name",
    [
        *(f"bridge/wsdl/{name}" for name in CONTRACTS),
        "bridge/store/migrations/sqlite/0001.outbox.sql",
        "bridge/web/console/templates/layout.html",
        "bridge/web/console/static/console.css",
        "bridge/py.typed",
    ],
)
def test_the_installed_distribution_carries(installed, name):
    carried = {str(path).replace("\\", "/") for path in installed.files or ()}
    assert name in carried
    assert Path(str(installed.locate_file(name))).is_file()


def test_the_installed_bridge_reads_its_own_contracts(installed):
    assert wsdl_dir() == Path(str(installed.locate_file("bridge/wsdl"))).resolve()


def test_the_installed_distribution_carries_no_tests(installed):
    tops = {str(path).replace("\\", "/").partition("/")[0] for path in installed.files or ()}
    assert {top for top in tops if top in ("tests", "docs", "wsdl", "onec_samples")} == set()


def test_the_installed_distribution_gives_the_command(installed):
    (script,) = (one for one in installed.entry_points if one.group == "console_scripts")
    assert (script.name, script.value) == ("vpbx-bridge", "bridge.cli:main")
    assert callable(script.load())


def test_the_installed_version_is_the_version_of_the_code(installed):
    assert installed.version == bridge.__version__
