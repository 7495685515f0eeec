"""Answers in words: true, short, in the language of the question; nothing that was not seen."""

from __future__ import annotations

import json

import pytest

from tests.tasks.drawn import CAT, DOG, Drawing, Thing, ref, replies, reply
from twinsight.prompt import AnswerShape, Finish, Prompt, Text, Turn

GOLDEN = ("golden retriever", 0.8, ("dog", "animal"))
PEOPLE = (
    Thing("person", (10, 10, 40, 90), "blue"),
    Thing("person", (100, 10, 130, 90), "red", 0.8),
)
PARTY = Drawing((*PEOPLE, DOG), name=GOLDEN)
PETS = Drawing((DOG, CAT))
SIGN = Drawing(lines=(("STOP", (50, 30, 150, 60)),))
EMPTY = Drawing()
FAINT = Drawing((DOG, Thing("spoon", (90, 40, 120, 60), score=0.1)))
KITCHEN = Drawing(
    (
        Thing("dining table", (20, 50, 180, 100), "white"),
        Thing("cup", (60, 30, 80, 60), "red"),
        Thing("bowl", (120, 35, 150, 62), "blue", 0.8),
        Thing("chair", (2, 40, 40, 95), "green", 0.7),
    ),
    lines=(("SOUP", (122, 40, 148, 50)),),
)
SLOPE = Drawing(
    (
        Thing("person", (20, 5, 80, 95), "blue"),
        Thing("skis", (10, 80, 100, 98), "red", 0.8),
        Thing("cup", (30, 40, 45, 55), "white", 0.7),
    )
)
BEDROOM = Drawing(
    (Thing("cat", (60, 20, 100, 60), "black"), Thing("bed", (10, 30, 180, 100), "white", 0.8))
)
COFFEE = Drawing((Thing("cup", (60, 30, 120, 90)),), name=("espresso", 0.9, ("coffee",)))
FLOWER = Drawing(name=("daisy", 0.9, ("flower", "plant")))

