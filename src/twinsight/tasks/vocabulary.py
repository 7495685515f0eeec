"""Words for things: what else a thing may truly be called."""

from __future__ import annotations

from functools import cache

COCO = tuple(
    name.replace("_", " ")
    for name in (
        "person bicycle car motorcycle airplane bus train truck boat traffic_light fire_hydrant "
        "stop_sign parking_meter bench bird cat dog horse sheep cow elephant bear zebra giraffe "
        "backpack umbrella handbag tie suitcase frisbee skis snowboard sports_ball kite "
        "baseball_bat baseball_glove skateboard surfboard tennis_racket bottle wine_glass cup fork "
        "knife spoon bowl banana apple sandwich orange broccoli carrot hot_dog pizza donut cake "
        "chair couch potted_plant bed dining_table toilet tv laptop mouse remote keyboard "
        "cell_phone microwave oven toaster sink refrigerator book clock vase scissors teddy_bear "
        "hair_drier toothbrush"
    ).split()
)

_KINDS: dict[str, str] = {
    "animal": "bird cat dog horse sheep cow elephant bear zebra giraffe",
    "pet": "cat dog",
    "vehicle": "bicycle car motorcycle airplane bus train truck boat",
    "furniture": "chair couch bed dining_table bench",
    "food": "banana apple sandwich orange broccoli carrot hot_dog pizza donut cake",
    "fruit": "banana apple orange",
    "vegetable": "broccoli carrot",
    "tableware": "bottle wine_glass cup fork knife spoon bowl",
    "cutlery": "fork knife spoon",
    "appliance": "microwave oven toaster refrigerator hair_drier",
    "electronics": "tv laptop mouse remote keyboard cell_phone",
    "sports equipment": "frisbee skis snowboard sports_ball kite baseball_bat baseball_glove "
    "skateboard surfboard tennis_racket",
    "bag": "backpack handbag suitcase",
    "plant": "potted_plant",
    "human": "person",
}


@cache
def _broader() -> dict[str, tuple[str, ...]]:
    table: dict[str, list[str]] = {}
    for kind, members in _KINDS.items():
        for member in members.split():
            table.setdefault(member.replace("_", " "), []).append(kind)
    return {name: tuple(kinds) for name, kinds in table.items()}


def broader(noun: str) -> tuple[str, ...]:
    """Words for wider groups that the thing belongs to, the narrowest first; () when unknown."""
    return _broader().get(noun, ())


def detectable() -> tuple[str, ...]:
    """The 80 names of COCO, which is what common detectors know."""
    return COCO
