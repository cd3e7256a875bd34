#!/bin/sh
# Lint a contract: `lint.sh openapi/v1.json`. Any warning is a failure.
# PYTHON is the interpreter that has openapi-spec-validator.
set -eu
spec=$1
here=$(dirname "$0")

"${PYTHON:-python3}" -m openapi_spec_validator "$spec"

if ! command -v node >/dev/null; then
    echo "lint.sh: no Node.js here: Spectral and Redocly are skipped"
    exit 0
fi
[ -d "$here/node_modules" ] || npm ci --silent --prefix "$here"
"$here/node_modules/.bin/spectral" lint --quiet --ruleset "$here/ruleset.yaml" \
    --fail-severity warn "$spec"
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
    "$here/node_modules/.bin/redocly" lint --extends recommended-strict "$spec"