ONE = {
    # describing
    "caption": (PARTY, "Caption this image.", "A photo of two people and a golden retriever."),
    "caption fr": (PARTY, "Décris cette image.", "Une photo avec deux personnes et un chien."),
    "plain": (EMPTY, "Describe this.", "A plain grey picture with nothing on it."),
    "plain fr": (EMPTY, "Décris.", "Une image unie, de couleur grise, sans rien dessus."),
    "title": (PETS, "Give it a title", "A dog and a cat"),
    # counting
    "count": (PARTY, "How many people are there?", "I can see two people."),
    "count none": (PETS, "How many cars?", "I can make out no car."),
    "count unknown": (
        PETS,
        "How many unicorns?",
        "I cannot tell: “unicorns” is not something that I can recognise.",
    ),
    "count narrower": (
        PARTY,
        "How many women are there?",
        "I can see two people. I cannot tell which of them are meant by “women”.",
    ),
    "count unchecked": (
        PARTY,
        "How many people are wearing hats?",
        "I can see two people in the whole picture.",
    ),
    "count wider": (PETS, "How many animals?", "I can see two animals: a dog and a cat."),
    "count anything": (
        PETS,
        "How many objects?",
        "I can see two things that I can name: a dog and a cat.",
    ),
    "count red": (PARTY, "How many red people?", "I can see a red person."),
    "count fr": (PETS, "Combien d'animaux ?", "Je vois deux animaux : un chien et un chat."),
    "count none fr": (PETS, "Combien de voitures ?", "Je ne distingue aucune voiture."),
    "count word": (PARTY, "How many people? Answer with just the number.", "2"),
    # presence
    "yes": (PETS, "Is there a dog?", "Yes, I can see a dog."),
    "no": (PETS, "Is there a car?", "No, I can make out no car."),
    "yes fr": (PETS, "Y a-t-il un chien ?", "Oui, je vois un chien."),
    "no fr": (PETS, "Y a-t-il une voiture ?", "Non, je ne distingue aucune voiture."),
    "yes only": (PETS, "Is there a dog? Answer yes or no only.", "yes"),
    "too few": (PETS, "Are there two dogs?", "No, I can see a dog."),
    "narrower": (
        PARTY,
        "Is there a woman?",
        "I can see two people. I cannot tell which of them are meant by “woman”.",
    ),
    "faint": (FAINT, "Is there a spoon?", "Yes, there seems to be a spoon."),
    "faint fr": (FAINT, "Y a-t-il une cuillère ?", "Oui, il semble y avoir une cuillère."),
    "faint, two asked for": (FAINT, "Are there two spoons?", "No, I can see a spoon."),
    "faint, counted": (FAINT, "How many spoons?", "There seems to be a spoon."),
    "faint, counted, fr": (FAINT, "Combien de cuillères ?", "Il semble y avoir une cuillère."),
    "faint, wider": (FAINT, "How many pieces of cutlery?", "I can make out no cutlery."),
    "narrower absent": (PETS, "Is there a woman?", "No, I can make out no woman."),
    "wrong colour": (PETS, "Is there a green cat?", "No, I can make out no green cat."),
    "text there": (SIGN, "Is there any text?", "Yes, it reads “STOP”."),
    "no text there": (PETS, "Is there any text?", "No, I can read no text."),
    "labeler knows": (FLOWER, "Is there a daisy?", "Yes, it looks like a daisy."),
    "labeler could miss": (
        PETS,
        "Is there a castle?",
        "I do not see “castle”, but I could miss it.",
    ),
    "never asked": (
        PETS,
        "Is there a fountain?",
        "I cannot tell: “fountain” is not something that I can recognise.",
    ),
    # place
    "where": (PETS, "Where is the cat?", "The cat is on the right."),
    "where fr": (PETS, "Où est le chat ?", "Le chat se trouve à droite."),
    "where several": (
        PARTY,
        "Where are the people?",
        "I can see two people: one on the left and one in the middle.",
    ),
    "where many": (
        Drawing(tuple(Thing("cup", (x, 5, x + 4, 12)) for x in (2, 8, 14, 170))),
        "Where are the cups?",
        "I can see four cups: three at the top left and one at the top right.",
    ),
    "where many fr": (
        Drawing(tuple(Thing("kite", (x, 5, x + 4, 12)) for x in (2, 8, 170))),
        "Où sont les cerfs-volants ?",
        "Je vois trois cerfs-volants : 2 en haut à gauche et 1 en haut à droite.",
    ),
    "where faint": (FAINT, "Where is the spoon?", "The spoon is in the middle."),
    "colour faint": (FAINT, "What color is the spoon?", "The spoon is red."),
    "where absent": (PETS, "Where is the bus?", "I can make out no bus."),
    "left of": (
        PETS,
        "Is the cat to the left of the dog?",
        "No, the cat is to the right of the dog.",
    ),
    "right of fr": (
        PETS,
        "Le chat est-il à droite du chien ?",
        "Oui, le chat se trouve à droite du chien.",
    ),
    "depth": (
        PETS,
        "Is the dog behind the cat?",
        "I can see a dog and a cat, but I cannot tell how they lie to each other.",
    ),
    "absent other": (PETS, "Is the dog on the left of the car?", "No, I can make out no car."),
    # colour
    "colour": (PETS, "What color is the dog?", "The dog is black."),
    "colour fr": (PETS, "De quelle couleur est le chat ?", "Le chat est de couleur blanche."),
    "is it red": (PETS, "Is the cat red?", "No, the cat looks white."),
    "is it white": (PETS, "Is the cat white?", "Yes, the cat is white."),
    "main colours": (
        PETS,
        "What are the main colors?",
        "The main colours are grey, black and white.",
    ),
    "colour unknown": (
        PETS,
        "What color is the wallpaper?",
        "I cannot tell: “wallpaper” is not something that I can recognise.",
    ),
    # text
    "read": (SIGN, "What does the sign say?", "STOP"),
    "read nothing": (PETS, "Que dit le panneau ?", "Je ne lis aucun texte sur cette image."),
    # naming
    "choice": (Drawing((CAT,)), "Is it a cat or a dog?", "cat"),
    "choice fr": (Drawing((CAT,)), "Est-ce un chat ou un chien ?", "chat"),
    "none fits": (
        PETS,
        "Classify as car, plane or boat",
        "None of car, plane or boat fits what I can see: a dog and a cat.",
    ),
    "what is this": (PARTY, "What is this?", "It looks like a golden retriever."),
    "what animals": (PETS, "What animals do you see?", "I can see a dog and a cat."),
    "what flower": (FLOWER, "What flower is this?", "It looks like a daisy."),
    "no flower": (
        PETS,
        "What flower is this?",
        "I cannot tell: “flower” is not something that I can recognise; I see a dog and a cat.",
    ),
    "no breed": (
        Drawing((CAT,), name=("cat", 0.9, ("animal",))),
        "What breed is this cat?",
        "It looks like a cat. I cannot tell its breed.",
    ),
    # lists
    "list": (PARTY, "List all objects.", "- two people\n- a golden retriever"),
    "list fr": (PETS, "Liste les objets.", "- un chien\n- un chat"),
    "list of a kind": (PARTY, "List the animals.", "- a golden retriever"),
    "list of the unknown": (
        PETS,
        "List the unicorns.",
        "I cannot tell: “unicorns” is not something that I can recognise.",
    ),
    "list of what is not there": (PETS, "List all cars", "I can make out no car."),
    "list with places": (
        PETS,
        "List all objects and their positions.",
        "- a dog: on the left\n- a cat: on the right",
    ),
    "table": (
        PETS,
        "Make a markdown table of all objects",
        "| Thing | Place |\n| --- | --- |\n| dog | on the left |\n| cat | on the right |",
    ),
    "list without objects": (FLOWER, "List all objects", "- a daisy"),
    "list of nothing": (EMPTY, "List all objects", "I can make out no thing."),
    "keywords": (PARTY, "Keywords, please", "golden retriever, person, dog, animal"),
    "keywords fr": (PETS, "Donne des mots-clés", "chien, chat"),
    "some hashtags": (PARTY, "Give me 2 hashtags", "#goldenretriever #person"),
    # ranks and neighbours
    "largest": (
        KITCHEN,
        "What is the largest object?",
        "As far as I can see, a dining table, at the bottom.",
    ),
    "leftmost": (
        KITCHEN,
        "Which object is leftmost?",
        "As far as I can see, a chair, at the bottom left.",
    ),
    "right fr": (
        PETS,
        "Quel animal est le plus à droite ?",
        "À ce que je vois, un chat, à droite.",
    ),
    "largest of none": (PETS, "What is the largest car?", "I can make out no car."),
    "on": (KITCHEN, "What is on the table?", "I can see a cup and a bowl there."),
    "on fr": (KITCHEN, "Qu'y a-t-il sur la table ?", "J'y vois une tasse et un bol."),
    "left of it": (KITCHEN, "What is to the left of the cup?", "I can see a chair there."),
    "nothing there": (
        PETS,
        "What is above the cat?",
        "I can make out nothing there that I can name.",
    ),
    "by what is not there": (PETS, "What is next to the car?", "I can make out no car."),
    "relative": (
        KITCHEN,
        "Where is the bowl relative to the cup?",
        "The bowl is to the right of the cup.",
    ),
    "relative fr": (
        KITCHEN,
        "Où est la tasse par rapport au bol ?",
        "La tasse se trouve à gauche du bol.",
    ),
    "on that side": (PETS, "Is the cat on the right?", "Yes, the cat is on the right."),
    "on the other side": (
        PETS,
        "Is the dog on the right side of the image?",
        "No, the dog is on the left.",
    ),
    "on a side fr": (PETS, "Le chat est-il à gauche ?", "Non, le chat se trouve à droite."),
    "two and one that is not there": (
        PETS,
        "Is there a dog, a cat or a horse?",
        "Yes, I can see a dog and a cat, but no horse.",
    ),
    "not all": (PETS, "Are there a dog and a horse?", "No, I can see a dog, but no horse."),
    "none of two": (PETS, "Is there a car or a bus?", "No, I can make out no car and no bus."),
    # numbers of two things
    "more": (PARTY, "Are there more people than dogs?", "Yes, I can see two people and a dog."),
    "not more": (PETS, "Are there more cars than dogs?", "No, I can see no car and a dog."),
    "as many": (PETS, "Are there as many cats as dogs?", "Yes, I can see a cat and a dog."),
    "more fr": (
        PETS,
        "Y a-t-il plus de chiens que de chats ?",
        "Non, je vois un chien et un chat.",
    ),
    "more unknown": (
        PETS,
        "Are there more unicorns than dogs?",
        "I cannot tell: “unicorns” is not something that I can recognise.",
    ),
    # what is held, sports, sides, sizes, weather
    "held": (SLOPE, "What is the man holding?", "I can see a cup with the person."),
    "held fr": (SLOPE, "Que tient la personne ?", "Je vois une tasse avec la personne."),
    "held by nobody": (
        PETS,
        "What is the dog holding?",
        "I cannot tell that from the picture; I see a dog and a cat.",
    ),
    "sits on": (BEDROOM, "What is the cat sitting on?", "The cat seems to be on a bed."),
    "sits on fr": (BEDROOM, "Sur quoi est le chat ?", "Le chat semble se trouver sur un lit."),
    "sport": (SLOPE, "What sport is this?", "It looks like skiing."),
    "sport fr": (SLOPE, "Quel sport est-ce ?", "Cela ressemble à du ski."),
    "does a sport": (SLOPE, "Is anybody skiing?", "Yes, it looks like skiing."),
    "one of two sports": (SLOPE, "Is the person skiing or surfing?", "skiing"),
    "no sport": (
        PETS,
        "What sport is this?",
        "I cannot tell that from the picture; I see a dog and a cat.",
    ),
    "on a side": (KITCHEN, "What is on the left?", "I can see a chair on the left."),
    "on a side of the picture fr": (
        KITCHEN,
        "Qu'y a-t-il à gauche ?",
        "Je vois une chaise à gauche.",
    ),
    "nothing on a side": (
        PETS,
        "What is at the top of the image?",
        "I can make out nothing at the top that I can name.",
    ),
    "size of a thing": (
        BEDROOM,
        "How big is the bed?",
        "The bed takes up about 60 % of the picture; its real size I cannot tell.",
    ),
    "weather": (
        PETS,
        "What is the weather like?",
        "I cannot tell that from the picture; I see a dog and a cat.",
    ),
    "why": (
        PETS,
        "Why is the dog there?",
        "I cannot tell that from the picture; I see a dog and a cat.",
    ),
    "to drink": (KITCHEN, "Is there anything to drink?", "Yes, I can see a cup."),
    "content": (COFFEE, "What is in the cup?", "It looks like an espresso."),
    "which drink": (COFFEE, "What drink is it?", "It looks like an espresso."),
    "yes or no of a colour": (PETS, "Is the cat white? Answer yes or no only.", "yes"),
    # labels
    "one of": (BEDROOM, "Answer with one of: dessert, animal, vehicle.", "animal"),
    "several labels": (
        PETS,
        "Tag this image with any of: dog, cat, car. You may choose several.",
        "dog, cat",
    ),
    "quoted labels": (
        PETS,
        "Classify this image as 'tidy' or 'messy' and explain.",
        "I cannot tell which of tidy or messy fits; I see a dog and a cat.",
    ),
    # the photo itself
    "sharp": (PETS, "Is this photo blurry?", "No, the photo is sharp."),
    "dark fr": (PETS, "Cette photo est-elle trop sombre ?", "Non, la lumière est normale."),
    "size": (
        PETS,
        "What are the dimensions of this image?",
        "The picture is 200 pixels wide and 100 pixels high.",
    ),
    "grey": (PETS, "Is this photo black and white?", "Yes, I can see black, white and grey only."),
    "coloured": (KITCHEN, "Is this picture black and white?", "No, it has colours."),
    "not black and white fr": (
        KITCHEN,
        "La photo est-elle en noir et blanc ?",
        "Non, elle a des couleurs.",
    ),
    "neither sex": (
        PARTY,
        "Is it a man or a woman?",
        "Neither man nor woman fits what I can see: two people and a golden retriever.",
    ),
    "dominant colour": (EMPTY, "What is the dominant color?", "The main colour is grey."),
    "spanish": (
        PETS,
        "¿Qué hay?",
        "I cannot tell that from the picture; I see a dog and a cat.",
    ),
    # beyond the eyes
    "doing": (
        PARTY,
        "What is the man doing?",
        "I cannot tell that from the picture; I see two people and a golden retriever.",
    ),
    "doing of nobody fr": (PETS, "Que fait l'homme ?", "Je ne distingue aucune personne."),
    "doing fr": (
        PETS,
        "Que fait le chien ?",
        "Je ne peux pas le dire d'après l'image ; j'y vois un chien et un chat.",
    ),
    "main subject": (PARTY, "What is the main subject?", "It looks like a golden retriever."),
    "one thing": (
        Drawing((CAT,)),
        "How many objects?",
        "I can see one thing that I can name: a cat.",
    ),
}


