"""What a prompt asks, read from its words, in English and French."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from twinsight.prompt import Prompt
from twinsight.tasks.answers import (
    activity,
    beyond,
    classify,
    holding,
    neighbours,
    particulars,
    ranking,
    relation,
    scenery,
    weather,
)
from twinsight.tasks.request import statement, verbs
from twinsight.tasks.request.clauses import asked, without_keys
from twinsight.tasks.request.corners import spells_box
from twinsight.tasks.request.lexicon import COLOURS, loosely
from twinsight.tasks.request.vocabulary import meaning


class Task(StrEnum):
    """What can be asked of pictures."""

    DESCRIBE = "describe"
    READ = "read"
    COMPARE = "compare"
    WHICH = "which"
    CLASSIFY = "classify"
    IDENTIFY = "identify"
    COUNT = "count"
    PRESENCE = "presence"
    RELATION = "relation"
    STATEMENT = "statement"
    FITTING = "fitting"
    SETTING = "setting"
    BESIDE = "beside"
    RANKED = "ranked"
    MORE = "more"
    LIST = "list"
    COLOUR = "colour"
    WHERE = "where"
    QUALITY = "quality"
    SIDE = "side"
    SIZE = "size"
    HOLDING = "holding"
    ACTIVITY = "activity"
    WEATHER = "weather"
    PARTICULAR = "particular"
    ORDER = "order"
    ODD = "odd"
    FITNESS = "fitness"
    VERSE = "verse"
    DETECT = "detect"
    SEGMENT = "segment"
    POINT = "point"
    ANSWER = "answer"


def _words(*patterns: str) -> re.Pattern[str]:
    """Matches at word starts, in folded text: "qu'est-ce" is "que est ce"."""
    return re.compile(loosely(r"\b(?:" + "|".join(patterns) + r")"))


_COLOUR_WORD = "(?:" + "|".join(COLOURS) + ")"
_IMAGE = r"(?:image|picture|photo|photograph|pic|scene|shot)s?\b"
_THIS = r"(?:this|that|it|these|those)\b"

# "What objects are there?" asks for all, "what time is it?" for nothing that is a thing.
_NOT_ALL = r"(?!objects|things|items|time|day|year|date)"

# What no eye of the package can tell: it is no caption that answers "describe the weather".
_NOT_SEEN = (
    r"(?:the |its |their |le |la |les |son |sa )?(?:weather|mood|emotions?|feelings?|expressions?|"
    r"atmosphere|vibe|style|météo|humeur|émotions?|ambiance|expressions?|temps)\b"
)

# Tried in order; the first that matches is what is asked.
_SPATIAL: tuple[tuple[Task, re.Pattern[str]], ...] = (
    (Task.SEGMENT, _words(*verbs.SEGMENT)),
    (Task.POINT, _words(*verbs.POINT)),
    (Task.DETECT, _words(*verbs.DETECT)),
)
_QUESTIONS: tuple[tuple[Task, re.Pattern[str]], ...] = (
    (
        Task.READ,
        _words(
            r"what (?:does|do|did|the|this|that) .{0,60}\bsays?\b",
            r"(?:write|list) (?:down )?(?:all |every |the )+(?:words?|text)\b",
            r"what(?:'s| is) (?:written|printed)\b",
            r"what(?:'s| is| are)? (?:the )?(?:text|words?|number(?! of)|writing)\b.{0,30}"
            r"\b(?:on|visible|shown|written|in|say)\b",
            r"(?:read|transcribe|extract|ocr)\b.{0,40}"
            r"\b(?:text|signs?|labels?|words?|image|writing|page|it|all|everything|number)\b",
            r"ocr\b",
            r"what (?:letter|number|digit|word|symbol)s? (?:is|are) (?:\w+ )?(?:on|the (?:bus|"
            r"train|tram|"
            r"player|shirt|jersey|house|door|car|plane))\b",
            r"transcri\w+",
            r"que dit\b",
            r"(?:que est ce qui est|que y a t il de) écrit",
            r"(?:lis|lire|lisez)\b",
            r"extrai\w+ .{0,20}\b(?:texte|mots?)\b",
            r"quel est le texte\b",
            r"quel texte\b",
            r"what(?:'s| is) on the (?:signs?|labels?|number plate|license plate|shirt|screen)\b",
        ),
    ),
    (
        Task.COUNT,
        _words(
            r"how many\b",
            r"count\b",
            r"(?:the |^)(?:total |exact )?number of\b",
            r"combien\b",
            r"nombre de\b",
            r"compte[rz]?\b",
        ),
    ),
    (
        Task.COLOUR,
        _words(
            r"(?:what|which) colou?rs?\b",
            r"(?:main|dominant) colou?rs?\b",
            r"list (?:all |the |every )*colou?rs?\b",
            r"colou?rs? of\b",
            r"couleurs?\b",
            rf"^(?:is|are) (?:the|this|that|these|those) \w+(?: \w+)? {_COLOUR_WORD}"
            r"\s*(?:\?|$|or\b|,)",
            rf"(?:est|sont) (?:il|elle|ils|elles) {_COLOUR_WORD}\s*(?:\?|$|ou\b|,)",
            rf"^(?:le|la|les) \w+(?: \w+)? (?:est|sont) {_COLOUR_WORD} ou {_COLOUR_WORD}\b",
        ),
    ),
    (
        Task.QUALITY,
        _words(
            r"(?:is|are|est|sont)\b.{0,40}\b(?:blurr?(?:y|ed)|out of focus|sharp|in focus|too dark|"
            r"too bright|overexposed|underexposed|well lit|flou[es]*|nette?s?|trop sombre|"
            r"surexposée?|black and white|monochrome|gr[ea]y ?scale|noir et blanc)\b",
            r"(?:dimensions?|resolution|width|height|size|how (?:large|big)|résolution|taille)\b"
            rf".{{0,20}}\b{_IMAGE}",
        ),
    ),
    (
        Task.IDENTIFY,
        _words(
            r"what (?:kind|type|breed|sort|species|make|model)s?\b",
            r"(?:which|what) (?:breed|species)\b",
            rf"what(?:'s| is| are) {_THIS}\s*(?:\?|$|called)",
            rf"what {_NOT_ALL}\w+(?: \w+)? (?:is|are) (?:{_THIS}|there|shown|visible|in|on)\b",
            r"(?:what|which) \w+ (?:do|can) you see\b",
            rf"(?:which|what) {_NOT_ALL}\w+ (?:is|are) .{{0,20}}\b{_IMAGE}",
            r"(?:que est ce que ce est|ce est quoi)\b",
            r"quel(?:le)? est (?:cet?|cette) (?!image|photo)\w+",
            r"quel(?:le)?s? \w+ (?:est ce|vois|voit|voyez|y a|est|sont)\b",
            r"what(?:'s| is) the main (?:subject|object|thing|item|topic)\b",
            r"identify (?:the|this)\b",
            r"(?:one|single) word (?:label|name|description|answer|summary)\b",
            r"identifie\b",
            r"name (?:the|this)\b",
        ),
    ),
    (
        Task.CLASSIFY,
        _words(
            r"classif\w+",
            r"categor\w+",
            r"catégori\w+",
            r"class[ei]\w*\b",
            r"(?:is|are) the [\w ]+ \w+ing or \w+ing\b",
            r"est ce (?:que )?(?:le|la|les) [\w ]+ ou \w+",
            r"which (?:of (?:these|the following|those)|label|one of)\b",
            r"label (?:this|the|it)\b",
            r"tag (?:this|the|it)\b.{0,40}(?: as\b| with\b|:)",
            r"one of (?:these|the following)\b",
            r"choose (?:from|between|one|among)\b",
            r"parmi\b",
            rf"is {_THIS} [^?]*\bor\b",
            r"est ce (?:une? |le |la )?[\w ]+\bou\b",
            r"^(?:an? )?\w+(?: \w+)? (?:or|ou) (?:an? |une? )?\w+(?: \w+)? ?\?",
        ),
    ),
    (
        Task.LIST,
        _words(
            r"(?<!bulleted )(?<!bullet )(?<!in a )(?<!as a )(?:list|enumerate|inventory|table of "
            r"(?:all|every|the))\b",
            r"name (?:all|every|everything|each|the (?:objects|things|items))\b",
            r"(?:what|which) (?:objects|things|items)\b",
            r"(?:key ?words?|hash ?tags?|tags?)\b",
            r"(?:lister?|listez|énumère[rz]?|inventaire)\b",
            r"liste (?:de|des|du|les|tous|toutes|tout)\b",
            r"quels (?:objets|éléments)\b",
            r"mots? clés?\b",
        ),
    ),
    (
        Task.WHERE,
        _words(
            r"where(?:abouts)?(?:'s| is| are)\b",
            r"(?:in )?(?:which|what) (?:part|side|corner|half)\b",
            r"où (?:est|sont|se trouv\w+)\b",
        ),
    ),
    (
        Task.PRESENCE,
        _words(
            r"(?:is|are) there\b",
            r"(?:do|can|could) you see\b(?<!what do you see)(?<!what can you see)",
            r"(?<!what )(?:do|can|could) you (?:notice|spot)\b",
            r"(?<!what )(?:does|do) .{0,40}\b(?:contain|show|have|include)\b",
            r"(?:is|are) (?:any|some)(?:one|body|thing)\b",
            rf"is (?:the|this|that) {_IMAGE} (?:showing|depicting|of)\b",
            r"(?:is|are) (?:an? |any )[\w ]+ (?:visible|present|shown|in)\b",
            r"(?:is|are) the [\w ]+ (?:visible|present|shown)\b",
            rf"(?<!what )is {_THIS} (?:an?|the)\b",
            r"there (?:is|are)\b",
            r"^any\b",
            r"(?:^|ce que |que )?(?:y a t il|il y a)\b(?<!que y a t il)",
            r"(?:vois|voyez) (?:tu|vous) (?:une?|des?|du|le|la|les)\b",
            r"contient (?:il|elle)\b",
            r"est ce (?:une?|des?)\b",
        ),
    ),
    (
        Task.DESCRIBE,
        _words(
            r"caption\w*",
            rf"descri\w+\b(?! {_NOT_SEEN})",
            rf"décri\w+\b(?! {_NOT_SEEN})",
            r"légend\w+",
            r"alt(?:ernative)? text\b",
            r"texte? alternatif\b",
            r"(?:tweet|(?:instagram|facebook|linkedin|social media) post|post (?:for|about))\b",
            r"headline\b",
            r"(?:file ?name|slug|nom de fichier)\b",
            r"what is this about\b",
            r"summar\w+",
            r"résum\w+",
            r"titles?\b",
            r"titres?\b",
            r"what(?!(?:'s| is) (?:unusual|odd|strange|funny|wrong|special|missing|interesting)\b)"
            r"(?:'s| is| are)? ?(?:in|on|shown|depicted|happening|going on)?\b.{0,20}" + _IMAGE,
            r"what (?:do|can) you see\b",
            r"what am i looking at\b",
            r"what(?:'s| is) (?:happening|going on|shown|here|there)\b",
            r"que (?:vois|voit|voyez|montre|représente|contient)\b",
            r"que (?:est ce qu|y a t il)\w*",
            r"tell me (?:about|what)\b",
            r"parle moi\b",
            r"explain\b",
        ),
    ),
)

_SENTENCES: tuple[tuple[Task, Callable[[str], object]], ...] = (
    (Task.VERSE, beyond.verse_asked),
    (Task.FITTING, statement.choice_of),
    (Task.ORDER, ranking.order_of),
    (Task.STATEMENT, statement.statement_of),
    (Task.WEATHER, weather.weather_of),
    (Task.PARTICULAR, particulars.particular_of),
    (Task.ACTIVITY, activity.activity_of),
    (Task.SETTING, scenery.setting_of),
    (Task.SIDE, neighbours.side_looked_at),
    (Task.SIZE, neighbours.size_asked),
    (Task.HOLDING, holding.holding_of),
    (Task.RELATION, relation.relation_of),
    (Task.WHERE, neighbours.side_asked),
    (Task.BESIDE, neighbours.neighbourhood),
    (Task.RANKED, ranking.ranked),
    (Task.MORE, ranking.balance),
)
"""Questions that are read whole: None where a question is not of that form."""

_WHICH = _words(
    r"(?:which|what) (?:of (?:the|these|those) )?(?:\w+ )?(?:image|picture|photo|one|pic)s?\b",
    r"which (?:one )?of (?:the|these|those|them)\b",
    r"which (?:has|have|shows?|contains?)\b",
    r"(?:laquelle|lequel|lesquelles)\b",
    r"quelles? (?:image|photo)s?\b",
)
_ODD = _words(
    r"odd (?:one |man )?out",
    r"(?:does not|doesn't|do not|don't|not) (?:belong|fit in|fit with)\b",
    r"(?:is|looks) different from the (?:others?|rest)\b",
    r"les? intrus\b",
    r"(?:belong|go) together\b",
    r"vont ensemble\b",
    r"ne va pas avec\b",
)
_COMPARE = _words(
    r"differ\w*",
    r"compar\w+",
    r"same\b",
    r"similar\w*",
    r"in common\b",
    r"common to (?:both|all|the)\b",
    r"what (?:do|can) (?:both|all|the two|these two)\b.*\b(?:show|have|contain)\b",
    r"identical\b",
    r"identiques?\b",
    r"diff[éè]r\w+",
    r"mêmes?\b",
    r"points? communs?\b",
    r"en commun\b",
    r"change[ds]?\b",
    r"changé\w*",
)


_WHY = _words(r"^(?:why|how come|pourquoi|what happen(?:s|ed)|que se est il passé|que va t il)\b")


_UNSEEN = _words(
    rf"^(?:what|which|quel\w*)(?:'s| is| are| est| sont| kind of| sort of)? {_NOT_SEEN}"
)


# "Find the bus and tell me its colour" wants words.
_TO_BE_TOLD = _words(
    r"(?:find|look for|locate|trouve\w*|cherche\w*)\b(?!.*\b(?:box|boxes|json|coordinates|mask|"
    r"points?|"
    r"boîtes?|coordonnées)\b).* (?:and|et) (?:tell me|say|describe|dis|décri\w+)\b"
)


def may_be_spatial(prompt: Prompt) -> bool:
    """False where `task_of` would give no task of places: a tenth of its work."""
    question = asked(prompt.question)
    if _places(question) is not None or _shown(prompt, question) is not None:
        return True
    if _are_names(without_keys(question)):
        return True
    return _places(asked(prompt.instruction)) is not None


def task_of(prompt: Prompt) -> Task:
    """The task that the last question sets; where it sets none, the system instruction's."""
    question = asked(prompt.question)
    task = _places(question) or _told(prompt, question)
    if task in _FREE:
        shown = _shown(prompt, question)
        if shown is not None:
            return shown
    if task in (Task.ANSWER, Task.DESCRIBE) and not (task is Task.DESCRIBE and question.strip()):
        return _places(asked(prompt.instruction)) or task
    return task


