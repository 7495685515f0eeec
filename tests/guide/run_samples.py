"""Run the guide's Python samples, unchanged, in one interpreter: run_samples.py SAMPLE…

Importing the SDK takes most of a sample's time, so it is paid once. Each sample gets a folder of
its own and prints into one line of JSON: name, what it printed, and how it failed if it did.
"""

import contextlib
import io
import json
import os
import runpy
import sys
import traceback
from pathlib import Path


def run(sample, home):
    """One sample in its own folder, as `python sample.py` would run it."""
    folder = Path(home, Path(sample).stem)
    folder.mkdir()
    os.chdir(folder)
    printed = io.StringIO()
    failure = None
    with contextlib.redirect_stdout(printed):
        try:
            runpy.run_path(sample, run_name="__main__")
        except Exception:
            failure = traceback.format_exc()
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return {
        "name": Path(sample).stem,
        "printed": printed.getvalue(),
        "failure": failure,
        "folder": str(folder),
        "files": files,
    }


if __name__ == "__main__":
    start = Path.cwd()
    for sample_path in sys.argv[1:]:
        print(json.dumps(run(sample_path, start)), flush=True)
