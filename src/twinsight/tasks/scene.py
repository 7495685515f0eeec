"""What pocket's eyes find in a picture: each kind of finding made once, when first wanted."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twinsight.engines.eyes import Eyes
from twinsight.engines.roles import Recognition, TextLine
from twinsight.geometry.detections import Detections
from twinsight.image.decode import DefaultLimits, decode
from twinsight.image.measure import Measures, measure
from twinsight.image.picture import Picture
from twinsight.prompt import ImageRef

LOOK_SIDE = 1280
"""Pixels that the eyes need on a picture's longer side; larger files are reduced while decoding."""


@dataclass(slots=True)
class Findings:
    """What is known of one picture so far; shared by all requests that show it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    recognition: Recognition | None = None
    lines: list[TextLine] | None = None
    objects: dict[bool, Detections] = field(default_factory=dict)
    measures: Measures | None = None


class SceneCache:
    """Findings by the hash of a picture's bytes; the longest unused go first."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._findings: OrderedDict[bytes, Findings] = OrderedDict()

    def findings(self, encoded: bytes) -> Findings:
        key = hashlib.blake2b(encoded, digest_size=16).digest()
        with self._lock:
            found = self._findings.pop(key, None) or Findings()
            if self._capacity:
                self._findings[key] = found
                while len(self._findings) > self._capacity:
                    self._findings.popitem(last=False)
        return found


class Scene:
    """One picture of a request. Its pixels are decoded when first needed, and `close` drops them."""

    def __init__(
        self,
        ref: ImageRef,
        eyes: Eyes,
        cache: SceneCache,
        max_pixels: int,
        check: Callable[[], None],
    ) -> None:
        self.ref = ref
        self._eyes = eyes
        self._limits = DefaultLimits(max_pixels)
        self._check = check
        self._encoded: bytes | None = ref.encoded()
        self._findings = cache.findings(self._encoded)
        self._picture: Picture | None = None

    @property
    def wh(self) -> tuple[int, int]:
        """Upright size of the picture in pixels."""
        return self.ref.wh

    @property
    def picture(self) -> Picture:
        if self._picture is None:
            self._check()
            encoded = self._encoded if self._encoded is not None else self.ref.encoded()
            self._picture = decode(encoded, self._limits, max_side=LOOK_SIDE)
        return self._picture

    @property
    def recognition(self) -> Recognition:
        with self._findings.lock:
            if self._findings.recognition is None:
                self._findings.recognition = self._eyes.labeler.recognise(self.picture)
            return self._findings.recognition

    @property
    def lines(self) -> list[TextLine]:
        """Lines of text, in reading order."""
        with self._findings.lock:
            if self._findings.lines is None:
                picture = self.picture
                self._check()
                self._findings.lines = self._eyes.reader.read(picture)
            return self._findings.lines

    def objects(self, careful: bool = False) -> Detections:
        """Objects, best first, in pixels of the upright picture."""
        with self._findings.lock:
            if careful not in self._findings.objects:
                picture = self.picture
                self._check()
                found = self._eyes.detector.detect(picture, careful)
                self._findings.objects[careful] = _scaled(found, picture.wh, self.wh)
            return self._findings.objects[careful]

    def masks(self, xyxy: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
        """A soft mask for each box, in pixels of `picture`; not remembered."""
        self._check()
        return self._eyes.segmenter.segment(self.picture, xyxy)

    @property
    def measures(self) -> Measures:
        with self._findings.lock:
            if self._findings.measures is None:
                self._findings.measures = measure(self.picture)
            return self._findings.measures

    def close(self) -> None:
        """Lets go of the pixels; they are decoded again if more is asked."""
        self._picture = self._encoded = None


def _scaled(found: Detections, seen_wh: tuple[int, int], full_wh: tuple[int, int]) -> Detections:
    """From pixels of the reduced picture to pixels of the whole one."""
    if seen_wh == full_wh:
        return found
    sx, sy = full_wh[0] / seen_wh[0], full_wh[1] / seen_wh[1]
    xyxy = found.xyxy.copy()
    xyxy[:, 0::2] *= sx
    xyxy[:, 1::2] *= sy
    return Detections(xyxy, found.score, found.label, found.mask)
