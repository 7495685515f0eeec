"""The trained writer as two ONNX networks with int8 storage, its words, and manifests."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from train.captions.network import Captioner
from train.captions.tables import WEIGHTS, hashes
from train.captions.words import UNSEEN, Vocabulary, kind_of
from train.text import store_int8
from twinsight.engines.pocket.captions_scene import MOST_OBJECTS, NUMBERS, concepts

OPSET = 17

_DANGLING = """
a an the of with in on and to at by next near that is are his her their its from for as into while
or over under behind through front two three four some very , wearing holding riding beside between
along other another
"""
DANGLING = frozenset(_DANGLING.split())
"""Words that no caption ends with."""


def _mark(word: str) -> str:
    """Whether a word is never said, or never said last."""
    return "never" if word in UNSEEN else "open" if word in DANGLING else ""


class _See(nn.Module):
    def __init__(self, network: Captioner) -> None:
        super().__init__()
        self.network = network

    def forward(self, kinds: Tensor, numbers: Tensor, whole: Tensor) -> Tensor:
        return self.network.see(kinds, numbers, whole, None)


class _Say(nn.Module):
    def __init__(self, network: Captioner) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, words: Tensor, memory: Tensor, rows: Tensor, at: Tensor
    ) -> tuple[Tensor, Tensor]:
        wide = rows.expand(-1, -1, words.shape[0], -1, -1, -1)
        hidden, memory = self.network.think(words[:, None], memory, wide, None, at)
        return self.network.words_for(hidden[:, 0]), memory


def export(
    network: Captioner,
    vocabulary: Vocabulary,
    needs: Mapping[str, frozenset[str]],
    facts: dict[str, Any],
    command: str,
) -> None:
    """Writes `captions_see`, `captions_say` and `captions.words.txt` to the package's weights."""
    sizes = network.sizes
    h, d = sizes.heads, sizes.width // sizes.heads
    words = WEIGHTS / "captions.words.txt"
    words.write_text(
        "".join(
            f"{word}|{kind_of(word)}|{','.join(sorted(needs.get(word, ())))}|{_mark(word)}\n"
            for word in vocabulary.words
        ),
        "utf-8",
    )
    memory = torch.zeros(sizes.writers, 2, 3, h, 2, d)
    rows = torch.zeros(sizes.writers, 2, 1, h, 5, d)
    scene = (
        torch.zeros(1, 4, dtype=torch.long),
        torch.zeros(1, 4, NUMBERS),
        torch.zeros(1, sizes.whole),
    )
    see = _onnx(
        _See(network),
        scene,
        {"kinds": {1: "n"}, "numbers": {1: "n"}, "rows": {4: "m"}},
        ["kinds", "numbers", "whole"],
        ["rows"],
    )
    say = _onnx(
        _Say(network),
        (torch.zeros(3, dtype=torch.long), memory, rows, torch.tensor([2])),
        {
            "words": {0: "b"},
            "memory": {2: "b", 4: "t"},
            "rows": {4: "m"},
            "logits": {0: "b"},
            "grown": {2: "b", 4: "t1"},
        },
        ["words", "memory", "rows", "at"],
        ["logits", "grown"],
    )
    common = {
        "longest": sizes.longest - 1,
        "memory": [sizes.writers, 2, h, d],
        "tables": hashes(),
        "concepts": list(concepts()),
        "most_objects": MOST_OBJECTS,
        **facts,
    }
    _write("captions_see", see, SEE_NOTE, command, {})
    _write("captions_say", say, SAY_NOTE, command, common)


SEE_NOTE = (
    "Reads a scene. In: kinds int64 (1, n), numbers (1, n, 9), whole (1, w), see "
    "captions_scene.py. Out: keys and values of 1 + n rows for each layer of the writer."
)
SAY_NOTE = (
    "Writes a caption. In: the newest word of each sentence (b), the memory of the words before, "
    "the rows of the scene, the number of words before. Out: scores for the next word, the new "
    "memory."
)


def _onnx(
    module: nn.Module,
    example: tuple[Tensor, ...],
    free: dict[str, dict[int, str]],
    names: list[str],
    gives: list[str],
) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        torch.onnx.export(
            module.eval(), example, str(path), input_names=names, output_names=gives,
            dynamic_axes=free, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        return onnx.load(path)


def _write(
    name: str, model: onnx.ModelProto, note: str, command: str, extra: dict[str, Any]
) -> None:
    store_int8(model)
    model.doc_string = "Made by the Twinsight authors (train/captions)"
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    (WEIGHTS / f"{name}.onnx").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    card = {
        "name": name,
        "revision": sha256[:12],
        "file": f"{name}.onnx",
        "sha256": sha256,
        "bytes": len(content),
        "licence": "Apache-2.0",
        "licence_file": "licences/captions.txt",
        "source": "Trained here, from scratch",
        "made_by": command,
        "note": note,
        "storage": "large weights int8, symmetric, per output channel; arithmetic float32",
        **extra,
    }
    (WEIGHTS / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    print(f"{name}: {len(content) / 1e6:.2f} MB")