_FREE = (Task.ANSWER, Task.COUNT, Task.WHERE, Task.LIST, Task.DESCRIBE)
"""Tasks that an answer with places in it, which the question shows, makes one of places."""
_NAME_ONLY = re.compile(r"^(?:(?:the|all|every|only|les?|la|tous|toutes) )*")
_BOX_KEY = re.compile(r"[{,]\s*[\"']?(?:b?box(?:es)?|box_2d|bounding_box\w*)[\"']?\s*:")
_POINT_KEY = re.compile(
    r"[{,]\s*[\"']?points?[\"']?\s*:|\{\s*[\"']?x[\"']?\s*:[^{}:]*[\"']?y[\"']?\s*:"
)


def _shown(prompt: Prompt, question: str) -> Task | None:
    """The task of a question that shows places: `[x, y, w, h]`, `{"count": 0, "points": […]}`.

    In JSON mode a name alone asks for places too.
    """
    if spells_box(prompt.question) or _BOX_KEY.search(prompt.question):
        return Task.DETECT
    if _POINT_KEY.search(prompt.question):
        return Task.POINT
    is_json = prompt.shape.mime == "application/json" and prompt.shape.schema is None
    is_name = is_json and meaning(_NAME_ONLY.sub("", question).strip(" .!")) is not None
    return Task.DETECT if is_name else None


