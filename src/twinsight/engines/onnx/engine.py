"""From a card and its files to what plays its role."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from twinsight.engines.onnx.card import AnyCard, DetectorCard, LabelerCard, SegmenterCard
from twinsight.engines.onnx.detector import OnnxDetector
from twinsight.engines.onnx.grounder import OnnxGrounder
from twinsight.engines.onnx.labeler import OnnxLabeler
from twinsight.engines.onnx.segmenter import OnnxSegmenter
from twinsight.errors import InvalidWeights, Unavailable
from twinsight.image.picture import Picture

Engine = OnnxDetector | OnnxSegmenter | OnnxLabeler | OnnxGrounder


def open_engine(card: AnyCard, folder: Path) -> Engine:
    """What plays the card's role, by the files in that folder.

    Raises InvalidWeights when a file is missing, is not the one of the card, or cannot be run as
    the card says.
    """
    for file in card.files:
        check(file.sha256, folder / file.short, card.name)
    if isinstance(card, DetectorCard):
        return OnnxDetector(card, folder)
    if isinstance(card, SegmenterCard):
        return OnnxSegmenter(card, folder)
    if isinstance(card, LabelerCard):
        return OnnxLabeler(card, folder)
    return OnnxGrounder(card, folder)


def try_once(engine: Engine) -> None:
    """Looks at a grey picture. Raises InvalidWeights where the model is not as its card says."""
    grey = Picture(np.full((64, 64, 3), 128, np.uint8))
    try:
        if isinstance(engine, OnnxSegmenter):
            engine.segment(grey, np.array([[8, 8, 56, 56]], np.float32))
        elif isinstance(engine, OnnxLabeler):
            engine.recognise(grey)
        else:
            engine.detect(grey)
    except Unavailable as error:
        raise InvalidWeights(error.message) from error


def check(sha256: str | None, file: Path, owner: str) -> str:
    """The file's own hash. Raises InvalidWeights when it cannot be read, or is not that one."""
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InvalidWeights(f"{owner}: the file {file} cannot be read: {error}") from error
    if sha256 not in (None, found):
        raise InvalidWeights(
            f"{owner}: {file} is not the file of its card: its sha256 is {found}, the card's "
            f"{sha256}."
        )
    return found
