"""Function calls: whether one of the caller's functions is asked for, and with which arguments.

Arguments come from the question's own words (quoted strings, names, numbers, words of an enum) and
from what is seen. When the caller leaves the choice to us, a function is called only if the
question speaks its words and every required argument is known: no argument is made up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from twinsight import tokens
from twinsight.filling.document import Ask, Facts, dump, fill
from twinsight.prompt import Call, CallResult, FunctionDeclaration, Prompt
from twinsight.tasks.answers.classify import key_of
from twinsight.tasks.facts import SceneFacts
from twinsight.tasks.request.intent import task_of
from twinsight.tasks.request.lexicon import AFTER, FILLER, NUMBERS, word_set
from twinsight.tasks.request.vocabulary import fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wanting import words_of

_QUOTED = re.compile(r"[\"“«]\s*([^\"”»]+?)\s*[\"”»]|(?<!\w)'([^']+)'(?!\w)")
_NAME = r"[A-ZÀ-Ý][\w'’.-]*"
_NAMES = re.compile(
    rf"(?<![.!?]\s)(?<!\A)(?<!\w)(?!I\b){_NAME}(?:\s+{_NAME})*(?:,\s+[A-Z]{{2}}\b)?"
)
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w]|\.\d)")
_DATE = re.compile(
    r"\b(?:\d{4}-\d\d-\d\d(?:T[\d:.Z+-]+)?|today|tonight|tomorrow|yesterday|now|aujourd'hui|demain|"
    r"hier|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:in|at|near|for|of|à|au|en|pour|de)\s+(?:the\s+|la\s+|le\s+)?([^\W\d_][\w' -]*?)"
    r"(?=\s+(?:today|tonight|tomorrow|now|right|please|aujourd'hui|demain)\b|\s*[?.!,]|\s*\Z)",
    re.IGNORECASE,
)
_AFTER = {
    "from": re.compile(rf"\b(?:from|depuis|de)\s+({_NAME}(?:\s+{_NAME})*)"),
    "to": re.compile(rf"\b(?:to|towards|into|vers|à)\s+({_NAME}(?:\s+{_NAME})*)"),
}
_FORMATS = {
    "email": re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+\w"),
    "url": re.compile(r"https?://[^\s\"'<>]+"),
}

_FROM = word_set("from origin source departure start")
_TO = word_set("to destination arrival end target")
_WHEN = word_set("date day when time datetime")
_WHERE = word_set("city location place town country region address where ville lieu")
_WHOLE = word_set("query question prompt message request search")
_VERBS = word_set("""
    get set find list fetch make create add show give return returns current given value values
    function tool call use used using this that data information result image picture photo photos
    what how which user name string int
""")


def call_for(prompt: Prompt, scenes: Sequence[Scene]) -> Call | None:
    """The call that answers the prompt; None where words do."""
    offered = [f for f in prompt.functions if not prompt.allowed or f.name in prompt.allowed]
    if prompt.calling == "NONE" or not offered or results(prompt):
        return None
    must = prompt.calling == "ANY"
    best = max(offered, key=lambda function: _overlap(prompt.question, function))
    if not must and _overlap(prompt.question, best) < 1:
        return None
    said = _Said(prompt, scenes)
    schema = best.parameters or {"type": "object"}
    if not must and not said.knows_required(schema):
        return None
    args = fill(schema, said) if schema.get("properties") else {}
    return Call(best.name, args if isinstance(args, dict) else {})


def cost(call: Call) -> int:
    """Tokens of a call, by the rule of `tokens`."""
    return tokens.count(call.name) + tokens.count(dump(call.args))


def results(prompt: Prompt) -> list[CallResult]:
    """What the caller's functions gave in the last turn."""
    if not prompt.turns or prompt.turns[-1].role != "user":
        return []
    return [part for part in prompt.turns[-1].parts if isinstance(part, CallResult)]


def told(given: Sequence[CallResult]) -> str:
    """The results in words, one line a function."""
    return "\n".join(f"{one.name} returned: {_plain(one.response)}" for one in given)


