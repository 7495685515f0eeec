// Drive com.google.genai: one JSON command a line in, one JSON reply a line out.
// The commands are those of tests/clients/README.md.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.genai.Chat;
import com.google.genai.Client;
import com.google.genai.JsonSerializable;
import com.google.genai.ResponseStream;
import com.google.genai.errors.ApiException;
import com.google.genai.types.Content;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.GenerateContentResponse;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import com.google.genai.types.ListFilesConfig;
import com.google.genai.types.ListModelsConfig;
import com.google.genai.types.Part;
import com.google.genai.types.PartMediaResolution;
import com.google.genai.types.UploadFileConfig;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

public final class Driver {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<String, Client> CLIENTS = new HashMap<>();

  /** The client that the command asks for; without base_url, one built from the environment. */
  private static Client clientFor(JsonNode command) {
    String mark = "";
    for (String name : List.of("base_url", "key", "api_version", "vertex", "retries")) {
      mark += command.path(name).asText() + "|";
    }
    return CLIENTS.computeIfAbsent(mark, ignored -> build(command));
  }

  private static Client build(JsonNode command) {
    Client.Builder builder = Client.builder();
    HttpOptions.Builder options = HttpOptions.builder();
    if (command.hasNonNull("base_url")) options.baseUrl(command.get("base_url").asText());
    if (command.hasNonNull("api_version")) options.apiVersion(command.get("api_version").asText());
    // Java alone retries by default, up to five times: one try keeps a wanted 503 from taking long.
    int attempts = command.path("retries").asInt(1);
    options.retryOptions(HttpRetryOptions.builder().attempts(attempts).build());
    builder.httpOptions(options.build());
    if (command.hasNonNull("key")) builder.apiKey(command.get("key").asText());
    if (command.path("vertex").asBoolean()) builder.vertexAI(true);
    return builder.build();
  }

  /** One part: text, image (path), uri, file (name), or raw (a Part as on the wire). */
  private static Part part(Client client, JsonNode spec) throws Exception {
    if (spec.has("text")) return Part.fromText(spec.get("text").asText());
    if (spec.has("image")) {
      byte[] data = Files.readAllBytes(Path.of(spec.get("image").asText()));
      Part made = Part.fromBytes(data, spec.get("mime").asText());
      if (!spec.has("level")) return made;
      PartMediaResolution level =
          PartMediaResolution.builder().level(spec.get("level").asText()).build();
      return made.toBuilder().mediaResolution(level).build();
    }
    if (spec.has("uri")) return Part.fromUri(spec.get("uri").asText(), spec.get("mime").asText());
    if (spec.has("file")) {
      com.google.genai.types.File file = client.files.get(spec.get("file").asText(), null);
      return Part.fromUri(file.uri().get(), file.mimeType().get());
    }
    return Part.fromJson(spec.get("raw").toString());
  }

  private static List<Part> parts(Client client, JsonNode specs) throws Exception {
    List<Part> made = new ArrayList<>();
    for (JsonNode spec : specs) made.add(part(client, spec));
    return made;
  }

  private static List<Content> contents(Client client, JsonNode turns) throws Exception {
    List<Content> made = new ArrayList<>();
    for (JsonNode turn : turns) {
      String role = turn.path("role").asText("user");
      made.add(Content.builder().role(role).parts(parts(client, turn.get("parts"))).build());
    }
    return made;
  }

  private static GenerateContentConfig config(JsonNode command) {
    return command.hasNonNull("config")
        ? GenerateContentConfig.fromJson(command.get("config").toString())
        : null;
  }

  private static JsonNode dump(JsonSerializable value) throws Exception {
    JsonNode node = JSON.readTree(value.toJson());
    if (node instanceof ObjectNode) ((ObjectNode) node).remove("sdkHttpResponse");
    return node;
  }

  private static ObjectNode reply(GenerateContentResponse response) throws Exception {
    ObjectNode done = JSON.createObjectNode();
    done.put("text", response.text());
    done.set("response", dump(response));
    return done;
  }

  private static String textOf(GenerateContentResponse chunk) {
    String text = chunk.text();
    return text == null ? "" : text;
  }

  /** Fills `result` as the stream goes, so that what came before a failure is not lost. */
  private static void stream(Client client, JsonNode command, ObjectNode result) throws Exception {
    ArrayNode texts = result.putArray("texts");
    ArrayNode chunks = result.putArray("chunks");
    long began = System.nanoTime();
    try (ResponseStream<GenerateContentResponse> stream =
        client.models.generateContentStream(
            command.get("model").asText(),
            contents(client, command.get("contents")),
            config(command))) {
      for (GenerateContentResponse chunk : stream) {
        if (!result.has("first_s")) result.put("first_s", (System.nanoTime() - began) / 1e9);
        texts.add(textOf(chunk));
        chunks.add(dump(chunk));
      }
    }
  }

