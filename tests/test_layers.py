"""The rules of the house that a program can check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_imports_go_down_the_layers_only() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_error_that_reaches_a_client_has_a_google_status() -> None:
    from twinsight import errors

    statuses = {
        400: {"INVALID_ARGUMENT", "FAILED_PRECONDITION"},
        401: {"UNAUTHENTICATED"},
        403: {"PERMISSION_DENIED"},
        404: {"NOT_FOUND"},
        409: {"ALREADY_EXISTS"},
        429: {"RESOURCE_EXHAUSTED"},
        499: {"CANCELLED"},
        500: {"INTERNAL"},
        501: {"UNIMPLEMENTED"},
        503: {"UNAVAILABLE"},
        504: {"DEADLINE_EXCEEDED"},
    }
    classes = [
        c
        for c in vars(errors).values()
        if isinstance(c, type) and issubclass(c, errors.TwinsightError)
    ]
    assert len(classes) > 25
    for kind in classes:
        assert kind.status in statuses[kind.code], kind
        drawn = errors.__doc__ or ""
        assert kind.__name__ in drawn, f"{kind.__name__} is missing from the tree in the docstring"
