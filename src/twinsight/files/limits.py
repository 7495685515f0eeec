"""The bounds of the file store, named, with units."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024**2
GIB = 1024**3
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How much a key may keep, for how long, and how many uploads may be under way.

    The first three follow Google's Files API (CONTRACT §7.6); the others keep this server bounded.
    """

    max_file_bytes: int = 2 * GIB
    max_owner_bytes: int = 20 * GIB
    life_seconds: float = 48 * HOUR
    upload_life_seconds: float = 24 * HOUR
    """An unfinished upload is forgotten when no byte came for this long."""
    empty_upload_life_seconds: float = 1 * HOUR
    """The same for a start that never sent a byte, and for the memory of a finished upload."""
    max_open_uploads: int = 10_000
    max_owner_open_uploads: int = 1_000
    max_streams: int = 96
    """Upload bodies read at the same moment; further ones wait their turn."""
    max_owner_streams: int = 32
    """The same for one key, so that slow clients of one do not hold up the others."""
    idle_seconds: float = 60.0
    """A body that sends nothing for this long is cut; what it sent stays."""
    takeover_seconds: float = 3.0
    """A second request for one upload waits while the first moves, and takes over after this."""
    checkpoint_bytes: int = 64 * MIB
    """Inside one long body, bytes become durable at least this often."""
    min_free_bytes: int = 64 * MIB
    """Uploads are refused when the disk has less, so that deletes and metadata still go through."""
    max_display_name_chars: int = 512
