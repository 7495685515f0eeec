// "Get code": the question of the form as a program that runs as it is.
//
// An `ask` has model, pictures, prompt, system, mime, schema, temperature, resolution, stream.
// Whatever the user typed goes through `quoted` or `shellQuoted`: it is data in every language.

import { requestBody } from "./tasks.js";

/** `run` are the commands that run the program once it is saved as `file`. */
export const LANGUAGES = {
  python: { name: "Python", file: "ask.py", run: ["pip install google-genai", "python ask.py"], write: python },
  js: { name: "JavaScript", file: "ask.mjs", run: ["npm install @google/genai", "node ask.mjs"], write: javascript },
  go: { name: "Go", file: "main.go", run: ["go mod init ask", "go get google.golang.org/genai", "go run ."], write: go },
  java: { name: "Java", file: "Ask.java", run: ['java -cp "lib/*" Ask.java'], write: java },
  curl: { name: "curl", file: "ask.sh", run: ["sh ask.sh"], write: curl },
};

/** The program, with the address of the server and the key or a word in its place. */
export function program(language, ask, url, key) {
  return LANGUAGES[language].write(ask, url, key);
}

// Letters that an editor hides or that turn the reading direction; Go also refuses the first, a
// byte order mark. They are written as escapes, so that code shows what it does.
const HIDDEN = /[\ufeff\u007f-\u009f\u2028\u2029]|\p{Cf}/gu;

const POINT = {
  python: (hex) => `\\U${hex.padStart(8, "0")}`,
  js: (hex) => `\\u{${hex}}`,
  go: (hex) => `\\U${hex.padStart(8, "0")}`,
};

/** A string literal in double quotes. */
function quoted(text, language) {
  const safe = JSON.stringify(wellFormed(text));
  if (language === "java") return safe.replace(/[^\x20-\x7e]/g, unit);
  return safe.replace(HIDDEN, (letter) => {
    const point = letter.codePointAt(0);
    return point > 0xffff ? POINT[language](point.toString(16)) : unit(letter);
  });
}

