/* Genkit: text, a stream, and output by a schema, about a photo.

   Start a server (`twinsight serve`), then `npm install genkit @genkit-ai/google-genai` and run this with
   `GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8080 node genkit.mjs photo.jpg`. */
import { readFile } from "node:fs/promises";
import { googleAI } from "@genkit-ai/google-genai";
import { genkit, z } from "genkit";

const plugin = googleAI({ apiKey: "any", baseUrl: process.env.GOOGLE_GEMINI_BASE_URL });
const model = googleAI.model("gemini-2.5-flash", { temperature: 0 });
const ai = genkit({ plugins: [plugin], model });

const photo = (await readFile(process.argv[2])).toString("base64");
const media = { url: `data:image/jpeg;base64,${photo}`, contentType: "image/jpeg" };
const about = (text) => [{ media }, { text }];

const caption = await ai.generate({ prompt: about("Caption this image.") });
console.log("caption:", caption.text, caption.usage.inputTokens, "tokens");

const { stream, response } = ai.generateStream({ prompt: about("What do you see?") });
let told = "";
for await (const piece of stream) told += piece.text;
await response;
console.log("stream:", told);

const boxes = z.array(z.object({ label: z.string(), box_2d: z.array(z.number()) }));
const found = await ai.generate({ prompt: about("Detect all items."), output: { schema: boxes } });
for (const { label, box_2d } of found.output) console.log("box:", label, box_2d.join(" "));
