// Boxes, points and masks over the picture. Places are percentages, so nothing moves when the
// picture is drawn larger or smaller.

import { el } from "./dom.js";

const COLOURS = [
  "#2979ff", "#ff8f00", "#00b070", "#f0407f", "#9a6bff", "#00b8d4", "#c9b400", "#ff5340",
  "#7cb342", "#d65cd6", "#5c8df6", "#b9783c",
];
const MOST_MASK_PIXELS = 4096 * 4096;
const SVG = "http://www.w3.org/2000/svg";

/** The colour of the finding in that row. */
export const colourOf = (row) => COLOURS[row % COLOURS.length];

/** Black or white, whichever reads better on a colour. */
function inkOn(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#000" : "#fff";
}

export class Overlay {
  #marks = [];

  /** `touched` is called with a row when the pointer enters its mark, with -1 when it leaves. */
  constructor(node, touched) {
    this.node = node;
    this.touched = touched;
    node.addEventListener("pointerover", (event) => touched(rowOf(event.target)));
    node.addEventListener("pointerleave", () => touched(-1));
  }

  clear() {
    this.#marks = [];
    this.node.replaceChildren();
  }

  /** Draws one more finding; large ones lie under small ones. */
  add(finding, row) {
    const colour = colourOf(row);
    const mark = el("div", { className: "mark", "data-row": String(row) });
    mark.style.setProperty("--colour", colour);
    mark.style.setProperty("--ink", inkOn(colour));
    mark.style.setProperty("--layer", String(layer(finding)));
    if (finding.polygon) mark.append(polygon(finding.polygon));
    if (finding.mask && finding.box) mark.append(mask(finding, colour));
    if (finding.box) {
      const box = boxed(el("div", { className: "box" }), finding.box);
      box.append(tag(finding, row));
      box.classList.toggle("at-top", finding.box[0] < 60);
      box.classList.toggle("at-right", finding.box[1] > 600);
      mark.append(box);
    }
    if (finding.point) mark.append(dot(finding, row));
    this.#marks[row] = mark;
    this.node.append(mark);
  }

  setVisible(row, visible) {
    this.#marks[row].hidden = !visible;
  }

  /** Makes one finding stand out; -1 for none. */
  setHot(row) {
    this.node.classList.toggle("has-hot", row >= 0);
    this.#marks.forEach((mark, at) => mark.classList.toggle("hot", at === row));
  }
}

const rowOf = (node) => Number(node.closest?.(".mark")?.dataset.row ?? -1);

/** 0 for what fills the picture to 1000 for what is tiny: small marks lie over large ones. */
function layer({ box }) {
  if (!box) return 1000;
  const [y0, x0, y1, x1] = box;
  return 1000 - Math.round(((y1 - y0) * (x1 - x0)) / 1000);
}

function boxed(node, [y0, x0, y1, x1]) {
  node.style.top = `${y0 / 10}%`;
  node.style.left = `${x0 / 10}%`;
  node.style.height = `${(y1 - y0) / 10}%`;
  node.style.width = `${(x1 - x0) / 10}%`;
  return node;
}

function tag(finding, row) {
  return el("span", { className: "tag" }, el("bdi", { textContent: finding.label || `#${row + 1}` }));
}

function dot(finding, row) {
  const node = el("div", { className: "dot" }, tag(finding, row));
  node.style.top = `${finding.point[0] / 10}%`;
  node.style.left = `${finding.point[1] / 10}%`;
  node.classList.toggle("at-right", finding.point[1] > 700);
  return node;
}

function polygon(points) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "polygon");
  svg.setAttribute("viewBox", "0 0 1000 1000");
  svg.setAttribute("preserveAspectRatio", "none");
  const shape = document.createElementNS(SVG, "polygon");
  shape.setAttribute("points", points.map((point) => point.join(",")).join(" "));
  svg.append(shape);
  return svg;
}

function mask(finding, colour) {
  const canvas = boxed(el("canvas", { className: "mask", width: 1, height: 1 }), finding.box);
  paint(canvas, finding.mask, colour).catch(() => canvas.remove());
  return canvas;
}

/** The grey PNG of a mask as colour: what is over 127 counts, with a soft edge of a few levels. */
async function paint(canvas, uri, colour) {
  const bytes = Uint8Array.from(atob(uri.slice(uri.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  if (picture.width * picture.height > MOST_MASK_PIXELS) throw new RangeError("the mask is too large");
  canvas.width = picture.width;
  canvas.height = picture.height;
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  for (let at = 0; at < image.data.length; at += 4) {
    const level = image.data[at];
    image.data.set([r, g, b, Math.min(255, Math.max(0, (level - 112) * 8))], at);
  }
  context.putImageData(image, 0, 0);
}
