"""What is to be known of an ONNX model before it can be asked: its card, plain data in JSON.

A card names the model's files, how a picture is put in, how the output is read (its head), its
licence, and where it is from. There is one class of card for each role.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, ClassVar, Literal

import msgspec

from twinsight.engines import weights
from twinsight.engines.onnx.heads import HEADS
from twinsight.engines.roles import Purpose
from twinsight.errors import InvalidConfig

Part = Literal["model", "vision", "decoder", "text", "tokenizer", "beside"]
Side = Annotated[int, msgspec.Meta(ge=1, le=8192)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Triple = tuple[float, float, float]
Names = tuple[str, ...] | Literal["coco-80", "coco-91", "imagenet-1000"]
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*", re.ASCII)
_CARD_FILE = "card.json"

# The ids that COCO's 80 kinds have among 1 to 90; the others stand for nothing.
_NOT_IN_COCO = {0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83}


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a model; `name` is its path in the hub's repository.

    It lies on the shelf under the last part of that. `part` says what it is for; what is "beside"
    belongs to another one (`model.onnx_data`). Without a `sha256` nobody has told it yet: the one
    that is found when the model is added is written into the card that lies with it.
    """

    name: str
    part: Part = "model"
    sha256: str | None = None
    bytes: int | None = None

    @property
    def short(self) -> str:
        """Its name on the shelf."""
        return PurePosixPath(self.name).name


class Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a picture is put in: float32 (1, 3, h, w).

    `place` says how it fits: its sides in proportion, and it lies in the "corner" at the top left
    or in the "middle"; or "stretch", which fills all of it. `pad` (0 to 255) is what it leaves
    free. `resample`: "plain" takes each pixel from the four around it, the others average. A value
    v from 0 to 255 becomes (v * scale - mean) / std of its channel.
    """

    name: str
    wh: tuple[Side, Side]
    channels: Literal["rgb", "bgr"] = "rgb"
    scale: float = 1 / 255
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)
    place: Literal["corner", "middle", "stretch"] = "corner"
    pad: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0
    resample: Literal["plain", "bilinear", "bicubic"] = "plain"


class ModelCard(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="role"
):
    """What all cards say. `permissive`: the licence lets anybody use it; else the user is asked.

    `repo` is the hub's name for where the files are ("" for nowhere), `revision` the commit there,
    or the release.
    """

    role: ClassVar[str]
    parts: ClassVar[tuple[Part, ...]] = ("model",)
    heads: ClassVar[tuple[str, ...]]

    name: str
    description: str
    licence: str
    permissive: bool
    source: str
    repo: str = ""
    revision: str
    files: tuple[ModelFile, ...]
    feed: Feed
    head: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it has for what it sees, in order; "" is a column without one."""
        return ()

    @property
    def problems(self) -> list[str]:
        """What is wrong with it beyond the form of its fields."""
        shorts = [file.short for file in self.files]
        parts = [file.part for file in self.files if file.part != "beside"]
        hashes = [file.sha256 for file in self.files if file.sha256 is not None]
        problems = {
            "its name has other characters than a-z, 0-9, '_', '.' and '-'": _NAME.fullmatch(
                self.name
            ),
            "a sha256 is not 64 hex digits": all(_HASH.fullmatch(each) for each in hashes),
            f"there is no head {self.head!r}; heads: {', '.join(self.heads)}": self.head
            in self.heads,
            f"it needs one file for each of {', '.join(self.parts)}": sorted(parts)
            == sorted(self.parts),
            "a file's name is no plain path": all(_PATH.fullmatch(f.name) for f in self.files),
            "two files have one name": len({*shorts, _CARD_FILE}) == len(shorts) + 1,
            "a std is 0": all(self.feed.std),
        }
        return [problem for problem, is_fine in problems.items() if not is_fine]

    def file(self, part: Part) -> ModelFile:
        """The file for that part."""
        return next(file for file in self.files if file.part == part)


class DetectorCard(ModelCard, frozen=True, kw_only=True, tag="detector"):
    """Boxes of kinds that it knows. `labels` are these in order; "" is a column without one.

    `least` is the score from which a box is given, for each purpose; `overlap` from which two boxes
    of a kind are one (1: all are given, for models that give each object once).
    """

    role: ClassVar[str] = "detector"
    heads: ClassVar[tuple[str, ...]] = tuple(HEADS)

    labels: Names
    least: Mapping[Purpose, Share]
    overlap: Share = 0.65

    @property
    def names(self) -> tuple[str, ...]:
        """See `ModelCard`."""
        return names_of(self.labels)

    @property
    def problems(self) -> list[str]:
        """See `ModelCard`."""
        return [*super().problems, *_problems(self.names, self.least)]


