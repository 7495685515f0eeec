"""Every failure that Twinsight reports, as one tree.

    TwinsightError
    ├── InvalidArgument            400 INVALID_ARGUMENT
    │   ├── InvalidJson            the body is not JSON
    │   ├── UnknownField           a name that the API does not have
    │   ├── InvalidValue           a field of the wrong type, or out of bounds
    │   ├── InvalidKey             an API key that is not ours
    │   ├── PayloadTooLarge        the body is over the limit
    │   ├── TooManyImages          more pictures than one request may hold
    │   ├── ImageError             a picture that cannot be used, and which one
    │   │   ├── UnsupportedImage   not a picture of a type that we read
    │   │   ├── InvalidImage       a picture that cannot be decoded
    │   │   └── ImageTooLarge      a picture with too many pixels
    │   ├── UnsupportedTool        a tool that this server does not run
    │   └── InvalidUpload          an upload request that cannot be followed
    ├── FailedPrecondition         400 FAILED_PRECONDITION
    ├── Unauthenticated            401 UNAUTHENTICATED
    ├── PermissionDenied           403 PERMISSION_DENIED
    │   ├── MissingKey             no API key was sent
    │   ├── ForeignPage            a page of another site, and no key protects the server
    │   └── FileForbidden          another key's file, or no such file
    ├── NotFound                   404 NOT_FOUND
    │   ├── UnknownModel
    │   └── UnknownRoute
    ├── AlreadyExists              409 ALREADY_EXISTS
    ├── ResourceExhausted          429 RESOURCE_EXHAUSTED
    ├── Cancelled                  499 CANCELLED
    ├── Internal                   500 INTERNAL, always a bug of ours
    ├── Unimplemented              501 UNIMPLEMENTED
    ├── Unavailable                503 UNAVAILABLE
    │   └── Overloaded             the queue in front of the processor is full
    ├── DeadlineExceeded           504 DEADLINE_EXCEEDED
    ├── HubError                   never on the wire: a model could not be fetched
    └── SetupError                 never on the wire: the server cannot start as configured
        ├── InvalidConfig
        ├── InvalidWeights         model weights that are missing or altered
        └── UsageError             wrong words on the command line

The status words and the texts marked "Google" follow CONTRACT §8 so that client code that matches
on them goes on working.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

Detail = dict[str, Any]

_RPC = "type.googleapis.com/google.rpc."


class TwinsightError(Exception):
    """Base of all. `code` is the HTTP status, `status` Google's word for it."""

    code: ClassVar[int] = 500
    status: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, details: list[Detail] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: list[Detail] = details or []

    def __str__(self) -> str:
        return self.message


class InvalidArgument(TwinsightError):
    code = 400
    status = "INVALID_ARGUMENT"


class InvalidJson(InvalidArgument):
    def __init__(self, why: str) -> None:
        super().__init__(f"Invalid JSON payload received. {why}")


class UnknownField(InvalidArgument):
    """`violations` are (path of the enclosing object, name) pairs; Google's text, one line each."""

    def __init__(self, violations: list[tuple[str, str]]) -> None:
        lines = []
        fields = []
        for path, name in violations:
            where = f" at '{path}'" if path else ""
            line = (
                f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'
            )
            lines.append(line)
            fields.append({"field": path, "description": line})
        super().__init__(
            "\n".join(lines), [{"@type": _RPC + "BadRequest", "fieldViolations": fields}]
        )


class InvalidValue(InvalidArgument):
    """A value that does not fit its field; `path` as Google writes it, in snake_case."""

    def __init__(self, path: str, why: str) -> None:
        message = f"Invalid value at '{path}': {why}" if path else f"Invalid value: {why}"
        fields = [{"field": path, "description": why}]
        super().__init__(message, [{"@type": _RPC + "BadRequest", "fieldViolations": fields}])


class InvalidKey(InvalidArgument):
    def __init__(self) -> None:
        message = "API key not valid. Please pass a valid API key."
        super().__init__(
            message,
            [
                {
                    "@type": _RPC + "ErrorInfo",
                    "reason": "API_KEY_INVALID",
                    "domain": "googleapis.com",
                    "metadata": {"service": "generativelanguage.googleapis.com"},
                },
                {"@type": _RPC + "LocalizedMessage", "locale": "en-US", "message": message},
            ],
        )


class PayloadTooLarge(InvalidArgument):
    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"Request payload size exceeds the limit: {limit_bytes} bytes. "
            "Send large pictures through the Files API."
        )


class TooManyImages(InvalidArgument):
    def __init__(self, count: int, limit: int) -> None:
        super().__init__(
            f"Please use fewer than {limit + 1} images in your request. It holds {count}."
        )


class ImageError(InvalidArgument):
    """A picture that cannot be used."""

    def at(self, where: str) -> Self:
        """The same error with the picture's place in the request, once it is known."""
        if not self.details:
            self.message = f"{self.message} It is the picture at {where}."
            violation = {"field": where, "description": self.message}
            self.details = [{"@type": _RPC + "BadRequest", "fieldViolations": [violation]}]
        return self


class UnsupportedImage(ImageError):
    """`mime` is what the bytes are, whatever the label said."""

    def __init__(self, mime: str) -> None:
        super().__init__(
            f"Unsupported MIME type: {mime}. Send image/png, image/jpeg, image/webp, image/heic "
            "or image/heif."
        )
        self.mime = mime


