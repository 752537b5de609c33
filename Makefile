# make run: the sample shop, served on 127.0.0.1:8000.   make test: everything that is tested by default.
PYTHON ?= python3
BIN := .venv/bin
RUN_STAMP := .venv/.run-installed
DEV_STAMP := .venv/.dev-installed
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev services run test test-nightly bench lint lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(RUN_STAMP) ## .venv with what running needs

setup-dev: $(DEV_STAMP) ## .venv with what testing needs too

$(BIN)/uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Merx needs Python 3.11 or newer: set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

$(RUN_STAMP): $(BIN)/uv requirements/run.txt pyproject.toml
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/run.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): $(RUN_STAMP) requirements/dev.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

services: ## say in one line each what the tests lack on this machine
	@command -v node >/dev/null && command -v npm >/dev/null || \
		echo "missing: Node with npm (browser tests). Debian: apt-get install nodejs npm"
	@[ -n "$$MERX_TEST_CHROMIUM" ] || command -v chromium >/dev/null || \
		echo "missing: Chromium (browser tests). Debian: apt-get install chromium"
	@$(BIN)/python -c "import lightgbm" 2>/dev/null || \
		echo "missing: libgomp.so.1 (learned ranking of recommendations). Debian: apt-get install libgomp1"
	@command -v mvn >/dev/null || command -v java >/dev/null || \
		echo "missing: Maven or a JDK 17+ (OpenSearch tests; slower without). Debian: apt-get install maven"

run: setup ## the sample shop: build it where it is not there yet, then serve it on 127.0.0.1:8000
	$(BIN)/merx demo --serve

test: setup setup-dev services ## all tests, in parallel
	$(BIN)/python -m pytest -n $(WORKERS) -m "not nightly"

test-nightly: setup setup-dev services ## the long ones too
	$(BIN)/python -m pytest -n $(WORKERS) --timeout 3600

bench: setup setup-dev ## how fast: search, a live index, recommendations, checkouts
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench_search
	$(BIN)/python -m tests.bench_opensearch
	$(BIN)/python -m tests.load.live_index
	$(BIN)/python -m tests.load.recommendations
	$(BIN)/python -m tests.races.measure --attempts 3000
	$(BIN)/python -m tests.races.pace

lint: setup-dev ## style, types, and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: $(BIN)/uv ## write the lock files anew from pyproject.toml
	printf 'editables\nhatchling\nuv\n' | $(BIN)/uv pip compile -q --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header - -o requirements/bootstrap.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt

clean: ## take away everything that was made here
	rm -rf .venv .merx .pytest_cache .mypy_cache .ruff_cache .hypothesis
