// From an answer's text to what can be drawn. Coordinates are 0–1000 of the upright picture:
// `box` is [ymin, xmin, ymax, xmax], `point` is [y, x], `polygon` is a list of [x, y].

const MOST = 2000;

const CORNERS_X_FIRST = /\b(?:x_?min|x[01]|left)["']?[\s,]+["']?(?:y_?min|y[01]|top)\b|\bxyxy\b/i;
const SIZE = /\bx["']?[\s,]+["']?y["']?[\s,]+["']?w(?:idth)?["']?[\s,]+["']?h(?:eight)?\b|\bxywh\b/i;

/** By which numbers an answer tells places: pixels, a size, or x first where the prompt asks for them. */
export function numbersOf(prompt, [w, h]) {
  const pixels = /\b(?:pixels?|px)\b/i.test(prompt) && !/\b1[ ,]?000\b/.test(prompt);
  return {
    scale: pixels ? [1000 / w, 1000 / h] : [1, 1],
    sized: SIZE.test(prompt),
    cornersXFirst: CORNERS_X_FIRST.test(prompt),
    pointXFirst: /[[(]\s*x\s*,\s*y\s*[\])]/i.test(prompt),
  };
}

/** What a whole answer holds, in its order; an empty list when it is no JSON. */
export function findingsIn(text, told) {
  const value = jsonIn(text);
  const found = [];
  collect(value, found, told);
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
  #told;

  /** `told` is by which numbers places are told. */
  constructor(told) {
    this.#told = told;
  }

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
      const one = finding(JSON.parse(this.#text.slice(start, this.#at + 1)), this.#told);
      if (one) found.push(one);
    } catch {
      // A brace of prose.
    }
  }
}

function collect(value, found, told) {
  if (value === null || typeof value !== "object" || found.length >= MOST) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found, told);
    return;
  }
  const one = finding(value, told);
  if (one) found.push(one);
  else for (const item of Object.values(value)) collect(item, found, told);
}

function finding(value, told) {
  const box = boxOf(numbers(value.box_2d ?? value.bbox ?? value.box, 4), told);
  const point = pointOf(numbers(value.point, 2), told.pointXFirst, told);
  if (!box && !point) return null;
  return {
    label: text(value.label ?? value.description ?? value.name ?? ""),
    score: typeof value.score === "number" ? value.score : undefined,
    box,
    point,
    mask: typeof value.mask === "string" ? value.mask : undefined,
    polygon: Array.isArray(value.mask) ? ring(value.mask, told) : undefined,
  };
}

function numbers(value, count) {
  if (!Array.isArray(value) || value.length !== count) return undefined;
  return value.every(Number.isFinite) ? value : undefined;
}

// No box of 0–1000 lies within one unit of the corner: such numbers are shares of the picture.
const scaleOf = (values, told) => (values.every((value) => value <= 1) && values.some((value) => value % 1) ? [1000, 1000] : told.scale);

function boxOf(values, told) {
  if (!values) return undefined;
  const [sx, sy] = scaleOf(values, told);
  const [a, b, c, d] = values;
  const [x0, y0, x1, y1] = told.sized ? [a, b, a + c, b + d] : told.cornersXFirst ? values : [b, a, d, c];
  return [y0 * sy, x0 * sx, y1 * sy, x1 * sx].map(within);
}

function pointOf(values, xFirst, told) {
  if (!values) return undefined;
  const [sx, sy] = scaleOf(values, told);
  const [x, y] = xFirst ? values : [values[1], values[0]];
  return [y * sy, x * sx].map(within);
}

function ring(pairs, told) {
  const points = pairs.map((pair) => pointOf(numbers(pair, 2), true, told)?.reverse());
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
