"""The eye for surroundings: what it says of the samples and of nothing, and what it was taught."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from twinsight.engines import weights
from twinsight.engines.pocket.boxes import PocketDetector
from twinsight.engines.pocket.captions import grounds
from twinsight.engines.pocket.labels import views
from twinsight.engines.pocket.surroundings import PocketSurveyor, kind_index, kinds_seen
from twinsight.engines.roles import Surveyor
from twinsight.geometry.detections import Detections
from twinsight.image.decode import DefaultLimits, decode
from twinsight.image.picture import Picture


def sample(name: str) -> Picture:
    data = (files("twinsight.samples") / name).read_bytes()
    return decode(data, DefaultLimits(10_000_000), max_side=1280)


def objects(*found: tuple[str, float]) -> Detections:
    boxes = np.tile(np.array([[0, 0, 10, 10]], np.float32), (len(found), 1))
    scores = np.array([score for _, score in found], np.float32)
    return Detections(boxes, scores, tuple(label for label, _ in found))


def test_the_engine_plays_its_role_and_names_what_it_knows() -> None:
    surveyor = PocketSurveyor()
    assert isinstance(surveyor, Surveyor)
    assert {"sky", "tree", "wall", "kitchen", "outdoors"} <= set(surveyor.card.knows)
    there = surveyor.survey(sample("cat.jpg"), Detections.empty())
    assert tuple(there) == surveyor.card.knows
    assert all(0 <= score <= 1 for score in there.values())


@pytest.mark.parametrize(
    ("name", "there", "not_there"),
    [
        pytest.param("cat.jpg", ["indoors"], ["sky", "sea", "road", "mountain"], id="cat"),
        pytest.param("coffee.jpg", ["plate", "indoors"], ["sky", "grass", "snow"], id="coffee"),
    ],
)
def test_the_samples_show_what_a_person_sees(
    name: str, there: list[str], not_there: list[str]
) -> None:
    picture = sample(name)
    found = PocketSurveyor().survey(picture, PocketDetector().detect(picture))
    assert all(found[word] > 0.75 for word in there)
    assert all(found[word] < 0.5 for word in not_there)


def test_objects_speak_for_what_goes_with_them() -> None:
    surveyor, grey = PocketSurveyor(), Picture(np.full((64, 64, 3), 128, np.uint8))
    alone = surveyor.survey(grey, Detections.empty())
    with_train = surveyor.survey(grey, objects(("train", 0.9)))
    assert with_train["railway"] > alone["railway"]


def test_each_kind_counts_once_by_its_surest_object() -> None:
    seen = kinds_seen(objects(("dog", 0.3), ("dog", 0.2), ("cat", 0.9), ("no such kind", 1.0)))
    assert seen[kind_index()["dog"]] == pytest.approx(0.45)
    assert seen[kind_index()["cat"]] == 1
    assert np.count_nonzero(seen) == 2


def test_the_maps_do_not_change_the_labels() -> None:
    batch = views(sample("coffee.jpg"))
    session = weights.session("labels", 1)
    (alone,) = session.run(["logits"], {"pixels": batch})
    (beside, middle, late) = session.run(["logits", "middle", "late"], {"pixels": batch})
    assert np.array_equal(alone, beside)
    assert middle.shape == (len(batch), 120)
    assert late.shape == (len(batch), 352)


@pytest.mark.parametrize(
    ("around", "says_street", "says_tree"),
    [
        pytest.param({}, True, False, id="nobody looked"),
        pytest.param({"street": 0.5, "tree": 0.5}, True, False, id="unsure"),
        pytest.param({"street": 0.1, "tree": 0.1}, False, False, id="not there"),
        pytest.param({"street": 0.9, "tree": 0.9}, True, True, id="there"),
    ],
)
def test_captions_say_places_on_their_ground(
    around: dict[str, float], says_street: bool, says_tree: bool
) -> None:
    assert grounds()["street"].holds({"car"}, set(), around) is says_street
    assert grounds()["tree"].holds({"car"}, set(), around) is says_tree


def test_captions_stand_on_words_that_the_engine_knows() -> None:
    named = frozenset().union(*(ground.around for ground in grounds().values()))
    assert named
    assert named <= set(PocketSurveyor().card.knows)
