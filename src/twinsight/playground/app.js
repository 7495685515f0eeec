// The page: what the form says, what is asked, where the answer goes.

import { Api, OPEN_KEY } from "./api.js";
import { $, el, show } from "./dom.js";
import { Files } from "./files.js";
import { findingsIn, Growing, numbersOf } from "./findings.js";
import { localPicture, partOf, storedPicture } from "./pictures.js";
import { complain, Result, settle } from "./result.js";
import { Stage } from "./stage.js";
import { requestBody, TASKS } from "./tasks.js";

const KEY_IN_CODE = "YOUR_API_KEY";
const PICTURE_IN_CODE = { name: "photo.jpg", mime: "image/jpeg" };
const DEFAULT_MODEL = "gemini-2.5-flash";

let key = "";
let task = "describe";
let running = null;
const drafts = {};

const api = new Api(() => key || OPEN_KEY);
const result = new Result({ touched: setHot, switched: (row, visible) => stage.setVisible(row, visible) });
const stage = new Stage({ changed: picturesChanged, touched: setHot });
const files = new Files(api, { use: useStored, gone: (name) => stage.forget(name) });

// --- pictures ---------------------------------------------------------------------------------

async function addPictures(list) {
  settle($("picture-notice"));
  for (const file of list) {
    try {
      stage.add(await localPicture(file, file.name || "pasted.png", (part) => api.preview(part)));
    } catch (error) {
      noticePicture(file.name, error);
    }
  }
}

function noticePicture(name, error) {
  const told = error.advice === undefined ? error.message : `${name}: ${error.message}`;
  complain($("picture-notice"), { message: told, advice: error.advice }, error.needsKey ? keyButton() : undefined);
}

async function useStored(file) {
  stage.add(await storedPicture(file, (part) => api.preview(part)));
}

async function addSample({ sample, task: fitting }) {
  try {
    await addPictures([new File([await api.sample(sample)], sample)]);
    setTask(fitting);
    // The button that was pressed is gone; the next thing to do is to ask.
    $("run").focus({ preventScroll: true });
  } catch (error) {
    noticePicture(sample, error);
  }
}

function picturesChanged() {
  result.drawFindings(stage.active);
  formChanged();
}

function setHot(row) {
  stage.setHot(row);
  result.setHot(row);
}

function pickPictures() {
  $("picker").click();
}

// --- the form ---------------------------------------------------------------------------------

function drawTasks() {
  for (const [id, { name }] of Object.entries(TASKS)) {
    const radio = el("input", { type: "radio", name: "task", value: id, checked: id === task, onchange: () => setTask(id) });
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
    svg.firstChild.setAttribute("href", `playground/icons.svg#${id}`);
    $("tasks").append(el("label", { className: "task" }, radio, svg, el("span", { textContent: name })));
  }
}

function setTask(id) {
  task = id;
  const { subject, hint, spatial } = TASKS[id];
  document.querySelector(`input[name=task][value=${id}]`).checked = true;
  show($("subject-field"), Boolean(subject));
  $("subject-label").textContent = subject ?? "";
  $("subject").placeholder = hint ?? "";
  $("subject").value = "";
  $("prompt").value = drafts[id] || TASKS[id].prompt("");
  if (spatial) $("format").value = "json";
  else if ($("format").value === "json") $("format").value = "text";
  formChanged();
}

/** The question as the form puts it; `schema` is undefined when it is none or not JSON. */
function asked() {
  const schema = $("format").value === "schema" ? parsedSchema() : undefined;
  const degrees = $("temperature").valueAsNumber;
  return {
    model: $("model").value,
    pictures: askedPictures(),
    prompt: $("prompt").value.trim(),
    system: $("system").value.trim(),
    mime: $("format").value === "text" ? "" : "application/json",
    schema,
    temperature: Number.isNaN(degrees) ? undefined : degrees,
    resolution: $("resolution").value,
    stream: $("stream").checked,
  };
}

// Places are told of one picture, and the answer does not say of which; words are of all of them.
function askedPictures() {
  return TASKS[task].spatial && stage.active ? [stage.active] : [...stage.pictures];
}

function parsedSchema() {
  const problem = $("schema-problem");
  problem.textContent = "";
  try {
    const value = JSON.parse($("schema").value);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return value;
    problem.textContent = 'A schema is an object, such as {"type": "object", …}.';
  } catch (error) {
    problem.textContent = $("schema").value.trim() ? `This is no JSON yet: ${error.message}` : 'Write a schema, such as {"type": "array", "items": {"type": "string"}}.';
  }
  return undefined;
}

