"""A conversation's last question made whole: "and a cat?", "what colour is it?", "shorter, please".

What a question leaves out stands in the turns before it. Everything below this module reads one
question that says all of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from twinsight.prompt import ImageRef, Prompt, Text, Turn
from twinsight.tasks.answers import describe
from twinsight.tasks.answers.holding import holding_of, things_held
from twinsight.tasks.answers.scenery import setting_of
from twinsight.tasks.answers.weather import weather_of
from twinsight.tasks.request import style
from twinsight.tasks.request.clauses import sorted_by
from twinsight.tasks.request.corners import GEMINI, corners_asked
from twinsight.tasks.request.example import examples, without_examples
from twinsight.tasks.request.intent import Task, task_of
from twinsight.tasks.request.language import Language, language_of
from twinsight.tasks.request.language import asked as asked_tongue
from twinsight.tasks.request.paraphrase import plainly
from twinsight.tasks.request.statement import mentions
from twinsight.tasks.request.targets import Target, wanted
from twinsight.tasks.request.vocabulary import fold, is_singular, singular
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.voice import VOICES

MOST_TURNS = 20
"""Questions before the last that are looked at."""

_SURE = re.compile(
    r"^(?:(?:are|r) you (?:really |quite |absolutely )?(?:sure|certain)|really|sure|"
    r"is that (?:right|correct|true)|(?:tu es|vous êtes|es tu|êtes vous|en es tu|"
    r"en êtes vous) (?:en )?(?:sûre?|certaine?)s?|vraiment|check again|look again|"
    r"regarde encore)\b.{0,20}$"
)
_WHY = re.compile(r"^(?:why|how do you know|why do you think so|pourquoi|comment le sais tu)$")
_AND = re.compile(
    r"^(?:and|but|what about|how about|and what about|and how about|et|et pour|mais|"
    r"(?:ok(?:ay)?,? )?(?:now|then|next)|(?:do )?(?:the )?same(?: thing| format)?,? "
    r"(?:for|with|but(?: for| with)?)|maintenant|ensuite|(?:la )?même chose (?:pour|avec)|"
    r"(?:fais )?pareil (?:pour|avec)|"
    r"que en est il (?:de|du|des))\b,? (?P<rest>.+)$"
)
_POLITE = (
    r"(?:(?:ok(?:ay)?|great|thanks|thank you|perfect|please|merci|super|parfait|now|and|et|"
    r"maintenant)[,.!]* )*"
)
_NARROWED = re.compile(
    rf"^{_POLITE}(?:(?:keep|show|return|give me|i want|but)(?: me)? )?(?:only|just|seulement|"
    r"uniquement|juste|garde\w*(?: que| seulement)?)(?: keep| return| show)? (?P<rest>.+)$"
)
_REDUCED = re.compile(
    rf"^{_POLITE}(?:without|remove|drop|exclude|except|ignore|leave out|sauf|sans|enlève|retire|"
    r"supprime|ignore) (?P<rest>.+)$"
)
_WHICH_ONE = re.compile(
    r"^(?:which(?: one)?|who|lequel|laquelle|qui)(?: of them)? (?:is|est) (?:the |le |la )?"
    r"(?P<rest>[^?.;]+)"
)
_ABOUT_PLACE = re.compile(r"\b(?:box|boîte|cadre|mask|masque|point|coordinates|coordonnées)\b")
_MASK = re.compile(r"\b(?:masks?|masques?|segment\w*)\b")
_ADDED = re.compile(
    rf"^{_POLITE}(?:you (?:missed|forgot|left out)|(?:also |please )*(?:add|include)|"
    r"tu as (?:oublié|raté)|(?:il )?manque|ajoute\w*)(?: also| aussi)? "
    r"(?P<rest>.+?)(?:,? (?:add|include|ajoute).*)?$"
)
_THIS_TIME = re.compile(r",? (?:this time|cette fois|now|instead|as well|too|aussi)$")
_ONES = re.compile(r"\b(?P<one>ones?)\b|\b(?P<french>celui|celle|ceux|celles)\b")
_CELUI = {"celui": "le", "celle": "la", "ceux": "les", "celles": "les"}
_IN_LINES = re.compile(r"\b(?:csv|yolo|xml|voc|coco|json|table|tableau)\b")
_SPATIAL = (Task.DETECT, Task.SEGMENT, Task.POINT)
_ASKS = re.compile(
    r"^(?:any|il y a combien|(?:to|from) whom|(?:à|de) qui|what|which|who|where|when|why|how|is|"
    r"are|do|does|can|could|"
    r"describe|tell|quel\w*|où|qui|"
    r"que|combien|de quel\w*|y a|est|sont|décri\w*|pourquoi|comment|à quoi)\b"
)
_OTHER = re.compile(
    r"^(?:(?:in|on|for|of|dans|sur|pour) )?(?:the )?(?:le )?(?:other|autre)(?: (?:one|image|"
    r"picture|photo))?$"
)
_IN_OTHER = re.compile(
    r"^what(?:'s| is| do you see)? (?:in|on) the other\b|^que (?:y a t il|vois tu|montre) .*\bautre"
)
_HOW_MANY = re.compile(
    r"^(?:how many(?: of them)?|combien|how many(?: of them)?(?: are (?:there|they)| do you see|"
    r" can you see)?|combien(?: y en a t il| en vois tu| sont (?:ils|elles))?)$"
)
_WHAT_KIND = re.compile(
    r"^(?:what|which) (?:kinds?|types?|sorts?|ones?)(?: (?:is|are) (?:it|they|there))?$|"
    r"^(?P<french>(?:de )?quelles? sortes?|lesquel(?:le)?s)$"
)
_NUMBERED = re.compile(
    r"\b(?:in |on |for |of )?(?:the )?(?:(?:first|second|third|fourth|last) (?:one|image|picture|"
    r"photo)|(?:image|picture|photo) \d+)\b"
)
_PRONOUN = re.compile(
    r"\b(?P<english>it|they|them|he|she|him|her)\b(?! (?:rain|snow|day|night|late|early))"
    r"|(?<=\b(?P<verb>est|ont|ait) )(?P<french>ils?|elles?)\b"
    r"|(?<=\bfait )(?P<done>ils?|elles?)\b|(?<=\btient )(?P<held>ils?|elles?)\b"
    r"|(?<=\bsont )(?P<several>ils|elles)\b"
)
_OF_SEVERAL = re.compile(r"\b(?:they|them|ils|elles|eux)\b")
_BARE_ASKED = {
    Task.WHERE: re.compile(r"^(?:where(?:abouts| exactly)?|où(?: ça| exactement)?)$"),
    Task.COLOUR: re.compile(r"^(?:(?:in )?(?:what|which) colou?rs?|(?:de )?quelles? couleurs?)$"),
}
_WHERE_IS_IT = re.compile(r"^(?:where (?:is|are) (?:it|they)|où (?:est|sont) (?:ils?|elles?))$")
_ASKED_AGAIN = {
    Task.COUNT: ("how many {} are there?", "combien de {} y a-t-il ?"),
    Task.COLOUR: ("what colour is {}?", "de quelle couleur est {} ?"),
    Task.WHERE: ("where is {}?", "où est {} ?"),
    Task.WHICH: ("which image shows {}?", "quelle image montre {} ?"),
    Task.DETECT: ("detect {}", "détecte {}"),
    Task.SEGMENT: ("segment {}", "segmente {}"),
    Task.POINT: ("point to {}", "pointe {}"),
    Task.PRESENCE: ("is there {}?", "y a-t-il {} ?"),
}
_ARTICLE = re.compile(r"^(?:an?|any|some|une?|des|the|les|le|la)\b ?")


@dataclass(frozen=True, slots=True)
class Followed:
    """The prompt whose last question is whole; `doubted`: it asks whether the answer is sure."""

    prompt: Prompt
    doubted: bool = False


def follow(prompt: Prompt, scenes: Sequence[Scene]) -> Followed:
    """The prompt with its last question made whole by those before it."""
    questions = [turn.asked for turn in prompt.turns if turn.role == "user" and turn.asked.strip()]
    if not questions or questions[-1] != prompt.question:
        return Followed(prompt)
    before, doubted = "", False
    several = ""
    for question in questions[-MOST_TURNS:]:
        doubted = bool(before and _SURE.match(_bare(question)))
        meant = several if _OF_SEVERAL.search(_bare(question)) else ""
        plain = plainly(question)
        before = _whole(plain, meant or before, prompt, scenes) if before else plain
        several = before if _names_several(before) else several
    return Followed(prompt.asking(before), doubted)


def _names_several(question: str) -> bool:
    """Whether the question is about things of which there may be more than one."""
    first = wanted(question).targets[0]
    return bool(first.names) and not is_singular(first.word) and first.take != 1


def _bare(question: str) -> str:
    return fold(question).strip(" ?.!…")


def _whole(question: str, before: str, prompt: Prompt, scenes: Sequence[Scene]) -> str:
    """The question as it would be asked without the one before it."""
    bare = _bare(question)
    language = language_of(before)
    if _SURE.match(bare) or _WHY.match(bare):
        return before
    if style.is_only_style(bare):
        return f"{_without_style(before)}\n{question}"
    if _task(before, prompt) in _SPATIAL:
        placed = _placed_again(question, bare, before, prompt)
        if placed:
            return placed
    led = _AND.match(bare)
    rest = led["rest"] if led else bare
    if (led and _OTHER.match(rest)) or (_IN_OTHER.search(bare) and len(prompt.images) > 1):
        return _other_picture(prompt, language)
    if led and _NUMBERED.fullmatch(rest):
        return f"{_NUMBERED.sub('', fold(before)).strip(' ?.')} {rest}?"
    thing, _, told = rest.partition(", ")
    if led and _ASKS.match(told):
        pronoun = _PRONOUN.search(told)
        return f"{told[: pronoun.start()]}{thing}{told[pronoun.end() :]}?" if pronoun else told
    if led and not _ASKS.match(rest) and _task(rest, prompt) not in _SPATIAL:
        return _again(_THIS_TIME.sub("", rest), before, prompt, language)
    return plainly(_named(rest + "?" if led else question, before, scenes))


def _without_style(before: str) -> str:
    """The question before, of lines that later turns added about its style only the language."""
    asked, *lines = before.split("\n")
    kept = [line for line in lines if not style.is_only_style(_bare(line)) or asked_tongue(line)]
    return "\n".join([asked, *kept])


def _again(thing: str, before: str, prompt: Prompt, language: Language) -> str:
    """The question before, asked of another thing."""
    task = _task(before, prompt)
    forms = _ASKED_AGAIN.get(task, _ASKED_AGAIN[Task.PRESENCE])
    if task is Task.COUNT:
        thing = _ARTICLE.sub("", thing)
    elif task in (Task.COLOUR, Task.WHERE) and not _ARTICLE.match(thing):
        thing = f"the {thing}" if language == "en" else thing
    again = forms[language == "fr"].format(thing)
    return f"{again}. {_form_said(before)}".strip() if task in _SPATIAL else again


def _task(question: str, prompt: Prompt) -> Task:
    shown = tuple(ImageRef("") for _ in prompt.images)
    return task_of(Prompt((Turn("user", (*shown, Text(question))),)))


def _placed_again(question: str, bare: str, before: str, prompt: Prompt) -> str:
    """What is asked after boxes, masks or points, whole: "only the red ones", "now as masks".

    "" where it is a question of its own.
    """
    first = wanted(before).targets[0]
    led = _AND.match(bare)
    said = led["rest"] if led else bare
    narrowed, reduced = _NARROWED.match(bare), _REDUCED.match(bare)
    if narrowed and _task(narrowed["rest"], prompt) not in _SPATIAL:
        return _again(_with_noun(narrowed["rest"], first), before, prompt, language_of(before))
    which = _WHICH_ONE.match(bare)
    if which and _ABOUT_PLACE.search(bare):
        language = language_of(before)
        thing = _with_noun(f"the {which['rest']}", first)
        if language == "fr":
            thing = f"{_single(first)} la {which['rest']}"
        if _MASK.search(bare):
            return _ASKED_AGAIN[Task.SEGMENT][language == "fr"].format(thing)
        return _again(thing, before, prompt, language)
    added = _ADDED.match(bare)
    if added:
        return f"{before}\nAlso detect {added['rest']}."
    if reduced:
        return f"{before}\nDo not include {_with_noun(reduced['rest'], first)}."
    is_form = corners_asked(question) != GEMINI or _IN_LINES.search(bare) or sorted_by(question)
    if is_form and not any(t.names or t.text for t in wanted(said).targets):
        return f"{before}\n{question}"
    if wanted(said).targets[0].phrase or _OF_SEVERAL.search(bare) or _PRONOUN.search(bare):
        return ""
    if _task(said, prompt) in _SPATIAL:
        return f"{said}: {first.phrase}" if first.phrase else ""
    return ""


def _with_noun(phrase: str, before: Target) -> str:
    """`the red ones` → "the red cars"; `the largest` → "the largest car"."""
    noun = before.word or "objects"
    single = _single(before)
    ones = _ONES.search(phrase)
    if ones:
        word = single if ones[0] in ("one", "celui", "celle") else noun
        word = f"{_CELUI[ones['french']]} {word}" if ones["french"] else word
        return f"{phrase[: ones.start()]}{word}{phrase[ones.end() :]}"
    own = wanted(f"detect {phrase}").targets[0]
    return f"{phrase} {single}" if own.names is None and not own.text else phrase


def _single(before: Target) -> str:
    """The noun of what was asked for, said of one."""
    known = before.names or ()
    return singular(before.word, *known) if len(known) == 1 else before.word or "object"


def _form_said(before: str) -> str:
    """What a question says of its answer's form: the examples, the sentences that name no thing."""
    shown = [before[example.start : example.end] for example in examples(before)]
    said = re.split(r"(?<=[.!?])\s+|\n+", without_examples(before))[1:]
    kept = [s for s in said if not any(t.names or t.text for t in wanted(s).targets)]
    return " ".join(shown + kept)


