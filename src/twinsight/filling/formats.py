"""The `format` words of JSON Schema: what fits each, and its most neutral text.

Formats that are not listed (int32, float, enum, password, …) ask nothing of a string.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from ipaddress import AddressValueError, IPv4Address, IPv6Address

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(
    r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.A
)
_DURATION = re.compile(
    r"P(?=\d|T\d)(\d{1,9}W|(\d{1,9}Y(\d{1,9}M(\d{1,9}D)?)?|\d{1,9}M(\d{1,9}D)?|\d{1,9}D)?"
    r"(T(\d{1,9}H(\d{1,9}M(\d{1,9}S)?)?|\d{1,9}M(\d{1,9}S)?|\d{1,9}S))?)",
    re.A,
)
_EMAIL = re.compile(r"[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@")
_HOST_LABEL = re.compile(r"(?!xn--)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(//[A-Za-z0-9.-]+(:\d{1,5})?(?=[/?#]|$))?"
    r"(?!//)([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*(#[A-Za-z0-9._~/-]*)?"
)
_PATH = re.compile(r"(?!//)(/?[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/?)?")
_POINTER = re.compile(r"(/([^~/]|~[01])*)*")
_RELATIVE_POINTER = re.compile(r"(0|[1-9]\d{0,8})(#|(/([^~/]|~[01])*)*)", re.A)


def _date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _date_time(text: str) -> bool:
    if len(text) < 20 or text[10] != "T" or not _TIME.fullmatch(text[11:]):
        return False
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return _date(text[:10])


def _hostname(text: str) -> bool:
    labels = text.split(".")
    return len(text) <= 253 and all(_HOST_LABEL.fullmatch(label) for label in labels)


def _email(text: str) -> bool:
    local = _EMAIL.match(text)
    return local is not None and len(text) <= 254 and _hostname(text[local.end() :])


def _address(kind: type[IPv4Address] | type[IPv6Address], text: str) -> bool:
    try:
        kind(text)
    except AddressValueError:
        return False
    return "%" not in text


def _full(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


_RULES: dict[str, tuple[str, Callable[[str], bool]]] = {
    "date-time": ("1970-01-01T00:00:00Z", _date_time),
    "date": ("1970-01-01", _date),
    "time": ("00:00:00Z", _full(_TIME)),
    "duration": ("PT0S", _full(_DURATION)),
    "email": ("unknown@example.com", _email),
    "idn-email": ("unknown@example.com", _email),
    "hostname": ("example.com", _hostname),
    "idn-hostname": ("example.com", _hostname),
    "ipv4": ("0.0.0.0", lambda text: _address(IPv4Address, text)),  # noqa: S104 - not bound to
    "ipv6": ("::", lambda text: _address(IPv6Address, text)),
    "uri": ("https://example.com", _full(_URI)),
    "iri": ("https://example.com", _full(_URI)),
    "uri-reference": ("", _full(_PATH)),
    "iri-reference": ("", _full(_PATH)),
    "uri-template": ("", _full(_PATH)),
    "uuid": ("00000000-0000-0000-0000-000000000000", _full(_UUID)),
    "json-pointer": ("", _full(_POINTER)),
    "relative-json-pointer": ("0", _full(_RELATIVE_POINTER)),
    "regex": ("", _full(re.compile(r"[A-Za-z0-9 _]*"))),
}


def fits(name: str, text: str) -> bool:
    """True when `text` is of the format. Narrower than the RFCs: what passes here is sure."""
    rule = _RULES.get(name)
    if rule is None:
        return True
    return len(text) <= 2_000 and rule[1](text)


def neutral(name: str) -> str | None:
    """The format's text that says least, or None when any text will do."""
    rule = _RULES.get(name)
    return rule[0] if rule else None


_MORE = {
    "date-time": "1970-01-{0:02}T00:00:00Z",
    "date": "1970-01-{0:02}",
    "time": "00:00:{0:02}Z",
    "duration": "PT{0}S",
    "email": "unknown{0}@example.com",
    "idn-email": "unknown{0}@example.com",
    "hostname": "example{0}.com",
    "idn-hostname": "example{0}.com",
    "ipv4": "0.0.0.{0}",
    "ipv6": "::{0}",
    "uri": "https://example.com/{0}",
    "iri": "https://example.com/{0}",
    "uuid": "00000000-0000-0000-0000-0000000000{0:02}",
    "json-pointer": "/{0}",
    "relative-json-pointer": "{0}",
}


def more(name: str) -> Iterator[str]:
    """Some more texts of the format, all different, for lists that may not repeat."""
    if name in _MORE:
        yield from (_MORE[name].format(n) for n in range(1, 29))
