# Every target sets up all that it needs, in .venv/ and .clients/ of this checkout.
PYTHON ?= python3
BIN := .venv/bin
SHARED ?= ../shared
export TWINSIGHT_SHARED := $(SHARED)

# By files, since tests of a file share what is dear to start: servers, browsers, other languages' clients.
TWO_AT_A_TIME := -n 2 --dist loadfile

.PHONY: help try serve test test-fast lint format bench evals docs wheel lock clean test-frameworks lock-frameworks
.DEFAULT_GOAL := help

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

try: .venv/try ## set up, ask about a sample photo through Google's SDK, draw what was found
	@$(BIN)/python examples/try_it.py

serve: .venv/try ## start the server on port 8080
	@$(BIN)/twinsight serve

test: .venv/test ## all tests, the real SDKs of four languages included
	@$(BIN)/python tests/clients/setup.py
	$(BIN)/python -m pytest $(TWO_AT_A_TIME)

test-fast: .venv/test ## the tests that need no other language's client
	$(BIN)/python -m pytest $(TWO_AT_A_TIME) --ignore tests/clients --ignore tests/guide

test-frameworks: .venv/test ## the examples of LangChain, LlamaIndex, LiteLLM, AI SDK, Genkit and gemini-cli
	@$(BIN)/python -m tests.frameworks.setup
	$(BIN)/python -m pytest tests/frameworks -m frameworks

lint: .venv/test ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/test ## put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/test ## speed, against peers in the same run
	$(BIN)/python -m bench.serving
	$(BIN)/python -m bench.memory
	$(BIN)/python -m bench.caption
	$(BIN)/python -m bench.boxes

evals: .venv/test ## accuracy of each engine on the data in SHARED
	$(BIN)/python -m evals --shared $(SHARED)

docs: .venv/test ## the documentation site, in build/docs/site; a warning is an error
	$(BIN)/python -m docs_build

wheel: .venv/test ## build the package
	$(BIN)/python -m hatchling build -t wheel

lock: .venv/test ## write the lock files anew
	$(BIN)/python -m pip install -q uv
	cd requirements && for set in run try test desk; do ../$(BIN)/uv pip compile -q ../pyproject.toml $$([ $$set = run ] || echo --extra $$set) \
	  --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate -o $$set.txt; done

lock-frameworks: .venv/test ## write the lock files of the frameworks anew
	@$(BIN)/python -m pip install -q uv
	cd tests/frameworks && for set in langchain llama_index litellm label_studio; do ../../$(BIN)/uv pip compile -q $$set.in \
	  --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate -o $$set.txt; done
	cd tests/frameworks && for set in ai genkit gemini_cli; do \
	  (cd $$set && npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved); done

.venv/bin/python:
	@echo "Making .venv with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv .venv

# --no-deps: the locks name all there is to install. Asked to look further, pip takes a new release of
# google-auth[requests] over the locked google-auth, and then refuses it for having no hash.
.venv/try: requirements/try.txt pyproject.toml | .venv/bin/python
	@echo "Installing Twinsight and Google's SDK into .venv (once, about 100 MB) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/try.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/test: requirements/test.txt .venv/try
	@echo "Installing the test tools into .venv …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/test.txt
	@$(BIN)/python -m pip check -q --disable-pip-version-check
	@touch $@

clean: ## remove what was set up here
	rm -rf .venv .clients dist build out .pytest_cache .mypy_cache .ruff_cache .hypothesis
