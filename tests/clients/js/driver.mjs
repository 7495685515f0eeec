// Drive @google/genai on Node: one JSON command a line in, one JSON reply a line out.
// The commands are those of tests/clients/README.md. Set-up copies this file beside node_modules.

import * as fs from "node:fs";
import * as readline from "node:readline";
import { GoogleGenAI, createPartFromUri } from "@google/genai";

const replies = process.stdout;
console.log = console.error; // whatever a library prints must not end up between the replies

const clients = new Map();

// The client that the command asks for; without base_url, one built from the environment.
function clientFor(command) {
  const mark = JSON.stringify([command.base_url, command.key, command.api_version, command.vertex]);
  if (!clients.has(mark)) {
    const options = {};
    if (command.key !== undefined) options.apiKey = command.key;
    if (command.vertex) options.vertexai = true;
    if (command.api_version) options.apiVersion = command.api_version;
    if (command.base_url) options.httpOptions = { baseUrl: command.base_url };
    clients.set(mark, new GoogleGenAI(options));
  }
  return clients.get(mark);
}

// One part: text, image (path), uri, file (name), or raw (a Part as on the wire).
async function part(client, spec) {
  if (spec.text !== undefined) return { text: spec.text };
  if (spec.image) {
    const data = fs.readFileSync(spec.image, { encoding: "base64" });
    const made = { inlineData: { mimeType: spec.mime, data } };
    if (spec.level) made.mediaResolution = { level: spec.level };
    return made;
  }
  if (spec.uri) return createPartFromUri(spec.uri, spec.mime);
  if (spec.file) {
    const file = await client.files.get({ name: spec.file });
    return createPartFromUri(file.uri, file.mimeType);
  }
  return spec.raw;
}

const parts = (client, specs) => Promise.all(specs.map((spec) => part(client, spec)));

// The turns of a command; a single turn goes as a plain array of parts, as the guide writes it.
async function request(client, command) {
  const turns = command.contents;
  const contents =
    turns.length === 1
      ? await parts(client, turns[0].parts)
      : await Promise.all(
          turns.map(async (t) => ({ role: t.role, parts: await parts(client, t.parts) })),
        );
  return { model: command.model, contents, config: command.config };
}

// An SDK object as the JSON that it came from; replies carry their HTTP response, left out here.
function dump(value) {
  return JSON.parse(JSON.stringify(value, (k, v) => (k === "sdkHttpResponse" ? undefined : v)));
}

const reply = (response) => ({ text: response.text ?? null, response: dump(response) });

const operations = {
  async generate(client, command) {
    return reply(await client.models.generateContent(await request(client, command)));
  },
  async stream(client, command) {
    const seen = [];
    const began = Date.now();
    let first_s = null;
    try {
      const stream = await client.models.generateContentStream(await request(client, command));
      for await (const chunk of stream) {
        first_s ??= (Date.now() - began) / 1000;
        seen.push(chunk);
      }
    } catch (error) {
      return { error: failure(error), texts: seen.map((c) => c.text ?? "") };
    }
    return { texts: seen.map((c) => c.text ?? ""), chunks: seen.map(dump), first_s };
  },
  async chat_stream(client, command) {
    const chat = client.chats.create({ model: command.model });
    const said = [];
    for (const turn of command.turns) {
      let text = "";
      const message = await parts(client, turn);
      for await (const chunk of await chat.sendMessageStream({ message })) text += chunk.text ?? "";
      said.push(text);
    }
    const history = chat.getHistory(true).map((content) => ({
      role: content.role,
      text: (content.parts ?? []).map((p) => p.text ?? "").join(""),
    }));
    return { replies: said, history };
  },
  async count(client, command) {
    const { model, contents } = await request(client, command);
    return dump(await client.models.countTokens({ model, contents }));
  },
  async models_list(client, command) {
    const all = [];
    for await (const model of await client.models.list({ config: command.config })) all.push(model);
    return all;
  },
  models_get: (client, command) => client.models.get({ model: command.model }),
  upload: (client, command) =>
    client.files.upload({ file: command.path, config: command.config ?? {} }),
  files_get: (client, command) => client.files.get({ name: command.name }),
  async files_list(client, command) {
    const all = [];
    for await (const file of await client.files.list({ config: command.config })) all.push(file);
    return all;
  },
  files_delete: async (client, command) => dump(await client.files.delete({ name: command.name })),
};

// An exception as JSON. ApiError.message is the error body as text, with more around it at times.
function failure(error) {
  let body = {};
  try {
    body = JSON.parse(error.message.slice(error.message.indexOf("{"))).error ?? {};
  } catch {
    body = {};
  }
  return {
    class: error.name,
    code: error.status ?? null,
    status: body.status ?? null,
    message: body.message ?? String(error.message),
    details: body.details ?? null,
  };
}

const version = JSON.parse(
  fs.readFileSync(new URL("./node_modules/@google/genai/package.json", import.meta.url)),
).version;
replies.write(JSON.stringify({ sdk: version }) + "\n");

for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  const began = Date.now();
  let done;
  try {
    const result = await operations[command.op](clientFor(command), command);
    done = { result: result ?? null };
    if (result?.error && result?.texts) {
      done.error = result.error;
      delete result.error;
    }
  } catch (error) {
    done = { error: failure(error) };
  }
  done.elapsed_s = (Date.now() - began) / 1000;
  replies.write(JSON.stringify(done) + "\n");
}
