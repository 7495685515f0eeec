"""Pictures that the client tests send: drawn here, so that nobody's rights are in question."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont


@dataclass(frozen=True)
class Photos:
    """Files in one folder, each drawn when first asked for."""

    folder: Path

    def size(self, width: int, height: int, kind: str = "png") -> Path:
        """A blank picture of that many pixels."""
        path = self.folder / f"blank-{width}x{height}.{kind}"
        if not path.exists():
            Image.new("RGB", (width, height), (90, 120, 160)).save(path)
        return path

    @cached_property
    def scene(self) -> Path:
        """A JPEG with a red disc and a blue square on a light ground."""
        picture = Image.new("RGB", (320, 240), (235, 230, 220))
        pen = ImageDraw.Draw(picture)
        pen.ellipse((40, 60, 140, 160), fill=(200, 30, 30))
        pen.rectangle((190, 70, 280, 170), fill=(30, 60, 190))
        return self.saved(picture, "scene.jpg")

    @cached_property
    def noise(self) -> Path:
        """A small PNG whose bytes need both letters in which the base64 alphabets differ."""
        dice = random.Random(3)
        picture = Image.frombytes("RGB", (48, 48), dice.randbytes(48 * 48 * 3))
        return self.saved(picture, "noise.png")

    @cached_property
    def sign(self) -> Path:
        """White capitals on a green board."""
        picture = Image.new("RGB", (480, 200), (20, 110, 60))
        font = ImageFont.load_default(size=80)
        ImageDraw.Draw(picture).text((60, 55), "EXIT 24", fill="white", font=font)
        return self.saved(picture, "sign.png")

    def of_mode(self, mode: str) -> Path:
        """A file in an unusual pixel format: P, RGBA, LA, L, CMYK, I;16."""
        base = Image.open(self.scene)
        if mode == "I;16":
            picture = Image.new("I;16", base.size)
            grey = base.convert("L")
            picture.putdata([level * 257 for level in grey.tobytes()])
        elif mode == "LA":
            picture = base.convert("L").convert("LA")
        else:
            picture = base.convert(mode)
        kind = "jpg" if mode == "CMYK" else "png"
        return self.saved(picture, f"mode-{mode.replace(';', '')}.{kind}")

    def saved(self, picture: Image.Image, name: str) -> Path:
        """Write it under that name."""
        path = self.folder / name
        picture.save(path)
        return path

    def bytes_of(self, count: int, name: str) -> Path:
        """A file of exactly so many bytes: a PNG, then filling that changes with the place."""
        path = self.folder / name
        if not path.exists():
            head = self.noise.read_bytes()
            filling = random.Random(count).randbytes(1 << 16)
            rest = count - len(head)
            path.write_bytes(head + (filling * (rest // len(filling) + 1))[:rest])
        return path

    def with_bytes(self, data: bytes, name: str) -> Path:
        """A file with exactly this content."""
        path = self.folder / name
        path.write_bytes(data)
        return path
