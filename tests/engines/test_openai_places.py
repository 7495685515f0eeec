"""Boxes, masks and points with a vision-language model: who is asked, and what comes of it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from google import genai
from google.genai import errors, types
from PIL import Image
from pydantic import BaseModel

from tests.conftest import RunningServer, StartServer
from tests.engines.standin import Play, Standin, says, standing_in
from tests.eyes import told_eyes
from twinsight.config import Config
from twinsight.engines.eyes import open_eyes
from twinsight.engines.openai import open_engine
from twinsight.errors import InvalidConfig

MODEL = "gemini-2.5-flash"
DOG = ("dog", (0.1, 0.2, 0.5, 0.8))
DOG_YXYX = [200, 100, 800, 500]
"""What the eyes see."""


class Box(BaseModel):
    box_2d: list[int]
    label: str


Talk = Callable[..., Any]


@pytest.fixture
def stand() -> Iterator[Standin]:
    with standing_in() as standin:
        standin.models = [{"id": "Qwen/Qwen3-VL-8B-Instruct"}]
        yield standin


@pytest.fixture
def talk(stand: Standin, start_server: StartServer) -> Iterator[Talk]:
    """Asks about a picture of 800 by 400 a server whose eyes see one dog."""
    servers: dict[str, RunningServer] = {}
    clients: list[genai.Client] = []

    def ask(question: str, model: str = "", image: bytes = b"", **config: Any) -> Any:
        if model:
            stand.models = [{"id": model}]
        if model not in servers:
            engine = open_engine(Config(engine_url=stand.url))
            grounder = engine if "grounder" in engine.card.roles else None
            eyes = replace(told_eyes(objects=[DOG]), speaker=engine, grounder=grounder)
            servers[model] = start_server(eyes=eyes)
            clients.append(genai.Client(api_key="k", http_options={"base_url": servers[model].url}))
        part = types.Part.from_bytes(data=image or picture(), mime_type="image/jpeg")
        return clients[-1].models.generate_content(
            model=MODEL,
            contents=types.Content(parts=[part, types.Part.from_text(text=question)]),
            config=types.GenerateContentConfig(**config),
        )

    yield ask
    for client in clients:
        client.close()


def picture(wh: tuple[int, int] = (800, 400), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(wh).convert("RGB").save(out, "JPEG", **more)
    return out.getvalue()


def listed(answer: Any) -> list[dict[str, Any]]:
    text = answer.text.removeprefix("```json\n").removesuffix("\n```")
    entries: list[dict[str, Any]] = json.loads(text)
    return entries


def sent(stand: Standin) -> tuple[str, Image.Image]:
    """The question that the model was asked, and the picture that it was shown."""
    uri, question = stand.last["messages"][0]["content"]
    data = base64.b64decode(uri["image_url"]["url"].partition(",")[2])
    return question["text"], Image.open(io.BytesIO(data))


def test_what_the_detector_knows_is_its_own(stand: Standin, talk: Talk) -> None:
    answer = talk("Detect the dogs.")
    assert listed(answer) == [{"box_2d": DOG_YXYX, "label": "dog"}]
    assert stand.asked == []


# Right of the middle, below: y from 50 % to 90 %, x from 60 % to 80 %.
PLACE = [500, 600, 900, 800]
FAMILIES = {
    "Qwen/Qwen3-VL-8B-Instruct": '```json\n[{"bbox_2d": [600, 500, 800, 900], "label": "gyroscope"}]\n```',
    "qwen3.6:35b": '<think>Hm.</think>[{"bbox_2d": [600, 500, 800, 900], "label": "gyroscope"}]',
    "Qwen/Qwen2.5-VL-7B-Instruct": '[{"bbox_2d": [487.2, 196, 649.6, 352.8], "label": "gyroscope"}]',
    "Qwen/Qwen2-VL-7B-Instruct": "<|object_ref_start|>gyroscope<|object_ref_end|><|box_start|>(600,500),(800,900)<|box_end|>",
    "google/gemma-4-26b-a4b-it": '```json\n[{"box_2d": [500, 600, 900, 800], "label": "gyroscope"}]\n```',
    "zai-org/GLM-4.6V-Flash": "<|begin_of_box|>[[600, 500, 800, 900]]<|end_of_box|>",
    "OpenGVLab/InternVL3_5-8B": "<ref>gyroscope</ref><box>[[600, 500, 800, 900]]</box>",
    "deepseek-ai/deepseek-vl2": "<|ref|>gyroscope<|/ref|><|det|>[[599, 500, 799, 899]]<|/det|>",
    "google/paligemma2-3b-mix-448": "<loc0512><loc0614><loc0922><loc0819> gyroscope",
    "microsoft/Florence-2-large": "gyroscope<loc_600><loc_500><loc_800><loc_900>",
    "vikhyatk/moondream2": '{"objects": [{"x_min": 0.6, "y_min": 0.5, "x_max": 0.8, "y_max": 0.9}]}',
    "LiquidAI/LFM2.5-VL-450M": '[{"label": "gyroscope", "bbox": [0.6, 0.5, 0.8, 0.9]}]',
    "nvidia/LocateAnything-3B": "<ref>gyroscope</ref><box><600><500><800><900></box>",
}  # fmt: skip


@pytest.mark.parametrize(("model", "text"), FAMILIES.items(), ids=FAMILIES)
def test_each_family_finds_what_no_detector_knows(
    stand: Standin, talk: Talk, model: str, text: str
) -> None:
    stand.play(says(*(text[i : i + 7] for i in range(0, len(text), 7))))
    answer = talk("Detect the gyroscope.", model)
    (entry,) = listed(answer)
    assert np.abs(np.array(entry["box_2d"]) - PLACE).max() <= 1
    assert entry["label"] == "gyroscope"
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    question, shown = sent(stand)
    assert "gyroscope" in question
    assert stand.last["temperature"] == 0
    # 812 by 392: where numbers are pixels, the server has nothing left to resize.
    assert shown.size == ((812, 392) if "Qwen2.5" in model else (800, 400))


FOUND = '[{"bbox_2d": [600, 500, 800, 900], "label": "gyroscope"}]'


def test_a_mask_for_every_box(stand: Standin, talk: Talk) -> None:
    stand.play(says(FOUND))
    question = (
        "Give the segmentation masks for the gyroscope and the dog. Output a JSON list where each "
        'entry has the box in "box_2d", the mask in "mask" and the label in "label".'
    )
    entries = listed(talk(question, thinking_config={"thinking_budget": 0}))
    assert {entry["label"] for entry in entries} == {"gyroscope", "dog"}
    for entry in entries:
        head, _, data = entry["mask"].partition(",")
        assert head == "data:image/png;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).mode == "L"
    assert len(stand.asked) == 1


def test_points(stand: Standin, talk: Talk) -> None:
    stand.play(says(FOUND))
    (entry,) = listed(talk('Point to the gyroscope. Answer as [{"point": [y, x], "label": …}].'))
    y, x = entry["point"]
    assert 500 <= y <= 900
    assert 600 <= x <= 800


def test_json_by_schema(stand: Standin, talk: Talk) -> None:
    stand.play(says(FOUND))
    asked = {"response_mime_type": "application/json", "response_schema": list[Box]}
    answer = talk("Detect the gyroscope and the dog.", **asked)
    assert {(box.label, *box.box_2d) for box in answer.parsed} == {
        ("gyroscope", *PLACE),
        ("dog", *DOG_YXYX),
    }


@pytest.mark.parametrize(
    ("seen", "box"),
    [
        pytest.param([110, 210, 490, 810], DOG_YXYX, id="the detector's box, which is finer"),
        pytest.param([600, 500, 800, 900], PLACE, id="the model's, where the detector has none"),
    ],
)
def test_a_free_phrase_is_the_models_to_understand(
    stand: Standin, talk: Talk, seen: list[int], box: list[int]
) -> None:
    stand.play(says(json.dumps([{"bbox_2d": seen, "label": "jumping dog"}])))
    (entry,) = listed(talk("Detect the dog that is jumping over the fence."))
    assert entry == {"box_2d": box, "label": "dog"}
    assert "jumping over the fence" in sent(stand)[0]


@pytest.mark.parametrize(
    ("question", "asked", "boxes"),
    [
        pytest.param("Detect anything sharp.", '"anything sharp"', ["blade"], id="of no name"),
        pytest.param("Segment anything sharp.", '"anything sharp"', ["blade"], id="segment"),
        pytest.param("Give me bounding boxes for objects used for drinking.", '"objects used for drinking"', ["blade"], id="for what they are used"),
        pytest.param("Detect the dog's left ear.", '"the dog\'s left ear"', ["dog's ear"], id="a side of its own"),
        pytest.param("Point to the left wing of the plane.", "left wing", ["wing"], id="a side before its noun"),
        pytest.param("Detect the gyroscope on the left.", "gyroscope", [], id="a side of the picture"),
    ],
)  # fmt: skip
def test_what_words_describe_is_asked_of_the_model_and_named_by_who_finds_it(
    stand: Standin, talk: Talk, question: str, asked: str, boxes: list[str]
) -> None:
    stand.play(says('[{"bbox_2d": [600, 500, 800, 900], "label": "blade"}]'))
    assert [entry["label"] for entry in listed(talk(question))] == boxes
    assert asked in sent(stand)[0]


@pytest.mark.parametrize(
    "question",
    ["Detect the sleeping dog.", "Détecte le chien endormi.", "Detect the puppy.", "Detect the wooden dogs."],
)  # fmt: skip
def test_what_is_said_of_a_known_thing_is_the_models_to_tell(
    question: str, stand: Standin, talk: Talk
) -> None:
    stand.play(says("```json\n[]\n```"))
    assert listed(talk(question)) == []
    stand.play(says('[{"bbox_2d": [110, 210, 490, 810], "label": "it"}]'))
    assert [entry["box_2d"] for entry in listed(talk(question))] == [DOG_YXYX]


@pytest.mark.parametrize(
    "question",
    [
        "Detect the dog on the left.", "Detect the two largest dogs.", "Détecte le grand chien.", "Where are the dogs? Give box_2d.",
        "Detect every single dog you can see.", "Return bounding boxes of all dogs as a JSON array with labels.",
    ],
)  # fmt: skip
def test_what_the_eyes_can_tell_by_themselves_is_theirs(
    question: str, stand: Standin, talk: Talk
) -> None:
    assert [entry["box_2d"] for entry in listed(talk(question))] == [DOG_YXYX]
    assert stand.asked == []


def test_a_free_phrase_that_nothing_fits(stand: Standin, talk: Talk) -> None:
    stand.play(says("```json\n[]\n```"))
    assert listed(talk("Detect the dog that is jumping over the fence.")) == []


def test_everything_is_what_both_see(stand: Standin, talk: Talk) -> None:
    both = [
        {"bbox_2d": [100, 200, 500, 790], "label": "puppy"},
        {"bbox_2d": [600, 500, 800, 900], "label": "gyroscope"},
    ]
    stand.play(says(json.dumps(both)))
    entries = listed(talk("Detect all objects in this image."))
    assert sorted((e["label"], e["box_2d"]) for e in entries) == [
        ("dog", DOG_YXYX),
        ("gyroscope", PLACE),
    ]


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(says(FOUND[:-1] + ', {"bbox_2d": [1', finish="length"), id="at the model's limit"),
        pytest.param(says(FOUND[:-1] + ', {"bbox_2d": [1'), id="with no word of a limit"),
    ],
)  # fmt: skip
def test_a_list_that_was_cut_keeps_its_whole_items(stand: Standin, talk: Talk, play: Play) -> None:
    stand.play(play)
    answer = talk("Detect the gyroscope.")
    assert [entry["box_2d"] for entry in listed(answer)] == [PLACE]
    assert answer.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS


def test_a_model_that_answers_in_prose_found_nothing(stand: Standin, talk: Talk) -> None:
    stand.play(says("I am sorry, there is no gyroscope here."))
    assert listed(talk("Detect the gyroscope.")) == []


def test_a_model_that_fails_is_an_error_and_not_an_empty_list(stand: Standin, talk: Talk) -> None:
    stand.play(Play(status=500, body=b'{"error": {"message": "out of cheese"}}'))
    with pytest.raises(errors.ServerError) as caught:
        talk("Detect the gyroscope.")
    assert caught.value.code == 503
    assert "out of cheese" in str(caught.value)


def test_boxes_are_of_the_upright_picture(stand: Standin, talk: Talk) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stand.play(says(FOUND))
    (entry,) = listed(talk("Detect the gyroscope.", image=picture(exif=exif)))
    assert entry["box_2d"] == PLACE
    assert sent(stand)[1].size == (400, 800)


def test_a_large_picture_is_sent_smaller_and_its_boxes_are_the_same(
    stand: Standin, talk: Talk
) -> None:
    stand.play(says(FOUND))
    (entry,) = listed(talk("Detect the gyroscope.", image=picture((6000, 3000))))
    assert entry["box_2d"] == PLACE
    assert 784 < max(sent(stand)[1].size) <= 1568


def test_a_model_that_writes_no_places_is_not_asked_for_them(stand: Standin, talk: Talk) -> None:
    stand.play(says("A gradient."))
    model = "openbmb/MiniCPM-V-4_6"
    assert listed(talk("Detect the gyroscope.", model)) == []
    assert stand.asked == []
    assert talk("Caption this image.", model).text == "A gradient."


@pytest.mark.parametrize(
    "question",
    ["Caption this image.", "How many dogs are there?", "What is written here?", "Bonjour !"],
)
def test_all_else_is_the_models_own_words(stand: Standin, talk: Talk, question: str) -> None:
    stand.play(says("So it is."))
    assert talk(question).text == "So it is."
    content = stand.last["messages"][0]["content"]
    assert content[1] == {"type": "text", "text": question}


def test_a_schema_without_places_is_the_models(stand: Standin, talk: Talk) -> None:
    stand.play(says('{"mood": "calm"}'))
    schema = {"type": "object", "properties": {"mood": {"type": "string"}}, "required": ["mood"]}
    asked = {"response_mime_type": "application/json", "response_json_schema": schema}
    assert json.loads(talk("Detect the mood of this image.", **asked).text) == {"mood": "calm"}


def test_a_dialect_may_be_named(stand: Standin) -> None:
    stand.models = [{"id": "my-own-tune"}]
    named = open_engine(Config(engine_url=stand.url, engine_dialect="qwen3"))
    assert named.card.roles == ("speaker", "grounder")
    assert open_engine(Config(engine_url=stand.url)).card.roles == ("speaker",)
    stand.models = [{"id": "Qwen3-VL-8B"}]
    none = open_engine(Config(engine_url=stand.url, engine_dialect="none"))
    assert none.card.roles == ("speaker",)
    with pytest.raises(InvalidConfig, match="Dialects: gemini, qwen3"):
        open_engine(Config(engine_url="http://127.0.0.1:9", engine_dialect="klingon"))


def test_a_model_that_writes_no_places_cannot_be_made_the_grounder(stand: Standin) -> None:
    stand.models = [{"id": "my-own-tune"}]
    config = Config(profile="desk", engine_url=stand.url)
    assert open_eyes("desk", config).grounder is None
    with pytest.raises(InvalidConfig, match="cannot be the grounder"):
        open_eyes("desk", replace(config, roles={"grounder": "openai"}))
