#!/bin/sh
# See that the examples are sound without running them: shell and Python, and TypeScript where
# there is Node.js. What they do is seen when the demonstration runs them.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

for script in examples/*.sh; do
    sh -n "$script"
done
"$python" -m mypy --strict examples

compiler=tools/contract/node_modules/.bin/tsc
if ! command -v node >/dev/null || ! [ -x "$compiler" ]; then
    echo "examples.sh: no Node.js here: TypeScript is skipped"
    exit 0
fi
"$compiler" --noEmit --strict --target es2022 --module esnext --moduleResolution bundler \
    --lib es2022,dom examples/*.ts