def _named(question: str, before: str, scenes: Sequence[Scene]) -> str:
    """The question with the thing in place of its pronoun, where it names none itself."""
    words = fold(question)
    of_them = _HOW_MANY.match(_bare(question))
    counted = next((t for t in wanted(before).targets if t.names is not None), None)
    if of_them and counted:
        form = _ASKED_AGAIN[Task.COUNT][of_them[0].startswith("combien")]
        return form.format(counted.word or counted.phrase)
    task = next((task for task, bare in _BARE_ASKED.items() if bare.match(_bare(question))), None)
    if task is not None and counted:
        language = language_of(before)
        thing = _antecedent("it", before, scenes, language)
        return _ASKED_AGAIN[task][language == "fr"].format(thing)
    of_kind = _WHAT_KIND.match(_bare(question))
    if of_kind and counted:
        form = "quelle sorte de {} est-ce ?" if of_kind["french"] else "what kind of {} is it?"
        return form.format(counted.word or counted.phrase)
    found = _PRONOUN.search(words)
    is_it = _WHERE_IS_IT.match(_bare(question)) and any(t.names for t in wanted(before).targets)
    is_other = mentions(question) or setting_of(question) or weather_of(question)
    is_named = is_other and "of them" not in words
    if found is None or (is_named and not is_it):
        return question
    pronoun = found[0]
    thing = _antecedent(pronoun, before, scenes, language_of(question))
    return f"{words[: found.start()]}{thing}{words[found.end() :]}" if thing else question


