"""The decoded photo that every engine gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Picture:
    """One upright photo, decoded.

    ``rgb`` is uint8, shape (h, w, 3), C-contiguous, sRGB, top row first, and not to be written to.
    It may be smaller than the file's picture when the caller told `decode` the ``max_side`` that it
    needs; ``full_wh`` is then still the upright size of the file's picture. Boxes are relative, so
    an engine may ignore that.
    """

    rgb: NDArray[np.uint8]
    mime: str = ""
    stored_wh: tuple[int, int] | None = None
    upright_wh: tuple[int, int] | None = None

    @property
    def wh(self) -> tuple[int, int]:
        """Width and height of ``rgb`` in pixels."""
        h, w = self.rgb.shape[:2]
        return (int(w), int(h))

    @property
    def full_wh(self) -> tuple[int, int]:
        """Upright width and height of the file's picture in pixels; ``wh`` if not reduced."""
        return self.upright_wh or self.wh
