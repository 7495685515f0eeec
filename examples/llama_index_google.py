"""LlamaIndex: text, a stream, and structured output, about a photo.

Start a server (`twinsight serve`), then `pip install llama-index-llms-google-genai` and run this
with `GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8080 python llama_index_google.py photo.jpg`.
"""

import os
import sys
from pathlib import Path

from google.genai.types import HttpOptions
from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
from llama_index.llms.google_genai import GoogleGenAI
from pydantic import BaseModel

model = GoogleGenAI(
    model="gemini-2.5-flash",
    api_key="any",
    temperature=0,
    http_options=HttpOptions(base_url=os.environ["GOOGLE_GEMINI_BASE_URL"]),
)


def about(text: str) -> list[ChatMessage]:
    photo = ImageBlock(path=Path(sys.argv[1]), image_mimetype="image/jpeg")
    return [ChatMessage(role="user", blocks=[photo, TextBlock(text=text)])]


caption = model.chat(about("Caption this image."))
print(
    "caption:",
    caption.message.content,
    caption.raw["usage_metadata"]["prompt_token_count"],
    "tokens",
)

pieces = model.stream_chat(about("What do you see?"))
print("stream:", "".join(piece.delta or "" for piece in pieces))


class Box(BaseModel):
    label: str
    box_2d: list[int]


class Boxes(BaseModel):
    boxes: list[Box]


found = model.as_structured_llm(Boxes).chat(about("Detect all items."))
for box in found.raw.boxes:
    print("box:", box.label, *box.box_2d)
