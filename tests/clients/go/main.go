// Drive google.golang.org/genai: one JSON command a line in, one JSON reply a line out.
// The commands are those of tests/clients/README.md.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"reflect"
	"runtime/debug"
	"time"

	"google.golang.org/genai"
)

// partSpec is one part: text, image (path), uri, file (name), or raw (a Part as on the wire).
type partSpec struct {
	Text  *string         `json:"text"`
	Image string          `json:"image"`
	MIME  string          `json:"mime"`
	Level string          `json:"level"`
	URI   string          `json:"uri"`
	File  string          `json:"file"`
	Raw   json.RawMessage `json:"raw"`
}

type turnSpec struct {
	Role  string     `json:"role"`
	Parts []partSpec `json:"parts"`
}

type command struct {
	Op         string          `json:"op"`
	BaseURL    string          `json:"base_url"`
	Key        *string         `json:"key"`
	APIVersion string          `json:"api_version"`
	Vertex     bool            `json:"vertex"`
	Model      string          `json:"model"`
	Contents   []turnSpec      `json:"contents"`
	Turns      [][]partSpec    `json:"turns"`
	Config     json.RawMessage `json:"config"`
	Path       string          `json:"path"`
	AsStream   bool            `json:"as_stream"`
	Name       string          `json:"name"`
}

// streamed is what a stream gave before it ended or failed.
type streamed struct {
	Texts  []string                         `json:"texts"`
	Chunks []*genai.GenerateContentResponse `json:"chunks"`
	FirstS *float64                         `json:"first_s"`
}

type replied struct {
	Text     string                         `json:"text"`
	Response *genai.GenerateContentResponse `json:"response"`
}

type said struct {
	Role string `json:"role"`
	Text string `json:"text"`
}

type chatted struct {
	Replies []string `json:"replies"`
	History []said   `json:"history"`
}

var ctx = context.Background()

var clients = map[string]*genai.Client{}

// clientFor gives the client that the command asks for; without base_url, one built from the
// environment.
func clientFor(c command) (*genai.Client, error) {
	key := ""
	if c.Key != nil {
		key = *c.Key
	}
	mark := fmt.Sprintf("%s|%s|%s|%v", c.BaseURL, key, c.APIVersion, c.Vertex)
	if client, known := clients[mark]; known {
		return client, nil
	}
	config := &genai.ClientConfig{APIKey: key, Backend: genai.BackendGeminiAPI}
	if c.Vertex {
		config.Backend = genai.BackendVertexAI
	}
	config.HTTPOptions = genai.HTTPOptions{BaseURL: c.BaseURL, APIVersion: c.APIVersion}
	client, err := genai.NewClient(ctx, config)
	if err == nil {
		clients[mark] = client
	}
	return client, err
}

func part(client *genai.Client, spec partSpec) (*genai.Part, error) {
	switch {
	case spec.Text != nil:
		return genai.NewPartFromText(*spec.Text), nil
	case spec.Image != "":
		data, err := os.ReadFile(spec.Image)
		if err != nil {
			return nil, err
		}
		made := genai.NewPartFromBytes(data, spec.MIME)
		if spec.Level != "" {
			level := genai.PartMediaResolutionLevel(spec.Level)
			made.MediaResolution = &genai.PartMediaResolution{Level: level}
		}
		return made, nil
	case spec.URI != "":
		return genai.NewPartFromURI(spec.URI, spec.MIME), nil
	case spec.File != "":
		file, err := client.Files.Get(ctx, spec.File, nil)
		if err != nil {
			return nil, err
		}
		return genai.NewPartFromURI(file.URI, file.MIMEType), nil
	}
	made := &genai.Part{}
	return made, json.Unmarshal(spec.Raw, made)
}

func parts(client *genai.Client, specs []partSpec) ([]*genai.Part, error) {
	made := []*genai.Part{}
	for _, spec := range specs {
		one, err := part(client, spec)
		if err != nil {
			return nil, err
		}
		made = append(made, one)
	}
	return made, nil
}

func contents(client *genai.Client, turns []turnSpec) ([]*genai.Content, error) {
	made := []*genai.Content{}
	for _, turn := range turns {
		all, err := parts(client, turn.Parts)
		if err != nil {
			return nil, err
		}
		role := turn.Role
		if role == "" {
			role = genai.RoleUser
		}
		made = append(made, genai.NewContentFromParts(all, genai.Role(role)))
	}
	return made, nil
}

// into reads the command's config into T, or gives nil when there is none.
func into[T any](config json.RawMessage) (*T, error) {
	if len(config) == 0 || string(config) == "null" {
		return nil, nil
	}
	made := new(T)
	return made, json.Unmarshal(config, made)
}

func collect(stream iter.Seq2[*genai.GenerateContentResponse, error]) (*streamed, error) {
	got := &streamed{Texts: []string{}, Chunks: []*genai.GenerateContentResponse{}}
	began := time.Now()
	for chunk, err := range stream {
		if err != nil {
			return got, err
		}
		if got.FirstS == nil {
			first := time.Since(began).Seconds()
			got.FirstS = &first
		}
		got.Texts = append(got.Texts, chunk.Text())
		chunk.SDKHTTPResponse = nil
		got.Chunks = append(got.Chunks, chunk)
	}
	return got, nil
}

