# Everything there is to do with this repository. Python 3.11 or newer and make are enough.

PYTHON ?= python3
UV ?= uv
JOBS ?= 2
ROUNDS ?= 20

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
SPEC := openapi/v1.json
COMPILE_LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate \
	--custom-compile-command "make lock" pyproject.toml --group build

.DELETE_ON_ERROR:
.PHONY: help demo test check lint types layers contract examples bench bench-narratives soak duties openapi lock clean

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile

demo: .venv/run.stamp ## Show the main job on real input; PORT, DATA_DIR, DEMO_EXIT=1
	@$(BIN)/safeguarding demo

test: .venv/test.stamp ## Run every test; ARGS for pytest, JOBS processes
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: lint types layers contract examples ## Format, lint, types, layers, contract, clients, examples

lint: .venv/test.stamp
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .

types: .venv/test.stamp
	$(BIN)/python -m mypy

layers: .venv/test.stamp
	$(BIN)/lint-imports --no-cache

contract: .venv/test.stamp
	$(BIN)/safeguarding openapi --check $(SPEC)
	PYTHON="$(CURDIR)/$(BIN)/python" tools/contract/lint.sh $(SPEC)
	PYTHON="$(CURDIR)/$(BIN)/python" tools/contract/clients.sh $(SPEC)

examples: .venv/test.stamp
	PYTHON="$(CURDIR)/$(BIN)/python" tools/examples.sh

bench: .venv/test.stamp ## Measure against the floor and the ORM; JSON=file keeps the figures
	$(BIN)/python -m benchmarks $(if $(JSON),--json "$(JSON)")

bench-narratives: .venv/test.stamp ## Measure what the recogniser finds; FILE for other narratives
	$(BIN)/python -m benchmarks.narratives $(if $(FILE),--file "$(FILE)")

soak: .venv/test.stamp ## Repeat the tests of kills and crowds, ROUNDS times
	@round=1; while [ $$round -le $(ROUNDS) ]; do \
		echo "round $$round of $(ROUNDS)"; \
		$(BIN)/python -m pytest tests/test_serving.py tests/test_postgres.py \
			tests/test_mixed_actors.py || exit 1; \
		round=$$((round + 1)); \
	done

fuzz: .venv/test.stamp ## Generate requests over every operation, as several roles
	FUZZ_EXAMPLES=$(or $(EXAMPLES),5) $(BIN)/python -m pytest -m fuzz -n $(JOBS) tests/test_fuzz.py

duties: .venv/test.stamp ## Print which duties of the framework a test proves
	@$(BIN)/python -m tools.duties

openapi: .venv/run.stamp ## Write the contract that follows from the code
	$(BIN)/safeguarding openapi > $(SPEC).new
	mv $(SPEC).new $(SPEC)

lock: ## Pin what is installed, with hashes; needs uv
	$(COMPILE_LOCK) --output-file requirements.lock
	$(COMPILE_LOCK) --group dev --output-file requirements-dev.lock

clean: ## Remove what was built; the data of the demonstration stay in .data
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP) --require-hashes --requirement requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/test.stamp: requirements-dev.lock pyproject.toml | .venv/bin/python
	$(PIP) --require-hashes --requirement requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