@pytest.mark.parametrize(("drawing", "question", "expected"), ONE.values(), ids=ONE.keys())
def test_answer_about_one_picture(drawing: Drawing, question: str, expected: str) -> None:
    assert reply(question, drawing) == expected


SEVERAL = {
    "differences": (
        "What is different between these two images?",
        "Image 1 shows two people and a golden retriever. Image 2 shows a dog and a cat. Only "
        "image 1 shows two people. Only image 2 shows a cat. Both show a dog.",
    ),
    "common": ("What do they have in common?", "Both show a dog."),
    "which": ("Which image shows a cat?", "Image 2 shows a cat."),
    "which none": ("Which image shows a zebra?", "None of the images shows a zebra."),
    "which fr": ("Laquelle montre un chat ?", "L'image 2 montre un chat."),
    "more": (
        "Which one has more people?",
        "Image 1 has more: 2 in image 1 and 0 in image 2.",
    ),
    "as many": (
        "Which one has more dogs?",
        "They have the same number: 1 in image 1 and 1 in image 2.",
    ),
    "not the same": (
        "Are these the same picture?",
        "No, they are not the same image. Image 1 shows two people and a golden retriever. Image "
        "2 shows a dog and a cat. Only image 1 shows two people. Only image 2 shows a cat. Both "
        "show a dog.",
    ),
    "each": (
        "How many people are in each image?",
        "Image 1: I can see two people.\nImage 2: I can make out no person.",
    ),
    "the same animal": ("Do both images show the same animal?", "Yes, both show a dog."),
    "not the same vehicle": (
        "Do they show the same vehicle?",
        "No. Image 1 shows no vehicle. Image 2 shows no vehicle.",
    ),
    "in order": ("Order these images by the number of people", "Image 1 (2), image 2 (0)."),
    "in order, fewest first": (
        "Sort the images by number of people, fewest first",
        "Image 2 (0), image 1 (2).",
    ),
    "which of these is": ("Which of these pets is a cat?", "Image 2 shows a cat."),
    "second": ("What is in the second image?", "A photo of a dog and a cat."),
    "numbered": ("How many cats are in image 2?", "I can see a cat."),
}


