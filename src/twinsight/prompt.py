"""The nouns of a request and of its answer, free of any wire format and of any engine.

A `Prompt` is turns of text and pictures, and the shape that the answer must have. The wire makes
it, the image room fills in the headers of its pictures, tasks read it and answer in text deltas.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

# What gemini-cli sends beside a question: where it is run, where files begin and end.
_FRAME = re.compile(
    r"\s*(?:<session_context>.*</session_context>|Content from @[^\n]*:"
    r"|--- (?:Content from referenced files|End of content) ---)\s*",
    re.DOTALL,
)


MOST_HEARD = 12_000
"""Letters of a question, and of a system instruction, that our own grammar reads."""


class Finish(StrEnum):
    """Why an answer ended; the words are Google's."""

    STOP = "STOP"
    MAX_TOKENS = "MAX_TOKENS"
    SAFETY = "SAFETY"
    MALFORMED_FUNCTION_CALL = "MALFORMED_FUNCTION_CALL"
    OTHER = "OTHER"


class Resolution(StrEnum):
    """How closely to look at a picture, which decides what it costs in tokens."""

    UNSPECIFIED = "UNSPECIFIED"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    ULTRA_HIGH = "ULTRA_HIGH"


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    thought: bool = False


@dataclass(slots=True)
class ImageRef:
    """A picture that was sent or named; its bytes stay encoded until a task wants to see it.

    `where` is its place in the request, for error messages. `wh` is the upright size in pixels,
    read from the header. `opener` gives the encoded bytes; `key` is their hash where it is known.
    """

    where: str
    data: bytes | None = None
    uri: str = ""
    resolution: Resolution = Resolution.UNSPECIFIED
    mime: str = ""
    wh: tuple[int, int] = (0, 0)
    key: bytes = b""
    opener: Callable[[], bytes] | None = None

    def encoded(self) -> bytes:
        """The encoded bytes, as they were sent or stored."""
        if self.data is not None:
            return self.data
        if self.opener is None:
            raise ValueError(f"the picture at {self.where} was not resolved")
        return self.opener()


@dataclass(frozen=True, slots=True)
class Call:
    """A function call that the model made earlier, echoed back by the client."""

    name: str
    args: dict[str, Any]
    id: str = ""


@dataclass(frozen=True, slots=True)
class CallResult:
    """What the client's function gave."""

    name: str
    response: dict[str, Any]
    id: str = ""


Part = Text | ImageRef | Call | CallResult


@dataclass(frozen=True, slots=True)
class Turn:
    role: Literal["user", "model"]
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The turn's words, without thoughts; parts apart, as a reader would see them."""
        return "\n".join(p.text for p in self.parts if isinstance(p, Text) and not p.thought)

    @property
    def asked(self) -> str:
        """The turn's words, without parts that only frame a question."""
        texts = (p.text for p in self.parts if isinstance(p, Text) and not p.thought)
        return _heard("\n".join(text for text in texts if not _FRAME.fullmatch(text)))

    @property
    def images(self) -> tuple[ImageRef, ...]:
        return tuple(p for p in self.parts if isinstance(p, ImageRef))


@dataclass(frozen=True, slots=True)
class FunctionDeclaration:
    name: str
    description: str
    parameters: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Sampling:
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None


@dataclass(frozen=True, slots=True)
class Thinking:
    """How much a model that thinks may think, and whether its thoughts are shown."""

    include: bool = False
    budget: int | None = None
    """In tokens: 0 for none, -1 for as much as it wants, None where nothing was said."""
    level: str = ""


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """What the answer must look like. `schema` is a JSON Schema whose property order counts."""

    mime: Literal["text/plain", "application/json", "text/x.enum"] = "text/plain"
    schema: dict[str, Any] | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    candidates: int = 1


@dataclass(frozen=True, slots=True)
class Prompt:
    turns: tuple[Turn, ...]
    system: str = ""
    shape: AnswerShape = field(default_factory=AnswerShape)
    sampling: Sampling = field(default_factory=Sampling)
    thinking: Thinking = field(default_factory=Thinking)
    logprobs: int | None = None
    """How many alternatives of each token are to be told with their chance; None for no chances."""
    functions: tuple[FunctionDeclaration, ...] = ()
    calling: Literal["AUTO", "ANY", "NONE"] = "AUTO"
    """Whether a function is to be called: as it suits, in any case, or not at all."""
    allowed: tuple[str, ...] = ()
    """The names of the functions that may be called; empty for all of them."""

    @property
    def images(self) -> tuple[ImageRef, ...]:
        """All pictures, in order, over all turns."""
        return tuple(image for turn in self.turns for image in turn.images)

    @property
    def question(self) -> str:
        """The words of the last user turn, without those that a client puts around them."""
        for turn in reversed(self.turns):
            if turn.role == "user":
                return turn.asked
        return ""

    def asking(self, question: str) -> Prompt:
        """The same prompt with another question in its last user turn."""
        if question == self.question:
            return self
        turns = list(self.turns)
        at = max(i for i, turn in enumerate(turns) if turn.role == "user")
        turns[at] = Turn("user", (*turns[at].images, Text(question)))
        return replace(self, turns=tuple(turns))

    @property
    def instruction(self) -> str:
        """The words of the system instruction."""
        return _heard(self.system)


def _heard(text: str) -> str:
    """Of more words than anybody asks with, the first and the last: a question stands there."""
    half = MOST_HEARD // 2
    return text if len(text) <= MOST_HEARD else f"{text[:half]}\n{text[-half:]}"


@dataclass(frozen=True, slots=True)
class Token:
    """One token as a model chose it, its log probability, and what else it might have said."""

    text: str
    logprob: float
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of an answer. `finish` is set on the last one only."""

    text: str
    finish: Finish | None = None
    call: Call | None = None
    tokens: int = 0
    """Tokens of the answer so far, this piece included, without thoughts."""
    thought: bool = False
    """Whether the text is a thought and no part of the answer."""
    thoughts: int = 0
    """Tokens of the thoughts so far, shown or not."""
    chosen: tuple[Token, ...] = ()
    """On the last piece: all tokens of the answer, where their chances were asked for."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a prompt costs, by kind."""

    text: int
    image: int

    @property
    def prompt(self) -> int:
        return self.text + self.image
