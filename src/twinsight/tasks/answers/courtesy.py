"""Greetings, thanks and questions about the answerer: a friendly word, and what it can do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from twinsight.tasks.answers import describe
from twinsight.tasks.request.language import Language
from twinsight.tasks.request.vocabulary import fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.voice import VOICES

Courtesy = Literal["hello", "thanks", "bye", "who", "can"]

_SAID: tuple[tuple[Courtesy, str], ...] = (
    ("hello", r"(?:hello|hi|hey|good (?:morning|afternoon|evening|day)|bonjour|bonsoir|salut|"
     r"coucou)(?: (?:there|twinsight|gemini|all|everyone|à tous|toi))?(?:,? (?:how are you|ça va|"
     r"comment (?:ça va|vas tu|allez vous)))?"),
    ("thanks", r"(?:ok(?:ay)?,? |great,? |perfect,? |super,? |parfait,? |non,? )?"
     r"(?:thanks?(?: you)?|thx|"
     r"merci)(?: (?:a lot|so much|very much|beaucoup|bien|for .*|pour .*))?|(?:great|perfect|cool|"
     r"super|parfait|génial|well done|good job|bravo)"),
    ("bye", r"(?:good ?bye|bye(?: bye)?|see you(?: later)?|au revoir|à bientôt|salut et merci)"),
    ("who", r"(?:(?:hello|hi|bonjour|salut),? )?(?:who|what) are you|"
     r"(?:bonjour,? |salut,? )?(?:qui|"
     r"que) es tu|(?:bonjour,? )?qui êtes vous|(?:tu es|vous êtes) qui|what(?:'s| is) your name|"
     r"which model are you|what model (?:are you|is this)|comment te appelles tu"),
    ("can", r"(?:hello,? |hi,? )?(?:what (?:can|do) you do|how (?:can|do) (?:i|you) (?:use|"
     r"help)(?: me| you)?|help(?: me)?|what can i ask(?: you)?)|(?:bonjour,? )?(?:que (?:sais|"
     r"peux) tu faire|que savez vous faire|que pouvez vous faire|aide(?: moi)?|à quoi sers tu|"
     r"que est ce que tu (?:sais|peux) faire)"),
)  # fmt: skip
_PATTERNS = [(courtesy, re.compile(f"(?:{pattern})")) for courtesy, pattern in _SAID]


def courtesy_of(question: str) -> Courtesy | None:
    """What kind of small talk the question is, all of it; None where it asks for anything else."""
    words = fold(re.sub(r"[^\w\s',’-]+", " ", question)).strip(" ,")
    return next((kind for kind, pattern in _PATTERNS if pattern.fullmatch(words)), None)


def returned(courtesy: Courtesy, scenes: Sequence[Scene], language: Language) -> str:
    """The friendly word; to a greeting with a picture also what it shows."""
    voice = VOICES[language]
    if courtesy in ("thanks", "bye"):
        return voice.say(courtesy)
    if courtesy == "hello" and scenes:
        things = describe.main_thing(scenes[-1], language)
        return f"{voice.say('hello')} {voice.say('see', things=things)}"
    opening = {"hello": "hello", "who": "who", "can": ""}[courtesy]
    return f"{voice.say(opening) if opening else ''} {voice.say('can do')}".strip()
