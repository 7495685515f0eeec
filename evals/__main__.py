"""Every accuracy figure of this project, one command: `python -m evals --shared ../shared`.

Each part can be run alone: `python -m evals.labels`, `.text`, `.boxes`, `.masks`, `.prompts`,
`.answers`, `.captions` ask the engines directly, `.statements`, `.api` ask a real server.
"""

from __future__ import annotations

import subprocess
import sys

PARTS = ("labels", "text", "boxes", "masks", "prompts", "answers", "statements", "captions", "api")
WITHOUT_DATA = ("prompts",)


def main() -> None:
    failed = []
    for part in PARTS:
        print(f"\n=== evals.{part}", flush=True)
        arguments = [] if part in WITHOUT_DATA else sys.argv[1:]
        done = subprocess.run([sys.executable, "-m", f"evals.{part}", *arguments], check=False)
        if done.returncode:
            failed.append(part)
    if failed:
        raise SystemExit(f"failed or skipped: {', '.join(failed)}")


if __name__ == "__main__":
    main()