function formChanged() {
  show($("schema-field"), $("format").value === "schema");
  const many = stage.pictures.length > 1;
  show($("which"), many);
  $("which").textContent = TASKS[task].spatial ? "Asked about the picture shown." : `Asked about all ${stage.pictures.length} pictures.`;
  const ask = asked();
  $("options-said").textContent = [
    ask.system && "system instruction",
    { json: "JSON", schema: "JSON by schema" }[$("format").value],
    ask.temperature !== undefined && `temperature ${ask.temperature}`,
    ask.resolution && `${ask.resolution.slice(17).toLowerCase()} resolution`,
    !ask.stream && "not streamed",
  ].filter(Boolean).join(", ");
  result.drawCode();
}

/** What "get code" writes: the form as it stands, with names in the place of what is not there. */
function codeSource() {
  const ask = asked();
  const pictures = ask.pictures.length ? ask.pictures : [PICTURE_IN_CODE];
  return { ask: { ...ask, pictures }, url: api.url, key: key ? KEY_IN_CODE : OPEN_KEY };
}

// --- asking -----------------------------------------------------------------------------------

async function run() {
  const ask = asked();
  if (running || !ready(ask)) return;
  running = new AbortController();
  setRunning(true);
  const target = ask.pictures.includes(stage.active) ? stage.active : ask.pictures[0];
  for (const picture of ask.pictures) stage.setFindings(picture, []);
  result.drawFindings(stage.active);
  result.begin(ask.mime !== "");
  try {
    const body = requestBody(ask, await Promise.all(ask.pictures.map(partOf)));
    result.setRequest(body);
    await (ask.stream ? streamed : whole)(ask, body, target, running.signal);
  } catch (error) {
    if (error.name === "AbortError") {
      result.end();
      result.say("Stopped.");
    } else {
      result.fail(error, error.needsKey ? keyButton() : undefined);
    }
  }
  running = null;
  setRunning(false);
}

/** Whether all is there that a question needs; says what is missing where it is missing. */
function ready(ask) {
  if (!ask.pictures.length) {
    result.begin(false);
    result.fail({ message: "There is no picture yet.", advice: "Drop one, paste one, or try a sample." });
    $("choose").focus();
    return false;
  }
  if ($("format").value === "schema" && !ask.schema) {
    $("options").open = true;
    $("schema").focus();
    return false;
  }
  return true;
}

async function whole(ask, body, target, signal) {
  const began = performance.now();
  const reply = await api.generate(ask.model, body, signal);
  const last = performance.now() - began;
  result.grow(textOf(reply));
  finish(reply, ask, target, { first: last, last });
}

async function streamed(ask, body, target, signal) {
  const began = performance.now();
  const growing = new Growing(toldIn(ask, target));
  let first = 0;
  let reply = null;
  for await (const chunk of api.stream(ask.model, body, signal)) {
    first ||= performance.now() - began;
    const piece = textOf(chunk);
    reply = joined(reply, chunk, piece);
    result.grow(piece);
    stage.addFindings(target, growing.feed(piece));
  }
  finish(reply ?? {}, ask, target, { first, last: performance.now() - began });
}

const toldIn = (ask, picture) => numbersOf(`${ask.system ?? ""}\n${ask.prompt}`, picture.wh);

function finish(reply, ask, target, ms) {
  const findings = findingsIn(textOf(reply), toldIn(ask, target));
  stage.setFindings(target, findings);
  result.finish(reply, findings, ms);
  result.drawFindings(stage.active);
  reveal(findings.length ? $("stage") : $("result"));
}

// Where the page is one column, the answer may be out of sight.
function reveal(node) {
  if (!matchMedia("(max-width: 960px)").matches) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  node.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}

const textOf = (reply) =>
  (reply.candidates?.[0]?.content?.parts ?? []).filter((part) => !part.thought).map((part) => part.text ?? "").join("");

/** The chunks of a stream as the one reply that generateContent would have given. */
function joined(reply, chunk, piece) {
  const [candidate] = chunk.candidates ?? [{}];
  const text = (reply ? textOf(reply) : "") + piece;
  return { ...chunk, candidates: [{ ...candidate, content: { parts: [{ text }], role: "model" } }] };
}

