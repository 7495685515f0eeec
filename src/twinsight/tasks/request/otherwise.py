"""What a prompt wants said where nothing is found: "if there is no dog, return null"."""

from __future__ import annotations

import re

from twinsight.filling.document import dump
from twinsight.tasks.limit import BARE, Listing

_SAY = (
    r"(?:return|respond|answer|say|output|reply|give|write|print|renvoie\w*|retourne\w*|réponds|"
    r"dis|écris|donne|mets|put)\b(?: me| with| just| only| simply| simplement| juste)*"
    r"(?: the (?:word|string))?"
)
_WHAT = r"(?P<{}>null\b|none\b|nil\b|\"[^\"\n]{{1,60}}\"|'[^'\n]{{1,60}}'|`[^`\n]{{1,60}}`)"
_NOTHING = (
    r"(?:\bif\b[^.;\n]{0,80}?\b(?:no|not|none|nothing|cannot|can't|isn't|aren't|don't|doesn't|absent|"
    r"missing|empty)\b[^.;\n]{0,60}?|\b(?:otherwise|else|sinon),? |"
    r"\b(?:s'il n'y|si aucune?\b|si rien\b|s'il n'|si ce n'est pas)[^.;\n]{0,80}?)"
)
_INSTEAD = (
    re.compile(rf"{_NOTHING}\b{_SAY} {_WHAT.format('what')}", re.I),
    re.compile(
        rf"\b{_SAY} {_WHAT.format('what')} (?:if|when|where|si|s'il)\b[^.;\n]{{0,60}}"
        r"\b(?:no|not|none|nothing|cannot|isn't|aren't|absent|missing|aucune?|pas|rien)\b",
        re.I,
    ),
)


def said_instead(text: str) -> str | None:
    """ "null", or the words to be said; None where the prompt says nothing of it."""
    found = next((found for way in _INSTEAD if (found := way.search(text))), None)
    if found is None:
        return None
    what = found["what"]
    if what[0] in "\"'`":
        what = what[1:-1]
    return "null" if what.lower() in ("null", "nil") or what == "None" else what


def written(instead: str, listing: Listing) -> str:
    """The words, as JSON in JSON mode; null is JSON either way."""
    if instead == "null":
        return f"{listing.start}null{listing.end}"
    return dump(instead) if listing is BARE else instead
