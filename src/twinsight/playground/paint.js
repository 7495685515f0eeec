// Code and JSON in colours: strings, numbers, words of the language. Nothing else is told
// apart, so one rule serves all languages.

import { el } from "./dom.js";

const WORDS =
  "as async await class const def defer end err export extends final finally for from func if import in let new null None of package public return static throws true True try type undefined var void while with yield false False";

const TOKEN = new RegExp(
  [
    String.raw`(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')`,
    String.raw`(?<number>(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?f?\b)`,
    String.raw`(?<word>(?<![\w.])(?:${WORDS.replaceAll(" ", "|")})\b)`,
  ].join("|"),
  "g",
);

/** Puts text into a node, its tokens in spans of their own; the text itself stays as it is. */
export function paint(node, text) {
  const pieces = [];
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [className] = Object.entries(found.groups).find(([, value]) => value !== undefined);
    pieces.push(text.slice(at, found.index), el("span", { className, textContent: found[0] }));
    at = found.index + found[0].length;
  }
  node.replaceChildren(...pieces, text.slice(at));
}
