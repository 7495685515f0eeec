"""The words by which boxes, masks and points are asked for, as patterns for folded text.

Of a prompt that has several, masks come before points, and points before boxes.
"""

from __future__ import annotations

_ASKED = (
    r"(?:give|draw|show|return|get|put|with|highlight|output|mark|need|want|provide|add|make|plot|"
    r"donne\w*|dessine\w*|trace\w*|affiche\w*|renvoie\w*|retourne\w*|ajoute\w*|fournis|indique\w*)"
)

_NO_FACE = (
    r"(?<!wear )(?<!wears )(?<!wearing )(?<!wear a )(?<!wears a )(?<!wearing a )(?<!without )"
    r"(?<!without a )(?<!face )(?<!surgical )(?<!medical )(?<!gas )(?<!ski )(?<!porte un )"
    r"(?<!portent un )(?<!portant un )(?<!portent des )(?<!sans )"
    r"(?<!is the )(?<!is a )"
)
"""Masks that people wear are no masks of pictures."""

_FIRST = r"(?<![^.;:?!] )(?<![^.;:?! ])(?:please |can you |could you |then |and )?"
"""At the beginning of a sentence."""

_NO_IDEA = r"(?<!bullet )(?<!key )(?<!main )(?<!selling )(?<!talking )(?<!data )(?<!good )"
"""Points of a text are no points in a picture."""

_SAYING = (
    r"(?: out\b|.{0,30}\b(?:diff[eé]r\w*|titles?|titre|captions?|légende|names?|words?|"
    r"mistakes?)\b)"
)
"""What is found in words."""

SEGMENT = (
    r"segment\w*",
    rf"{_NO_FACE}masks?\b",
    rf"{_NO_FACE}masques?\b",
    r"silhouettes?\b",
    r"cut ?outs?\b",
    r"cut (?:\w+ ){0,4}out\b",
    r"détour\w+",
    r"polygone?s?\b(?<!box polygon)",
    r"(?:contour|outline|boundary) points?\b",
    r"(?:contours?|outlines?)(?: \(\w+\))? (?:of|for|around|de|du|des)\b",
    r"(?:outline|trace) (?:the|all|every|each)\b(?!.{0,40}\bb?box)",
    r"(?:remove|erase|delete|enlève|supprime|retire)\w* (?:the |its |le )?"
    r"(?:background|arrière plan|fond)\b",
    r"(?:isolate|separate|extract|isole|sépare|découpe|extrai)\w* .{1,40}"
    r"\b(?:from|de|du)(?: (?:the|its|le|son))? (?:background|arrière plan|fond|reste)\b",
    r"découpe[rz]?\b",
)

POINT = (
    r"point (?:to|at|out)\b",
    r"pinpoint\b",
    r"points? .{0,40}\[?y, ?x",
    r"(?:mark|give|show|return|output|place|put|get|need|want|donne\w*|"
    r"renvoie\w*|place[rz]?|mets|marque\w*|indique\w*) "
    rf'[^"]{{0,40}}{_NO_IDEA}\b(?:points?|dots?)\b(?! (?:in common|communs?|de vue|forts?|about))',
    r"(?:center|centre|central) points?\b",
    r"(?:click|tap) (?:on|to|point)\b",
    r"(?:should|can|do) i (?:click|tap|touch|press|grab)\b",
    r"pointe[rz]?\b",
    r"montre\w*(?: moi)? du doigt\b",
    r"trajector\w+",
    r"trajectoire",
)

DETECT = (
    r"detect(?!able)\w*",
    r"détect(?!able)\w+",
    r"bounding box\w*",
    r"bbox\w*",
    r"box 2d",
    r"2d box\w*",
    rf"{_ASKED} .{{0,60}}\b(?:box(?:es)?|rectangles?|cadres?|boîtes?)\b",
    r"box(?:es)? (?:of|for|around)\b",
    r"boxes (?:on|over)\b",
    r"(?:box|crop|pixel|corner) coordinates\b",
    r"crop (?:box|rectangle|region)\b",
    r"boîtes? englobantes?\b",
    r"(?:boîtes?|cadres?|rectangles?) (?:de|du|des|autour)\b",
    r"cadres? englobants?\b",
    r"encadre[rz]?\b",
    r"entoure[rz]?\b",
    r"locali[sz]e[rz]?\b",
    r"locate\b",
    r"rep[éèe]re[rz]?\b",
    r"(?:coordinates|positions) (?:\[[^\]]*\] )?of\b",
    r"coordonnées (?:de|du|des)\b",
    r"x ?min, ?y ?min\b",
    r"y ?min, ?x ?min\b",
    r"x1, ?y1\b",
    rf"{_FIRST}(?:find|spot|trouve[rz]?|annotate)\b(?!{_SAYING})",
    rf"(?:{_FIRST}|and )box (?:the|all|every|each|them|it|him|her)\b",
    r"box(?:es)? please\b",
    r"regions? to (?:blur|redact|hide|mask|anonymi[sz]e|crop)\b",
    r"(?:zones?|régions?) à (?:flouter|masquer|anonymiser)\b",
)