func generate(client *genai.Client, c command) (any, error) {
	turns, err := contents(client, c.Contents)
	if err != nil {
		return nil, err
	}
	config, err := into[genai.GenerateContentConfig](c.Config)
	if err != nil {
		return nil, err
	}
	response, err := client.Models.GenerateContent(ctx, c.Model, turns, config)
	if err != nil {
		return nil, err
	}
	response.SDKHTTPResponse = nil
	return replied{response.Text(), response}, nil
}

func stream(client *genai.Client, c command) (any, error) {
	turns, err := contents(client, c.Contents)
	if err != nil {
		return nil, err
	}
	config, err := into[genai.GenerateContentConfig](c.Config)
	if err != nil {
		return nil, err
	}
	return collect(client.Models.GenerateContentStream(ctx, c.Model, turns, config))
}

func chatStream(client *genai.Client, c command) (any, error) {
	chat, err := client.Chats.Create(ctx, c.Model, nil, nil)
	if err != nil {
		return nil, err
	}
	done := chatted{}
	for _, turn := range c.Turns {
		message, err := parts(client, turn)
		if err != nil {
			return nil, err
		}
		got, err := collect(chat.SendStream(ctx, message...))
		if err != nil {
			return nil, err
		}
		text := ""
		for _, piece := range got.Texts {
			text += piece
		}
		done.Replies = append(done.Replies, text)
	}
	for _, content := range chat.History(true) {
		text := ""
		for _, p := range content.Parts {
			text += p.Text
		}
		done.History = append(done.History, said{content.Role, text})
	}
	return done, nil
}

func count(client *genai.Client, c command) (any, error) {
	turns, err := contents(client, c.Contents)
	if err != nil {
		return nil, err
	}
	response, err := client.Models.CountTokens(ctx, c.Model, turns, nil)
	if err != nil {
		return nil, err
	}
	response.SDKHTTPResponse = nil
	return response, nil
}

func modelsList(client *genai.Client, c command) (any, error) {
	config, err := into[genai.ListModelsConfig](c.Config)
	if err != nil {
		return nil, err
	}
	page, err := client.Models.List(ctx, config)
	return walk(page, err)
}

func filesList(client *genai.Client, c command) (any, error) {
	config, err := into[genai.ListFilesConfig](c.Config)
	if err != nil {
		return nil, err
	}
	page, err := client.Files.List(ctx, config)
	return walk(page, err)
}

// walk follows a pager to its end.
func walk[T any](page genai.Page[T], err error) (any, error) {
	all := []*T{}
	for err == nil {
		all = append(all, page.Items...)
		page, err = page.Next(ctx)
	}
	if errors.Is(err, genai.ErrPageDone) {
		err = nil
	}
	return all, err
}

func upload(client *genai.Client, c command) (any, error) {
	config, err := into[genai.UploadFileConfig](c.Config)
	if err != nil {
		return nil, err
	}
	if !c.AsStream {
		return client.Files.UploadFromPath(ctx, c.Path, config)
	}
	file, err := os.Open(c.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return client.Files.Upload(ctx, file, config)
}

func answer(client *genai.Client, c command) (any, error) {
	switch c.Op {
	case "generate":
		return generate(client, c)
	case "stream":
		return stream(client, c)
	case "chat_stream":
		return chatStream(client, c)
	case "count":
		return count(client, c)
	case "models_list":
		return modelsList(client, c)
	case "models_get":
		return client.Models.Get(ctx, c.Model, nil)
	case "upload":
		return upload(client, c)
	case "files_get":
		return client.Files.Get(ctx, c.Name, nil)
	case "files_list":
		return filesList(client, c)
	case "files_delete":
		_, err := client.Files.Delete(ctx, c.Name, nil)
		return map[string]any{}, err
	}
	return nil, fmt.Errorf("unknown op %q", c.Op)
}

// failure is an error as JSON: class, HTTP code, Google status, message.
func failure(err error) map[string]any {
	var api genai.APIError
	if errors.As(err, &api) {
		return map[string]any{
			"class": "APIError", "code": api.Code, "status": api.Status,
			"message": api.Message, "details": api.Details,
		}
	}
	class := reflect.TypeOf(err).String()
	return map[string]any{"class": class, "code": nil, "status": nil, "message": err.Error()}
}

func sdkVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "google.golang.org/genai" {
				return module.Version[1:]
			}
		}
	}
	return "unknown"
}

func main() {
	out := json.NewEncoder(os.Stdout)
	out.Encode(map[string]string{"sdk": sdkVersion()})
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	for in.Scan() {
		var c command
		began := time.Now()
		done := map[string]any{}
		err := json.Unmarshal(in.Bytes(), &c)
		if err == nil {
			var client *genai.Client
			if client, err = clientFor(c); err == nil {
				done["result"], err = answer(client, c)
			}
		}
		if err != nil {
			done["error"] = failure(err)
		}
		done["elapsed_s"] = time.Since(began).Seconds()
		if err := out.Encode(done); err != nil {
			out.Encode(map[string]any{"error": failure(err), "elapsed_s": 0})
		}
	}
}