@pytest.mark.parametrize(("question", "expected"), SEVERAL.values(), ids=SEVERAL.keys())
def test_answer_about_several_pictures(question: str, expected: str) -> None:
    assert reply(question, PARTY, PETS) == expected


def test_the_very_same_picture_twice() -> None:
    turns = (Turn("user", (ref(PETS), ref(PETS), Text("Are these the same?"))),)
    said = "".join(delta.text for delta in replies(Prompt(turns), PETS))
    assert said == "The images are the very same."


STYLES = {
    "french": ("Réponds toujours en français.", "Une photo avec un chien et un chat."),
    "word": ("Answer in one word.", "dog"),
    "short": ("Be brief.", "A dog and a cat."),
    "lower": ("Use lower case only.", "a photo of a dog and a cat."),
    "json": (
        "Always answer in JSON.",
        '```json\n{"answer": "A photo of a dog and a cat."}\n```',
    ),
    "english": ("You are a helpful assistant.", "A photo of a dog and a cat."),
}


@pytest.mark.parametrize(("system", "expected"), STYLES.values(), ids=STYLES.keys())
def test_system_instruction_sets_the_style(system: str, expected: str) -> None:
    assert reply("Describe this image.", PETS, system=system) == expected


def test_question_after_the_picture_turn_is_about_that_picture() -> None:
    turns = (
        Turn("user", (ref(PETS), Text("Describe this image."))),
        Turn("model", (Text("A photo of a dog and a cat."),)),
        Turn("user", (Text("Where is the cat?"),)),
    )
    said = "".join(delta.text for delta in replies(Prompt(turns), PETS))
    assert said == "The cat is on the right."


