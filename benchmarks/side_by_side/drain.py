"""A backlog after a long silence of 1C: how fast 1,000,000 waiting events are told, and how fast 1,000.

The backlog is filled in past the road (calls of a hundred events, one infobase, 64 calls of 1C at once), then
the bridge is started on it, one process on one core, with a 1C that answers at once. The small one is told
to its end; of the large one a window is taken after its first 1,000 events.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from benchmarks import backlog
from benchmarks.side_by_side import hook_peers as peers
from benchmarks.side_by_side import machine
from benchmarks.side_by_side.bench import Bench, Running, free_port
from benchmarks.side_by_side.fake_onec import FakeOnec
from benchmarks.side_by_side.goals import Goal
from benchmarks.side_by_side.postgres import beside, fresh_address
from benchmarks.side_by_side.results import Results, Spread
from benchmarks.side_by_side.tools import Missing
from bridge.store.opening import open_store
