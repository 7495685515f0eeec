"""Dialects of marks in running text: PaliGemma, Qwen2-VL, InternVL, DeepSeek-VL2, Florence-2,
LocateAnything, Molmo.

Some servers leave special tokens out of the text; where the rest can still be told, it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

from twinsight.geometry.dialects.grounding import (
    MOST_CHARACTERS,
    Grounding,
    Named,
    Scale,
    Wh,
    grounded,
    tidy,
)

T = TypeVar("T")

_NUMBER = r"-?\d{1,6}(?:\.\d{1,9})?"
_FOUR = re.compile(rf"\[\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\]")
_PALI = re.compile(r"((?:<loc\d{4}>){4,})([^<;]{0,400})")
_PALI_BIN = re.compile(r"<loc(\d{4})>")
_QWEN2 = re.compile(r"\((\d{1,5}),\s?(\d{1,5})\),\s?\((\d{1,5}),\s?(\d{1,5})\)")
_FLORENCE = re.compile(r"(?:<loc_\d{1,4}>){4,}")
_FLORENCE_BIN = re.compile(r"<loc_(\d{1,4})>")
_ANYTHING = re.compile(r"<(-?\d{1,5})><(-?\d{1,5})><(-?\d{1,5})><(-?\d{1,5})>")
_REF = re.compile(r"<\|?ref\|?>([^<]{0,400})<\|?/ref\|?>")
_QWEN2_REF = re.compile(r"<\|object_ref_start\|>([^<]{0,400})<\|object_ref_end\|>")
_POINTS = re.compile(r"<points?\s([^<>]{0,20000})>(?:([^<>]{0,400})</points?>)?")
_ATTRIBUTE = re.compile(r"""([a-z]{1,8})(\d{0,4})\s*=\s*["']([^"']{0,20000})["']""")
_THOUSAND = Scale((1000, 1000))


def paligemma(text: str, wh: Wh, sent_wh: Wh, phrase: str = "object") -> Grounding:
    """PaliGemma 1 and 2: `<loc0102><loc…>x4 label`, y first, 0 to 1024; `<seg…>` is passed over."""
    text = text[:MOST_CHARACTERS]
    boxes = [
        Named(tidy(found[2], phrase), [float(bin) for bin in _PALI_BIN.findall(found[1])[-4:]])
        for found in _PALI.finditer(re.sub(r"<seg\d{3}>", "", text))
    ]
    is_cut = re.search(r"<(?:l(?:oc?)?\d{0,4})?\Z|(?<!>)(?:<loc\d{4}>){1,3}\Z", text) is not None
    return grounded(boxes, (), Scale((1024, 1024), y_first=True), wh, is_cut)


def qwen2(text: str, wh: Wh, sent_wh: Wh, phrase: str = "object") -> Grounding:
    """Qwen2-VL: `<|box_start|>(x1,y1),(x2,y2)<|box_end|>`, 0 to 1000, with or without its marks."""
    text = text[:MOST_CHARACTERS]
    named = _labelled(text, _QWEN2, _QWEN2_REF, phrase)
    after = text[text.rfind("<|box_end|>") + 1 :]
    is_cut = "<|box_start|>" in after or text.count("(") > text.count(")")
    return grounded(named, (), _THOUSAND, wh, is_cut)


def internvl(text: str, wh: Wh, sent_wh: Wh, phrase: str = "object") -> Grounding:
    """InternVL 1.5 to 3.5: `<ref>label</ref><box>[[x1, y1, x2, y2], …]</box>`, 0 to 1000."""
    return _bracketed(text, wh, _THOUSAND, phrase)


def deepseek(text: str, wh: Wh, sent_wh: Wh, phrase: str = "object") -> Grounding:
    """DeepSeek-VL2: `<|ref|>label<|/ref|><|det|>[[x1, y1, x2, y2]]<|/det|>`, 0 to 999."""
    return _bracketed(text, wh, Scale((999, 999)), phrase)


def florence(text: str, wh: Wh, sent_wh: Wh, phrase: str = "object") -> Grounding:
    """Florence-2: `label<loc_x1><loc_y1><loc_x2><loc_y2>…`, x first, middles of 1000 bins."""
    text = text[:MOST_CHARACTERS].replace("<s>", "").replace("</s>", "").replace("<pad>", "")
    boxes = [
        Named(tidy(_said_before(text, found.start()), phrase), [float(bin) for bin in four])
        for found in _FLORENCE.finditer(text)
        for four in _cut(_FLORENCE_BIN.findall(found[0]), 4)
    ]
    left = len(_FLORENCE_BIN.findall(text)) % 4
    return grounded(boxes, (), Scale((1000, 1000), offset=0.5), wh, left > 0)


def locateanything(text: str, wh: Wh, sent_wh: Wh, phrase: str = "object") -> Grounding:
    """LocateAnything: `<ref>label</ref><box><x1><y1><x2><y2></box>`, `<box>none</box>`; to 1000."""
    text = text[:MOST_CHARACTERS]
    named = _labelled(text, _ANYTHING, _REF, phrase)
    return grounded(named, (), _THOUSAND, wh, text.count("<box>") > text.count("</box>"))


def molmo(text: str, wh: Wh, sent_wh: Wh, phrase: str = "object") -> Grounding:
    """Molmo 1: `<point x="…" y="…" alt="label">`, `<points x1= y1= …>`; percent, 0 to 100."""
    text = text[:MOST_CHARACTERS]
    named = [one for found in _POINTS.finditer(text) for one in _pairs(found, phrase)]
    return grounded((), named, Scale((100, 100)), wh, _ends_in_mark(text))


def molmo2(text: str, wh: Wh, sent_wh: Wh, phrase: str = "object") -> Grounding:
    """Molmo 2: `<points coords="1 1 308 305 2 752 377">label</points>`, 0 to 1000.

    A group begins with the picture's number (for videos a time); then come triples of an item's
    number, x and y. Groups are parted by `;`, tabs or a colon after the first number.
    """
    text = text[:MOST_CHARACTERS]
    named = [one for found in _POINTS.finditer(text) for one in _triples(found, phrase)]
    return grounded((), named, _THOUSAND, wh, _ends_in_mark(text))


def _bracketed(text: str, wh: Wh, scale: Scale, phrase: str) -> Grounding:
    text = text[:MOST_CHARACTERS]
    named = _labelled(text, _FOUR, _REF, phrase)
    return grounded(named, (), scale, wh, text.count("[") > text.count("]"))


def _labelled(
    text: str, box: re.Pattern[str], ref: re.Pattern[str], phrase: str
) -> Iterator[Named]:
    """Boxes with the label that stands last before each: marked, or else the words between."""
    refs = [(found.end(), found[1]) for found in ref.finditer(text)]
    at, label, last = 0, "", 0
    for found in box.finditer(text):
        if refs:
            while at < len(refs) and refs[at][0] <= found.start():
                label = refs[at][1]
                at += 1
        else:
            words = tidy(text[max(last, found.start() - 400) : found.start()], "")
            label = words or label
        last = found.end()
        yield Named(tidy(label, phrase), [float(number) for number in found.groups()])


def _said_before(text: str, end: int) -> str:
    """The words that end there, after the last mark."""
    return re.split("[<>]", text[max(0, end - 400) : end])[-1]


def _pairs(found: re.Match[str], phrase: str) -> Iterator[Named]:
    """The points of a mark of Molmo 1: x and y, or x1 and y1, x2 and y2, …"""
    said = {(name, index): value for name, index, value in _ATTRIBUTE.findall(found[1])}
    label = tidy(said.get(("alt", "")) or found[2], phrase)
    for (name, index), value in said.items():
        if name == "x" and ("y", index) in said:
            numbers = _floats([value, said["y", index]])
            if numbers:
                yield Named(label, numbers)


def _triples(found: re.Match[str], phrase: str) -> Iterator[Named]:
    said = {name: value for name, _, value in _ATTRIBUTE.findall(found[1])}
    label = tidy(said.get("alt") or found[2], phrase)
    for group in re.split(r"[;\t]", said.get("coords", "")):
        numbers = _floats(group.replace(":", " ").replace(",", " ").split())
        for triple in _cut(numbers[1:], 3):
            yield Named(label, triple[1:])


def _cut(row: list[T], size: int) -> Iterator[list[T]]:
    """Whole pieces of that many; what is left over is dropped."""
    for start in range(0, len(row) - size + 1, size):
        yield row[start : start + size]


def _floats(words: list[str]) -> list[float]:
    try:
        return [float(word) for word in words]
    except ValueError:
        return []


def _ends_in_mark(text: str) -> bool:
    return "<point" in text[text.rfind(">") + 1 :]
