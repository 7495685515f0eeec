"""From a prompt to its answer: the one way through, whatever is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from twinsight.engines.eyes import Eyes
from twinsight.engines.speaker import Alone, Waiting
from twinsight.image.decode import DefaultLimits
from twinsight.prompt import Call, Delta, Finish, Prompt, Sampling
from twinsight.tasks import calls, limit, plan, structured
from twinsight.tasks.answers import talk
from twinsight.tasks.request import conversation
from twinsight.tasks.request.intent import task_of
from twinsight.tasks.request.style import style_of
from twinsight.tasks.scene import Look, Scene, SceneCache, Shelf
from twinsight.tasks.wording.voice import VOICES

MOST_CLOSE_LOOKS = 64
"""Pictures of one request that are looked at closely; when there are more, each gets a glance."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one answer: tokens said, pixels decoded, how closely each picture is looked at."""

    output_tokens: int
    max_pixels: int
    look: Look = "careful"


def answer(
    prompt: Prompt,
    eyes: Eyes,
    cache: SceneCache,
    limits: Limits,
    check: Callable[[], None],
    candidate: int = 0,
    waiting: Waiting | None = None,
) -> Iterator[Delta]:
    """The answer in pieces; the last one carries the finish.

    `check` is called between steps and raises when the answer is not wanted any more; `waiting` is
    for engines that wait for another server. Raises InvalidImage when a picture's pixels turn out
    to be damaged.
    """
    speaker = plan.speaker_for(prompt, eyes)
    if speaker is not None:
        asked = plan.Asking(waiting or Alone(check), limits.max_pixels, candidate)
        yield from plan.spoken(prompt, speaker, asked)
        return
    look: Look = "glance" if len(prompt.images) > MOST_CLOSE_LOOKS else limits.look
    most = min(prompt.shape.max_tokens or limits.output_tokens, limits.output_tokens)
    shelf = Shelf(DefaultLimits(limits.max_pixels))
    sampling = _of_candidate(prompt.sampling, candidate)
    scenes = [
        Scene(ref, eyes, cache, shelf, check, look, waiting, sampling) for ref in prompt.images
    ]
    followed = conversation.follow(prompt, scenes)
    prompt = followed.prompt
    call = calls.call_for(prompt, scenes)
    if call is not None:
        yield _called(call, most)
        return
    text, finish = _said(prompt, scenes, most, followed.doubted)
    if any(scene.is_cut for scene in scenes):
        finish = Finish.MAX_TOKENS
    yield from limit.deltas(text, finish)


def _of_candidate(sampling: Sampling, candidate: int) -> Sampling:
    """The sampling of one of several answers: a seed gives the same set again, not twins."""
    if sampling.seed is None:
        return sampling
    return replace(sampling, seed=sampling.seed + candidate)


def _called(call: Call, most: int) -> Delta:
    """The call whole, or nothing when it does not fit: half a call is none."""
    price = calls.cost(call)
    if price > most:
        return Delta("", Finish.MAX_TOKENS)
    return Delta("", Finish.STOP, call, tokens=price)


def _said(prompt: Prompt, scenes: list[Scene], most: int, doubted: bool) -> tuple[str, Finish]:
    given = calls.results(prompt)
    if given and prompt.shape.schema is None:
        return limit.cut(limit.stopped(calls.told(given), prompt.shape.stop), most)
    task = task_of(prompt)
    if prompt.shape.mime == "text/x.enum":
        return limit.cut(structured.enum_word(prompt, task, scenes), most)
    if prompt.shape.mime == "application/json":
        return structured.json_text(prompt, task, scenes, most)
    if scenes and (task in structured.SPATIAL or style_of(prompt).json):
        return structured.fenced(prompt, task, scenes, most)
    text = talk.reply(prompt, task, scenes)
    if doubted and scenes:
        text = VOICES[style_of(prompt).language].say("sure", text=text)
    return limit.cut(limit.stopped(text, prompt.shape.stop), most)
