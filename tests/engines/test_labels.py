import hashlib
import math
import os
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from twinsight.engines import weights
from twinsight.engines.pocket import label_groups, label_words
from twinsight.engines.pocket.label_groups import names
from twinsight.engines.pocket.labels import SIDE, PocketLabels, pixels, softmax, views
from twinsight.engines.roles import Label, Labeler
from twinsight.image.picture import Picture

SHARED = Path(os.environ.get("TWINSIGHT_SHARED", Path(__file__).parents[3] / "shared"))


def picture(image: Image.Image) -> Picture:
    return Picture(np.asarray(image.convert("RGB")))


def drawn_crossword() -> Picture:
    image = Image.new("RGB", (400, 400), "white")
    draw = ImageDraw.Draw(image)
    black = np.random.default_rng(1).random((13, 13)) < 0.2
    for row in range(13):
        for column in range(13):
            x, y = 5 + 30 * row, 5 + 30 * column
            fill = "black" if black[row, column] else "white"
            draw.rectangle((x, y, x + 30, y + 30), fill=fill, outline="black")
    return picture(image)


def drawn_clock() -> Picture:
    image = Image.new("RGB", (400, 400), (240, 240, 240))
    draw = ImageDraw.Draw(image)
    draw.ellipse((40, 40, 360, 360), fill="white", outline="black", width=12)
    for hour in range(12):
        east, north = math.sin(hour * math.pi / 6), math.cos(hour * math.pi / 6)
        ends = [200 + 120 * east, 200 - 120 * north, 200 + 140 * east, 200 - 140 * north]
        draw.line(ends, fill="black", width=6)
        corner = (200 + 105 * east - 6, 200 - 105 * north - 8)
        draw.text(corner, str(hour or 12), fill="black", font_size=20)
    draw.line((200, 200, 200, 90), fill="black", width=6)
    draw.line((200, 200, 270, 230), fill="black", width=8)
    return picture(image)


def noise(w: int, h: int) -> Picture:
    return Picture(np.random.default_rng(0).integers(0, 256, (h, w, 3), np.uint8))


def sure_of(**share: float) -> NDArray[np.float32]:
    """Class probabilities with these shares (underscores for spaces), the rest spread evenly."""
    probabilities = np.full(1000, (1 - sum(share.values())) / 1000, np.float32)
    for name, value in share.items():
        probabilities[names().index(name.replace("_", " "))] += value
    return probabilities


# -- weights and names ---------------------------------------------------------------------------


def test_manifest_names_the_shipped_files() -> None:
    card = weights.manifest("labels")
    content = (weights.FOLDER / card.file).read_bytes()
    text = (weights.FOLDER / card.extra["labels"]).read_bytes()
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (card.sha256, card.bytes)
    assert hashlib.sha256(text).hexdigest() == card.extra["labels_sha256"]
    assert card.bytes <= 7_000_000
    assert "Apache License" in (weights.FOLDER / card.licence_file).read_text()


def test_a_thousand_different_names_that_suit_a_sentence() -> None:
    assert len(names()) == len(set(names())) == 1000
    assert [name for name in names() if name != name.strip() or set(name) & set("()/,_")] == []
    assert (names()[207], names()[504], names()[281]) == (
        "golden retriever",
        "coffee mug",
        "tabby cat",
    )


def test_plays_labeler() -> None:
    engine = PocketLabels()
    assert isinstance(engine, Labeler)
    assert engine.card.knows == names()


# -- the input -----------------------------------------------------------------------------------


def test_pixels_of_a_flat_colour_are_scaled_as_in_training() -> None:
    flat = Picture(np.full((300, 500, 3), (127, 255, 0), np.uint8))
    assert pixels(flat).shape == (3, SIDE, SIDE)
    assert pixels(flat).reshape(3, -1).max(axis=1).tolist() == [0, 1, -127 / 128]
    assert pixels(flat).reshape(3, -1).min(axis=1).tolist() == [0, 1, -127 / 128]


def test_pixels_are_of_the_central_260_of_292() -> None:
    rgb = np.zeros((292, 392, 3), np.uint8)
    rgb[16 : 16 + SIDE, 66 : 66 + SIDE] = 255  # exactly the crop of a 392x292 picture
    assert pixels(Picture(rgb)).min() == 1