def _places(question: str) -> Task | None:
    """The task that asks for places; None where the words do not."""
    task = next((task for task, pattern in _SPATIAL if pattern.search(question)), None)
    return None if task is Task.DETECT and _TO_BE_TOLD.search(question) else task


def _are_names(question: str) -> bool:
    """Nothing but names of things: "person, car, traffic light"."""
    names = [name.strip() for name in re.split(r"[,;.]", question.strip(" ,;."))]
    return len(names) > 1 and all(map(meaning, names))


def _told(prompt: Prompt, question: str) -> Task:
    """The task of a question that wants words."""
    question = without_keys(question)
    if len(prompt.images) > 1:
        if _ODD.search(question):
            return Task.ODD
        if _WHICH.search(question):
            return Task.WHICH
        if _COMPARE.search(question):
            return Task.COMPARE
    for task, read in _SENTENCES:
        if read(prompt.question) is not None:
            return task
    if classify.offers(prompt.question):
        return Task.CLASSIFY
    if _WHY.match(question) or _UNSEEN.match(question):
        return Task.ANSWER
    if beyond.fitness_asked(prompt.question):
        return Task.FITNESS
    for task, pattern in _QUESTIONS:
        if pattern.search(question):
            return task
    if _are_names(question):
        return Task.DETECT
    return Task.ANSWER if re.search(r"\w", question) else Task.DESCRIBE
