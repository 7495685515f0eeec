"""The hashes of the word tables beside the caption writer's weights.

    python -m train.captions.tables

writes them into the manifest anew, after one of the tables was edited by hand.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

WEIGHTS = Path(__file__).parents[2] / "src/twinsight/engines/pocket/weights"
TABLES = ("captions.words.txt", "captions.grounds.txt", "captions.concepts.txt")


def hashes() -> dict[str, str]:
    """Each table's sha256."""
    return {name: hashlib.sha256((WEIGHTS / name).read_bytes()).hexdigest() for name in TABLES}


def main() -> None:
    path = WEIGHTS / "captions_say.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["tables"] = hashes()
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(f"{path.name}: {len(TABLES)} tables")


if __name__ == "__main__":
    main()
