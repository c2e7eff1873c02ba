# Everything needs Python 3.11 and make, nothing else; each target sets up what it uses.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
TARGET ?= duckdb
AS_OF ?= 2025-01-15T00:00:00Z
EXPORTS ?= exports
STATE ?= .state

BIN := .venv/bin
SAMPLE := --lmn sample/lmn --crm sample/crm --platform sample/platform --as-of $(AS_OF)
WAREHOUSE := $(BIN)/warehouse

.PHONY: help setup setup-spark run run-poisoned test test-spark test-all parity bench lint format lock contract clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

setup: .venv/installed ## Make .venv and install the locked dependencies (again only when the lock has changed)

.venv/installed: requirements.lock requirements-setup.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Python 3.11 is needed; '$(PYTHON)' is another. Set PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pipeline.dbt_runner
	@touch $@

run: setup ## Run the warehouse on the bundled sample and publish its drops (TARGET=duckdb, postgres or spark)
	@$(WAREHOUSE) run $(SAMPLE) --target $(TARGET) --exports $(EXPORTS) --state $(STATE)

test: setup ## Run the tests
	$(BIN)/pytest -m "not slow and not spark"

test-all: setup ## Run every test but Spark's, the slow ones too
	$(BIN)/pytest -m "not spark"

lint: setup ## Check the form: ruff, mypy, sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar models dbt_project/tests

format: setup ## Put the form right where a tool can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --processes 2 --disable-progress-bar models dbt_project/tests

lock: setup ## Resolve the dependencies anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--upgrade --group dev pyproject.toml --output-file requirements.lock

clean: ## Remove the environment and what runs have left
	rm -rf .venv .state dbt_project/target