@pytest.mark.parametrize(
    "wh",
    [
        pytest.param((1, 1), id="one-pixel"),
        pytest.param((400, 1), id="line"),
        pytest.param((1, 3000), id="column"),
        pytest.param((259, 261), id="near-input-size"),
        pytest.param((2000, 1500), id="large"),
    ],
)
def test_any_shape_gives_probabilities(wh: tuple[int, int]) -> None:
    engine = PocketLabels()
    for probabilities in (
        engine.probabilities(noise(*wh)),
        engine.steady_probabilities(noise(*wh)),
    ):
        assert probabilities.shape == (1000,)
        assert probabilities.dtype == np.float32
        assert probabilities.min() >= 0
        assert float(probabilities.sum()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("wh", "count"),
    [pytest.param((300, 300), 2, id="square"), pytest.param((300, 200), 4, id="wide")],
)
def test_views_do_not_repeat(wh: tuple[int, int], count: int) -> None:
    batch = views(noise(*wh))
    assert batch.shape == (count, 3, SIDE, SIDE)
    assert np.array_equal(batch[0], pixels(noise(*wh)))


@given(st.lists(st.floats(-80, 80, width=32), min_size=1, max_size=20))
def test_softmax_sums_to_one_and_keeps_order(logits: list[float]) -> None:
    probabilities = softmax(np.array(logits, np.float32))
    assert float(probabilities.sum()) == pytest.approx(1, abs=1e-5)
    assert probabilities[int(np.argmax(logits))] == probabilities.max()


# -- looking -------------------------------------------------------------------------------------


def test_names_what_is_drawn() -> None:
    engine = PocketLabels()
    assert engine.labels(drawn_crossword(), top=1)[0].name == "crossword puzzle"
    assert engine.labels(drawn_clock(), top=1)[0].name == "analog clock"


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        pytest.param("cat.jpg", "cat", id="cat"),
        pytest.param("coffee.jpg", "coffee", id="coffee"),
        pytest.param("astronaut.jpg", None, id="astronaut-is-no-class"),
    ],
)
def test_best_name_of_the_sample_photos(sample: str, said: str | None) -> None:
    path = Path(str(files("twinsight"))) / "samples" / sample
    with Image.open(path) as image:
        label = label_groups.best_name(PocketLabels().steady_probabilities(picture(image)))
    assert (label.name if label else None) == said


def test_labels_are_the_best_first() -> None:
    engine = PocketLabels()
    probabilities = engine.probabilities(drawn_clock())
    found = engine.labels(drawn_clock(), top=1000)
    assert [label.score for label in found] == sorted(probabilities.tolist(), reverse=True)
    assert sorted(label.name for label in found) == sorted(names())
    assert engine.labels(drawn_clock(), top=3) == found[:3]
    assert engine.labels(drawn_clock(), top=0) == []


def test_recognises_what_it_labels() -> None:
    engine = PocketLabels()
    seen = engine.recognise(drawn_crossword())
    assert seen.name is not None
    assert seen.name.name == "crossword puzzle"
    # A batch is summed in another order than a single look.
    assert [label.name for label in seen.labels[:3]] == [
        label.name for label in engine.labels(drawn_crossword(), top=3)
    ]
    assert min(label.score for label in seen.labels) >= 1e-4


def test_same_picture_same_answer_from_any_thread() -> None:
    engine = PocketLabels()
    pictures = [drawn_clock(), drawn_crossword(), noise(300, 200)]
    alone = [engine.probabilities(one) for one in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(engine.probabilities, pictures * 6))
    for number, probabilities in enumerate(together):
        assert np.array_equal(probabilities, alone[number % 3])


def test_the_model_is_loaded_once() -> None:
    assert weights.session("labels", 1) is weights.session("labels", 1)


# -- what may be said ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "said"),
    [
        pytest.param({"golden_retriever": 0.7}, "golden retriever", id="sure-of-the-class"),
        pytest.param({"golden_retriever": 0.35, "kuvasz": 0.35}, "dog", id="sure-of-the-group"),
        pytest.param({"kuvasz": 0.34, "Arctic_fox": 0.34}, "animal", id="sure-of-the-kind"),
        pytest.param({"kuvasz": 0.3, "cup": 0.3}, None, id="sure-of-nothing"),
        pytest.param({"tabby_cat": 0.3, "Egyptian_cat": 0.3}, "cat", id="breeds-that-look-alike"),
        pytest.param({"ram": 0.8}, "sheep", id="says-no-more-than-is-seen"),
        pytest.param({"neck_brace": 0.8}, None, id="inferred-from-the-scene"),
    ],
)
def test_best_name_falls_back_to_broader_true_words(
    share: dict[str, float], said: str | None
) -> None:
    label = label_groups.best_name(sure_of(**share))
    assert (label.name if label else None) == said


