"""LiteLLM: OpenAI's calling convention, Gemini's wire: text, a stream, and JSON, about a photo.

Start a server (`twinsight serve`), then `pip install litellm` and run this with
`GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8080 python litellm_gemini.py photo.jpg`.
LiteLLM fetches a list of prices when it starts; offline, set `LITELLM_LOCAL_MODEL_COST_MAP=True`.
"""

import base64
import os
import sys
from pathlib import Path

import litellm
from pydantic import BaseModel

server = {
    "model": "gemini/gemini-2.5-flash",
    "api_key": "any",
    "temperature": 0,
    "api_base": f"{os.environ['GOOGLE_GEMINI_BASE_URL']}/v1beta",
}
photo = base64.b64encode(Path(sys.argv[1]).read_bytes()).decode()


def about(text: str) -> list[dict[str, object]]:
    picture = {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{photo}"}}
    return [{"role": "user", "content": [picture, {"type": "text", "text": text}]}]


caption = litellm.completion(**server, messages=about("Caption this image."))
print("caption:", caption.choices[0].message.content, caption.usage.prompt_tokens, "tokens")

pieces = litellm.completion(**server, messages=about("What do you see?"), stream=True)
print("stream:", "".join(piece.choices[0].delta.content or "" for piece in pieces))


class Box(BaseModel):
    label: str
    box_2d: list[int]


class Boxes(BaseModel):
    boxes: list[Box]


found = litellm.completion(**server, messages=about("Detect all items."), response_format=Boxes)
for box in Boxes.model_validate_json(found.choices[0].message.content).boxes:
    print("box:", box.label, *box.box_2d)
