"""SOAP for 1C. This package is the only one that knows Spyne; it makes Spyne importable first.

Spyne 2.14.0 carries a copy of `six` whose importer Python 3.12 no longer understands; the six
modules it wants from there are all in the standard library under other names. Its `cgi` comes
from the package `legacy-cgi` since Python 3.13.
"""

import importlib
import logging
import math
import sys
import types

_SIX_MOVES = {
    "collections_abc": "collections.abc",
    "http_cookies": "http.cookies",
    "urllib": "urllib",
    "urllib.parse": "urllib.parse",
    "urllib.request": "urllib.request",
    "urllib.error": "urllib.error",
}


def _make_spyne_importable() -> None:
    base = "spyne.util.six.moves"
    moves = sys.modules.setdefault(base, types.ModuleType(base))
    moves.__path__ = []
    for name, real in _SIX_MOVES.items():
        sys.modules.setdefault(f"{base}.{name}", importlib.import_module(real))


def _quieten_spyne() -> None:
    """Spyne logs every malformed body whole, keys and numbers in it; we log ourselves."""
    logging.getLogger("spyne").setLevel(logging.CRITICAL)
    from spyne import const

    # its importer is needed no more, and stumbles over whoever looks for a module by `find_spec`
    sys.meta_path[:] = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
    const.MIN_GC_INTERVAL = math.inf  # else it stops the process for gc.collect() once a second


_make_spyne_importable()
_quieten_spyne()
