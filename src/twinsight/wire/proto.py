"""Reading proto JSON by a table: both name cases, all number spellings, errors with a path.

A `Message` is a table of `Field`s. `read` turns the client's JSON object into a dict whose keys
are the table's snake_case names, and says where and why a value does not fit (CONTRACT §2, §8.3).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from twinsight import base64text
from twinsight.errors import InvalidArgument, InvalidValue, UnknownField

Treatment = Literal["honoured", "engine", "accepted", "refused"]
Kind = Literal["string", "bytes", "int", "float", "bool", "enum", "message", "value"]

MAX_DEPTH = 64
MAX_VIOLATIONS = 20
_INT64 = 2**63
_DIGITS = re.compile(r"[+-]?\d{1,19}\Z")
_PROTO_TYPE = {
    "string": "TYPE_STRING",
    "bytes": "TYPE_BYTES",
    "int": "TYPE_INT64",
    "float": "TYPE_DOUBLE",
    "bool": "TYPE_BOOL",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: what it holds, and what this server does with it."""

    kind: Kind
    treatment: Treatment = "honoured"
    note: str = ""
    repeated: bool = False
    map: bool = False
    values: tuple[str, ...] = ()
    prefix: str = ""
    """For enums: a prefix that callers may leave out."""
    message: Callable[[], Message] | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Message:
    """A named table of fields. `open` ones keep unknown names out of sight without complaint."""

    name: str
    fields: Mapping[str, Field]
    strict: bool = False
    """Unknown names are refused here even when the caller is lenient elsewhere."""
    by_key: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        by_key = {name: name for name in self.fields}
        by_key |= {camel(name): name for name in self.fields}
        object.__setattr__(self, "by_key", by_key)


def camel(snake: str) -> str:
    """`box_2d_list` to `box2dList`, as proto JSON names fields."""
    head, *rest = snake.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


class Reader:
    """Reads one request, gathering unknown names so that one reply reports them all."""

    def __init__(self, strict_at: Callable[[str], bool]) -> None:
        self._strict_at = strict_at
        self._violations: list[tuple[str, str]] = []

    def read(self, message: Message, value: Any, path: str = "") -> dict[str, Any]:
        """The object as a dict of snake_case names. Raises InvalidValue or UnknownField."""
        result = self._message(message, value, path, 0)
        if self._violations:
            raise UnknownField(self._violations)
        return result

    def _message(self, message: Message, value: Any, path: str, depth: int) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise InvalidValue(path, f"an object ({message.name}) is needed, not {_show(value)}")
        if depth > MAX_DEPTH:
            raise InvalidValue(path, f"it is nested over {MAX_DEPTH} levels deep")
        result: dict[str, Any] = {}
        for key, item in value.items():
            name = message.by_key.get(key)
            if name is None:
                self._unknown(message, path, key)
            elif item is not None:
                inner = f"{path}.{name}" if path else name
                result[name] = self._field(message.fields[name], item, inner, depth)
        return result

    def _unknown(self, message: Message, path: str, key: str) -> None:
        refused = message.strict or self._strict_at(path)
        if refused and len(self._violations) < MAX_VIOLATIONS:
            self._violations.append((path, key[:100]))

    def _field(self, spec: Field, value: Any, path: str, depth: int) -> Any:
        if spec.map:
            return self._map(spec, value, path, depth)
        if not spec.repeated:
            return self._single(spec, value, path, depth)
        # Proto JSON wants a list; a lone object is what people mean by a list of one.
        items = value if isinstance(value, list) else [value]
        return [self._single(spec, v, f"{path}[{i}]", depth) for i, v in enumerate(items)]

    def _map(self, spec: Field, value: Any, path: str, depth: int) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise InvalidValue(path, f"a map is needed, not {_show(value)}")
        return {
            key: self._single(spec, item, f"{path}[{index}].value", depth)
            for index, (key, item) in enumerate(value.items())
            if item is not None
        }

    def _single(self, spec: Field, value: Any, path: str, depth: int) -> Any:
        if spec.kind == "message":
            assert spec.message is not None
            return self._message(spec.message(), value, path, depth + 1)
        if spec.kind == "value":
            return value
        result = _SCALARS[spec.kind](spec, value, path)
        if (spec.low is not None and result < spec.low) or (
            spec.high is not None and result > spec.high
        ):
            raise InvalidValue(path, f"{_show(value)} is out of range {_range(spec)}")
        return result


def _range(spec: Field) -> str:
    low = "" if spec.low is None else f"{spec.low:g}"
    high = "" if spec.high is None else f"{spec.high:g}"
    return f"[{low}, {high}]"


def _string(spec: Field, value: Any, path: str) -> str:
    if isinstance(value, str):
        return value
    raise _mismatch(spec, value, path)


def _bytes(spec: Field, value: Any, path: str) -> bytes:
    if not isinstance(value, str):
        raise _mismatch(spec, value, path)
    try:
        return base64text.decode(value)
    except ValueError:
        raise InvalidValue(
            path, f"(TYPE_BYTES), Base64 decoding failed for {_show(value)}"
        ) from None


def _int(spec: Field, value: Any, path: str) -> int:
    if isinstance(value, str) and _DIGITS.match(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64:
        return value
    raise _mismatch(spec, value, path)


def _float(spec: Field, value: Any, path: str) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise _mismatch(spec, value, path) from None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            raise _mismatch(spec, value, path) from None
        if math.isfinite(number):
            return number
    raise _mismatch(spec, value, path)


def _bool(spec: Field, value: Any, path: str) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise _mismatch(spec, value, path)


def _enum(spec: Field, value: Any, path: str) -> str:
    """The upper-case name without the field's own prefix."""
    if isinstance(value, str):
        word = value.upper().removeprefix(spec.prefix)
        if word in spec.values:
            return word
    elif isinstance(value, (int, float)) and value in range(len(spec.values)):
        return spec.values[int(value)]
    names = ", ".join(spec.prefix + v for v in spec.values)
    raise InvalidValue(path, f"(TYPE_ENUM), {_show(value)} is none of {names}")


def _mismatch(spec: Field, value: Any, path: str) -> InvalidArgument:
    return InvalidValue(path, f"({_PROTO_TYPE[spec.kind]}), {_show(value)}")


def _show(value: Any) -> str:
    if isinstance(value, str):
        text = value if len(value) <= 40 else value[:37] + "..."
        return f'"{text}"'
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return repr(value)[:40]


_SCALARS: dict[str, Callable[[Field, Any, str], Any]] = {
    "string": _string,
    "bytes": _bytes,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "enum": _enum,
}