def _antecedent(pronoun: str, before: str, scenes: Sequence[Scene], language: Language) -> str:
    voice = VOICES[language]
    several = pronoun in ("they", "them", "ils", "elles")
    if pronoun in ("he", "she", "him", "her"):
        return voice.definite("person")
    holding = holding_of(before) if pronoun == "it" and scenes else None
    held = things_held(scenes[-1], holding) if holding is not None else []
    if held:
        return voice.definite(held[0].kind)
    target: Target | None = next((t for t in wanted(before).targets if t.names is not None), None)
    if target is None:
        scene = scenes[-1] if scenes else None
        if scene is None or not scene.objects().label:
            return ""
        return voice.definite(describe.main_kind(scene), 2 if several else 1)
    if target.names and len(target.names) == 1:
        (name,) = target.names
        return voice.definite(name, 2 if several else 1)
    return ("les " if language == "fr" else "the ") + (target.word or target.phrase)


def _other_picture(prompt: Prompt, language: Language) -> str:
    """Of two pictures the one that the last answer did not name; else each of them."""
    said = next((turn.text for turn in reversed(prompt.turns) if turn.role == "model"), "")
    named = re.findall(r"image (\d+)", said.lower())
    if len(prompt.images) == 2 and len(set(named)) == 1 and named[0] in "12":
        other = 3 - int(named[0])
        return f"décris image {other}" if language == "fr" else f"describe image {other}"
    return "décris chaque image" if language == "fr" else "describe each image"


