"""The circuit breaker of one infobase: a dead 1C costs one probe per interval, not one per lane.

States: closed (everything passes) → open (nothing passes until `retry_at`) → half-open (one
probe passes) → closed or open again. Wrong credentials open it for longer: each wrong login may
count towards locking the 1C user. Time is an argument, in seconds of any steady clock.
"""

from dataclasses import dataclass, replace

from bridge.core.backoff import JITTER
from bridge.core.delivery import Away, Delivered, Denied, Faulted, Outcome

SHARE = 1 / 40


@dataclass(frozen=True, kw_only=True)
class BreakerPolicy:
    failures: int = 3  # in a row, then open
    probe_s: float = 5.0
    # instead, where a probe costs 1C nothing or has itself taken long: this at least, and `SHARE` of the time
    # that 1C has been away so far, so that a restart is noticed at once and a night costs few probes
    soon_s: float = 0.25
    credentials_probe_s: float = 900.0


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """Immutable; `after` gives the next state. `reason` is what 1C said last, for people."""

    failures: int = 0
    retry_at: float = 0.0
    open: bool = False
    denied: bool = False
    reason: str = ""
    since: float = 0.0  # when it opened

    def room(self, *, now: float, concurrency: int, in_flight: int) -> int:
        """How many more calls may start now."""
        if self.open:
            return 1 if now >= self.retry_at and in_flight == 0 else 0
        return max(0, concurrency - in_flight)

    def after(self, outcome: Outcome, *, now: float, policy: BreakerPolicy, dice: float) -> "Breaker":
        jitter = 1 + JITTER * (2 * dice - 1)
        match outcome:
            case Delivered() | Faulted():  # 1C hears; a fault is about the event
                return Breaker()
            case Denied(reason):
                wait_s = policy.credentials_probe_s * jitter
                return Breaker(open=True, denied=True, retry_at=now + wait_s, reason=reason, since=now)
            case Away(reason) as away:
                failures = self.failures + 1
                if failures < policy.failures and not self.open:
                    return replace(self, failures=failures, reason=reason)
                if self.open and now < self.retry_at:  # an answer that was under way changes no wait
                    return self if self.denied else replace(self, failures=failures, reason=reason)
                since, wait_s = (self.since if self.open else now), policy.probe_s
                if away.unheard or away.hung:
                    wait_s = min(wait_s, max(policy.soon_s, (now - since) * SHARE))
                retry_at = now + wait_s * jitter
                return Breaker(failures=failures, open=True, retry_at=retry_at, reason=reason, since=since)
