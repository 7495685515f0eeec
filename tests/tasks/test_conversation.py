"""Follow-up questions say what they leave out by the turns before them; small talk is returned."""

from __future__ import annotations

import pytest

from tests.tasks.drawn import CAT, DOG, Drawing, Thing, ref, replies, reply
from twinsight.prompt import ImageRef, Part, Prompt, Text, Turn

PETS = Drawing((DOG, CAT))
HOUSE = Drawing((DOG, Thing("chair", (80, 20, 100, 90), "green"), Thing("bicycle", (2, 2, 30, 30))))
CROWD = Drawing(tuple(Thing("person", (x, 5, x + 6, 40)) for x in range(2, 140, 12)))


def asked_in_turn(*questions: str, drawings: tuple[Drawing, ...] = (HOUSE,)) -> str:
    """The answer to the last question of a conversation about the drawings."""
    turns: list[Turn] = []
    said = ""
    for number, question in enumerate(questions):
        shown: list[Part] = [ref(d, i) for i, d in enumerate(drawings)] if number == 0 else []
        turns.append(Turn("user", (*shown, Text(question))))
        said = "".join(delta.text for delta in replies(Prompt(tuple(turns)), *drawings))
        turns.append(Turn("model", (Text(said),)))
    return said


FOLLOWED = {
    "another thing": (("Is there a dog?", "And a bicycle?"), "Yes, I can see a bicycle."),
    "another number": (("How many dogs?", "And chairs?"), "I can see a chair."),
    "another thing fr": (("Y a-t-il un chat ?", "Et un chien ?"), "Oui, je vois un chien."),
    "another place": (("Where is the dog?", "What about the bicycle?"), "The bicycle is at the top left."),
    "pronoun": (("Is there a chair?", "What colour is it?"), "The chair is green."),
    "pronoun of the main thing": (("What do you see?", "What colour is it?"), "The dog is black."),
    "pronoun, where": (("Is there a bicycle?", "Where is it?"), "The bicycle is at the top left."),
    "pronoun fr": (("Y a-t-il un chien ?", "De quelle couleur est-il ?"), "Le chien est de couleur noire."),
    "a chain": (
        ("Is there a dog?", "And a chair?", "What colour is it?"),
        "The chair is green.",
    ),
    "its own noun": (("Is there a dog?", "Where is the chair?"), "The chair is in the middle."),
    "sure": (
        ("How many dogs are there?", "Are you sure?"),
        "I can see a dog. That is as far as I can tell.",
    ),
    "in French": (("How many dogs are there?", "In French, please."), "Je vois un chien."),
    "in French, then short": (
        ("Describe the image.", "In French, please.", "Shorter."),
        "Un chien, une chaise et un vélo.",
    ),
    "in one word": (("How many dogs are there?", "In one word"), "1"),
    "why": (("Is there a cat?", "Why?"), "No, I can make out no cat."),
    "and where": (("Is there a dog?", "And the bicycle, where is it?"), "The bicycle is at the top left."),
    "how many of them": (("Detect the dogs", "How many are there?"), "I can see a dog."),
    "how many of them fr": (("Y a-t-il un chien ?", "Combien y en a-t-il ?"), "Je vois un chien."),
    "as a list": (
        ("Describe the image in two sentences.", "Now as a list."),
        "- A photo of a dog, a chair and a bicycle.\n- The dog is on the left, the chair in the "
        "middle and the bicycle at the top left.",
    ),
    "reply in one word": (("How many dogs are there?", "Reply in one word."), "1"),
    "thanks": (("Is there a dog?", "Thanks!"), "You are welcome!"),
    "detected next": (
        ("Detect the dog", "And the bicycle?"),
        '```json\n[\n  {"box_2d": [20, 10, 300, 150], "label": "bicycle"}\n]\n```',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("questions", "expected"), FOLLOWED.values(), ids=FOLLOWED.keys())
def test_follow_up(questions: tuple[str, ...], expected: str) -> None:
    assert asked_in_turn(*questions) == expected


def test_the_other_picture() -> None:
    said = asked_in_turn(
        "Which picture shows a bicycle?", "And the other one?", drawings=(HOUSE, PETS)
    )
    assert said == "A photo of a dog and a cat."


def test_the_same_question_of_another_picture() -> None:
    said = asked_in_turn(
        "How many cats are in the first image?", "And in the second image?", drawings=(HOUSE, PETS)
    )
    assert said == "I can see a cat."


AT_ONCE = {
    "number and colour": (
        "How many dogs are there, and what colour are they?",
        "I can see a dog. The dogs are black.",
    ),
    "two sentences": ("Is there a cat? Where is the dog?", "Yes, I can see a cat. The dog is on the left."),
    "if so, and it is": ("Is there an animal? If so, what kind?", "Yes, I can see a dog and a cat."),
    "if so, and it is not": ("Is there any food? If so, what kind?", "No, I can make out no food."),
    "if so fr": ("Y a-t-il une voiture ? Si oui, de quelle couleur est-elle ?", "Non, je ne distingue aucune voiture."),
    "the rest is unknown": ("Is there a cat, and what is its name?", "Yes, I can see a cat. The rest I cannot tell from the picture."),
    "two things are one question": ("Is there a dog and a cat?", "Yes, I can see a dog and a cat."),
    "an order is no question": ("Is there a dog? Answer in French.", "Oui, je vois un chien."),
}  # fmt: skip


@pytest.mark.parametrize(("question", "expected"), AT_ONCE.values(), ids=AT_ONCE.keys())
def test_questions_at_once(question: str, expected: str) -> None:
    assert reply(question, PETS) == expected.replace("The dogs are", "The dog is")


PLAINLY = {
    "crowded": (CROWD, "Is it crowded?", "Yes, I can see 12 people."),
    "not crowded": (PETS, "Is it crowded?", "No, I can make out no person."),
    "who is there": (CROWD, "Who is in the photo?", "I can see 12 people."),
    "who is there fr": (CROWD, "Qui est sur la photo ?", "Je vois 12 personnes."),
    "who it is": (CROWD, "Who is this?", "I cannot tell who that is; I see 12 people."),
    "to sit on": (HOUSE, "Is there anywhere to sit?", "Yes, I can see a chair."),
    "emoji": (PETS, "🐱?", "Yes, I can see a cat."),
    "no words": (PETS, "???", "A photo of a dog and a cat."),
    "greeted": (PETS, "Hello!", "Hello! I can see a dog and a cat."),
    "greeted fr": (PETS, "Bonjour", "Bonjour ! Je vois un chien et un chat."),
    "unchecked": (
        CROWD,
        "Is anyone wearing glasses?",
        "I can see 12 people; whether the rest is true, I cannot tell.",
    ),
}


@pytest.mark.parametrize(("drawing", "question", "expected"), PLAINLY.values(), ids=PLAINLY.keys())
def test_roundabout_question(drawing: Drawing, question: str, expected: str) -> None:
    assert reply(question, drawing) == expected


def test_a_picture_without_words_is_described() -> None:
    assert "dog" in asked_in_turn("")


def test_a_long_conversation_is_followed_within_bounds() -> None:
    turns: list[Turn] = [Turn("user", (ref(PETS), Text("Is there a dog?")))]
    for _ in range(300):
        turns += [Turn("model", (Text("Yes."),)), Turn("user", (Text("And a cat?"),))]
    assert "".join(d.text for d in replies(Prompt(tuple(turns)), PETS)) == "Yes, I can see a cat."


def test_a_prompt_that_asks_nothing_else_is_the_same_prompt() -> None:
    prompt = Prompt((Turn("user", (ImageRef("here"), Text("Caption"))),))
    assert prompt.asking("Caption") is prompt
    assert prompt.asking("Read it").question == "Read it"
