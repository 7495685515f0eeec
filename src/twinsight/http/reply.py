"""JSON replies, spelled as clients need them."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from twinsight.errors import TwinsightError
from twinsight.wire import write

MEDIA_TYPE = "application/json; charset=UTF-8"


def json_reply(value: Any, status: int = 200) -> Response:
    """A value as JSON in UTF-8."""
    return Response(write.dumps(value), status, media_type=MEDIA_TYPE)


def error_reply(problem: TwinsightError, in_array: bool = False) -> Response:
    """Google's error body; streams that are not events wrap it in a list (CONTRACT §8.1)."""
    body: Any = write.error(problem)
    return json_reply([body] if in_array else body, problem.code)
