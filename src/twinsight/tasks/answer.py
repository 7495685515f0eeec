"""Answers in words to single questions about one picture."""

from __future__ import annotations

from twinsight.tasks import classify, describe
from twinsight.tasks.english import article, listed, sentence
from twinsight.tasks.scene import Scene

SURE_LINE = 0.5


def read(scene: Scene) -> str:
    """All text in the picture, a line each."""
    lines = [line.text for line in scene.lines if line.score >= SURE_LINE and line.text.strip()]
    if not lines:
        return " ".join(["I can read no text in this picture.", describe.doubts(scene)]).strip()
    return "\n".join(lines)


def classify_text(scene: Scene, question: str) -> str:
    """One of the labels in the question; without any, what the picture is."""
    labels = classify.offered(question)
    if labels:
        choice = classify.choose(labels, scene)
        if choice.score > 0 or choice.label.lower() in classify.NEUTRAL:
            return choice.label
        return (
            f"None of {listed(labels, 'or')} fits what I can see: {describe.short_caption(scene)}."
        )
    name = scene.recognition.name
    if name is not None:
        return sentence(article(name.name))
    return sentence(describe.short_caption(scene))


def unknown(scene: Scene) -> str:
    """For a question that pocket cannot answer: what it does see, and no guess."""
    return (
        "I cannot answer that from what I can see. The picture shows "
        f"{sentence(describe.main_thing(scene))}"
    )
