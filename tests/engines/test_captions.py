"""The caption writer: its search, what it is given, what it may say, and the shipped weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from twinsight.engines import weights
from twinsight.engines.pocket.captions import SEVERAL, PocketWriter, chooser, grounds, vocabulary
from twinsight.engines.pocket.captions_beams import Grammar, Memory, draw, search
from twinsight.engines.pocket.captions_scene import (
    COLOURS,
    MOST_OBJECTS,
    NUMBERS,
    concept_numbers,
    concepts,
    features,
)
from twinsight.engines.roles import Label, Sketch
from twinsight.errors import InvalidWeights
from twinsight.geometry.detections import Detections
from twinsight.prompt import Sampling

KINDS = ("person", "dog", "cat")


def sketch(*objects: tuple[str, Sequence[float]], labels: tuple[Label, ...] = ()) -> Sketch:
    """A picture of 640 x 480 pixels with these objects, all quite sure."""
    xyxy = np.array([box for _, box in objects], np.float32).reshape(-1, 4)
    score = np.full(len(objects), 0.7, np.float32)
    found = Detections(xyxy, score, tuple(label for label, _ in objects))
    return Sketch((640, 480), found, labels, (("green", 0.6), ("blue", 0.2)), 0.5)


DOG = ("dog", (200, 150, 450, 420))
PERSON = ("person", (60, 40, 260, 460))

# A toy language: 0 start, 1 end, then words. The next word's chances follow from the newest one.
NEXT = {
    0: {2: 0.6, 3: 0.4},
    2: {4: 0.55, 1: 0.45},
    3: {1: 0.98, 4: 0.02},
    4: {1: 0.5, 5: 0.5},
    5: {1: 1.0},
}


def toy(newest: NDArray[np.int64], memory: Memory, at: int) -> tuple[NDArray[np.float32], Memory]:
    logits = np.full((len(newest), 6), -20, np.float32)
    for row, word in enumerate(newest):
        for after, chance in NEXT[int(word)].items():
            logits[row, after] = np.log(chance)
    assert memory.shape[2] == len(newest)
    return logits, memory


EMPTY = np.zeros((1, 2, 1, 1, 0, 1), np.float32)


def grammar(closed: Sequence[int] = (), dangling: Sequence[int] = (), longest: int = 5) -> Grammar:
    flags = np.zeros((2, 6), bool)
    flags[0, [0, *closed]] = True
    flags[1, list(dangling)] = True
    return Grammar(
        0, 1, flags[0], flags[1], np.zeros(6, bool), np.zeros(6, bool), np.arange(6), longest
    )


class TestSearch:
    @pytest.mark.parametrize(
        ("beams", "power", "rules", "words"),
        [
            pytest.param(1, 0.0, grammar(), (2, 4), id="one beam is greedy"),
            pytest.param(3, 0.0, grammar(), (3,), id="three see further"),
            pytest.param(3, 3.0, grammar(), (2, 4, 5), id="length rewarded"),
            pytest.param(3, 0.0, grammar(closed=[3]), (2,), id="a closed word is not said"),
            pytest.param(3, 0.0, grammar(closed=[3], dangling=[2]), (2, 4), id="no loose end"),
            pytest.param(2, 3.0, grammar(longest=2), (3,), id="no longer than allowed"),
        ],
    )
    def test_finds(self, beams: int, power: float, rules: Grammar, words: tuple[int, ...]) -> None:
        assert search(toy, EMPTY, rules, beams, power)[0].words == words

    def test_scores_are_log_probabilities(self) -> None:
        best = search(toy, EMPTY, grammar(), 3, 0.0)[0]
        assert best.score == pytest.approx(np.log(0.4 * 0.98), abs=1e-3)

    def test_best_first_and_all_different(self) -> None:
        found = search(toy, EMPTY, grammar(), 3, 0.0)
        assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
        assert len({s.words for s in found}) == len(found) == 3

    def test_a_noun_after_an_article(self) -> None:
        article, noun = np.eye(6, dtype=bool)[2], np.eye(6, dtype=bool)[4]
        rules = replace(grammar(closed=[3]), article=article, noun=noun)
        assert search(toy, EMPTY, rules, 3, 0.0)[0].words == (2, 4)

    def test_no_way_out_gives_what_there_is(self) -> None:
        assert search(toy, EMPTY, grammar(dangling=[2, 3, 4, 5], longest=2), 2, 0.0)[0].words


class TestDraw:
    def test_follows_the_choice(self) -> None:
        likeliest = draw(toy, EMPTY, grammar(), lambda chances: int(chances.argmax()))
        assert likeliest.words in ((2, 4), (2, 4, 5))

    @pytest.mark.parametrize(
        "sampling",
        [
            pytest.param(Sampling(temperature=0.01, seed=1), id="hardly any temperature"),
            pytest.param(Sampling(temperature=1.0, top_k=1, seed=1), id="one word to choose from"),
            pytest.param(
                Sampling(temperature=1.0, top_p=0.0, seed=1), id="no share to choose from"
            ),
        ],
    )
    def test_the_likeliest(self, sampling: Sampling) -> None:
        assert chooser(sampling)(np.log(np.array([0.2, 0.5, 0.3], np.float32))) == 1

    def test_by_chance_as_likely_as_told(self) -> None:
        choose = chooser(Sampling(temperature=1.0, seed=3))
        chances = np.log(np.array([0.2, 0.5, 0.3], np.float32))
        drawn = np.bincount([choose(chances) for _ in range(3000)], minlength=3) / 3000
        assert drawn == pytest.approx([0.2, 0.5, 0.3], abs=0.04)


class TestFeatures:
    def test_rows(self) -> None:
        seen = features(sketch(DOG, PERSON, DOG), KINDS)
        assert sorted(seen.kinds) == [0, 1, 1]
        assert seen.numbers.shape == (3, NUMBERS)
        assert seen.whole.shape == (len(concepts()) + len(COLOURS) + 3,)
        person = seen.numbers[list(seen.kinds).index(0)]
        assert person[:4] == pytest.approx([0.25, 250 / 480, 0.3125, 420 / 480])

    def test_nothing(self) -> None:
        seen = features(sketch(), KINDS)
        assert seen.kinds.shape == (0,)
        assert seen.numbers.shape == (0, NUMBERS)

    def test_only_the_most_prominent(self) -> None:
        small = [("cat", (i, i, i + 9, i + 9)) for i in range(40)]
        seen = features(sketch(*small, DOG), KINDS)
        assert len(seen.kinds) == MOST_OBJECTS
        assert seen.kinds[0] == 1

    def test_labels_speak_for_concepts(self) -> None:
        about = dict(
            zip(
                concepts(),
                concept_numbers((Label("stove", 0.6), Label("beagle", 0.2, ("dog", "animal")))),
                strict=True,
            )
        )
        assert about["kitchen"] > about["dog"] > 0
        assert about["beach"] == pytest.approx(0, abs=1e-6)


@pytest.fixture(scope="module")
def writer() -> PocketWriter:
    return PocketWriter()


BOXES = st.tuples(
    st.integers(0, 500), st.integers(0, 400), st.integers(20, 300), st.integers(20, 300)
)
SCENES = st.lists(
    st.tuples(st.sampled_from(["person", "dog", "car", "pizza", "clock"]), BOXES), max_size=6
)


class TestWriter:
    def test_names_what_is_there(self, writer: PocketWriter) -> None:
        assert "dog" in writer.write(sketch(DOG)).words

    def test_always_the_same(self, writer: PocketWriter) -> None:
        assert writer.write(sketch(DOG, PERSON)) == writer.write(sketch(DOG, PERSON))

    @settings(max_examples=25, deadline=None)
    @given(SCENES, st.integers(0, 5))
    def test_names_only_what_is_there(
        self, writer: PocketWriter, placed: list[tuple[str, tuple[int, int, int, int]]], seed: int
    ) -> None:
        scene = sketch(*((label, (x, y, x + w, y + h)) for label, (x, y, w, h) in placed))
        for sampling in (None, Sampling(temperature=1.5, seed=seed)):
            said = writer.write(scene, sampling)
            assert {kind for kind in said.kinds if kind} <= {label for label, _ in placed}
            assert len(said.kinds) == len(said.words)
            assert 0 <= said.likelihood <= 1

    @settings(max_examples=25, deadline=None)
    @given(SCENES, st.integers(0, 5))
    def test_speaks_of_no_more_than_there_are(
        self, writer: PocketWriter, placed: list[tuple[str, tuple[int, int, int, int]]], seed: int
    ) -> None:
        scene = sketch(*((label, (x, y, x + w, y + h)) for label, (x, y, w, h) in placed))
        counts = Counter(label for label, _ in placed)
        said = writer.write(scene, Sampling(temperature=1.5, seed=seed))
        for word, kind in zip(said.words, said.kinds, strict=True):
            assert not (word in ("people", "dogs", "cars", "clocks") and counts[kind] < 2)
            assert word not in SEVERAL or SEVERAL[word] <= max(counts.values())

    def test_two_may_be_spoken_of(self, writer: PocketWriter) -> None:
        other = ("person", (400, 40, 600, 460))
        assert "people" in writer.write(sketch(PERSON, other)).words

    def test_a_sure_label_may_be_named(self, writer: PocketWriter) -> None:
        label = Label("beagle", 0.9, ("dog", "animal"))
        named = [set(writer.write(sketch(labels=given)).kinds) for given in ((), (label,))]
        assert "dog" not in named[0]
        assert named[1] <= {"", "dog"}

    def test_places_need_a_ground(self, writer: PocketWriter) -> None:
        known = set(vocabulary().words)
        stood_on = {word for word, ground in grounds().items() if ground.kinds or ground.concepts}
        assert len(stood_on & known) > 30
        for ground in grounds().values():
            assert ground.concepts <= set(concepts())
            assert ground.kinds <= set(writer.card.knows)
        for seed in range(30):
            said = writer.write(sketch(PERSON), Sampling(temperature=1.0, seed=seed))
            assert not stood_on & set(said.words)

    def test_a_sure_label_speaks_for_a_place(self, writer: PocketWriter) -> None:
        stove = Label("stove", 0.9)
        drawn = [
            writer.write(sketch(PERSON, labels=(stove,)), Sampling(temperature=1.0, seed=seed))
            for seed in range(30)
        ]
        assert any("kitchen" in said.words for said in drawn)

    def test_seed(self, writer: PocketWriter) -> None:
        said = [
            writer.write(sketch(DOG, PERSON), Sampling(temperature=1.0, seed=seed)).words
            for seed in (1, 1, *range(2, 12))
        ]
        assert said[0] == said[1]
        assert len(set(said)) > 1

    def test_words_are_the_manifest_s(self, writer: PocketWriter) -> None:
        words = vocabulary()
        assert len(words.words) == len(words.kinds) == len(words.open)
        assert {kind for kind in words.kinds if kind} <= set(writer.card.knows)

    def test_rates_what_was_seen_above_what_was_not(self, writer: PocketWriter) -> None:
        seen = sketch(DOG)
        here, elsewhere = (
            writer.rate(seen, f"A {name} laying on the ground.") for name in ("dog", "zebra")
        )
        assert elsewhere < here < 0

    @pytest.mark.parametrize("said", ["", "!?", "xylograph " * 500], ids=["no", "none", "long"])
    def test_rates_any_words(self, writer: PocketWriter, said: str) -> None:
        assert -100 < writer.rate(sketch(DOG), said) < 0


def test_tables_load_only_as_the_manifest_names_them(tmp_path: Path) -> None:
    names = weights.manifest("captions_say").extra["tables"]
    for file in ("captions_say.json", *names):
        (tmp_path / file).write_bytes((weights.FOLDER / file).read_bytes())
    for file in names:
        assert weights.table("captions_say", file, tmp_path) == weights.table("captions_say", file)
        (tmp_path / file).write_bytes((tmp_path / file).read_bytes() + b"x")
        with pytest.raises(InvalidWeights, match="sha256 differs"):
            weights.table("captions_say", file, tmp_path)