def _plain(value: Any) -> str:
    """JSON data as a reader would say it: bare words, `name: value` pairs."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in ("result", "output", "content", "error"):
            return _plain(next(iter(value.values())))
        return ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return value if isinstance(value, str) else dump(value)


def _overlap(question: str, function: FunctionDeclaration) -> float:
    """How strongly a question speaks a function's words: 1 is enough.

    A word of its name counts 1, one of its description a half; general verbs count nothing.
    """
    asked = _content(question)
    name = _content(" ".join(words_of(function.name)))
    description = _content(function.description.split("\n")[0]) - name
    return len(asked & name) + len(asked & description) / 2


def _content(text: str) -> set[str]:
    words = {key_of(word) for word in re.findall(r"[^\W\d_]{2,}", fold(text))}
    return words - FILLER - AFTER - _VERBS - {""}


@dataclass
class _Said(Facts):
    """Facts that a question's own words give, then those of its pictures."""

    prompt: Prompt
    scenes: Sequence[Scene]
    strings: list[str] = field(init=False)
    numbers: list[float] = field(init=False)
    taken: dict[tuple[str, ...], object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        text = self.prompt.question
        quoted = [a or b for a, b in _QUOTED.findall(text)]
        self.strings = quoted + [n for n in _NAMES.findall(text) if n not in " ".join(quoted)]
        numbers = map(float, _NUMBER.findall(text))
        self.numbers = [number for number in numbers if math.isfinite(number)]
        self.numbers += [NUMBERS[w] for w in fold(text).split() if w in NUMBERS and w != "one"]

    def knows_required(self, schema: dict[str, Any]) -> bool:
        """Whether every required property has a value in the words or the pictures."""
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            place = properties.get(name, {})
            if self.value(Ask((name,), place, _type(place))) is None:
                return False
        return True

    def value(self, ask: Ask) -> object | None:
        """The argument of that name; each name or number of the question is used once."""
        if ask.path not in self.taken:
            self.taken[ask.path] = self._found(ask)
        return self.taken[ask.path]

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        """Things seen, for lists of objects."""
        return self._seen().items(ask) if self.scenes else None

    def inside(self, ask: Ask) -> Facts:
        """The same words again."""
        return self

    def _found(self, ask: Ask) -> object | None:
        choices = [c for c in ask.schema.get("enum", []) if isinstance(c, str)]
        if choices:
            asked = f" {fold(self.prompt.question)} "
            said = [c for c in choices if re.search(rf"\b{re.escape(fold(c))}\b", asked)]
            return said[0] if said else self._from_pictures(ask)
        words = set(words_of(ask.path[-1])) if ask.path else set()
        if ask.type in ("integer", "number"):
            if self.numbers:
                number = self.numbers.pop(0)
                return int(number) if number == int(number) else number
            return self._from_pictures(ask)
        if ask.type == "string":
            return self._string(ask, words) or self._from_pictures(ask)
        if ask.type == "array" and self.strings:
            found, self.strings = self.strings, []
            return found
        return self._from_pictures(ask)

    def _string(self, ask: Ask, words: set[str]) -> str | None:
        text = self.prompt.question
        for name, pattern in _FORMATS.items():
            if name in words or ask.schema.get("format") == name:
                found = pattern.search(text)
                return found[0] if found else None
        if words & _WHEN:
            found = _DATE.search(text)
            return found[0] if found else None
        for name, hints in (("from", _FROM), ("to", _TO)):
            after = _AFTER[name].search(text) if words & hints else None
            if after is not None:
                self.strings = [s for s in self.strings if s != after[1]]
                return after[1]
        if self.strings:
            return self.strings.pop(0)
        if words & _WHERE:
            place = _PLACE.search(text)
            return place[1].strip() if place else None
        return text.strip() if words & _WHOLE else None

    def _from_pictures(self, ask: Ask) -> object | None:
        return self._seen().value(ask) if self.scenes else None

    def _seen(self) -> SceneFacts:
        return SceneFacts(self.prompt, task_of(self.prompt), self.scenes)


def _type(place: dict[str, Any]) -> str:
    kind = place.get("type", "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    return str(kind)
