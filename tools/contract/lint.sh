#!/bin/sh
# Lint a contract: `lint.sh openapi/v1.json`. Any warning is a failure.
set -eu
spec=$(realpath "$1")
python=${PYTHON:-python3}
cd "$(dirname "$0")"

"$python" -m openapi_spec_validator "$spec"

if ! command -v node >/dev/null; then
    echo "lint.sh: no Node.js here: Spectral and Redocly are skipped"
    exit 0
fi
[ -d node_modules ] || npm ci --silent
node_modules/.bin/spectral lint --quiet --ruleset ruleset.yaml --fail-severity warn "$spec"
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
    node_modules/.bin/redocly lint --extends recommended-strict "$spec"
