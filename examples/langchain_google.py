"""LangChain: text, a stream, and structured output, about a photo.

Start a server (`twinsight serve`), then `pip install langchain-google-genai` and run this with
`GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8080 python langchain_google.py photo.jpg`.
"""

import base64
import os
import sys
from pathlib import Path

from langchain_core.messages import HumanMessage
from langchain_google_genai import ChatGoogleGenerativeAI
from pydantic import BaseModel

model = ChatGoogleGenerativeAI(
    model="gemini-2.5-flash",
    api_key="any",
    base_url=os.environ["GOOGLE_GEMINI_BASE_URL"],
    temperature=0,
)
photo = base64.b64encode(Path(sys.argv[1]).read_bytes()).decode()


def about(text: str) -> list[HumanMessage]:
    picture = {"type": "image", "base64": photo, "mime_type": "image/jpeg"}
    return [HumanMessage([picture, {"type": "text", "text": text}])]


caption = model.invoke(about("Caption this image."))
print("caption:", caption.text, caption.usage_metadata["input_tokens"], "tokens")

print("stream:", "".join(piece.text for piece in model.stream(about("What do you see?"))))


class Box(BaseModel):
    label: str
    box_2d: list[int]


class Boxes(BaseModel):
    boxes: list[Box]


found = model.with_structured_output(Boxes, method="json_schema").invoke(about("Detect all items."))
for box in found.boxes:
    print("box:", box.label, *box.box_2d)
