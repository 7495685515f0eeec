// The Gemini API of this server, as any client speaks it, and the preview that only the page needs.

const VERSION = "v1beta";
const CHUNK_BYTES = 4 * 262144;
const ATTEMPTS = 4;
/** Sent while no key is typed: a server without keys takes any, and the README's examples use it. */
export const OPEN_KEY = "any";

/** A refusal, in the server's words, with what to do about it. */
export class ApiError extends Error {
  constructor(code, status, message) {
    super(message);
    this.code = code;
    this.status = status;
  }

  get needsKey() {
    return [401, 403].includes(this.code) || /api key/i.test(this.message);
  }

  get advice() {
    if (this.status === "NETWORK") return "Check that `twinsight serve` still runs and that this page's address is the server's.";
    if (this.needsKey) return "Type a key of this server under Key. Whoever runs it makes one with `twinsight keys add NAME`.";
    if (this.code === 413 || /payload size/.test(this.message)) return "Upload the picture under Files, then use it from there.";
    if (this.code === 429 || this.code === 503) return "The server is busy. Try again in a moment.";
    if (this.code === 504) return "The answer took too long. Try a smaller picture or fewer of them.";
    if (this.code === 404) return "Choose another model from the list.";
    if (this.code >= 500) return "This is a fault of the server; its log has the details.";
    return "";
  }
}

export class Api {
  /** `key` is asked for at each request and never stored here. */
  constructor(key) {
    this.base = new URL("./", document.baseURI);
    this.key = key;
  }

  /** The address that SDKs are given. */
  get url() {
    return this.base.href.replace(/\/$/, "");
  }

  async models() {
    const found = [];
    let token = "";
    do {
      const page = await this.#json("GET", `models?pageSize=1000&pageToken=${encodeURIComponent(token)}`);
      found.push(...(page.models ?? []));
      token = page.nextPageToken;
    } while (token);
    return found;
  }

  model(id) {
    return this.#json("GET", `models/${encodeURIComponent(id)}`);
  }

  async generate(model, body, signal) {
    return this.#json("POST", `models/${encodeURIComponent(model)}:generateContent`, body, signal);
  }

  /** The chunks of a streamed answer, as they come. */
  async *stream(model, body, signal) {
    const path = `models/${encodeURIComponent(model)}:streamGenerateContent?alt=sse`;
    const reply = await this.#fetch(`${VERSION}/${path}`, { method: "POST", body: JSON.stringify(body), signal });
    yield* events(reply.body, signal);
  }

  files(token) {
    return this.#json("GET", `files?pageSize=10&pageToken=${encodeURIComponent(token ?? "")}`);
  }

  async deleteFile(name) {
    await this.#json("DELETE", name);
  }

  /** Uploads in pieces; a piece that is lost on the way is asked after and sent again. */
  async upload(blob, name, mime, progress, signal) {
    const session = await this.#start(blob, name, mime, signal);
    let offset = 0;
    let failures = 0;
    for (;;) {
      const end = Math.min(offset + CHUNK_BYTES, blob.size);
      try {
        const reply = await this.#piece(session, blob.slice(offset, end), offset, end === blob.size, signal);
        if (end === blob.size) return (await reply.json()).file;
        offset = end;
        failures = 0;
        progress(offset / blob.size);
      } catch (error) {
        failures += 1;
        if (signal.aborted || error.status !== "NETWORK" || failures >= ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** failures));
        offset = await this.#received(session, signal, offset);
      }
    }
  }

  async #start(blob, name, mime, signal) {
    const reply = await this.#fetch(`upload/${VERSION}/files`, {
      method: "POST",
      body: JSON.stringify({ file: { displayName: name } }),
      headers: {
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": "start",
        "X-Goog-Upload-Header-Content-Length": String(blob.size),
        "X-Goog-Upload-Header-Content-Type": mime,
      },
      signal,
    });
    // Only the query is taken: the page stays with the address that it was loaded from.
    return `upload/${VERSION}/files${new URL(reply.headers.get("X-Goog-Upload-URL")).search}`;
  }

  #piece(session, body, offset, last, signal) {
    const headers = {
      "X-Goog-Upload-Command": last ? "upload, finalize" : "upload",
      "X-Goog-Upload-Offset": String(offset),
    };
    return this.#fetch(session, { method: "POST", body, headers, signal });
  }

  async #received(session, signal, otherwise) {
    try {
      const headers = { "X-Goog-Upload-Command": "query" };
      const reply = await this.#fetch(session, { method: "POST", headers, signal });
      return Number(reply.headers.get("X-Goog-Upload-Size-Received"));
    } catch (error) {
      if (error.status !== "NETWORK") throw error;
      return otherwise;
    }
  }

  /** A picture part as the browser can show it, and its upright size in pixels. */
  async preview(part) {
    const body = JSON.stringify({ contents: [{ parts: [part] }] });
    const reply = await this.#fetch("playground/preview", { method: "POST", body, headers: { "X-Twinsight-Playground": "1" } });
    const [w, h] = reply.headers.get("X-Picture-Size").split("x").map(Number);
    return { blob: await reply.blob(), wh: [w, h] };
  }

  /** One of the package's own pictures. */
  async sample(name) {
    return (await this.#fetch(`playground/samples/${name}`, {})).blob();
  }

  async #json(method, path, body, signal) {
    const reply = await this.#fetch(`${VERSION}/${path}`, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
    return reply.json();
  }

  async #fetch(path, options) {
    const headers = { "x-goog-api-key": this.key(), ...options.headers };
    if (typeof options.body === "string") headers["Content-Type"] = "application/json";
    let reply;
    try {
      reply = await fetch(new URL(path, this.base), { ...options, headers });
    } catch (error) {
      throw broken(error);
    }
    if (!reply.ok) throw await refusal(reply);
    return reply;
  }
}

function broken(error) {
  if (error.name === "AbortError" || error instanceof ApiError) return error;
  return new ApiError(0, "NETWORK", "The server does not answer.");
}

async function refusal(reply) {
  try {
    const { error } = await reply.json();
    return new ApiError(error.code, error.status, error.message);
  } catch {
    return new ApiError(reply.status, "", `The server answered ${reply.status} ${reply.statusText}.`);
  }
}

/** `data: {json}` events; blank lines are heartbeats; a line that is bare JSON tells of an error. */
async function* events(stream, signal) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const lines = (rest + (value ?? "")).split(/\r?\n/);
      rest = done ? "" : lines.pop();
      for (const line of lines) {
        if (line.trim()) yield event(line);
      }
      if (done) return;
    }
  } catch (error) {
    throw signal.aborted ? new DOMException("stopped", "AbortError") : broken(error);
  } finally {
    reader.cancel().catch(() => {});
  }
}

function event(line) {
  const value = JSON.parse(line.replace(/^data: ?/, ""));
  if (value.error) throw new ApiError(value.error.code, value.error.status, value.error.message);
  return value;
}
