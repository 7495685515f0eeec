"""What a prompt asks, read from its words, in English and French."""

from __future__ import annotations

import re
from enum import StrEnum

from twinsight.prompt import Prompt


class Task(StrEnum):
    """What can be asked of pictures."""

    DESCRIBE = "describe"
    READ = "read"
    COMPARE = "compare"
    CLASSIFY = "classify"
    COUNT = "count"
    PRESENCE = "presence"
    COLOUR = "colour"
    WHERE = "where"
    DETECT = "detect"
    SEGMENT = "segment"
    POINT = "point"
    ANSWER = "answer"


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")", re.IGNORECASE)


# Tried in order; the first that matches is what is asked.
_RULES: tuple[tuple[Task, re.Pattern[str]], ...] = (
    (
        Task.SEGMENT,
        _words(
            r"segment\w*",
            r"masks?\b",
            r"masques?\b",
            r"silhouettes?\b",
            r"cut ?outs?\b",
            r"détour\w+",
        ),
    ),
    (
        Task.POINT,
        _words(
            r"point (?:to|at|out)\b",
            r"points?\b.{0,40}\[?y, ?x",
            r"(?:mark|give|return|output) .{0,30}\bpoints?\b",
            r"pointe[rz]?\b",
            r"trajector\w+",
        ),
    ),
    (
        Task.DETECT,
        _words(
            r"detect\w*",
            r"détect\w+",
            r"bounding box\w*",
            r"box_2d",
            r"box(?:es)? (?:of|for|around)\b",
            r"boîtes?\b",
            r"cadres? englobants?\b",
            r"locali[sz]e\w*",
            r"localis\w+",
            r"locate\b",
        ),
    ),
    (
        Task.READ,
        _words(
            r"what (?:does|do|did) .{0,60}\bsays?\b",
            r"what is (?:written|printed)\b",
            r"what(?:'s| is) the text\b",
            r"(?:read|transcribe|extract|ocr)\b.{0,40}\b(?:text|sign|label|words?|image|writing|page|it|all)\b",
            r"(?:text|words?|writing) (?:in|on|of|from) (?:the|this)\b",
            r"ocr\b",
            r"transcri\w+",
            r"que dit\b",
            r"qu'est-ce qui est écrit",
            r"qu'y a-t-il (?:d')?écrit",
            r"(?:lis|lire|lisez)\b",
            r"(?:quel est )?le texte\b",
        ),
    ),
    (
        Task.COUNT,
        _words(
            r"how many\b",
            r"count\b",
            r"number of\b",
            r"combien\b",
            r"nombre de\b",
            r"compte[rz]?\b",
        ),
    ),
    (
        Task.COLOUR,
        _words(
            r"what colou?rs?\b",
            r"which colou?rs?\b",
            r"(?:main|dominant) colou?rs?\b",
            r"colou?rs? of\b",
            r"quelles? (?:est la |sont les )?couleurs?\b",
            r"de quelle couleur\b",
        ),
    ),
    (
        Task.CLASSIFY,
        _words(
            r"classif\w+",
            r"categor\w+",
            r"catégori\w+",
            r"class[ei]\w*\b",
            r"which (?:of (?:these|the following)|label|one of)\b",
            r"(?:label|tag) (?:this|the|it)\b",
            r"one of (?:these|the following)\b",
            r"choose (?:from|between|one|among)\b",
            r"parmi\b",
        ),
    ),
    (Task.WHERE, _words(r"where(?:'s| is| are)\b", r"où (?:est|sont|se trouv\w+)\b")),
    (
        Task.PRESENCE,
        _words(
            r"(?:is|are) there\b",
            r"do you see\b",
            r"can you see\b",
            r"(?:does|do) .{0,40}\b(?:contain|show|have|include)\b",
            r"y a-t-il\b",
            r"est-ce qu'il y a\b",
            r"(?:vois|voyez)[- ](?:tu|vous)\b",
        ),
    ),
    (
        Task.DESCRIBE,
        _words(
            r"caption\w*",
            r"descri\w+",
            r"décri\w+",
            r"légend\w+",
            r"alt[- ]text\b",
            r"summar\w+",
            r"title\b",
            r"titre\b",
            r"what(?:'s| is| are)? ?(?:in|on|shown in|depicted in|happening in|going on in)? ?"
            r"(?:this|the|these|that)\b.{0,12}\b(?:image|picture|photo|photograph|pic)s?\b",
            r"what(?:'s| is) (?:this|that|it)\b",
            r"what (?:do|can) you see\b",
            r"what am i looking at\b",
            r"qu'est-ce que c'est\b",
            r"que (?:vois|voit|voyez|montre|représente)\b",
            r"tell me (?:about|what)\b",
            r"explain\b",
        ),
    ),
)

_COMPARE = _words(
    r"differ\w*",
    r"compar\w+",
    r"same\b",
    r"similar\w*",
    r"in common\b",
    r"both\b",
    r"différ\w+",
    r"mêmes?\b",
    r"points? communs?\b",
    r"change[ds]?\b",
    r"which (?:image|picture|photo|one)\b",
    r"laquelle\b",
    r"quelle (?:image|photo)\b",
)


def task_of(prompt: Prompt) -> Task:
    """The task that the last question sets."""
    question = prompt.question
    if len(prompt.images) > 1 and _COMPARE.search(question):
        return Task.COMPARE
    for task, pattern in _RULES:
        if pattern.search(question):
            return task
    return Task.ANSWER if question.strip() else Task.DESCRIBE
