#!/bin/sh
# Generate clients from a contract and compile them: `clients.sh openapi/v1.json`.
# Nothing is kept: the clients are made in a directory that is removed at the end.
set -eu
spec=$(realpath "$1")
python=${PYTHON:-python3}
cd "$(dirname "$0")"
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

"$python" -m openapi_python_client generate --path "$spec" --meta none \
    --config python-client.yaml --output-path "$made/safeguarding_client"
"$python" import_client.py "$spec" "$made"
(cd "$made" && "$python" -m mypy --strict --cache-dir=/dev/null safeguarding_client)

if ! command -v node >/dev/null; then
    echo "clients.sh: no Node.js here: the TypeScript client is skipped"
    exit 0
fi
[ -d node_modules ] || npm ci --silent
node_modules/.bin/openapi-typescript "$spec" --output "$made/api.d.ts"
sed "s|\"files\": \[\]|\"files\": [\"$made/api.d.ts\"]|" tsconfig.json >"$made/tsconfig.json"
node_modules/.bin/tsc --project "$made/tsconfig.json"
echo "TypeScript client: compiles in strict mode"