class InvalidImage(ImageError):
    def __init__(self, why: str) -> None:
        super().__init__(f"Unable to process input image. Provided image is not valid: {why}")


class ImageTooLarge(ImageError):
    def __init__(self, wh: tuple[int, int], max_pixels: int) -> None:
        super().__init__(
            f"Unable to process input image. It has {wh[0]}x{wh[1]} pixels; this server takes up "
            f"to {max_pixels} pixels an image."
        )


class UnsupportedTool(InvalidArgument):
    def __init__(self, tool: str) -> None:
        super().__init__(
            f"The tool '{tool}' is not supported by this server. Leave it out; functions that you "
            "declare yourself (function_declarations) are supported."
        )


class InvalidUpload(InvalidArgument):
    pass


class FailedPrecondition(TwinsightError):
    code = 400
    status = "FAILED_PRECONDITION"


class Unauthenticated(TwinsightError):
    code = 401
    status = "UNAUTHENTICATED"

    def __init__(self) -> None:
        super().__init__(
            "Request had invalid authentication credentials. Expected a valid API key as bearer "
            "token."
        )


class PermissionDenied(TwinsightError):
    code = 403
    status = "PERMISSION_DENIED"


class MissingKey(PermissionDenied):
    def __init__(self) -> None:
        super().__init__(
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API."
        )


class ForeignPage(PermissionDenied):
    def __init__(self, origin: str) -> None:
        super().__init__(
            f"Without API keys this server answers pages of its own machine only, not those of "
            f"{origin[:100]}. Make a key with `twinsight keys add NAME`, or start it with "
            "--allow-open."
        )


class FileForbidden(PermissionDenied):
    def __init__(self, file_id: str) -> None:
        super().__init__(
            f"You do not have permission to access the File {file_id} or it may not exist."
        )


class NotFound(TwinsightError):
    code = 404
    status = "NOT_FOUND"


class UnknownModel(NotFound):
    def __init__(self, name: str, version: str, method: str = "generateContent") -> None:
        super().__init__(
            f"models/{name} is not found for API version {version}, or is not supported for "
            f"{method}. Call ListModels to see the list of available models and their supported "
            "methods."
        )


_NOT_HERE = {
    "mbedContent": "It makes no embeddings.",
    "predict": "It makes no pictures and no videos.",
    "atch": "It takes no batches: send the requests themselves, several at a time.",
    "cachedContents": "It keeps no cached contents: send them with each request. The Files API "
    "spares you sending a picture again, and one that was seen lately is not looked at again.",
    "BidiGenerateContent": "It has no live sessions: use streamGenerateContent.",
    "interactions": "It does not speak the Interactions API: use generateContent.",
    "openai": "It does not speak OpenAI's dialect: use generateContent.",
    "completions": "It does not speak OpenAI's dialect: use generateContent.",
    "fileSearchStores": "It has no file search: send the pictures with the question.",
    "auth_tokens": "It makes no tokens: whoever runs it makes keys by `twinsight keys add`.",
}
"""What Google's API has and this server has not, by a piece of the path."""


class UnknownRoute(NotFound):
    def __init__(self, method: str, path: str) -> None:
        advice = next((f" {says}" for piece, says in _NOT_HERE.items() if piece in path), "")
        super().__init__(f"There is no {method} {path} on this server.{advice}")


class AlreadyExists(TwinsightError):
    code = 409
    status = "ALREADY_EXISTS"


class ResourceExhausted(TwinsightError):
    code = 429
    status = "RESOURCE_EXHAUSTED"


class Cancelled(TwinsightError):
    code = 499
    status = "CANCELLED"

    def __init__(self, message: str = "The client went away.") -> None:
        super().__init__(message)


class Internal(TwinsightError):
    def __init__(self, request_id: str = "") -> None:
        where = f" Request id: {request_id}." if request_id else ""
        super().__init__(
            "An internal error has occurred. This is a fault of the server, not of the request; "
            f"its log holds the cause.{where}"
        )


class Unimplemented(TwinsightError):
    code = 501
    status = "UNIMPLEMENTED"


class Unavailable(TwinsightError):
    code = 503
    status = "UNAVAILABLE"


class Overloaded(Unavailable):
    def __init__(self, retry_seconds: float) -> None:
        super().__init__(
            "The model is overloaded. Please try again later.",
            [{"@type": _RPC + "RetryInfo", "retryDelay": f"{retry_seconds:g}s"}],
        )
        self.retry_seconds = retry_seconds


class DeadlineExceeded(TwinsightError):
    code = 504
    status = "DEADLINE_EXCEEDED"

    def __init__(self, message: str = "Deadline expired before operation could complete.") -> None:
        super().__init__(message)


class HubError(TwinsightError):
    """A model cannot be fetched, or what came is not what was promised. Never on the wire."""


class SetupError(TwinsightError):
    """Raised before serving: the command line prints it and exits with status 2."""

    heading: ClassVar[str] = ""
    """What stands before the message; empty for the command's own."""


class InvalidConfig(SetupError):
    pass


class InvalidWeights(SetupError):
    pass


class UsageError(SetupError):
    pass
