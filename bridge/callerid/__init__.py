"""Who is calling, answered in time whatever 1C does."""

from bridge.callerid.asking import Gentleness
from bridge.callerid.road import CallerId, Manners

__all__ = ["CallerId", "Gentleness", "Manners"]