_AT_ONCE = re.compile(
    r"(?<=[?.])\s+|\s*,?\s+(?:and|et)(?: also)?\s+(?=(?:what|how|where|who|which|when|why|"
    r"(?:is|are) (?:there|it|they|the)|que|quel\w*|où|combien|de quel\w*|y a-t-il|est-ce|"
    r"(?:to|from) whom|(?:à|de) qui)\b)",
    re.IGNORECASE,
)
_NUMBERED_FORM = re.compile(r"(?:^|(?<=\s))\(?\d[).:]\s+")
_AND_FORM = re.compile(r"\s*(?:,|;|\+|&|\band\b|\bet\b|\bplus\b)+\s*")
_FORM = re.compile(
    r"(?:\w+ ){0,4}(?:titles?|captions?|descriptions?|hash ?tags|key ?words|tags|alt text|alt "
    r"texts|"
    r"titres?|légendes?|mots clés)(?: (?!for|of|de|pour)\w+)?"
)
_LED = re.compile(r"^(?:and|also|et)\s+(?=\w)", re.IGNORECASE)
_GIVE = re.compile(
    r"^(?!.*\b(?:which|quelle?s?)\b).*\b(?:give|write|provide|create|make|suggest|produce|generate|"
    r"donne\w*|écri\w+|propose\w*|fourni\w*)\b"
)
_IF_SO = re.compile(
    r"^(?:and |et )?(?:if (?:so|yes|there (?:is|are)(?: any| one)?)|si oui|si c'est le cas),? ",
    re.IGNORECASE,
)
MOST_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Part:
    """One of several questions, whole; `if_so`: asked only if the one before is not denied."""

    question: str
    if_so: bool = False
    is_form: bool = False
    """Whether it is one of several forms that are asked for: "1) a title 2) three keywords"."""


