"""Eyes for llama.cpp with weights by chance: an `mmproj` GGUF that fits SmolLM2-135M.

It is a vision transformer of one layer with the projector of Gemma 3, the plainest that llama.cpp
reads. What it sees means nothing to the model, but it is seen by the real code, and another picture
is another answer. Source of the names: llama.cpp's `clip-impl.h`; of the file: GGUF version 3.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, INNER, HEADS = 64, 128, 2
SIDE, PATCH, MERGED = 112, 14, 2
TOKENS = (SIDE // PATCH // MERGED) ** 2
"""What one picture of any size becomes."""
WORDS_WIDTH = 576
"""How wide SmolLM2-135M is."""

_ALIGNED = 32
_UINT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 6, 7, 8, 9


def write_eyes(path: Path) -> None:
    """Writes the file; each time the same."""
    facts = {
        "general.architecture": "clip",
        "clip.has_vision_encoder": True,
        "clip.projector_type": "gemma3",
        "clip.use_gelu": True,
        "clip.vision.image_size": SIDE,
        "clip.vision.patch_size": PATCH,
        "clip.vision.embedding_length": WIDTH,
        "clip.vision.feed_forward_length": INNER,
        "clip.vision.block_count": 1,
        "clip.vision.attention.head_count": HEADS,
        "clip.vision.attention.layer_norm_epsilon": 1e-6,
        "clip.vision.projection_dim": WORDS_WIDTH,
        "clip.vision.projector.scale_factor": MERGED,
        "clip.vision.image_mean": [0.5, 0.5, 0.5],
        "clip.vision.image_std": [0.5, 0.5, 0.5],
    }
    path.write_bytes(_gguf(facts, _tensors()))


def _tensors() -> dict[str, NDArray[Any]]:
    chance = np.random.default_rng(0)

    def by_chance(*shape: int) -> NDArray[Any]:
        return chance.normal(0, shape[-1] ** -0.5, shape)

    tensors = {
        "v.patch_embd.weight": 0.3 * by_chance(WIDTH, 3, PATCH, PATCH),
        "v.position_embd.weight": 0.3 * by_chance((SIDE // PATCH) ** 2, WIDTH),
        "mm.input_projection.weight": by_chance(WIDTH, WORDS_WIDTH),
        "mm.soft_emb_norm.weight": np.ones(WIDTH),
    }
    shapes = {f"attn_{name}": (WIDTH, WIDTH) for name in ("q", "k", "v", "out")}
    for name, shape in (shapes | {"ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}).items():
        tensors[f"v.blk.0.{name}.weight"] = by_chance(*shape)
        tensors[f"v.blk.0.{name}.bias"] = np.zeros(shape[0])
    for name in ("v.post_ln", "v.blk.0.ln1", "v.blk.0.ln2"):
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = np.ones(WIDTH), np.zeros(WIDTH)
    return tensors


def _gguf(facts: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts))
    head += b"".join(_string(name) + _value(value) for name, value in facts.items())
    body = b""
    for name, tensor in tensors.items():
        data = tensor.astype("<f4").tobytes()
        # Sizes go from the innermost outwards; the kind 0 is float32.
        sizes = struct.pack(f"<I{tensor.ndim}Q", tensor.ndim, *reversed(tensor.shape))
        head += _string(name) + sizes + struct.pack("<IQ", 0, len(body))
        body += data + bytes(-len(data) % _ALIGNED)
    return head + bytes(-len(head) % _ALIGNED) + body


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Any) -> bytes:
    if isinstance(value, bool):
        return struct.pack("<I?", _BOOL, value)
    if isinstance(value, int):
        return struct.pack("<II", _UINT32, value)
    if isinstance(value, float):
        return struct.pack("<If", _FLOAT32, value)
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _string(value)
    return struct.pack(f"<IIQ{len(value)}f", _ARRAY, _FLOAT32, len(value), *value)
