#!/bin/sh
# Generate clients from a contract and compile them: `clients.sh openapi/v1.json`.
# Nothing is kept: the clients are made in a directory that is removed at the end.
# PYTHON is the interpreter that has openapi-python-client and mypy.
set -eu
spec=$1
here=$(dirname "$0")
python=${PYTHON:-python3}
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

"$python" -m openapi_python_client generate --path "$spec" --meta none \
    --config "$here/python-client.yaml" --output-path "$made/safeguarding_client"
"$python" "$here/import_client.py" "$spec" "$made"
"$python" -m mypy --config-file= --strict --cache-dir=/dev/null "$made/safeguarding_client"

if ! command -v node >/dev/null; then
    echo "clients.sh: no Node.js here: the TypeScript client is skipped"
    exit 0
fi
[ -d "$here/node_modules" ] || npm ci --silent --prefix "$here"
"$here/node_modules/.bin/openapi-typescript" "$spec" --output "$made/api.d.ts"
sed 's|"files": \[\]|"files": ["api.d.ts"]|' "$here/tsconfig.json" >"$made/tsconfig.json"
"$here/node_modules/.bin/tsc" --project "$made"
echo "TypeScript client: compiles in strict mode"