  private static ObjectNode chatStream(Client client, JsonNode command) throws Exception {
    Chat chat = client.chats.create(command.get("model").asText());
    ObjectNode done = JSON.createObjectNode();
    ArrayNode replies = done.putArray("replies");
    for (JsonNode turn : command.get("turns")) {
      Content message = Content.builder().role("user").parts(parts(client, turn)).build();
      StringBuilder text = new StringBuilder();
      try (ResponseStream<GenerateContentResponse> stream = chat.sendMessageStream(message)) {
        for (GenerateContentResponse chunk : stream) text.append(textOf(chunk));
      }
      replies.add(text.toString());
    }
    ArrayNode history = done.putArray("history");
    for (Object item : chat.getHistory(true)) {
      Content content = (Content) item;
      ObjectNode turn = history.addObject();
      turn.put("role", content.role().orElse(""));
      StringBuilder text = new StringBuilder();
      for (Part p : content.parts().orElse(List.of())) text.append(p.text().orElse(""));
      turn.put("text", text.toString());
    }
    return done;
  }

  private static JsonNode upload(Client client, JsonNode command) throws Exception {
    UploadFileConfig config =
        command.hasNonNull("config")
            ? UploadFileConfig.fromJson(command.get("config").toString())
            : UploadFileConfig.builder().build();
    String path = command.get("path").asText();
    if (!command.path("as_stream").asBoolean()) return dump(client.files.upload(path, config));
    try (InputStream bytes = new FileInputStream(path)) {
      return dump(client.files.upload(bytes, Files.size(Path.of(path)), config));
    }
  }

  private static JsonNode listed(Iterable<? extends JsonSerializable> pager) throws Exception {
    ArrayNode all = JSON.createArrayNode();
    for (JsonSerializable item : pager) all.add(dump(item));
    return all;
  }

  private static JsonNode answer(Client client, JsonNode command) throws Exception {
    String model = command.path("model").asText();
    String config = command.hasNonNull("config") ? command.get("config").toString() : "{}";
    switch (command.get("op").asText()) {
      case "generate":
        return reply(
            client.models.generateContent(
                model, contents(client, command.get("contents")), config(command)));
      case "chat_stream":
        return chatStream(client, command);
      case "count":
        return dump(
            client.models.countTokens(model, contents(client, command.get("contents")), null));
      case "models_list":
        return listed(client.models.list(ListModelsConfig.fromJson(config)));
      case "models_get":
        return dump(client.models.get(model, null));
      case "upload":
        return upload(client, command);
      case "files_get":
        return dump(client.files.get(command.get("name").asText(), null));
      case "files_list":
        return listed(client.files.list(ListFilesConfig.fromJson(config)));
      case "files_delete":
        return dump(client.files.delete(command.get("name").asText(), null));
      default:
        throw new IllegalArgumentException("unknown op " + command.get("op"));
    }
  }

  /** An exception as JSON: class, HTTP code, Google status, message. */
  private static ObjectNode failure(Throwable error) {
    ObjectNode done = JSON.createObjectNode();
    Throwable shown = error;
    for (Throwable t = error; t != null; t = t.getCause()) {
      if (t instanceof ApiException) shown = t;
    }
    done.put("class", shown.getClass().getSimpleName());
    if (shown instanceof ApiException) {
      ApiException api = (ApiException) shown;
      done.put("code", api.code());
      done.put("status", api.status());
      done.put("message", api.message());
    } else {
      done.put("message", String.valueOf(shown.getMessage()));
    }
    return done;
  }

  public static void main(String[] arguments) throws Exception {
    PrintStream replies = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err); // whatever a library prints must not end up between the replies
    String version = Client.class.getPackage().getImplementationVersion();
    replies.println(JSON.createObjectNode().put("sdk", version == null ? arguments[0] : version));
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonNode command = JSON.readTree(line);
      ObjectNode done = JSON.createObjectNode();
      long began = System.nanoTime();
      try {
        Client client = clientFor(command);
        if (command.get("op").asText().equals("stream")) {
          stream(client, command, done.putObject("result"));
        } else {
          done.set("result", answer(client, command));
        }
      } catch (Throwable error) {
        done.set("error", failure(error));
      }
      done.put("elapsed_s", (System.nanoTime() - began) / 1e9);
      replies.println(JSON.writeValueAsString(done));
    }
    System.exit(0);
  }
}
