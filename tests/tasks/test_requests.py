"""Requests as people send them: several things at once, typed for short, beyond what eyes can do."""

from __future__ import annotations

import pytest

from tests.tasks.drawn import CAT, DOG, Drawing, Thing, reply

PETS = Drawing((DOG, CAT))
RAIN = Drawing(
    (
        Thing("person", (20, 20, 60, 95), "blue"),
        Thing("umbrella", (15, 5, 65, 30), "red"),
        Thing("bicycle", (150, 60, 190, 95), "green"),
    )
)
FRUIT = Drawing((Thing("apple", (20, 20, 60, 60), "green"), Thing("banana", (100, 20, 160, 60))),
                name=("banana", 0.9, ("fruit",)))  # fmt: skip
FAINT = Drawing((DOG, Thing("pizza", (90, 40, 120, 60), score=0.05)))
HALF_SURE = Drawing((DOG, Thing("pizza", (90, 40, 120, 60), score=0.15)))
CAR = Drawing((Thing("car", (20, 20, 160, 90), "red"),))
BUS = Drawing((Thing("bus", (20, 20, 160, 90), "red"),))
BED = Drawing(
    (Thing("cat", (60, 20, 100, 60), "black"), Thing("bed", (10, 30, 180, 100), "white", 0.8))
)
SIGN = Drawing(lines=(("Open 9 to 17", (50, 30, 150, 60)),))
SHOP = Drawing(lines=(("Open 9 to 17", (50, 30, 150, 60)), ("Bread", (50, 70, 150, 90))))
TABBY = ("tabby cat", 0.6, ("cat", "animal"))
DOUBTFUL = Drawing((Thing("dog", (20, 20, 160, 90), "black", 0.5),), name=TABBY)
SURE_DOG = Drawing((Thing("dog", (20, 20, 160, 90), "black", 0.9),), name=TABBY)
EMPTY = Drawing()

