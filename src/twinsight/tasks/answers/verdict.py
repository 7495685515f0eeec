"""Whether a statement holds of a picture, and which of two statements fits it better.

What a statement says of known things is looked up in the scene: that they are there, how many they
are, their colour, how two of them lie to each other. What it says beyond that nobody here can see.
Of two captions that the scene does not tell apart, the one is taken that the writer would rather
have written, and the answer says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from twinsight.tasks.answers import relation
from twinsight.tasks.answers.places import related
from twinsight.tasks.colour import colours_at
from twinsight.tasks.find import Item, at_least_one, of_target, stack
from twinsight.tasks.request.lexicon import word_set
from twinsight.tasks.request.phrases import Target
from twinsight.tasks.request.statement import Mention, choice_of, mentions, statement_of
from twinsight.tasks.request.vocabulary import Sense, fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.english import sentence
from twinsight.tasks.wording.said import Asked, Said, none_of
from twinsight.tasks.wording.voice import Voice, counts_said

_AGAINST = {"unseen": 1.0, "colour": 0.5, "number": 0.25}
# What speaks against a caption, and how much: things are rarer overlooked than miscounted.

_TRUE_FALSE = re.compile(r"\btrue or false\b|\bvrai ou faux\b", re.IGNORECASE)
_BARE = re.compile(
    r"^(?:(?:there|it|this) (?:is|are|was) |(?:the|this) (?:image|picture|photo) shows |a (?:photo|"
    r"picture|image) of |il y a |ce est |on voit )?"
)
_SILENT = word_set("""
    a an the and is are of in this that there it photo picture image shows some visible with also
    un une des le la les et est sont il y de du sur cette on voit
""")


@dataclass(frozen=True)
class Finding:
    """What the scene says of one mention: its items, and what is wrong with it, if anything."""

    mention: Mention
    items: tuple[Item, ...]
    wrong: str = ""

    @property
    def weight(self) -> float:
        """How much it speaks against the caption."""
        return _AGAINST[self.wrong] if self.wrong else 0.0


def judged(scene: Scene, asked: Asked) -> Said:
    """Whether the statement that the question quotes is true of the picture."""
    statement = statement_of(asked.question)
    assert statement is not None, "the task is this one only where the question quotes a statement"
    lying = relation.relation_of(statement) or relation.relation_of("the " + statement)
    said = related(scene, asked, lying) if lying is not None else _claims(scene, asked, statement)
    return Said(said.text, _true_or_false(said.word, asked))


def _true_or_false(word: str, asked: Asked) -> str:
    """Yes and no as "true" and "false" where the question offers those."""
    if not _TRUE_FALSE.search(asked.question):
        return word
    key = {asked.yes(): "true", asked.no(): "false"}.get(word)
    return word if key is None else asked.voice.say(key)


def _claims(scene: Scene, asked: Asked, statement: str) -> Said:
    voice = asked.voice
    found = [finding(scene, each) for each in mentions(statement)]
    if not found:
        return Said(voice.say("cannot judge", things=_all_seen(scene, voice)), asked.unknown())
    wrong = next((each for each in found if each.wrong), None)
    if wrong is not None:
        return Said(_denied(scene, wrong, voice), asked.no())
    things = counts_said((item.kind for each in found for item in each.items), voice)
    vague = any(each.mention.sense is Sense.NARROWER for each in found)
    if vague or _untold(statement, found):
        return Said(voice.say("cannot judge rest", things=things), asked.unknown())
    return Said(voice.say("yes, see", things=things), asked.yes())


def _denied(scene: Scene, wrong: Finding, voice: Voice) -> str:
    things = counts_said((item.kind for item in wrong.items), voice)
    if wrong.wrong == "unseen":
        return voice.say("no, see", none=none_of(_target(wrong.mention), voice))
    if wrong.wrong == "number":
        return voice.say("no, only", things=things)
    shades = dict.fromkeys(colours_at(scene, stack(wrong.items)))
    thing = voice.definite(wrong.items[0].kind, len(wrong.items))
    return voice.say(
        "no, coloured", thing=thing, colour=voice.listed([voice.shade(shade) for shade in shades])
    )


def _untold(statement: str, found: list[Finding]) -> bool:
    """Whether a statement says more than that its things are there, of a number and a colour."""
    told = {word for each in found for word in each.mention.said}
    return bool(set(re.findall(r"\w+", _BARE.sub("", fold(statement)))) - told - _SILENT)


def finding(scene: Scene, mention: Mention) -> Finding:
    """What the scene says of a mention."""
    target = _target(mention)
    items = tuple(of_target(scene, target))
    likely = items or tuple(at_least_one(scene, target))
    if not likely:
        named = scene.recognition.name
        is_named = named is not None and bool(mention.names & {named.name, *named.kinds})
        return Finding(mention, (), "" if is_named else "unseen")
    if mention.colour and mention.colour not in colours_at(scene, stack(likely)):
        return Finding(mention, likely, "colour")
    # One of a thing is said of many; a number above one means just that.
    if mention.number is not None and mention.number > 1 and mention.number != len(likely):
        return Finding(mention, likely, "number")
    return Finding(mention, likely)


def _target(mention: Mention) -> Target:
    return Target(mention.word, mention.names, mention.word, mention.sense)


def _all_seen(scene: Scene, voice: Voice) -> str:
    return counts_said(scene.objects().label, voice) or voice.none("thing")


def fitting(scene: Scene, asked: Asked) -> Said:
    """Which of the two captions in the question fits the picture better, and why."""
    choice = choice_of(asked.question)
    assert choice is not None, "the task is this one only where the question offers two captions"
    voice = asked.voice
    found = [[finding(scene, each) for each in mentions(said)] for said in choice.said]
    against = [sum(each.weight for each in ones) for ones in found]
    if against[0] != against[1]:
        best = int(against[1] < against[0])
        faults = sorted(found[1 - best], key=lambda one: (_held(one, found[best]), -one.weight))
        why = _plain(_denied(scene, faults[0], voice))
        text = voice.say("fits better", letter=choice.letters[best], why=why)
        return Said(text, choice.letters[best])
    rated = [scene.likeness(said) for said in choice.said]
    if rated[0] is None or rated[1] is None or rated[0] == rated[1]:
        return Said(voice.say("fit alike", things=_all_seen(scene, voice)), asked.unknown())
    best = int(rated[1] > rated[0])
    return Said(voice.say("sounds likelier", letter=choice.letters[best]), choice.letters[best])


def _held(finding: Finding, others: list[Finding]) -> bool:
    """Whether the other caption has the same fault."""
    return any(
        (each.wrong, each.mention.names) == (finding.wrong, finding.mention.names)
        for each in others
    )


def _plain(denial: str) -> str:
    """A denial without its "No,": `I can see no dog.`"""
    return sentence(denial.split(", ", 1)[1])
