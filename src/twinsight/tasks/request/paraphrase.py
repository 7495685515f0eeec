"""Questions said in a roundabout way, put plainly: "is it crowded?" asks whether many are there."""

from __future__ import annotations

import re

from twinsight.tasks.wording.emoji import kind_of

_PLAINLY = tuple(
    (re.compile(pattern, re.IGNORECASE), plain)
    for pattern, plain in (
        # courtesies round a question
        (r"^(?:hey|hi|hello|bonjour|salut|coucou)(?: there)?[ ,!.]+(?=\w)", ""),
        (
            r"(?<=[\w?.!])[,.!]?\s+(?:many )?(?:thanks?(?: you)?|thx|merci)(?: so much| a lot| "
            r"very much|"
            r" in advance| beaucoup| d'avance)?[\s!.:)]*$",
            "",
        ),
        (
            r"\b(?:(?:can|could|would|will) you (?:please |kindly |pls )?)?(?:please |pls )?"
            r"(?:tell me|let me know)(?: please| pls)?,? (?=(?:what|how|which|where|who|when)\b)"
            r"(?!what you\b|what is (?:in|on|shown)\b)",
            "",
        ),
        (
            r"\b(?:peux-tu|tu peux|pouvez-vous|pourrais-tu|pourriez-vous|dis-moi|dites-moi)(?: "
            r"(?:me |"
            r"nous )?dire)?(?: s'il (?:te|vous) plaît)?,? (?=(?:combien|où|quel\w*|de quel\w*|"
            r"qui)\b)",
            "",
        ),
        # typed for short
        (r"\b(what|where|how|there|that)['’]?s(?= )", r"\1 is"),
        (r"\br (?=there|they|you|these|those|\w+ing\b)|(?<=there )r\b", "are "),
        (r"\bteh\b", "the"),
        (r"\bwh?at\b", "what"),
        (r"\b(?:wich|whcih)\b", "which"),
        (
            r"\bI (?:think|believe|guess)(?: that)? (?:this|it|that)(?: is|['’]s) (an? "
            r"[^.,?]+)[.,]? (?:am I "
            r"right|right|is that (?:right|correct|true)|correct)\s*\?*$",
            r"is this \1?",
        ),
        (
            r"^(?:find|locate|look for) (the [\w ]{1,60}?) and tell me (?:its|their|the) colou?r\b",
            r"what colour is \1",
        ),
        # left or right
        (
            r"\bis (the [\w ]{1,60}?) (?:to |on |at )?(?:the )?(?:left or (?:to |on |at )?(?:the "
            r")?right|right or "
            r"(?:to |on |at )?(?:the )?left)(?: side)? of (the [\w ]{1,60})",
            r"where is \1 relative to \2",
        ),
        (
            r"\best-ce que (l[ea] [\w ]{1,60}?) est à (?:gauche ou à droite|droite ou à gauche) "
            r"d(?:e |u )"
            r"(?:la |le )?([\w ]+)",
            r"où est \1 par rapport à la \2",
        ),
        (
            r"^(?:for|in) (?:each|every) (?:image|picture|photo),? (?:give|name|say|tell)(?: "
            r"me)? (?:only |"
            r"just )?the (\w+)\W*$",
            r"what \1 is this?",
        ),
        (r" (?:among|amongst) (?:them|these|those)\b| parmi (?:eux|elles)\b", ""),
        (
            r"^(?!which|what|quel|one|any)(?:\w+ )?\w+ ?: ((?:[\w -]+, ?)*[\w -]+,? (?:or|ou) "
            r"[\w -]+?) ?\?$",
            r"classify as: \1",
        ),
        # French, as it is spoken
        (r"^c['’]est (?:bien )?(une?|des?|du) ([\w' -]+?)\s*\?", r"est-ce \1 \2 ?"),
        (
            r"^(?:et )?((?:l[ea]|les|l['’]) ?[\w -]+?),? (?:il|elle)s? (est|sont) où\b",
            r"où \2 \1",
        ),
        # in or out
        (
            r"\b(?:is|are|was|were|where (?:is|are|was|were)) (?:(?!there\b)[\w']+,? ){1,4}"
            r"(?:in(?:doors?|side) or out(?:doors?|side)|out(?:doors?|side) or in(?:doors?|"
            r"side))\b",
            "is it indoors or outdoors",
        ),
        # a second thing that is asked for
        (r",? and (?:also )?(?:its|their|the) colou?rs?\b", " and what colour is it"),
        (r",? et (?:aussi )?(?:sa|leur|la) couleur\b", " et de quelle couleur est-il"),
        # what only asks for a reason: no answer has one but what was seen
        (
            r"(?<=[?.!,\w])\s+(?:and |et )?(?:please )?(?:(?:explain|justify|explique|justifie)(?: "
            r"(?:why|briefly|your (?:answer|reasoning|choice)|pourquoi|brièvement|ta réponse))*|"
            r"(?:give|say|tell me)(?: your| a| the)? (?:reasons?|why)|why(?:,? or why not)?|"
            r"(?:explique|dis) pourquoi|"
            r"what makes you (?:say|think) (?:so|that)|how (?:can|do|could) you (?:tell|know)|"
            r"pourquoi(?: pas)?)(?: (?:in|en) (?:an?|one|a few|une|quelques) (?:short |few "
            r")?(?:words?|"
            r"sentences?|phrases?|mots))?\s*[.?!]*\s*$",
            "",
        ),
        (r"\b(is|are) (?:any|one|some) of (?:the|these|those) (?=\w)", r"\1 there any "),
        # numbers of people
        (
            r"\bis (?:it|this|the (?:place|room|street|scene|picture|photo|beach))(?: very| so)? "
            r"(?:crowded|full of people|busy)\b",
            "are there more than nine people",
        ),
        (
            r"\b(?:est-ce (?:que c'est )?|c'est |y a-t-il )(?:bondé|plein de monde|beaucoup de "
            r"monde|du monde)",
            "y a-t-il plus de neuf personnes",
        ),
        (
            r"\bwho(?: all)? (?:is|are|can you see|do you see)(?: there)?(?: (?:in|on) (?:the|"
            r"this) (?:\w+ )?(?:image|picture|photo|scene))?(?=\s*(?:\?|$))(?<!who is)(?<!who are)",
            "how many people are there",
        ),
        (
            r"\bqui (?:est|y a-t-il|vois-tu|voit-on)(?: là)? sur (?:la|cette|l')\s?(?:photo|image)",
            "combien de personnes y a-t-il",
        ),
        # things by what they are for
        (
            r"\b(?:any|some)(?:thing)? (?:to drink|drinks?|beverages?)\b",
            "a drink",
        ),
        (r"\b(?:any|some)thing to eat\b", "food"),
        (r"\b(?:any|some)(?:thing|where) to sit(?: on| down)?\b", "a seat"),
        (r"\bquelque chose à boire\b", "une boisson"),
        (r"\bquelque chose à manger\b", "de la nourriture"),
        # colours and names
        (r"\bwhat is the (\w+(?: \w+)?)['’]s colou?r\b", r"what colour is the \1"),
        (
            r"\b(?:which|what) colou?rs? (?:is|are) (?:the )?(?:most (?:common|frequent|used)|"
            r"prevalent)",
            "what are the main colours",
        ),
        (
            r"\b(?:is|are) there (?:an?|any) (?:brand(?: name)?|name|logo|slogan)s?\b",
            "is there any text",
        ),
        # places
        (r"\bc'est (?:quelle|dans quelle) pièce\b", "quelle pièce est-ce"),
        (r"\bc'est où\b", "où la photo a-t-elle été prise"),
    )
)


def plainly(question: str) -> str:
    """The question with what it says in a roundabout way put plainly; else as it is."""
    kind = kind_of(question.strip(" ?!."))
    if kind:
        return f"is there a {kind}?"
    for pattern, plain in _PLAINLY:
        question = pattern.sub(plain, question)
    return question
