// From an answer's text to what can be drawn. Coordinates are 0–1000 of the upright picture:
// `box` is [ymin, xmin, ymax, xmax], `point` is [y, x], `polygon` is a list of [x, y].

const MOST = 2000;

/** What a whole answer holds, in its order; an empty list when it is no JSON. */
export function findingsIn(text) {
  const value = jsonIn(text);
  const found = [];
  collect(value, found);
  return found;
}

/** The JSON of an answer: the first fenced block, else the whole text; undefined when there is none. */
export function jsonIn(text) {
  const fenced = /^```(?:json)?[ \t]*\n([\s\S]*?)```/m.exec(text);
  try {
    return JSON.parse(fenced ? fenced[1] : text);
  } catch {
    return undefined;
  }
}

/** Finds entries in an answer that is still growing, each as soon as its brace closes. */
export class Growing {
  #text = "";
  #at = 0;
  #open = [];
  #quoted = false;

  /** Takes a further piece of text; gives the entries that it completed. */
  feed(piece) {
    this.#text += piece;
    const found = [];
    for (; this.#at < this.#text.length; this.#at += 1) {
      const letter = this.#text[this.#at];
      if (this.#quoted) {
        if (letter === "\\") this.#at += 1;
        else if (letter === '"') this.#quoted = false;
      } else if (letter === '"') {
        this.#quoted = this.#open.length > 0;
      } else if (letter === "{") {
        this.#open.push(this.#at);
      } else if (letter === "}" && this.#open.length) {
        this.#closed(this.#open.pop(), found);
      }
    }
    return found;
  }

  #closed(start, found) {
    try {
      const one = finding(JSON.parse(this.#text.slice(start, this.#at + 1)));
      if (one) found.push(one);
    } catch {
      // A brace of prose.
    }
  }
}

function collect(value, found) {
  if (value === null || typeof value !== "object" || found.length >= MOST) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
    return;
  }
  const one = finding(value);
  if (one) found.push(one);
  else for (const item of Object.values(value)) collect(item, found);
}

function finding(value) {
  const box = numbers(value.box_2d, 4);
  const point = numbers(value.point, 2);
  if (!box && !point) return null;
  return {
    label: text(value.label ?? value.description ?? value.name ?? ""),
    score: typeof value.score === "number" ? value.score : undefined,
    box,
    point,
    mask: typeof value.mask === "string" ? value.mask : undefined,
    polygon: Array.isArray(value.mask) ? ring(value.mask) : undefined,
  };
}

function numbers(value, count) {
  if (!Array.isArray(value) || value.length !== count) return undefined;
  return value.every(Number.isFinite) ? value.map(within) : undefined;
}

function ring(pairs) {
  const points = pairs.map((pair) => numbers(pair, 2));
  return points.length > 2 && points.every(Boolean) ? points : undefined;
}

const within = (number) => Math.min(1000, Math.max(0, number));
const text = (value) => (typeof value === "string" ? value : JSON.stringify(value)).slice(0, 200);

/** What a finding covers, in pixels of a picture of that size: "x 12–80, y 5–60". */
export function place(finding, [w, h]) {
  const x = (value) => Math.trunc((value / 1000) * w);
  const y = (value) => Math.trunc((value / 1000) * h);
  if (!finding.box) return `x ${x(finding.point[1])}, y ${y(finding.point[0])}`;
  const [y0, x0, y1, x1] = finding.box;
  return `x ${x(x0)}–${x(x1)}, y ${y(y0)}–${y(y1)}`;
}
