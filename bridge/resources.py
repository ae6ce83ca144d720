"""Files that travel with the package: the WSDLs.

In the wheel they lie inside `bridge/`, in a checkout beside it.
"""

from functools import cache
from pathlib import Path

_HERE = Path(__file__).resolve().parent


@cache
def wsdl_dir() -> Path:
    """The folder of the WSDL files, wherever this installation keeps it."""
    inside = _HERE / "wsdl"
    return inside if inside.is_dir() else _HERE.parent / "wsdl"


@cache
def wsdl_text(name: str) -> str:
    """A WSDL by its path under `wsdl/`, for example ``onec/vats.wsdl``."""
    return (wsdl_dir() / name).read_text(encoding="utf-8")
