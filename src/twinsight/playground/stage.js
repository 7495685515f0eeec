// The picture shown, what is drawn over it, and the strip of all pictures of the question.

import { $, bytesText, el, iconButton, show } from "./dom.js";
import { Overlay } from "./overlay.js";

const LAYERS = ["boxes", "masks", "points", "labels"];

export class Stage {
  #pictures = [];
  #active = null;
  #overlay;

  /** `changed` is called when other pictures are there or another one is shown; `touched` with the
   * row of the finding under the pointer, or -1. */
  constructor({ changed, touched }) {
    this.changed = changed;
    this.#overlay = new Overlay($("overlay"), touched);
    for (const layer of LAYERS) {
      $(`show-${layer}`).addEventListener("change", () => this.#drawLayers());
    }
    $("opacity").addEventListener("input", () => this.#drawLayers());
    this.#drawLayers();
  }

  get pictures() {
    return this.#pictures;
  }

  /** The picture shown; null when there is none. */
  get active() {
    return this.#active;
  }

  add(picture) {
    this.#pictures.push({ ...picture, findings: [], off: new Set() });
    this.select(this.#pictures.at(-1));
  }

  remove(picture) {
    const at = this.#pictures.indexOf(picture);
    this.#pictures.splice(at, 1);
    URL.revokeObjectURL(picture.url);
    this.select(this.#active === picture ? (this.#pictures[at] ?? this.#pictures.at(-1) ?? null) : this.#active);
  }

  /** Takes out every picture that was of that stored file. */
  forget(fileName) {
    for (const picture of this.#pictures.filter(({ file }) => file?.name === fileName)) this.remove(picture);
  }

  select(picture) {
    this.#active = picture;
    show($("empty"), !picture);
    show($("viewer"), Boolean(picture));
    if (picture) this.#draw(picture);
    else $("picture").removeAttribute("src");
    this.#drawStrip();
    this.changed();
  }

  /** Draws a picture's findings anew. */
  setFindings(picture, findings) {
    picture.findings = findings;
    picture.off.clear();
    if (picture === this.#active) this.#drawFindings(picture);
  }

  /** Draws further findings beside those there are. */
  addFindings(picture, findings) {
    for (const finding of findings) {
      picture.findings.push(finding);
      if (picture === this.#active) this.#overlay.add(finding, picture.findings.length - 1);
    }
    if (picture === this.#active && findings.length) this.#drawControls(picture);
  }

  setVisible(row, visible) {
    if (visible) this.#active.off.delete(row);
    else this.#active.off.add(row);
    this.#overlay.setVisible(row, visible);
  }

  setHot(row) {
    this.#overlay.setHot(row);
  }

  #draw(picture) {
    const [w, h] = picture.wh;
    const image = $("picture");
    image.src = picture.url;
    image.alt = `The picture ${picture.name}`;
    $("frame").style.setProperty("--ratio", String(w / h));
    $("caption").replaceChildren(
      el("bdi", { className: "name", textContent: picture.name, title: picture.name }),
      ` ${w} × ${h}, ${bytesText(picture.size)}`,
      picture.file ? ", stored" : "",
    );
    this.#drawFindings(picture);
  }

  #drawFindings(picture) {
    this.#overlay.clear();
    picture.findings.forEach((finding, row) => {
      this.#overlay.add(finding, row);
      this.#overlay.setVisible(row, !picture.off.has(row));
    });
    this.#drawControls(picture);
  }

  // Only what is there can be turned off.
  #drawControls(picture) {
    const has = (what) => picture.findings.some((finding) => finding[what]);
    show($("layers"), picture.findings.length > 0);
    show($("show-boxes").parentElement, has("box"));
    show($("show-masks").parentElement, has("mask") || has("polygon"));
    show($("show-points").parentElement, has("point"));
    show($("opacity").parentElement, has("mask") || has("polygon"));
  }

  #drawLayers() {
    for (const layer of LAYERS) {
      $("overlay").classList.toggle(`no-${layer}`, !$(`show-${layer}`).checked);
    }
    $("overlay").style.setProperty("--opacity", String($("opacity").value / 100));
  }

  #drawStrip() {
    const held = document.activeElement?.closest?.("#thumbs li");
    const at = held ? [...$("thumbs").children].indexOf(held) : -1;
    $("thumbs").replaceChildren(...this.#pictures.map((picture, index) => this.#thumb(picture, index)));
    // Drawing the strip anew must not throw the keyboard back to the top of the page.
    if (at >= 0) ($("thumbs").children[Math.min(at, this.#pictures.length - 1)]?.firstChild ?? $("choose")).focus();
  }

  #thumb(picture, index) {
    const image = el("img", { src: picture.url, alt: "" });
    const choose = el("button", {
      type: "button",
      className: "thumb",
      "aria-label": `Picture ${index + 1}: ${picture.name}`,
      "aria-current": String(picture === this.#active),
      onclick: () => this.select(picture),
    }, image);
    const remove = iconButton("close", `Remove ${picture.name}`, () => this.remove(picture), "remove");
    return el("li", {}, choose, remove);
  }
}
