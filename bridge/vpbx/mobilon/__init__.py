"""Mobilon: its web hook becomes call events, a click in 1C becomes one request to its API."""

from bridge.vpbx.mobilon.client import MobilonApi, MobilonClient
from bridge.vpbx.mobilon.hook import MobilonHook

__all__ = ["MobilonApi", "MobilonClient", "MobilonHook"]
