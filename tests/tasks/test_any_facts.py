"""Random schemas of the names that people give, filled from a picture: always valid, never failing."""

from __future__ import annotations

import json
import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.filling.checked import assert_valid
from tests.tasks.drawn import DOG, Drawing, Thing, reply
from twinsight.prompt import AnswerShape
from twinsight.tasks.request.lexicon import word_set

EXAMPLES = int(os.environ.get("TWINSIGHT_FILL_EXAMPLES", "60"))
SHOP = Drawing(
    (Thing("person", (10, 10, 40, 90), "blue"), DOG, Thing("tv", (100, 5, 150, 40))),
    lines=(
        ("CAFE LUNA", (10, 2, 90, 16)),
        ("2 Coffee 6.40", (10, 20, 60, 30)),
        ("TOTAL 10.60", (10, 50, 60, 60)),
        ("31/12/2024 14:25", (10, 80, 120, 90)),
    ),
)
EMPTY = Drawing()
NAMES = st.sampled_from(
    sorted(
        word_set("""
            title caption alt_text description total price amount date time phone email website
            merchant brand name animal animals species items objects tags labels position side colour
            color main_object is_outdoor has_dog crowded number_of_people count quantity reason why
            language lang confidence weather sport room mood answer text lines espèce nombre box_2d
            point mask image_index isBlurry season price_per_item 2 Ünïcode
        """)
    )
)
FORMATS = st.sampled_from(
    ["date", "date-time", "time", "email", "uri", "uuid", "ipv4", "ipv6", "hostname", "duration"]
)
DESCRIBED = st.sampled_from(
    ["", "How many dogs?", "Is there a cat?", "le nom de l'animal", "What colour is the dog?", "{}"]
)


@st.composite
def scalars(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(
        st.sampled_from(["string", "integer", "number", "boolean", "null", "enum", "format"])
    )
    if kind == "format":
        schema: dict[str, Any] = {"type": "string", "format": draw(FORMATS)}
    elif kind == "enum":
        words = ["yes", "no", "left", "center", "dog", "en", "fr", "indoor", "red", 1, 2.5, None]
        schema = {
            "enum": draw(st.lists(st.sampled_from(words), min_size=1, max_size=5, unique=True))
        }
    else:
        schema = {"type": kind}
    if kind == "string":
        schema |= draw(
            st.sampled_from([{}, {"maxLength": 5}, {"minLength": 3}, {"pattern": "^[A-Z]"}])
        )
    if kind in ("integer", "number"):
        schema |= draw(st.sampled_from([{}, {"minimum": 3}, {"maximum": 1}, {"multipleOf": 0.5}]))
    told = draw(DESCRIBED)
    return schema | ({"description": told} if told else {})


def nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    @st.composite
    def made(draw: st.DrawFn) -> dict[str, Any]:
        kind = draw(st.sampled_from(["object", "object", "array", "anyOf", "tuple", "map"]))
        if kind == "array":
            return {"type": "array", "items": draw(inner), "minItems": draw(st.integers(0, 4))}
        if kind == "anyOf":
            return {"anyOf": [draw(inner), draw(st.just({"type": "null"}) | inner)]}
        if kind == "tuple":
            return {"type": "array", "prefixItems": draw(st.lists(inner, min_size=1, max_size=3))}
        if kind == "map":
            return {"type": "object", "additionalProperties": draw(inner)}
        properties = draw(st.dictionaries(NAMES, inner, min_size=1, max_size=6))
        required = [name for name in properties if draw(st.booleans())]
        closed = {"additionalProperties": False} if draw(st.booleans()) else {}
        return {"type": "object", "properties": properties, "required": required, **closed}

    return made()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.recursive(scalars(), nested, max_leaves=12),
    st.sampled_from(
        ["Describe", "Extract the receipt", "Is there a dog?", "List the people", "", "Fiche"]
    ),
    st.sampled_from([(SHOP,), (EMPTY,), (SHOP, EMPTY)]),
)
def test_any_schema_of_natural_names_is_filled(
    schema: dict[str, Any], question: str, drawings: tuple[Drawing, ...]
) -> None:
    said = reply(question, *drawings, shape=AnswerShape("application/json", schema))
    assert_valid(schema, json.loads(said))