ASKED = {
    # several things at once
    "the same of another thing": (
        (PETS,),
        "What colour is the dog? And the cat on the right?",
        "The dog is black. The cat is white.",
    ),
    "of what is held": (
        (RAIN,),
        "What is the person holding, and what colour is it?",
        "I can see an umbrella with the person. The umbrella is red.",
    ),
    "a reason in so many words": (
        (PETS,),
        "How many dogs are there? Give the reason in a few words.",
        "I can see a dog.",
    ),
    "a guess of the asker": ((PETS,), "I think this is a cow. Am I right?", "No, I can make out no cow."),
    "left or right": (
        (PETS,),
        "Is the dog to the left or to the right of the cat?",
        "The dog is to the left of the cat.",
    ),
    "a number on something": (
        (BED,),
        "Are there more than two cats on the bed?",
        "No, I can see a cat.",
    ),
    "a digit": ((PETS,), "How many dogs? Just the digit.", "1"),
    "a number that is an oven in French": (
        (PETS,),
        "True or false: four people are sitting.",
        "No, I can make out no person.",
    ),
    "found to be told of": ((PETS,), "Find the cat and tell me its colour.", "The cat is white."),
    "and what it does fr": (
        (PETS,),
        "Quel chien est-ce et que fait-il ?",
        "Je vois un chien. Le reste, je ne peux pas le dire d'après l'image.",
    ),
    "is it, as it is spoken in French": ((PETS,), "C'est un cheval ?", "Non, je ne distingue aucun cheval."),
    "where, as it is spoken in French": ((PETS,), "Le chat, il est où ?", "Le chat se trouve à droite."),
    "no bed": (
        (BED,),
        "How many flower beds are there?",
        "I cannot tell: “flower beds” is not something that I can recognise.",
    ),
    "typed for short": (
        (PETS,),
        "how many dogs r there and whats the cat's colour",
        "I can see a dog. The cat is white.",
    ),
    "if so, where": ((PETS,), "Is there a dog? If so, where?", "Yes, I can see a dog. The dog is on the left."),
    "if so, where fr": (
        (PETS,),
        "Y a-t-il un chien ? Si oui, où ?",
        "Oui, je vois un chien. Le chien se trouve à gauche.",
    ),
    "if so, which colour": ((PETS,), "Is there a cat? If so, what colour?", "Yes, I can see a cat. The cat is white."),
    "nothing known of either": (
        (PETS,),
        "Who owns them? Why is that?",
        "I cannot tell that from the picture; I see a dog and a cat.",
    ),
    "a reason, please": (
        (SIGN,),
        "Is the gate shut? Explain why.",
        "I cannot tell that from the picture; it reads “Open 9 to 17”.",
    ),
    "forms by number": (
        (PETS,),
        "Give me: 1) a title 2) two keywords 3) a description in one sentence",
        "1. A dog and a cat\n2. dog, cat\n3. A photo of a dog and a cat.",
    ),
    "forms by and": ((PETS,), "Write a title and two hashtags.", "1. A dog and a cat\n2. #dog #cat"),
    "forms by and fr": (
        (PETS,),
        "Écris un titre et deux hashtags.",
        "1. Un chien et un chat\n2. #chien #chat",
    ),
    "labels after a word": ((PETS,), "Main subject: dog or car?", "dog"),
    "a colour or another fr": ((PETS,), "Le chat est blanc ou noir ?", "Le chat est de couleur blanche."),
    "beside it fr": ((PETS,), "Que vois-tu à droite du chien ?", "J'y vois un chat."),
    "by true or false": ((PETS,), "Answer with true or false: there is a dog.", "true"),
    "by true or false fr": ((PETS,), "Réponds seulement par vrai ou faux : il y a une voiture.", "faux"),
    "put in order": ((PETS, RAIN), "Rank these by how many people are visible.", "Image 2 (1), image 1 (0)."),
    "common fr": (
        (RAIN, Drawing((Thing("person", (20, 20, 60, 95)), Thing("person", (120, 20, 160, 95))))),
        "Qu'est-ce que ces deux photos ont en commun ?",
        "Les deux montrent des personnes.",
    ),
    "courtesies": (
        (PETS,),
        "hey! could you pls tell me how many dogs there are and their colour? thank you so much :)",
        "I can see a dog. The dog is black.",
    ),
    "courtesies fr": (
        (PETS,),
        "Bonjour, peux-tu me dire combien de chiens il y a ? Merci beaucoup !",
        "Je vois un chien.",
    ),
    "any, and how many": (
        (PETS,),
        "Any dogs here? How many, and which colours?",
        "Yes, I can see a dog. The dog is black.",
    ),
    "slips": ((PETS,), "wat colour is teh cat", "The cat is white."),
    "what made you think so": (
        (PETS,),
        "How many cats are there, and what makes you think so?",
        "I can see a cat.",
    ),
    "a mood": ((PETS,), "What's the mood of this scene?", "I cannot tell that from the picture; I see a dog and a cat."),
    # one thing with another
    "holding": ((RAIN,), "Is anyone holding an umbrella?", "Yes, as it seems: I can see a person and an umbrella."),
    "what no eye can check": (
        (PETS,),
        "Is there a baby cat?",
        "I can see a cat; whether the rest is true, I cannot tell.",
    ),
    "holding none": ((RAIN,), "Is anyone holding a kite?", "No, I can make out no kite."),
    "any of a kind on": ((RAIN,), "Are any of the people on bikes?", "No, the person and the bicycle are apart."),
    # what the labeler knows better
    "a second opinion": ((DOUBTFUL,), "How many cats are there?", "I can see a cat."),
    "a second opinion, no": ((DOUBTFUL,), "Is there a dog?", "No, I can make out no dog."),
    "a sure dog": ((SURE_DOG,), "Is there a dog?", "Yes, I can see a dog."),
    "an animal without a box": (
        (Drawing((Thing("couch", (10, 20, 180, 90)),), name=("dog", 0.7, ("animal",))),),
        "Caption this image.",
        "A photo of a couch, with what looks like a dog.",
    ),
    # wider words
    "a faint one of many kinds": ((FAINT,), "Is there any food?", "No, I can make out no food."),
    "the same by its name": ((FAINT,), "Is there a pizza?", "Yes, there seems to be a pizza."),
    "a surer one of many kinds": ((HALF_SURE,), "Is there any food?", "Yes, there seems to be a pizza."),
    "all of a kind fr": ((FRUIT,), "Quels fruits vois-tu ?", "Je vois une pomme et une banane."),
    # labels
    "none of the above": (
        (EMPTY,),
        "Which of these best describes the image: vehicle, sport, or none of the above?",
        "none of the above",
    ),
    "rated": (
        (PETS,),
        "Rate your confidence for each label from 0 to 1: dog, child, car",
        "dog: 0.90\nchild: unknown\ncar: 0.00",
    ),
    "rated by how sure": ((PETS,), "Assign a category and say how sure you are (percent): dog, car", "dog: 0.90\ncar: 0.00"),
    "in brackets": ((PETS,), "Which of these tags apply? [dog, car, cat]", "dog, cat"),
    "by an adjective": (
        (CAR,),
        "Is this a modern car or an old one?",
        "I cannot tell which of modern car or old one fits; I see a car.",
    ),
    "a label that denies another": (
        (BUS,),
        "Label with one of: PUBLIC_TRANSPORT, PRIVATE_VEHICLE, NO_VEHICLE",
        "PUBLIC_TRANSPORT",
    ),
    "a label that denies": ((PETS,), "Label with one of: vehicle, no vehicle", "no vehicle"),
    # beyond the eyes
    "fit for work": (
        (PETS,),
        "Is this image safe for work?",
        "I see nothing unsuitable, only a dog and a cat; but nudity, violence and weapons are things "
        "that I cannot recognise.",
    ),
    "fit for work fr": (
        (PETS,),
        "Cette image contient-elle de la nudité ?",
        "Je ne vois rien de choquant, seulement un chien et un chat ; mais je ne sais reconnaître ni "
        "la nudité, ni la violence, ni les armes.",
    ),
    "verse": (
        (PETS,),
        "Write a haiku about this picture",
        "I can only say it in plain words: A photo of a dog and a cat.",
    ),
    "several unknown": (
        (PETS,),
        "Is there a wormhole or a unicorn?",
        "I cannot tell: “wormhole” and “unicorn” are not things that I can recognise.",
    ),
    # form
    "three points": (
        (PETS,),
        "Describe it in exactly two bullet points.",
        "- A photo of a dog and a cat.\n- The dog is on the left and the cat on the right.",
    ),
    "a file name": ((PETS,), "Suggest a filename for this image", "a-dog-and-a-cat"),
    "a Python list": ((PETS,), "Respond with a Python list of the animals.", '["dog", "cat"]'),
    "JSON by keys": ((PETS,), "Give me a JSON object with keys dogs, cats.", '```json\n{"dogs": ["dog"], "cats": ["cat"]}\n```'),
    "number of a bus": ((BUS,), "What number is the bus?", "I can read no text in this picture."),
    "each picture's": (
        (PETS, Drawing((DOG,))),
        "For each picture give only the animal.",
        "Image 1: I can see a dog and a cat.\nImage 2: I can see a dog.",
    ),
    "by commas": ((SHOP,), "Extract all text as a comma separated list", "Open 9 to 17, Bread"),
    # several pictures
    "odd one out": (
        (PETS, CAR, PETS),
        "Which one is the odd one out?",
        "Image 2 is the odd one out: it shows a car, the others show a dog.",
    ),
    "two that go together": (
        (PETS, CAR, PETS),
        "Two of these belong together. Which two?",
        "Images 1 and 3 belong together: both show a dog.",
    ),
    "what both show": ((PETS, Drawing((DOG,))), "What do both pictures show?", "Both show a dog."),
    "no odd one": (
        (PETS, PETS, PETS),
        "Which one does not belong?",
        "I see no odd one out. Image 1: a dog and a cat. Image 2: a dog and a cat. Image 3: a dog "
        "and a cat.",
    ),
    "a yes or no of several": (
        (PETS, CAR),
        "In which of the two pictures is there a cat?",
        "That seems to be so of image 1.",
    ),
    "a wider word in common": (
        (Drawing((DOG,)), Drawing((Thing("horse", (20, 20, 160, 90)),))),
        "What do these images have in common?",
        "Both show an animal.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("drawings", "question", "expected"), ASKED.values(), ids=ASKED.keys())
def test_a_request_is_answered(drawings: tuple[Drawing, ...], question: str, expected: str) -> None:
    assert reply(question, *drawings) == expected