_OF_ONE_PICTURE = Prompt((Turn("user", (ImageRef(""),)),))
LONGEST_THING = 6
"""Words of another thing that the question before is asked of: "and the bus behind it?"."""


def _another_thing(part: str) -> str:
    led = _AND.match(_bare(part))
    rest = led["rest"] if led else ""
    is_other = _ASKS.match(rest) or style.is_only_style(_bare(part))
    return "" if is_other or len(rest.split()) > LONGEST_THING else rest


def at_once(question: str, scenes: Sequence[Scene]) -> list[Part]:
    """The questions that one turn asks at once, each whole: "how many dogs, and what do they do?".

    The turn alone where it asks one, or where any part of it is no question of its own.
    """
    forms = [form.strip(" ,;.\n") for form in _NUMBERED_FORM.split(question)]
    if 3 <= len(forms) <= MOST_AT_ONCE + 1 and _GIVE.search(fold(forms[0])) and all(forms[1:]):
        return [Part(f"give me {form}", is_form=True) for form in forms[1:]]
    given = _GIVE.search(fold(question))
    forms = _AND_FORM.split(fold(question)[given.end() :].strip(" .!")) if given else []
    if 2 <= len(forms) <= MOST_AT_ONCE and all(map(_FORM.fullmatch, forms)):
        return [Part(f"give me {form}", is_form=True) for form in forms]
    said = [part.strip() for part in _AT_ONCE.split(question) if part.strip()]
    bare = [_LED.sub("", _IF_SO.sub("", part)) for part in said]
    others = [_another_thing(part) if i else "" for i, part in enumerate(said)]
    are_asked = [
        bool(other or _ASKS.match(_bare(part))) for part, other in zip(bare, others, strict=True)
    ]
    if not 2 <= len(said) <= MOST_AT_ONCE or not all(are_asked):
        return [Part(question)]
    parts = [Part(plainly(bare[0]))]
    for part, asks, other in zip(said[1:], bare[1:], others[1:], strict=True):
        if _WHAT_KIND.match(_bare(asks)):
            continue  # an answer names what it has seen
        if other:
            before = parts[-1].question
            parts.append(Part(_again(other, before, _OF_ONE_PICTURE, language_of(before))))
            continue
        whole = plainly(_named(asks, parts[-1].question, scenes))
        parts.append(Part(whole, bool(_IF_SO.match(part))))
    return parts
