"""Supervision: answers become `sv.Detections`, and its annotators draw them. A notebook in cells.

Start a server (`twinsight serve`), then `pip install google-genai supervision`, tell it where with
`export GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8080 GEMINI_API_KEY=any`, and run
`python supervision_overlay.py photo.jpg`.
"""

# %% Ask for boxes and masks, as one asks Gemini
import sys

import numpy as np
import supervision as sv
from google import genai
from google.genai import types
from PIL import Image

photo = Image.open(sys.argv[1]).convert("RGB")
client = genai.Client()
json_mode = types.GenerateContentConfig(response_mime_type="application/json")


def ask(question: str) -> str:
    reply = client.models.generate_content(
        model="gemini-2.5-flash", contents=[photo, question], config=json_mode
    )
    return reply.text or "[]"


# %% The answers parse as they are
boxes = sv.Detections.from_vlm(
    sv.VLM.GOOGLE_GEMINI_2_5, ask("Detect all items."), resolution_wh=photo.size
)
masks = sv.Detections.from_vlm(
    sv.VLM.GOOGLE_GEMINI_2_5, ask("Segment all items."), resolution_wh=photo.size
)
for name, xyxy, mask in zip(masks.data["class_name"], masks.xyxy, masks.mask, strict=True):
    print(f"{name:<16} {np.round(xyxy).astype(int).tolist()}  {mask.mean():.0%} of the picture")

# %% Draw: masks, boxes, names
scene = np.asarray(photo)[:, :, ::-1].copy()  # supervision draws in BGR, as OpenCV does
scene = sv.MaskAnnotator(opacity=0.4).annotate(scene, masks)
scene = sv.BoxAnnotator().annotate(scene, boxes)
scene = sv.LabelAnnotator().annotate(scene, boxes)
Image.fromarray(scene[:, :, ::-1]).save("supervision.png")
print("Drawn in supervision.png")
