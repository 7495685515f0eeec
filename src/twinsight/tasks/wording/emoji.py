"""Emoji of the things that eyes know."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 3

_EMOJI = dict(
    row.strip().rsplit(" ", 1)
    for row in """
    person 🧑
    bicycle 🚲
    car 🚗
    motorcycle 🏍️
    airplane ✈️
    bus 🚌
    train 🚆
    truck 🚚
    boat ⛵
    traffic light 🚦
    stop sign 🛑
    bird 🐦
    cat 🐱
    dog 🐶
    horse 🐴
    sheep 🐑
    cow 🐮
    elephant 🐘
    bear 🐻
    zebra 🦓
    giraffe 🦒
    backpack 🎒
    umbrella ☂️
    handbag 👜
    tie 👔
    suitcase 🧳
    frisbee 🥏
    skis 🎿
    snowboard 🏂
    sports ball ⚽
    kite 🪁
    baseball bat ⚾
    baseball glove ⚾
    skateboard 🛹
    surfboard 🏄
    tennis racket 🎾
    bottle 🍾
    wine glass 🍷
    cup ☕
    fork 🍴
    knife 🔪
    spoon 🥄
    bowl 🥣
    banana 🍌
    apple 🍎
    sandwich 🥪
    orange 🍊
    broccoli 🥦
    carrot 🥕
    hot dog 🌭
    pizza 🍕
    donut 🍩
    cake 🍰
    chair 🪑
    couch 🛋️
    potted plant 🪴
    bed 🛏️
    dining table 🍽️
    toilet 🚽
    tv 📺
    laptop 💻
    mouse 🖱️
    keyboard ⌨️
    cell phone 📱
    book 📖
    clock 🕰️
    vase 🏺
    scissors ✂️
    teddy bear 🧸
    toothbrush 🪥
    """.strip().splitlines()
)


def emoji_of(kinds: Sequence[str]) -> list[str]:
    """The emoji of the first few kinds that have one."""
    return list(dict.fromkeys(_EMOJI[kind] for kind in kinds if kind in _EMOJI))[:MOST]


def kind_of(emoji: str) -> str:
    """The kind of thing that an emoji shows; empty where it shows none that eyes know."""
    return next(
        (kind for kind, sign in _EMOJI.items() if sign.rstrip("\ufe0f") == emoji.rstrip("\ufe0f")),
        "",
    )
