"""What pocket's eyes find in a picture: each kind of finding made once, when first wanted."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twinsight.engines.eyes import Eyes
from twinsight.engines.roles import Purpose, Rater, Recognition, Sketch, TextLine, Wording
from twinsight.engines.speaker import Alone, Waiting
from twinsight.errors import ImageError
from twinsight.geometry.detections import Detections
from twinsight.image.decode import PixelLimits, decode
from twinsight.image.measure import Measures, measure
from twinsight.image.picture import Picture
from twinsight.prompt import ImageRef, Sampling
from twinsight.tasks.second_opinion import doubtful, truer_names

Look = Literal["glance", "fast", "careful"]

PRINT = frozenset(("web page", "menu", "book jacket", "crossword puzzle", "envelope"))
"""What the labeler takes pages for."""
LIKELY_PRINT = 0.3
WHITE, COLOURED, STEP = 200, 50, 8
"""Of one pixel in STEP each way: the least of its channels, and how far these lie apart."""
LEAST_WHITE, MOST_COLOURED = 0.6, 0.05
"""Shares of a page that are white, and neither black, white nor grey."""
LEAST_LINES = 8

LOOK_SIDE = 1280
"""Pixels that the eyes need on a picture's longer side; larger files are reduced while decoding."""


SURE_AT_A_GLANCE = 0.8

MOST_PHRASES = 16
"""Questions about one picture that one request may put to a model."""

SHELF_PIXELS = 32_000_000
"""Decoded pixels that one request holds at a time: 96 MB."""


@dataclass(slots=True)
class Findings:
    """What is known of one picture so far; shared by all requests that show it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    recognition: Recognition | None = None
    lines: list[TextLine] | None = None
    is_page: bool | None = None
    objects: dict[bool, Mapping[Purpose, Detections]] = field(default_factory=dict)
    surroundings: dict[bool, Mapping[str, float]] = field(default_factory=dict)
    measures: Measures | None = None
    wordings: dict[bool, Wording] = field(default_factory=dict)


class SceneCache:
    """Findings by the hash of a picture's bytes; the longest unused go first."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._findings: OrderedDict[bytes, Findings] = OrderedDict()

    def findings(self, key: bytes) -> Findings:
        """What is known of the picture with that key, to be added to under its lock."""
        with self._lock:
            found = self._findings.pop(key, None) or Findings()
            if self._capacity:
                self._findings[key] = found
                while len(self._findings) > self._capacity:
                    self._findings.popitem(last=False)
        return found


class Shelf:
    """The decoded pictures of one request: a few at a time, however many it has."""

    def __init__(self, limits: PixelLimits, most_pixels: int = SHELF_PIXELS) -> None:
        self._limits, self._most_pixels = limits, most_pixels
        self._pictures: OrderedDict[int, Picture] = OrderedDict()

    def picture(self, ref: ImageRef) -> Picture:
        """The picture upright and small enough to look at; decoded again if it had to go.

        Raises ImageError, with the picture's place, when its pixels are damaged.
        """
        picture = self._pictures.pop(id(ref), None)
        if picture is None:
            try:
                picture = decode(ref.encoded(), self._limits, max_side=LOOK_SIDE)
            except ImageError as error:
                raise error.at(ref.where) from None
        self._pictures[id(ref)] = picture
        held = sum(p.wh[0] * p.wh[1] for p in self._pictures.values())
        while held > self._most_pixels and len(self._pictures) > 1:
            _, gone = self._pictures.popitem(last=False)
            held -= gone.wh[0] * gone.wh[1]
        return picture


