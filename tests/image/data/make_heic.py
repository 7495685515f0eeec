"""Draw the HEIC files of this folder: `python make_heic.py`, with pillow-heif installed.

Needed only to draw them anew. pillow-heif brings an encoder, which the project does not depend on.
Each file holds the same picture as seen by the reader; N in `turn_N.heic` is the EXIF orientation
that the encoder turned into HEIF's own transforms, and the EXIF value was left in as well.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent


def drawing() -> Image.Image:
    """48x32: four plain quarters (red, green, blue, yellow) that tell every turn apart."""
    rgb = np.zeros((32, 48, 3), np.uint8)
    rgb[:16, :24] = (220, 30, 30)
    rgb[:16, 24:] = (30, 200, 40)
    rgb[16:, :24] = (40, 50, 210)
    rgb[16:, 24:] = (230, 220, 40)
    return Image.fromarray(rgb)


def main() -> None:
    import_module("pillow_heif").register_heif_opener()
    # What must be stored so that applying the orientation shows the drawing.
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    for orientation, turn in undo.items():
        stored = drawing() if turn is None else drawing().transpose(turn)
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored.save(HERE / f"turn_{orientation}.heic", exif=exif.tobytes(), quality=90)
    drawing().convert("L").save(HERE / "grey.heic", quality=90)
    clear = drawing().convert("RGBA")
    clear.putalpha(Image.fromarray(np.array([[0] * 24 + [255] * 24] * 32, np.uint8)))
    clear.save(HERE / "alpha.heic", quality=90)


if __name__ == "__main__":
    main()
