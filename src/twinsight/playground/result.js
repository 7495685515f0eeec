// The answer: its words as they come, what was found, tokens and time, the JSON, the code.

import { $, copy, el, show } from "./dom.js";
import { LANGUAGES, program } from "./code.js";
import { jsonIn, place } from "./findings.js";
import { colourOf } from "./overlay.js";
import { paint } from "./paint.js";

const LONG = 120;
const NAMED = 4;

export class Result {
  #json = { Answer: null, Response: null, Request: null };
  #shown = "Answer";
  #language = "python";
  #code = () => null;
  #text = "";
  #painting = 0;

  /** `touched(row)` and `switched(row, visible)` tell what the user does with the findings. */
  constructor({ touched, switched }) {
    this.touched = touched;
    this.switched = switched;
    tabs($("json-tabs"), $("json"), Object.keys(this.#json).map((name) => [name, name]), (name) => {
      this.#shown = name;
      this.#drawJson();
    });
    const languages = Object.entries(LANGUAGES).map(([id, { name }]) => [id, name]);
    tabs($("code-tabs"), $("code"), languages, (id) => {
      this.#language = id;
      this.drawCode();
    });
    $("copy-json").addEventListener("click", () => copy($("copy-json"), jsonText(this.#json[this.#shown])));
    $("copy-code").addEventListener("click", () => copy($("copy-code"), $("code").textContent));
    $("switch-all").addEventListener("click", () => this.#switchAll());
    this.#drawJson();
  }

  /** A new question: `structured` when its answer is JSON, which nobody wants read aloud. */
  begin(structured) {
    this.#text = "";
    this.structured = structured;
    this.#json = { Answer: null, Response: null, Request: null };
    this.#drawJson();
    for (const id of ["placeholder", "findings", "switch-all"]) show($(id), false);
    settle($("problem"));
    $("answer").replaceChildren();
    $("answer").setAttribute("aria-live", structured ? "off" : "polite");
    $("answer").classList.toggle("code", structured);
    $("answer").classList.add("growing");
    show($("answer"));
    $("result").setAttribute("aria-busy", "true");
    $("meta").replaceChildren();
    this.say("Looking…");
  }

  setRequest(body) {
    this.#json.Request = body;
    this.#drawJson();
  }

  /** A further piece of the answer's text. */
  grow(piece) {
    this.#text += piece;
    if (!this.structured) {
      $("answer").append(piece);
    } else {
      this.#painting ||= requestAnimationFrame(() => this.#paint());
    }
  }

  #paint() {
    cancelAnimationFrame(this.#painting);
    this.#painting = 0;
    $("answer").textContent = shortened(this.#text);
  }

  /** The end of an answer: the whole reply, and milliseconds until the first piece and the last. */
  finish(reply, findings, ms) {
    if (this.structured) this.#paint();
    this.#json.Response = reply;
    this.#json.Answer = jsonIn(this.#text) ?? this.#text;
    this.#drawJson();
    this.end();
    const finish = reply.candidates?.[0]?.finishReason;
    if (finish === "MAX_TOKENS") this.say("The answer was cut at its limit of tokens.");
    else if (findings.length) this.say(tally(findings));
    else if (this.structured && /^\s*(```json\s*)?\[\s*\]/.test(this.#text)) this.say("Nothing of that kind was found in the picture.");
    else this.say(this.#text ? "" : "The answer is empty.");
    show($("answer"), !findings.length && this.#text !== "");
    this.#drawMeta(reply.usageMetadata ?? {}, ms);
  }

  end() {
    $("answer").classList.remove("growing");
    $("result").setAttribute("aria-busy", "false");
  }

  say(text) {
    $("status").textContent = text;
  }

  /** An error in words, and what to do about it. */
  fail(error, action) {
    this.end();
    this.say("");
    show($("answer"), this.#text !== "");
    complain($("problem"), error, action);
  }

  drawFindings(picture) {
    const findings = picture?.findings ?? [];
    show($("findings"), findings.length > 0);
    show($("switch-all"), findings.length > 1);
    $("findings").replaceChildren(...findings.map((finding, row) => this.#row(finding, row, picture)));
    this.#nameSwitch();
  }

  // Hides all that was found, or shows it again when it is all hidden.
  #switchAll() {
    const boxes = [...$("findings").querySelectorAll("input")];
    const visible = !boxes.some((box) => box.checked);
    boxes.forEach((box, row) => {
      box.checked = visible;
      this.switched(row, visible);
    });
    this.#nameSwitch();
  }

  #nameSwitch() {
    $("switch-all").textContent = $("findings").querySelector("input:checked") ? "Hide all" : "Show all";
  }

  setHot(row) {
    [...$("findings").children].forEach((item, at) => item.classList.toggle("hot", at === row));
  }

  #row(finding, row, picture) {
    const swatch = el("span", { className: "swatch" });
    swatch.style.background = colourOf(row);
    const box = el("input", {
      type: "checkbox",
      checked: !picture.off.has(row),
      onchange: () => {
        this.switched(row, box.checked);
        this.#nameSwitch();
      },
    });
    const name = el("bdi", { className: "name", textContent: finding.label || `#${row + 1}` });
    const label = el("label", {}, box, swatch, name);
    const score = finding.score === undefined ? null : el("span", { className: "score", textContent: `${Math.round(finding.score * 100)} %` });
    const where = el("span", { className: "place", textContent: place(finding, picture.wh) });
    return el("li", {
      onpointerenter: () => this.touched(row),
      onpointerleave: () => this.touched(-1),
      onfocusin: () => this.touched(row),
      onfocusout: () => this.touched(-1),
    }, label, score, where);
  }

  #drawMeta(usage, { first, last }) {
    const count = (value) => (value ?? 0).toLocaleString("en");
    const pictures = usage.promptTokensDetails?.find(({ modality }) => modality === "IMAGE");
    const facts = [
      [`${count(usage.promptTokenCount)} tokens in`, pictures ? `${count(pictures.tokenCount)} of them for pictures` : "tokens of the prompt"],
      [`${count(usage.candidatesTokenCount)} out`, "tokens of the answer"],
      [`${seconds(last)}`, first < last ? `first words after ${seconds(first)}` : "time until the whole answer"],
    ];
    $("meta").replaceChildren(...facts.map(([textContent, title]) => el("span", { textContent, title })));
    $("meta").prepend(el("span", { className: "offscreen", textContent: "Tokens and time: " }));
  }

  #drawJson() {
    const value = this.#json[this.#shown];
    paint($("json"), value === null ? "Nothing yet." : jsonText(short(value)));
    $("copy-json").disabled = value === null;
  }

  /** `source` gives {ask, url, key} of the present form. */
  setCode(source) {
    this.#code = source;
    this.drawCode();
  }

  drawCode() {
    const source = this.#code();
    if (!source) return;
    const { file, run } = LANGUAGES[this.#language];
    const commands = run.flatMap((line, at) => [at ? " then " : "", el("code", { textContent: line })]);
    $("code-needs").replaceChildren(`Save it as ${file} beside the picture and run `, ...commands);
    paint($("code"), program(this.#language, source.ask, source.url, source.key));
  }
}

/** "Found 4: cup, spoon ×2, table." */
function tally(findings) {
  const counts = new Map();
  for (const { label } of findings) counts.set(label, (counts.get(label) ?? 0) + 1);
  const names = [...counts].slice(0, NAMED).map(([label, count]) => (count > 1 ? `${label} ×${count}` : label));
  return `Found ${findings.length}: ${names.join(", ")}${counts.size > NAMED ? ", …" : "."}`;
}

/** A problem in words in a box of its own. */
export function complain(node, error, action) {
  const lines = [error.message, error.advice].filter(Boolean);
  node.replaceChildren(...lines.map((textContent) => el("p", { textContent })), action ?? "");
  show(node);
}

/** Takes a problem away again. */
export function settle(node) {
  node.replaceChildren();
  show(node, false);
}

/** Buttons of which one is chosen; the arrow keys go along them. */
function tabs(bar, panel, entries, chosen) {
  const choose = (button, id) => {
    for (const other of bar.children) {
      other.setAttribute("aria-selected", String(other === button));
      other.tabIndex = other === button ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", button.id);
    chosen(id);
  };
  const buttons = entries.map(([id, textContent]) => {
    const button = el("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": panel.id, textContent });
    button.addEventListener("click", () => choose(button, id));
    return button;
  });
  bar.replaceChildren(...buttons);
  bar.addEventListener("keydown", ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!step) return;
    const at = buttons.indexOf(document.activeElement);
    const next = buttons[(at + step + buttons.length) % buttons.length];
    next.focus();
    next.click();
  });
  buttons[0].setAttribute("aria-selected", "true");
  buttons.slice(1).forEach((button) => {
    button.setAttribute("aria-selected", "false");
    button.tabIndex = -1;
  });
  panel.setAttribute("aria-labelledby", buttons[0].id);
}

/** Indented JSON, with lists of numbers in one line. */
const jsonText = (value) =>
  JSON.stringify(value, null, 2).replace(/\[\s+(-?[\d.]+(?:,\s+-?[\d.]+)*)\s+\]/g, (_, list) => `[${list.replace(/\s+/g, " ")}]`);
const seconds = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
const shortened = (text) => text.replace(/(;base64,[A-Za-z0-9+/_-]{24})[A-Za-z0-9+/_=-]{40,}/g, "$1…");

/** A value with its long strings cut, for looking at. */
function short(value) {
  if (typeof value === "string") {
    const text = shortened(value);
    return text.length > 40 * LONG || /^[\w+/=-]{200,}$/.test(text) ? `${text.slice(0, LONG)}… (${value.length} letters)` : text;
  }
  if (Array.isArray(value)) return value.map(short);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, short(item)]));
}
