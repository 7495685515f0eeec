"""Draw the HEIC files of this folder: `python -m tests.image.data.make_heic`, with pillow-heif installed.

Needed only to draw them anew. pillow-heif brings an encoder, which the project does not depend on.
Each file holds the same picture as seen by the reader; N in `turn_N.heic` is the EXIF orientation
that the encoder turned into HEIF's own transforms, and the EXIF value was left in as well.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
from PIL import Image

from tests.image.drawings import UNDO, quarters

HERE = Path(__file__).parent


def main() -> None:
    import_module("pillow_heif").register_heif_opener()
    for orientation, turn in UNDO.items():
        stored = quarters() if turn is None else quarters().transpose(turn)
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored.save(HERE / f"turn_{orientation}.heic", exif=exif.tobytes(), quality=90)
    quarters().convert("L").save(HERE / "grey.heic", quality=90)
    clear = quarters().convert("RGBA")
    clear.putalpha(Image.fromarray(np.array([[0] * 24 + [255] * 24] * 32, np.uint8)))
    clear.save(HERE / "alpha.heic", quality=90)


if __name__ == "__main__":
    main()
