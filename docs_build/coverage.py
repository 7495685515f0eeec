"""What is proved by which test: conformance cases and fields, from pytest's own collection."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from docs_build.fields import messages
from docs_build.gather import ROOT
from docs_build.table import code, table
from twinsight.wire.proto import camel

_SUITES = ("tests/clients", "tests/guide", "tests/docs/test_fields.py", "tests/http")
_CASE = re.compile(r"::test_case_(\d\d)_")


@dataclass(frozen=True)
class Case:
    """A conformance case, and the tests whose names say that they are of it."""

    number: int
    what: str
    tests: tuple[str, ...]
    missing: str = ""
    """Why there are none, where that is known."""


@cache
def collected() -> list[str]:
    """The ids of all tests that may prove something here, as pytest lists them."""
    words = ["--collect-only", "-qq", "-p", "no:cacheprovider", "-o", "addopts=", "-m", "not slow"]
    existing = [suite for suite in _SUITES if (ROOT / suite).exists()]
    script = (
        "import sys, pytest\n"
        "class Names:\n"
        "    def pytest_collection_modifyitems(self, items):\n"
        "        for item in items: print('id:' + item.nodeid)\n"
        "sys.exit(pytest.main(sys.argv[1:], plugins=[Names()]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words, *existing], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"pytest cannot collect:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    lines = done.stdout.splitlines()
    return [line.removeprefix("id:") for line in lines if line.startswith("id:")]


def cases(ids: Iterable[str]) -> list[Case]:
    """The conformance cases with their tests."""
    told = tomllib.loads(Path(__file__).with_name("cases.toml").read_text("utf-8"))
    by_number: dict[int, list[str]] = {}
    for test in ids:
        found = _CASE.search(test)
        if found:
            by_number.setdefault(int(found[1]), []).append(test)
    for number, places in told["elsewhere"].items():
        by_number[int(number)] = [
            t for t in ids if any(t.startswith(place) for place in places)
        ] + by_number.get(int(number), [])
    return [
        Case(
            int(number),
            what,
            tuple(by_number.get(int(number), ())),
            told["missing"].get(number, ""),
        )
        for number, what in told["cases"].items()
    ]


def case_table() -> str:
    """The conformance cases, ticked or not."""
    rows = [
        [
            f"{tick(case.tests)} {case.number}",
            case.what,
            case.missing or _functions(case.tests),
            _clients(case.tests),
        ]
        for case in cases(collected())
    ]
    return table(["case", "what must work", "tests", "clients"], rows)


def field_table() -> str:
    """The fields of all requests, ticked or not."""
    proofs = field_tests(collected())
    rows = []
    for message in messages():
        for name, field in message.fields.items():
            proof = proofs.get(f"{message.name}.{name}", "")
            shown = code(f"{message.name}.{camel(name)}")
            rows.append([f"{tick(proof)} {shown}", field.treatment, code(proof) or "nothing yet"])
    return table(["field", "mark", "proved by"], rows)


def field_tests(ids: Iterable[str]) -> dict[str, str]:
    """The test of each field, by `Message.field`."""
    found = (re.search(r"test_fields\.py::(\w+)\[(\w+\.\w+)\]", test) for test in ids)
    return {m[2]: m[1] for m in found if m}


def tick(tests: object) -> str:
    """☑ where there is a test."""
    return "☑" if tests else "☐"


def _functions(tests: tuple[str, ...]) -> str:
    """The test functions, each with how often it is run with other parameters."""
    counts: dict[str, int] = {}
    for test in tests:
        name = test.split("[")[0].rpartition("::")[2]
        counts[name] = counts.get(name, 0) + 1
    shown = (code(n) + (f" ×{c}" if c > 1 else "") for n, c in sorted(counts.items()))
    return "<br>".join(shown) or "nothing yet"


def _clients(tests: tuple[str, ...]) -> str:
    from tests.clients.process import NAMES

    named = {n for n in NAMES for t in tests if re.search(rf"[\[-]{re.escape(n)}(?=[\]-])", t)}
    return ", ".join(n for n in NAMES if n in named) or ("curl, plain HTTP" if tests else "")