const unit = (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
const wellFormed = (text) => new TextDecoder().decode(new TextEncoder().encode(text));
const shellQuoted = (text) => `'${wellFormed(text).replaceAll("'", "'\\''")}'`;

/** JSON values as literals of Python or JavaScript, a key a line. */
function literal(value, language, indent) {
  if (value === null) return language === "python" ? "None" : "null";
  if (typeof value === "boolean") {
    const word = String(value);
    return language === "python" ? word[0].toUpperCase() + word.slice(1) : word;
  }
  if (typeof value === "string") return quoted(value, language);
  if (typeof value === "number") return String(value);
  const inner = `${indent}${language === "python" ? "    " : "  "}`;
  const list = Array.isArray(value);
  const items = list
    ? value.map((item) => literal(item, language, inner))
    : Object.entries(value).map(([key, item]) => `${quoted(key, language)}: ${literal(item, language, inner)}`);
  const [open, close] = list ? "[]" : "{}";
  const flat = open + items.join(", ") + close;
  if (!items.length || (list && flat.length < 80 && !flat.includes("\n"))) return flat;
  return `${open}\n${inner}${items.join(`,\n${inner}`)},\n${indent}${close}`;
}

const lines = (...parts) => parts.flat().filter((line) => line !== null).join("\n") + "\n";
const local = (ask) => ask.pictures.some((picture) => !picture.file);

function python(ask, url, key) {
  const q = (text) => quoted(text, "python");
  const part = (picture) =>
    picture.file
      ? ["types.Part.from_uri(", `    file_uri=${q(picture.file.uri)},`, `    mime_type=${q(picture.mime)},`, "),"]
      : ["types.Part.from_bytes(", `    data=Path(${q(picture.name)}).read_bytes(),`, `    mime_type=${q(picture.mime)},`, "),"];
  const settings = [
    ask.system && `system_instruction=${q(ask.system)}`,
    ask.mime && `response_mime_type=${q(ask.mime)}`,
    ask.schema && `response_json_schema=${literal(ask.schema, "python", "    ")}`,
    ask.temperature !== undefined && `temperature=${ask.temperature}`,
    ask.resolution && `media_resolution=${q(ask.resolution)}`,
  ].filter(Boolean);
  const call = [
    `    model=${q(ask.model)},`,
    "    contents=contents,",
    settings.length ? "    config=config," : null,
  ];
  return lines(
    local(ask) ? ["from pathlib import Path", ""] : [],
    "from google import genai",
    ask.pictures.length || settings.length ? "from google.genai import types" : null,
    "",
    "client = genai.Client(",
    `    api_key=${q(key)},`,
    `    http_options={"base_url": ${q(url)}},`,
    ")",
    "contents = [",
    ask.pictures.flatMap(part).map((line) => `    ${line}`),
    `    ${q(ask.prompt)},`,
    "]",
    settings.length ? ["config = types.GenerateContentConfig(", ...settings.map((line) => `    ${line},`), ")"] : [],
    ask.stream
      ? ["stream = client.models.generate_content_stream(", ...call, ")", "for chunk in stream:", '    print(chunk.text or "", end="", flush=True)', "print()"]
      : ["reply = client.models.generate_content(", ...call, ")", "print(reply.text)"],
  );
}

function javascript(ask, url, key) {
  const q = (text) => quoted(text, "js");
  const stored = ask.pictures.some((picture) => picture.file);
  const part = (picture) =>
    picture.file
      ? `createPartFromUri(${q(picture.file.uri)}, ${q(picture.mime)})`
      : `await picture(${q(picture.name)}, ${q(picture.mime)})`;
  const settings = [
    ask.system && `systemInstruction: ${q(ask.system)}`,
    ask.mime && `responseMimeType: ${q(ask.mime)}`,
    ask.schema && `responseJsonSchema: ${literal(ask.schema, "js", "    ")}`,
    ask.temperature !== undefined && `temperature: ${ask.temperature}`,
    ask.resolution && `mediaResolution: ${q(ask.resolution)}`,
  ].filter(Boolean);
  const request = [
    `  model: ${q(ask.model)},`,
    "  contents: [",
    ...ask.pictures.map((picture) => `    ${part(picture)},`),
    `    ${q(ask.prompt)},`,
    "  ],",
    ...(settings.length ? ["  config: {", ...settings.map((line) => `    ${line},`), "  },"] : []),
  ];
  return lines(
    local(ask) ? 'import { readFile } from "node:fs/promises";' : null,
    `import { GoogleGenAI${stored ? ", createPartFromUri" : ""} } from "@google/genai";`,
    "",
    "const ai = new GoogleGenAI({",
    `  apiKey: ${q(key)},`,
    `  httpOptions: { baseUrl: ${q(url)} },`,
    "});",
    local(ask)
      ? ["const picture = async (path, mimeType) => ({", '  inlineData: { mimeType, data: await readFile(path, "base64") },', "});"]
      : [],
    ask.stream
      ? ["const stream = await ai.models.generateContentStream({", ...request, "});", 'for await (const chunk of stream) process.stdout.write(chunk.text ?? "");', "console.log();"]
      : ["const reply = await ai.models.generateContent({", ...request, "});", "console.log(reply.text);"],
  );
}

function go(ask, url, key) {
  const q = (text) => quoted(text, "go");
  const part = (picture) =>
    picture.file
      ? `genai.NewPartFromURI(${q(picture.file.uri)}, ${q(picture.mime)})`
      : `genai.NewPartFromBytes(must(os.ReadFile(${q(picture.name)})), ${q(picture.mime)})`;
  const settings = [
    ask.system && `SystemInstruction: genai.NewContentFromText(${q(ask.system)}, genai.RoleUser)`,
    ask.mime && `ResponseMIMEType: ${q(ask.mime)}`,
    ask.schema && `ResponseJsonSchema: json.RawMessage(${q(JSON.stringify(ask.schema))})`,
    ask.temperature !== undefined && `Temperature: genai.Ptr[float32](${ask.temperature})`,
    ask.resolution && `MediaResolution: ${q(ask.resolution)}`,
  ].filter(Boolean);
  const call = `(ctx, ${q(ask.model)}, contents, ${settings.length ? "config" : "nil"})`;
  return lines(
    "package main",
    "",
    "import (",
    '\t"context"',
    ask.schema ? '\t"encoding/json"' : null,
    '\t"fmt"',
    '\t"log"',
    local(ask) ? '\t"os"' : null,
    "",
    '\t"google.golang.org/genai"',
    ")",
    "",
    "func must[T any](value T, err error) T {",
    "\tif err != nil {",
    "\t\tlog.Fatal(err)",
    "\t}",
    "\treturn value",
    "}",
    "",
    "func main() {",
    "\tctx := context.Background()",
    "\tclient := must(genai.NewClient(ctx, &genai.ClientConfig{",
    `\t\tAPIKey: ${q(key)},`,
    "\t\tBackend: genai.BackendGeminiAPI,",
    `\t\tHTTPOptions: genai.HTTPOptions{BaseURL: ${q(url)}},`,
    "\t}))",
    "\tcontents := []*genai.Content{genai.NewContentFromParts([]*genai.Part{",
    ask.pictures.map((picture) => `\t\t${part(picture)},`),
    `\t\tgenai.NewPartFromText(${q(ask.prompt)}),`,
    "\t}, genai.RoleUser)}",
    settings.length ? ["\tconfig := &genai.GenerateContentConfig{", ...settings.map((line) => `\t\t${line},`), "\t}"] : [],
    ask.stream
      ? [`\tfor chunk, err := range client.Models.GenerateContentStream${call} {`, "\t\tfmt.Print(must(chunk, err).Text())", "\t}", "\tfmt.Println()"]
      : [`\tfmt.Println(must(client.Models.GenerateContent${call}).Text())`],
    "}",
  );
}

function java(ask, url, key) {
  const q = (text) => quoted(text, "java");
  const part = (picture) =>
    picture.file
      ? `Part.fromUri(${q(picture.file.uri)}, ${q(picture.mime)})`
      : `Part.fromBytes(Files.readAllBytes(Path.of(${q(picture.name)})), ${q(picture.mime)})`;
  const settings = [
    ask.system && `.systemInstruction(Content.fromParts(Part.fromText(${q(ask.system)})))`,
    ask.mime && `.responseMimeType(${q(ask.mime)})`,
    ask.schema && `.responseJsonSchema(new ObjectMapper().readTree(${q(JSON.stringify(ask.schema))}))`,
    ask.temperature !== undefined && `.temperature(${ask.temperature}f)`,
    ask.resolution && `.mediaResolution(${q(ask.resolution)})`,
  ].filter(Boolean);
  const call = `(${q(ask.model)}, contents, ${settings.length ? "config" : "null"})`;
  const imports = [
    ask.schema && "com.fasterxml.jackson.databind.ObjectMapper",
    "com.google.genai.Client",
    ask.stream && "com.google.genai.ResponseStream",
    "com.google.genai.types.Content",
    settings.length && "com.google.genai.types.GenerateContentConfig",
    ask.stream && "com.google.genai.types.GenerateContentResponse",
    "com.google.genai.types.HttpOptions",
    "com.google.genai.types.Part",
    local(ask) && "java.nio.file.Files",
    local(ask) && "java.nio.file.Path",
  ].filter(Boolean);
  const parts = [...ask.pictures.map(part), `Part.fromText(${q(ask.prompt)})`];
  return lines(
    "// The jars of com.google.genai:google-genai and what it needs are in lib/.",
    imports.map((name) => `import ${name};`),
    "",
    "public class Ask {",
    "  public static void main(String[] args) throws Exception {",
    "    HttpOptions server = HttpOptions.builder()",
    `        .baseUrl(${q(url)})`,
    "        .build();",
    `    try (Client client = Client.builder().apiKey(${q(key)}).httpOptions(server).build()) {`,
    `      Content contents = Content.fromParts(\n          ${parts.join(",\n          ")});`,
    settings.length
      ? ["      GenerateContentConfig config = GenerateContentConfig.builder()", ...settings.map((line) => `          ${line}`), "          .build();"]
      : [],
    ask.stream
      ? ["      try (ResponseStream<GenerateContentResponse> stream =", `          client.models.generateContentStream${call}) {`, "        for (GenerateContentResponse chunk : stream) {", "          System.out.print(chunk.text());", "        }", "      }", "      System.out.println();"]
      : [`      System.out.println(client.models.generateContent${call}.text());`],
    "    }",
    "  }",
    "}",
  );
}

function curl(ask, url, key) {
  const data = "\u0000"; // no JSON text holds this letter, so each stands for one picture's bytes
  const parts = ask.pictures.map((picture) =>
    picture.file
      ? { fileData: { fileUri: picture.file.uri, mimeType: picture.mime } }
      : { inlineData: { mimeType: picture.mime, data } },
  );
  const body = requestBody(ask, parts);
  const names = ask.pictures.filter((picture) => !picture.file).map((picture) => picture.name);
  // The shell reads the text between the marks: its own signs are escaped, and only `$(base64 …)`
  // is left for it to do. A command's arguments would be too short for a photo.
  const text = JSON.stringify(body, null, 2)
    .replace(/[\\$`]/g, "\\$&")
    .replaceAll('"\\\\u0000"', () => `"$(base64 < ${shellQuoted(names.shift())} | tr -d '\\n')"`);
  const verb = ask.stream ? "streamGenerateContent?alt=sse" : "generateContent";
  return lines(
    `curl -s${ask.stream ? "N" : ""} ${shellQuoted(`${url}/v1beta/models/${encodeURIComponent(ask.model)}:${verb}`)} \\`,
    `  -H ${shellQuoted(`x-goog-api-key: ${key}`)} \\`,
    "  -H 'Content-Type: application/json' --data-binary @- <<END",
    text,
    "END",
  );
}
