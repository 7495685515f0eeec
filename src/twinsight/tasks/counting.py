"""What a prompt costs in tokens: one function for countTokens and for every answer's usage."""

from __future__ import annotations

from typing import Protocol

import msgspec

from twinsight import tokens
from twinsight.errors import InvalidArgument, TooManyImages
from twinsight.image.tokens import TokenPolicy, image_tokens
from twinsight.prompt import Call, CallResult, Prompt, Text, Usage


class CountLimits(Protocol):
    """The settings that counting needs."""

    @property
    def token_policy(self) -> str: ...
    @property
    def max_images(self) -> int: ...
    @property
    def max_prompt_tokens(self) -> int: ...


def usage(prompt: Prompt, generation: float, limits: CountLimits) -> Usage:
    """Tokens of the whole prompt; pictures by the size in their headers.

    Text is all that was sent as words: turns, system instruction, function declarations, calls and
    their results. Raises TooManyImages or, over the window, InvalidArgument.
    """
    if len(prompt.images) > limits.max_images:
        raise TooManyImages(len(prompt.images), limits.max_images)
    policy = TokenPolicy(limits.token_policy)
    image = sum(image_tokens(ref.wh, policy, generation, ref.resolution) for ref in prompt.images)
    text = _text(prompt)
    if text > limits.max_prompt_tokens:
        # Pictures are bounded by their number and not refused here: the local engines look at each
        # on its own, so that many of them overflow no window.
        raise InvalidArgument(
            f"The input token count ({text}) exceeds the maximum number of tokens allowed "
            f"({limits.max_prompt_tokens})."
        )
    return Usage(text, image)


def _text(prompt: Prompt) -> int:
    total = tokens.count(prompt.system)
    for turn in prompt.turns:
        for part in turn.parts:
            if isinstance(part, Text):
                total += tokens.count(part.text)
            elif isinstance(part, Call):
                total += _structured([part.name, part.args])
            elif isinstance(part, CallResult):
                total += _structured([part.name, part.response])
    for function in prompt.functions:
        total += _structured([function.name, function.description, function.parameters])
    return total


def _structured(value: object) -> int:
    return tokens.count(msgspec.json.encode(value).decode())
