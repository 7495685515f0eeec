"""Drawn pictures and eyes that see in them exactly what was drawn: fast, exact, no model."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from twinsight.engines.eyes import Eyes
from twinsight.engines.roles import Card, Label, Purpose, Recognition, TextLine, least_for_groups
from twinsight.geometry.detections import Detections
from twinsight.image.decode import DefaultLimits
from twinsight.image.picture import Picture
from twinsight.prompt import (
    AnswerShape,
    Delta,
    FunctionDeclaration,
    ImageRef,
    Part,
    Prompt,
    Text,
    Turn,
)
from twinsight.tasks.run import Limits, answer
from twinsight.tasks.scene import Scene, SceneCache, Shelf

RGB = {
    "red": (220, 20, 20), "green": (20, 180, 40), "blue": (20, 40, 220), "yellow": (240, 230, 20),
    "black": (10, 10, 10), "white": (250, 250, 250), "grey": (120, 120, 120),
}  # fmt: skip

SURE = 0.2
"""Fainter things are seen, but not sure enough for a list."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Thing:
    """A drawn object: `box` is x0, y0, x1, y1 in pixels."""

    name: str
    box: Box
    colour: str = "red"
    score: float = 0.9


@dataclass(frozen=True)
class Drawing:
    """What one picture shows. `name` is the labeler's: (name, score, *kinds)."""

    things: tuple[Thing, ...] = ()
    lines: tuple[tuple[str, Box], ...] = ()
    name: tuple[str, float, tuple[str, ...]] | None = None
    wh: tuple[int, int] = (200, 100)
    ground: str = "grey"


@dataclass
class DrawnEyes:
    """Plays every role for the drawings it was given; counts how often it was asked."""

    drawings: Sequence[Drawing]
    asked: dict[str, int] = field(default_factory=dict)
    card = Card("drawn", ("labeler", "reader", "detector", "segmenter"), "drawn", "Apache-2.0")

    def drawing(self, picture: Picture, role: str) -> Drawing:
        self.asked[role] = self.asked.get(role, 0) + 1
        return self.drawings[int(picture.rgb[0, 0, 0])]

    def labels(self, picture: Picture, top: int = 5) -> list[Label]:
        return list(self.recognise(picture).labels)[:top]

    def recognise(self, picture: Picture) -> Recognition:
        named = self.drawing(picture, "labeler").name
        if named is None:
            return Recognition(None, (Label("velvet", 0.05),))
        label = Label(*named)
        return Recognition(label, (label,))

    def rate(self, picture: Picture, names: Sequence[str]) -> list[float | None]:
        named = self.drawing(picture, "labeler").name
        if named is None:
            return [0.01 if name == "castle" else None for name in names]
        label, score, kinds = named
        return [score if name in (label, *kinds) else None for name in names]

    def read(self, picture: Picture) -> list[TextLine]:
        lines = self.drawing(picture, "reader").lines
        return [TextLine(text, 0.95, _quad(box)) for text, box in lines]

    def detect(self, picture: Picture, careful: bool = False) -> Detections:
        return self.detect_each(picture, careful)["list"]

    def detect_each(self, picture: Picture, careful: bool = False) -> dict[Purpose, Detections]:
        things = self.drawing(picture, "detector").things
        if not things:
            return dict.fromkeys(get_args(Purpose), Detections.empty())
        seen = Detections(
            np.array([t.box for t in things], np.float32),
            np.array([t.score for t in things], np.float32),
            tuple(t.name for t in things),
        ).best_first()
        least = least_for_groups({"list": SURE, "presence": 0.0})
        return {purpose: seen.take(seen.score >= least[purpose]) for purpose in least}

    def segment(self, picture: Picture, xyxy: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
        self.drawing(picture, "segmenter")
        return [np.full((16, 16), 255, np.uint8) for _ in xyxy]


def _quad(box: Box) -> NDArray[np.float32]:
    x0, y0, x1, y1 = box
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)


def png(drawing: Drawing, index: int) -> bytes:
    """The drawing's pixels; the first one says which drawing it is."""
    w, h = drawing.wh
    rgb = np.full((h, w, 3), RGB[drawing.ground], np.uint8)
    for thing in drawing.things:
        x0, y0, x1, y1 = thing.box
        rgb[y0:y1, x0:x1] = RGB[thing.colour]
    rgb[0, 0] = index
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    return file.getvalue()


def eyes_for(*drawings: Drawing) -> tuple[Eyes, DrawnEyes]:
    drawn = DrawnEyes(drawings)
    return Eyes("drawn", drawn, drawn, drawn, drawn), drawn


def ref(drawing: Drawing, index: int = 0) -> ImageRef:
    return ImageRef(f"drawing {index}", data=png(drawing, index), mime="image/png", wh=drawing.wh)


def scene(drawing: Drawing) -> Scene:
    eyes, _ = eyes_for(drawing)
    shelf = Shelf(DefaultLimits(10_000_000))
    return Scene(ref(drawing), eyes, SceneCache(4), shelf, lambda: None)


def deltas(
    question: str,
    *drawings: Drawing,
    shape: AnswerShape | None = None,
    system: str = "",
    functions: tuple[FunctionDeclaration, ...] = (),
    drawn: tuple[Eyes, DrawnEyes] | None = None,
    **settings: object,
) -> list[Delta]:
    """The answer to one turn that shows the drawings and asks the question."""
    parts: list[Part] = [ref(drawing, index) for index, drawing in enumerate(drawings)]
    turns = (Turn("user", (*parts, Text(question))),)
    prompt = Prompt(turns, system, shape or AnswerShape(), functions=functions, **settings)  # type: ignore[arg-type]
    return replies(prompt, *drawings, drawn=drawn)


def replies(
    prompt: Prompt, *drawings: Drawing, drawn: tuple[Eyes, DrawnEyes] | None = None
) -> list[Delta]:
    eyes, _ = drawn or eyes_for(*drawings)
    return list(answer(prompt, eyes, SceneCache(8), Limits(8192, 10_000_000), lambda: None))


def reply(question: str, *drawings: Drawing, **given: object) -> str:
    """The answer's text."""
    return "".join(delta.text for delta in deltas(question, *drawings, **given))  # type: ignore[arg-type]


DOG = Thing("dog", (20, 40, 60, 80), "black")
CAT = Thing("cat", (140, 40, 180, 80), "white", 0.8)
