#!/bin/sh
# gemini-cli: Google's command line client, asking about pictures in the folder where it is run.
#
# Start a server (`twinsight serve`), then `npm install -g @google/gemini-cli` and run
# `GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8080 sh gemini_cli.sh "@photo.jpg How many cups are there?"`.

# The kind of key is chosen in its settings: with a base URL alone it looks for a gateway. They are
# put into a home of its own here; to keep it, write the same to ~/.gemini/settings.json.
export GEMINI_API_KEY="${GEMINI_API_KEY:-any}"
GEMINI_CLI_HOME="$(mktemp -d)"
export GEMINI_CLI_HOME
trap 'rm -r "$GEMINI_CLI_HOME"' EXIT
mkdir "$GEMINI_CLI_HOME/.gemini"
cat > "$GEMINI_CLI_HOME/.gemini/settings.json" <<'JSON'
{"security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": false}}
JSON

gemini --skip-trust --model gemini-2.5-flash --prompt "$1" 2> gemini_cli.log
