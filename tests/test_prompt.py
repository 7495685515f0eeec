"""What counts as the question of a prompt."""

from __future__ import annotations

import pytest

from twinsight.prompt import Prompt, Text, Turn

CLI = (
    "<session_context>\nThis is the Gemini CLI.\n- /home/me\n\n</session_context>",
    "@photo.jpg How many cups are there?",
    "\n--- Content from referenced files ---",
    "\nContent from @photo.jpg:\n",
    "\n--- End of content ---",
)


@pytest.mark.parametrize(
    ("texts", "question"),
    [
        pytest.param(("What is this?",), "What is this?", id="plain"),
        pytest.param(("What", "is this?"), "What\nis this?", id="in parts"),
        pytest.param(CLI, "@photo.jpg How many cups are there?", id="gemini-cli"),
        pytest.param(("Read the line --- End of content ---",), "Read the line --- End of content ---", id="words within a question"),
        pytest.param(("<session_context> is what?",), "<session_context> is what?", id="a mark that does not end"),
    ],
)  # fmt: skip
def test_a_question_is_the_words_of_the_last_user_turn(
    texts: tuple[str, ...], question: str
) -> None:
    earlier = Turn("user", (Text("Before"),))
    turn = Turn("user", tuple(Text(text) for text in texts))
    prompt = Prompt((earlier, turn, Turn("model", (Text("An answer"),))))
    assert prompt.question == question
    assert turn.text == "\n".join(texts)
