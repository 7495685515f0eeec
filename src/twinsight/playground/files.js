// The Files panel: upload with progress, list, expiry, use, delete.

import { $, bytesText, el, iconButton, show } from "./dom.js";
import { mimeOf } from "./pictures.js";
import { complain, settle } from "./result.js";

export class Files {
  #api;
  #token;

  /** `use(file)` puts a stored file into the question, `gone(name)` follows its deletion. */
  constructor(api, { use, gone }) {
    this.#api = api;
    this.use = use;
    this.gone = gone;
    $("upload").addEventListener("click", () => $("upload-picker").click());
    $("upload-picker").addEventListener("change", () => {
      this.upload([...$("upload-picker").files]);
      $("upload-picker").value = "";
    });
    $("more-files").addEventListener("click", () => this.#page());
  }

  /** Opens the panel with a fresh list. */
  async open() {
    if (!$("files").open) $("files").showModal();
    await this.refresh();
  }

  async refresh() {
    $("stored").replaceChildren();
    this.#token = undefined;
    await this.#page();
  }

  async #page() {
    settle($("files-problem"));
    try {
      const page = await this.#api.files(this.#token);
      this.#token = page.nextPageToken;
      $("stored").append(...(page.files ?? []).map((file) => this.#row(file)));
      this.#tally();
    } catch (error) {
      complain($("files-problem"), error);
    }
    show($("more-files"), Boolean(this.#token));
  }

  /** Stores files, one after the other. */
  async upload(files) {
    settle($("files-problem"));
    for (const file of files) await this.#one(file);
  }

  async #one(file) {
    const stop = new AbortController();
    const bar = el("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` });
    const row = el("li", {},
      el("bdi", { className: "name", textContent: file.name }), bar,
      iconButton("close", `Stop the upload of ${file.name}`, () => stop.abort()));
    $("uploads").append(row);
    try {
      const mime = await mimeOf(file);
      if (!mime) throw new TypeError(`${file.name} is not a PNG, JPEG, WEBP, HEIC or HEIF picture.`);
      const stored = await this.#api.upload(file, file.name, mime, (share) => (bar.value = share), stop.signal);
      $("stored").prepend(this.#row(stored));
      this.#tally();
      $("files-status").textContent = `${file.name} is stored.`;
    } catch (error) {
      if (error.name !== "AbortError") complain($("files-problem"), error);
    }
    row.remove();
  }

  #row(file) {
    const name = file.displayName || file.name;
    const use = el("button", {
      type: "button",
      className: "button small",
      textContent: "Use",
      "aria-label": `Use ${name}`,
      onclick: () => this.#used(file),
    });
    const facts = el("span", {
      className: "facts",
      textContent: `${bytesText(file.sizeBytes)} · ${left(file.expirationTime)}`,
      title: `${file.name}, until ${new Date(file.expirationTime).toLocaleString()}`,
    });
    const row = el("li", {}, el("div", { className: "what" }, el("bdi", { className: "name", textContent: name, title: name }), facts), use);
    row.append(iconButton("trash", `Delete ${name}`, () => this.#askDelete(row, file, name)));
    return row;
  }

  async #used(file) {
    settle($("files-problem"));
    try {
      await this.use(file);
      $("files").close();
    } catch (error) {
      complain($("files-problem"), error);
    }
  }

  // Deleting cannot be undone, so it takes a second press, on a button that is named for it.
  #askDelete(row, file, name) {
    const trash = row.lastChild;
    const sure = el("button", { type: "button", className: "button small danger", textContent: "Delete", "aria-label": `Really delete ${name}` });
    const back = () => sure.isConnected && sure.replaceWith(trash);
    sure.addEventListener("click", () => this.#delete(row, file, name));
    sure.addEventListener("blur", back);
    trash.replaceWith(sure);
    sure.focus();
  }

  async #delete(row, file, name) {
    try {
      await this.#api.deleteFile(file.name);
    } catch (error) {
      complain($("files-problem"), error);
      return;
    }
    const next = row.nextSibling ?? row.previousSibling;
    (next?.querySelector("button") ?? $("upload")).focus();
    row.remove();
    this.#tally();
    $("files-status").textContent = `${name} is deleted.`;
    this.gone(file.name);
  }

  #tally() {
    show($("no-files"), !$("stored").children.length && !this.#token);
  }
}

/** Until when, in words. */
function left(time) {
  const minutes = (new Date(time) - Date.now()) / 60000;
  if (minutes <= 0) return "expired";
  return minutes < 90 ? `expires in ${Math.ceil(minutes)} min` : `expires in ${Math.round(minutes / 60)} h`;
}