class Scene:
    """One picture of a request, as far as it has been looked at.

    `look` is how closely: at a "glance" the whole picture is named and measured, without objects
    or text; "fast" and "careful" are the detector's two settings. `sampling` is how the request
    wants sentences made up.
    """

    def __init__(
        self,
        ref: ImageRef,
        eyes: Eyes,
        cache: SceneCache,
        shelf: Shelf,
        check: Callable[[], None],
        look: Look = "careful",
        waiting: Waiting | None = None,
        sampling: Sampling | None = None,
    ) -> None:
        self.ref = ref
        self._eyes = eyes
        self._cache = cache
        self._shelf = shelf
        self._check = check
        self._look = look
        self._sampling = sampling
        self._waiting = waiting or Alone(check)
        self._grounded: dict[str, Detections] = {}
        self.is_cut = False
        """Whether a list of what words describe was cut short."""

    @cached_property
    def _findings(self) -> Findings:
        # The file store's hash too, so that an upload and the same bytes inline are one picture.
        key = self.ref.key or hashlib.sha256(self.ref.encoded()).digest()
        return self._cache.findings(key)

    @property
    def wh(self) -> tuple[int, int]:
        """Upright size of the picture in pixels."""
        return self.ref.wh

    @property
    def picture(self) -> Picture:
        """The pixels, upright; they may be fewer than the file's."""
        self._check()
        return self._shelf.picture(self.ref)

    @property
    def recognition(self) -> Recognition:
        with self._findings.lock:
            if self._findings.recognition is not None:
                return self._findings.recognition
            if self._look == "glance":
                return self._glance
            self._findings.recognition = self._eyes.labeler.recognise(self.picture)
            return self._findings.recognition

    @cached_property
    def _glance(self) -> Recognition:
        """The first label, if very sure; this request's only, since a closer look knows more."""
        labels = tuple(self._eyes.labeler.labels(self.picture))
        sure = bool(labels) and labels[0].score >= SURE_AT_A_GLANCE
        return Recognition(labels[0] if sure else None, labels)

    def rate(self, names: Sequence[str]) -> list[float | None]:
        """How probable each of the caller's names is for the whole picture; not remembered."""
        return self._eyes.labeler.rate(self.picture, names)

    @property
    def lines(self) -> list[TextLine]:
        """Lines of text, in reading order, in pixels of the upright picture."""
        if self._look == "glance":
            return []
        with self._findings.lock:
            if self._findings.lines is None:
                picture = self.picture
                self._check()
                scale = np.divide(self.wh, picture.wh).astype(np.float32)
                self._findings.lines = [
                    replace(line, quad=line.quad * scale)
                    for line in self._eyes.reader.read(picture)
                ]
            return self._findings.lines

    def objects(self, purpose: Purpose = "list") -> Detections:
        """Objects that are sure enough for the purpose, best first, in upright pixels."""
        if self._look == "glance" or self.is_page:
            return Detections.empty()
        found = self._found(purpose)
        renamed = self._renamed
        if renamed:
            found = replace(found, label=tuple(renamed.get(name, name) for name in found.label))
        return found

    @cached_property
    def _renamed(self) -> dict[str, str]:
        """What the labeler would rather call an animal that was found."""
        found = self._found("list")
        return truer_names(found, self.recognition.labels) if doubtful(found) else {}

    def _found(self, purpose: Purpose) -> Detections:
        careful = self._look == "careful"
        with self._findings.lock:
            if careful not in self._findings.objects:
                picture = self.picture
                self._check()
                found = self._eyes.detector.detect_each(picture, careful)
                self._findings.objects[careful] = {
                    purpose: _scaled(each, picture.wh, self.wh) for purpose, each in found.items()
                }
            return self._findings.objects[careful][purpose]

    @property
    def is_page(self) -> bool:
        """Whether it is all print, black on white: what looks like objects on it is none."""
        if self._look == "glance":
            return False
        if self._findings.is_page is None:
            self._findings.is_page = self._is_print()
        return self._findings.is_page

    def _is_print(self) -> bool:
        few = self.picture.rgb[::STEP, ::STEP]
        is_white, is_coloured = few.min(2) >= WHITE, np.ptp(few, axis=2) >= COLOURED
        if is_white.mean() < LEAST_WHITE or is_coloured.mean() > MOST_COLOURED:
            return False
        labels = self.recognition.labels
        likely = sum(label.score for label in labels if label.name in PRINT)
        return likely >= LIKELY_PRINT and len(self.lines) >= LEAST_LINES

    @property
    def surroundings(self) -> Mapping[str, float]:
        """What is around the objects, each word with its probability; empty where nobody looks."""
        surveyor = self._eyes.surveyor
        if surveyor is None or self._look == "glance":
            return {}
        objects, careful = self.objects("presence"), self._look == "careful"
        with self._findings.lock:
            if careful not in self._findings.surroundings:
                picture = self.picture
                self._check()
                self._findings.surroundings[careful] = surveyor.survey(picture, objects)
            return self._findings.surroundings[careful]

    def ground(self, phrase: str) -> Detections | None:
        """What the phrase describes, in upright pixels; None where nobody can tell.

        Remembered for this request only, which may ask for no more than `MOST_PHRASES`.
        """
        grounder = self._eyes.grounder
        if grounder is None or self._look == "glance":
            return None
        if phrase not in self._grounded and len(self._grounded) < MOST_PHRASES:
            picture = self.picture
            found, is_cut = grounder.ground(picture, phrase, self._waiting)
            self._grounded[phrase] = _scaled(found, picture.wh, self.wh)
            self.is_cut |= is_cut
        return self._grounded.get(phrase)

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

    @cached_property
    def wording(self) -> Wording | None:
        """The writer's sentence about the picture; None without a writer or at a glance.

        The likeliest one is remembered; one drawn by chance is this request's own.
        """
        writer = self._eyes.writer
        if writer is None or self._look == "glance":
            return None
        careful = self._look == "careful"
        by_chance = self._sampling is not None and bool(self._sampling.temperature)
        known = self._findings.wordings.get(careful)
        if known is not None and not by_chance:
            return known
        sketch = self._sketch
        self._check()
        wording = writer.write(sketch, self._sampling)
        if not by_chance:
            self._findings.wordings[careful] = wording
        return wording

    @property
    def _sketch(self) -> Sketch:
        labels, measures = self.recognition.labels, self.measures
        seen = self.wh, self.objects(), labels, measures.colours, measures.brightness
        return Sketch(*seen, self.surroundings)

    def likeness(self, sentence: str) -> float | None:
        """How well a sentence goes with the picture (a log probability); None without a writer."""
        writer = self._eyes.writer
        if not isinstance(writer, Rater) or self._look == "glance":
            return None
        sketch = self._sketch
        self._check()
        return writer.rate(sketch, sentence)


def _scaled(found: Detections, seen_wh: tuple[int, int], full_wh: tuple[int, int]) -> Detections:
    """From pixels of the reduced picture to pixels of the whole one."""
    if seen_wh == full_wh:
        return found
    sx, sy = full_wh[0] / seen_wh[0], full_wh[1] / seen_wh[1]
    xyxy = found.xyxy.copy()
    xyxy[:, 0::2] *= sx
    xyxy[:, 1::2] *= sy
    return Detections(xyxy, found.score, found.label, found.mask)