class SegmenterCard(ModelCard, frozen=True, kw_only=True, tag="segmenter"):
    """Masks of whatever is in a box."""

    role: ClassVar[str] = "segmenter"
    parts: ClassVar[tuple[Part, ...]] = ("vision", "decoder")
    heads: ClassVar[tuple[str, ...]] = ("sam2",)


class LabelerCard(ModelCard, frozen=True, kw_only=True, tag="labeler"):
    """Names for a whole picture, by likeness of picture and words.

    A pair's probability is sigmoid(likeness * logit_scale + logit_bias). `labels` are the names
    that it gives when nobody offers any; `templates` are sentences round a name ("{}"), whose
    vectors are averaged. Texts are `tokens` long, filled up with the token `padding`. From the
    probability `sure` on a name is said.
    """

    role: ClassVar[str] = "labeler"
    parts: ClassVar[tuple[Part, ...]] = ("vision", "text", "tokenizer")
    heads: ClassVar[tuple[str, ...]] = ("siglip",)

    labels: Names = "imagenet-1000"
    templates: tuple[str, ...] = ("This is a photo of {}.",)
    tokens: Side = 64
    padding: Annotated[int, msgspec.Meta(ge=0)] = 0
    logit_scale: float
    logit_bias: float
    sure: Share = 0.5

    @property
    def names(self) -> tuple[str, ...]:
        """See `ModelCard`."""
        return names_of(self.labels)

    @property
    def problems(self) -> list[str]:
        """See `ModelCard`."""
        lacking = not self.templates or any("{}" not in each for each in self.templates)
        wrong = [] if all(self.names) and self.names else ["it has no labels, or an empty one"]
        return [*super().problems, *wrong, *(["a template has no {}"] if lacking else [])]


class GrounderCard(ModelCard, frozen=True, kw_only=True, tag="grounder"):
    """Boxes of what words describe; as a detector, of the names in `labels`.

    `template` is what is asked for a phrase; `tokens` the longest text, in tokens. `least` and
    `overlap` are as a detector's; words that somebody asks for have the least score for a list.
    """

    role: ClassVar[str] = "grounder"
    parts: ClassVar[tuple[Part, ...]] = ("model", "tokenizer")
    heads: ClassVar[tuple[str, ...]] = ("grounding-dino", "owlv2")

    labels: Names = "coco-80"
    template: str = "{}"
    tokens: Side = 256
    least: Mapping[Purpose, Share]
    overlap: Share = 0.65

    @property
    def names(self) -> tuple[str, ...]:
        """See `ModelCard`."""
        return names_of(self.labels)

    @property
    def problems(self) -> list[str]:
        """See `ModelCard`."""
        wrong = [] if "{}" in self.template else ["its template has no {}"]
        wrong += [] if all(self.names) else ["a label is empty"]
        return [*super().problems, *_problems(self.names, self.least), *wrong]


AnyCard = DetectorCard | SegmenterCard | LabelerCard | GrounderCard


def names_of(labels: Names) -> tuple[str, ...]:
    """The names in order; a list that is known by its own name is looked up."""
    if labels == "imagenet-1000":
        from twinsight.engines.pocket.label_groups import names

        return names()
    if labels in ("coco-80", "coco-91"):
        names_80 = tuple(weights.manifest("boxes").extra["labels"])
        if labels == "coco-80":
            return names_80
        rest = iter(names_80)
        return tuple("" if i in _NOT_IN_COCO else next(rest) for i in range(91))
    return tuple(labels)


def _problems(names: tuple[str, ...], least: Mapping[Purpose, float]) -> list[str]:
    """What is wrong with what a detector knows."""
    wrong = [] if any(names) else ["it has no labels"]
    if not {"list", "presence"} <= set(least):
        wrong.append("least needs a score for list and one for presence")
    return wrong


def read_card(path: Path) -> AnyCard:
    """A card from its file. Raises InvalidConfig, which says what is wrong with it."""
    try:
        card: AnyCard = msgspec.json.decode(path.read_bytes(), type=AnyCard)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"The model card {path} cannot be used: {error}") from error
    if card.problems:
        raise InvalidConfig(f"The model card {path} cannot be used: {'; '.join(card.problems)}.")
    return card
