/* Vercel AI SDK: text, a stream, and an object by a schema, about a photo.

   Start a server (`twinsight serve`), then `npm install ai @ai-sdk/google zod` and run this with
   `GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8080 node vercel_ai_sdk.mjs photo.jpg`. */
import { readFile } from "node:fs/promises";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { generateObject, generateText, streamText } from "ai";
import { z } from "zod";

const google = createGoogleGenerativeAI({
  baseURL: `${process.env.GOOGLE_GEMINI_BASE_URL}/v1beta`,
  apiKey: "any",
});
const model = google("gemini-2.5-flash");
const image = await readFile(process.argv[2]);
const about = (text) => [{ role: "user", content: [{ type: "image", image }, { type: "text", text }] }];

const caption = await generateText({ model, temperature: 0, messages: about("Caption this image.") });
console.log("caption:", caption.text, caption.usage.inputTokens, "tokens");

const stream = streamText({ model, temperature: 0, messages: about("What do you see?") });
let told = "";
for await (const piece of stream.textStream) told += piece;
console.log("stream:", told);

const box = z.object({ label: z.string(), box_2d: z.array(z.number()).length(4) });
const found = await generateObject({
  model,
  temperature: 0,
  output: "array",
  schema: box,
  messages: about("Detect all items."),
});
for (const { label, box_2d } of found.object) console.log("box:", label, box_2d.join(" "));