@pytest.mark.parametrize(
    ("question", "said"),
    [
        pytest.param("Sing!", "there is none in this conversation", id="en"),
        pytest.param("Chante pour moi", "cette conversation n'en contient aucune", id="fr"),
        pytest.param("Hello", "Hello! Send me a picture", id="greeted"),
        pytest.param("Que sais-tu faire ?", "Envoyez-moi une image", id="asked what it can, fr"),
        pytest.param("Bonjour, qui es-tu ?", "Je suis Twinsight", id="asked who it is, fr"),
    ],
)
def test_without_a_picture_it_says_so(question: str, said: str) -> None:
    assert said in reply(question)


def test_stop_sequence_and_token_limit() -> None:
    assert reply("Describe", PETS, shape=AnswerShape(stop=(" and ",))) == "A photo of a dog"
    turns = (Turn("user", (ref(PETS), Text("Describe"))),)
    last = replies(Prompt(turns, shape=AnswerShape(max_tokens=3)), PETS)[-1]
    assert (last.finish, last.tokens) == (Finish.MAX_TOKENS, 3)


def test_no_answer_names_what_was_not_drawn() -> None:
    """Whatever is asked about a dog and a cat, no other thing is said to be there."""
    for question in ("Describe", "What is this?", "What do you see?", "Que vois-tu ?"):
        said = reply(question, PETS).lower()
        assert not any(word in said for word in ("person", "car", "table", "personne", "voiture"))


@pytest.mark.parametrize(
    ("question", "drawings", "document"),
    [
        pytest.param(
            "Count the people, the dogs and the unicorns",
            (PARTY,),
            {"people": 2, "dogs": 1, "unicorns": None},
            id="counts by the asker's words",
        ),
        pytest.param("How many objects?", (PETS,), {"count": 2}, id="one count"),
        pytest.param("List all objects", (PARTY,), ["person", "golden retriever"], id="names"),
        pytest.param("Give me 2 keywords", (PARTY,), ["golden retriever", "person"], id="keywords"),
        pytest.param(
            "Count the dogs",
            (PARTY, PETS),
            [{"dogs": 1}, {"dogs": 1}],
            id="counts of each picture",
        ),
    ],
)
def test_json_of_counts_and_lists(
    question: str, drawings: tuple[Drawing, ...], document: object
) -> None:
    said = reply(question, *drawings, shape=AnswerShape(mime="application/json"))
    assert json.loads(said) == document
