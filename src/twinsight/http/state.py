"""What the routes share: settings, keys, engines, the pool, the file store."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request

from twinsight.config import Config
from twinsight.engines.eyes import Eyes
from twinsight.errors import Overloaded
from twinsight.files.store import Store
from twinsight.http.auth import Keys
from twinsight.http.pool import Pool, Ticket
from twinsight.tasks.scene import SceneCache


@dataclass(slots=True)
class Admission:
    """Bounds the request bodies held in memory at one moment, over all requests."""

    limit_bytes: int
    held_bytes: int = 0

    def take(self, count: int) -> None:
        """Raises Overloaded when the bodies at hand leave no room."""
        if self.held_bytes + count > self.limit_bytes:
            raise Overloaded(2.0)
        self.held_bytes += count

    def give(self, count: int) -> None:
        self.held_bytes -= count


@dataclass(slots=True)
class State:
    """Made once for each application."""

    config: Config
    keys: Keys
    eyes: Eyes
    pool: Pool
    store: Store
    scenes: SceneCache
    bodies: Admission = field(init=False)

    def __post_init__(self) -> None:
        # Room for four of the largest legal bodies: small requests go on beside a huge one.
        self.bodies = Admission(4 * self.config.max_body_bytes)


def state_of(request: Request) -> State:
    """The state of the application that a request came to."""
    state: State = request.state.twinsight
    return state


def ticket_for(request: Request, config: Config) -> Ticket:
    """The time for one request: the client's own limit where it names one (X-Server-Timeout)."""
    seconds = config.request_seconds
    try:
        asked = float(request.headers.get("x-server-timeout", "nan"))
    except ValueError:
        asked = float("nan")
    return Ticket(min(seconds, asked) if asked > 0 else seconds)