def test_best_name_of_noise_is_nothing() -> None:
    assert label_groups.best_name(PocketLabels().steady_probabilities(noise(320, 240))) is None


@given(st.integers(0, 999), st.floats(0, 1))
def test_best_name_is_true_of_a_class_it_is_sure_of(number: int, share: float) -> None:
    label = label_groups.best_name(sure_of(**{names()[number]: share}))
    assert label is None or number in label_groups.members(label.name)
    assert label is None or 0 <= label.score <= 1


def test_groups_lie_within_the_classes_and_within_one_kind() -> None:
    kinds = {kind: set(label_groups.members(kind)) for kind in label_groups.KINDS}
    for group in label_groups.GROUPS:
        classes = set(label_groups.members(group))
        assert classes <= set(range(1000))
        homes = [kind for kind, numbers in kinds.items() if numbers & classes]
        assert len(homes) <= 1, (group, homes)


@pytest.mark.parametrize(
    ("name", "broader"),
    [
        pytest.param("golden retriever", ("dog", "animal"), id="class"),
        pytest.param("dog", ("animal",), id="group"),
        pytest.param("animal", (), id="kind"),
        pytest.param("Egyptian cat", ("cat", "animal"), id="plainer-word"),
        pytest.param("great white shark", ("shark", "fish", "animal"), id="group-in-a-group"),
        pytest.param("doormat", (), id="none"),
    ],
)
def test_broader_words(name: str, broader: tuple[str, ...]) -> None:
    assert label_groups.broader_words(name) == broader


@given(st.sampled_from(names()))
def test_broader_words_cover_the_class(name: str) -> None:
    number = names().index(name)
    assert all(number in label_groups.members(w) for w in label_groups.broader_words(name))


def test_members_of_an_unknown_word() -> None:
    with pytest.raises(KeyError):
        label_groups.members("giraffe")


# -- the asker's own words -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "classes"),
    [
        pytest.param("Golden_Retriever", (207,), id="case-and-underscore"),
        pytest.param("cats", (281, 282, 283, 284, 285), id="plural-group"),
        pytest.param("wolves", (269, 270, 271), id="irregular-plural"),
        pytest.param("cock", (7,), id="wordnet-word"),
        pytest.param("tabby, tabby cat", (281,), id="synonym-list"),
        pytest.param("giraffe", (), id="unknown"),
        pytest.param("", (), id="empty"),
    ],
)
def test_classes_of_a_word(word: str, classes: tuple[int, ...]) -> None:
    assert label_words.classes_of(word) == classes


def test_every_name_of_ours_is_its_own_word() -> None:
    for number, name in enumerate(names()):
        assert number in label_words.classes_of(name)


def test_given_all_names_the_model_decides() -> None:
    probabilities = np.random.default_rng(2).dirichlet(np.full(1000, 0.1)).astype(np.float32)
    scores = label_words.given_scores(names(), probabilities)
    assert float(scores.sum()) == pytest.approx(1, abs=1e-4)
    assert int(scores.argmax()) == int(probabilities.argmax())


def test_given_words_share_no_class() -> None:
    scores = label_words.given_scores(
        ["dog", "golden retriever", "animal", "giraffe"],
        sure_of(golden_retriever=0.5, kuvasz=0.3, zebra=0.1),
    )
    assert scores[:3] == pytest.approx([0.3, 0.5, 0.1], abs=0.05)
    assert np.isnan(scores[3])


# -- photos --------------------------------------------------------------------------------------


def test_imagenet_photos_score_as_reported() -> None:
    photos = sorted((SHARED / "data" / "imagenet_dev").glob("*.jpg"))[::5]
    if not photos:
        pytest.skip(f"SKIPPED: no ImageNet photos under {SHARED}; accuracy is not checked")
    engine = PocketLabels(threads=None)
    right = said = true = 0
    for path in photos:
        truth = int(path.name[:4])
        with Image.open(path) as image:
            probabilities = engine.probabilities(picture(ImageOps.exif_transpose(image)))
        right += int(probabilities.argmax()) == truth
        label: Label | None = label_groups.best_name(probabilities)
        said += label is not None
        true += label is not None and truth in label_groups.members(label.name)
    assert right / len(photos) >= 0.85
    assert true / said >= 0.95
