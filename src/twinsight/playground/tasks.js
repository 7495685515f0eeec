// What the page offers to ask, and the words and settings that go with each.

const LIST = "Answer with a JSON list";
const BOX = '"box_2d" as [ymin, xmin, ymax, xmax] normalized to 0-1000';

/** `subject` labels the small field of a task; `prompt` makes the words from what is in it. */
export const TASKS = {
  describe: {
    name: "Describe",
    prompt: () => "Describe this image.",
  },
  ask: {
    name: "Ask",
    prompt: () => "What is in this image?",
  },
  detect: {
    name: "Detect",
    spatial: true,
    subject: "What to find",
    hint: "everything that stands out",
    prompt: (what) => `Detect ${what || "the prominent objects"}. ${LIST}: ${BOX}, and "label".`,
  },
  segment: {
    name: "Segment",
    spatial: true,
    subject: "What to cut out",
    hint: "everything that stands out",
    prompt: (what) => `Segment ${what || "the prominent objects"}. ${LIST}: ${BOX}, "mask" as a PNG, and "label".`,
  },
  point: {
    name: "Point",
    spatial: true,
    subject: "What to point to",
    hint: "everything that stands out",
    prompt: (what) => `Point to ${what || "the prominent objects"}. ${LIST}: "point" as [y, x] normalized to 0-1000, and "label".`,
  },
  classify: {
    name: "Classify",
    subject: "Labels to choose from",
    hint: "any; or for example: cat, dog, bird",
    prompt: (labels) => (labels ? `Classify this image as one of: ${labels}.` : "Classify this image."),
  },
  read: {
    name: "Read",
    prompt: () => "Read the text in this image.",
  },
};

/** The request that the form describes, as the REST API takes it; `parts` are the pictures. */
export function requestBody(ask, parts) {
  const body = { contents: [{ role: "user", parts: [...parts, { text: ask.prompt }] }] };
  if (ask.system) body.systemInstruction = { parts: [{ text: ask.system }] };
  const config = {};
  if (ask.mime) config.responseMimeType = ask.mime;
  if (ask.schema) config.responseJsonSchema = ask.schema;
  if (ask.temperature !== undefined) config.temperature = ask.temperature;
  if (ask.resolution) config.mediaResolution = ask.resolution;
  if (Object.keys(config).length) body.generationConfig = config;
  return body;
}