function setRunning(on) {
  const [shown, gone] = on ? [$("stop"), $("run")] : [$("run"), $("stop")];
  const held = document.activeElement === gone;
  show(shown);
  show(gone, false);
  // A button that goes away must not take the keyboard's place with it.
  if (held) shown.focus({ preventScroll: true });
}

// --- key and models ---------------------------------------------------------------------------

function keyButton() {
  return el("button", { type: "button", className: "button small", textContent: "Type a key…", onclick: openKey });
}

function openKey() {
  $("key-problem").textContent = "";
  if (!$("key").open) $("key").showModal();
}

async function useKey(event) {
  event.preventDefault();
  const typed = $("key-input").value.trim();
  if (/[^\x21-\x7e]/.test(typed)) {
    $("key-problem").textContent = "This is no key: it has letters or signs that no key has.";
    return;
  }
  key = typed;
  try {
    await listModels();
  } catch (error) {
    $("key-problem").textContent = error.message;
    return;
  }
  $("key").close();
  settle($("problem"));
  settle($("picture-notice"));
  formChanged();
}

async function listModels() {
  const models = await api.models();
  const before = $("model").value;
  const names = models.map(({ name }) => name.replace(/^models\//, ""));
  $("model").replaceChildren(...names.map((name) => el("option", { value: name, textContent: name })));
  $("model").value = names.includes(before) ? before : (names.find((name) => name === DEFAULT_MODEL) ?? names[0]);
}

async function openModel() {
  const facts = $("model-facts");
  $("model-title").textContent = $("model").value;
  $("model-description").textContent = "…";
  facts.replaceChildren();
  $("model-card").showModal();
  try {
    const model = await api.model($("model").value);
    $("model-title").textContent = model.displayName;
    $("model-description").textContent = model.description;
    const rows = [
      ["Name", model.name],
      ["Version", model.version],
      ["Tokens in, at most", model.inputTokenLimit?.toLocaleString("en")],
      ["Tokens out, at most", model.outputTokenLimit?.toLocaleString("en")],
      ["Answers to", model.supportedGenerationMethods?.join(", ")],
    ];
    facts.append(...rows.flatMap(([name, value]) => [el("dt", { textContent: name }), el("dd", { textContent: value ?? "" })]));
  } catch (error) {
    $("model-description").textContent = `${error.message} ${error.advice ?? ""}`;
  }
}

// --- wiring -----------------------------------------------------------------------------------

function wireDropping() {
  let depth = 0;
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    depth += 1;
    show($("drop-here"));
  });
  addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    depth -= 1;
    if (depth <= 0) show($("drop-here"), false);
  });
  addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    show($("drop-here"), false);
    const dropped = [...event.dataTransfer.files];
    if ($("files").open) files.upload(dropped);
    else addPictures(dropped);
  });
  addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (!pasted.length) return;
    event.preventDefault();
    addPictures(pasted);
  });
}

function wireForm() {
  $("choose").addEventListener("click", pickPictures);
  $("add").addEventListener("click", pickPictures);
  $("picker").addEventListener("change", () => {
    addPictures([...$("picker").files]);
    $("picker").value = "";
  });
  for (const button of $("samples").querySelectorAll("button")) {
    button.addEventListener("click", () => addSample(button.dataset));
  }
  $("subject").addEventListener("input", () => {
    $("prompt").value = TASKS[task].prompt($("subject").value.trim());
  });
  $("prompt").addEventListener("input", () => (drafts[task] = $("prompt").value));
  $("form").addEventListener("input", formChanged);
  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !document.querySelector("dialog[open]")) $("form").requestSubmit();
  });
  $("stop").addEventListener("click", () => running?.abort());
}

function wireDialogs() {
  $("open-files").addEventListener("click", () => files.open());
  $("open-key").addEventListener("click", openKey);
  $("key-form").addEventListener("submit", useKey);
  $("open-model").addEventListener("click", openModel);
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => beside(dialog, event) && dialog.close());
  }
}

/** Whether a click fell beside a dialog; keys that press a button tell no place. */
function beside(dialog, { clientX, clientY, target }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return target === dialog && (clientX < left || clientX > right || clientY < top || clientY > bottom);
}

drawTasks();
wireForm();
wireDropping();
wireDialogs();
setTask(task);
result.setCode(codeSource);
$("host").textContent = location.host;
listModels().catch((error) => result.fail(error, error.needsKey ? keyButton() : undefined));
