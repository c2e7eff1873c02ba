# All that is needed is make and Python 3.11, 3.12 or 3.13; each target sets up what it uses.

# the Python to set up with; by default the newest suitable one on this machine
PYTHON ?=
TARGET ?= duckdb
AS_OF ?= 2025-01-15T00:00:00Z
EXPORTS ?= exports
STATE ?= .state

# an environment in a folder that was moved has broken paths: recreate it
ifneq ($(shell cat .venv/installed 2>/dev/null),$(CURDIR))
$(shell rm -f .venv/installed .venv-spark/installed)
endif
# recreate one with another Python than requested
ifneq ($(and $(PYTHON),$(wildcard .venv/bin/python)),)
ifneq ($(shell .venv/bin/python -V 2>&1),$(shell "$(PYTHON)" -V 2>/dev/null))
$(shell rm -f .venv/installed .venv-spark/installed)
endif
endif

BIN := .venv/bin
# uv caches downloads in the home folder, if that is writable,
# and uses the system's certificates, as pip does, because a company's proxy may have its own
CERTIFICATES := $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem)
UV := $(BIN)/uv $(if $(shell test -w "$$HOME" && echo yes),,--no-cache) $(if $(CERTIFICATES),--system-certs)
ENGINE_BIN := $(if $(filter spark,$(TARGET)),.venv-spark/bin,$(BIN))
SAMPLE := --lmn sample/lmn --crm sample/crm --platform sample/platform --as-of $(AS_OF)

.PHONY: help setup setup-spark run run-poisoned test fuzz test-faults mutants test-all test-spark test-spark-all parity bench sbom vulnerabilities lint format lock contract docs clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

setup: .venv/installed ## Make .venv and install the locked dependencies (again only when the lock has changed)

.venv/installed: requirements.lock requirements-setup.lock pyproject.toml
	@test -e $@ || { python="$$(.ci/pythons $(if $(PYTHON),"$(PYTHON)"))" && python="$$(echo "$$python" | head -n 1)" && \
		echo "set-up: making .venv with $$python (some seconds)" && "$$python" -m venv --clear .venv; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.lock
	@echo "set-up: installing $$(grep -c == $<) packages into .venv (a minute or more the first time)"
	@$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@echo "set-up: parsing the dbt project (some seconds)"
	@$(BIN)/python -m pipeline.dbt.runner
	@$(BIN)/python -m pipeline.orchestration.list_models
	@echo '$(CURDIR)' > $@

setup-spark: .venv-spark/installed ## The same for Spark, in .venv-spark (needs Java 17)

.venv-spark/installed: requirements-spark.lock .venv/installed
	@test -e $@ || $(BIN)/python -m venv --clear .venv-spark
	@echo "set-up: installing $$(grep -c == $<) packages into .venv-spark (some minutes the first time: Spark is large)"
	@$(UV) pip sync --quiet --python .venv-spark/bin/python --require-hashes requirements-spark.lock
	@$(UV) pip install --quiet --python .venv-spark/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

run: $(if $(filter spark,$(TARGET)),setup-spark,setup) ## Run the bundled sample and publish its drops (TARGET=duckdb, postgres or spark)
	@$(ENGINE_BIN)/warehouse run $(SAMPLE) --target $(TARGET) --exports $(EXPORTS) --state $(STATE)

run-poisoned: run ## The same with a misspelt header: the run fails, and publishes nothing
	@rm -rf $(STATE)/poisoned && cp -r sample $(STATE)/poisoned
	@$(BIN)/python -c 'from pathlib import Path; from pipeline.sample.bundled import poison; poison(Path("$(STATE)/poisoned"))'
	@$(ENGINE_BIN)/warehouse run $(subst sample/,$(STATE)/poisoned/,$(SAMPLE)) --target $(TARGET) --exports $(EXPORTS) --state $(STATE)

test: setup ## Run the tests, except slow ones and those of Spark
	$(BIN)/pytest -m "not slow and not spark" -n 2 --dist loadfile

fuzz: setup ## Ingest N bad files made from the sample's (N=10000, FIRST=1000000: the number of the first)
	$(BIN)/python -m tests.ingest.fuzz $(or $(N),10000) --first $(or $(FIRST),1000000)

test-faults: setup ## Inject faults into publications, runs and drops for MINUTES (60); write the counts to docs/reliability.md
	$(BIN)/python -m tests.faults --minutes $(or $(MINUTES),60) $(if $(FRESH),--fresh)

mutants: setup ## Mutate models and code in N places (600) within MINUTES (60); write the counts to docs/reliability.md
	$(BIN)/python -m tests.mutants --count $(or $(N),600) --minutes $(or $(MINUTES),60) $(foreach seed,$(SEEDS),--seed $(seed))

test-all: setup ## Run all tests except those of Spark
	$(BIN)/pytest -m "not spark" -n 2 --dist loadfile

test-spark: setup-spark ## Run the tests of the Spark engine, on a local cluster
	.venv-spark/bin/pytest -m "spark and not slow"

test-spark-all: setup-spark ## The same, with the slow ones
	.venv-spark/bin/pytest -m spark

parity: setup-spark ## Compare every cell that DuckDB, PostgreSQL and Spark publish
	.venv-spark/bin/python tests/parity/compare.py duckdb postgres spark

bench: setup ## Measure whole runs at growing sizes and write docs/benchmark.md
	$(BIN)/python benchmarks/bench.py

sbom: .venv-supply/installed ## List every locked dependency with its hashes as CycloneDX (build/sbom.json)
	@mkdir -p build
	@PYTHONWARNINGS=ignore .venv-supply/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible \
		--output-format JSON --output-file build/sbom.json
	@test "$$(grep -c '"bom-ref": "requirements' build/sbom.json)" = "$$(grep -c == requirements.lock)" && \
		echo "build/sbom.json lists the $$(grep -c == requirements.lock) packages of requirements.lock"

vulnerabilities: .venv-supply/installed ## Look up known vulnerabilities of the locked dependencies
	@.ci/vulnerabilities .venv-supply/bin/pip-audit

.venv-supply/installed: requirements-supply.lock .venv/installed
	@test -e $@ || $(BIN)/python -m venv .venv-supply
	@$(UV) pip sync --quiet --python .venv-supply/bin/python --require-hashes requirements-supply.lock
	@touch $@

contract: setup ## Regenerate the pages that are made from code (docs/contracts, docs/data-dictionary.md, docs/settings.md)
	$(BIN)/python -m pipeline.contracts.pages
	$(BIN)/python -m pipeline.set_up.settings_page

docs: setup ## Build docs/ as one searchable site that opens from a file (build/site/index.html)
	$(BIN)/python docs/site/make_site.py

lint: setup ## Run ruff, mypy, the import-direction check and sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar models dbt_project/tests

format: setup ## Format code and SQL, and apply automatic fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --processes 2 --disable-progress-bar models dbt_project/tests

COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--override requirements-overrides.txt

lock: setup ## Resolve the dependencies again
	$(COMPILE) --upgrade --group dev pyproject.toml --output-file requirements.lock
	$(COMPILE) --group dev --group spark pyproject.toml --constraint requirements.lock --output-file requirements-spark.lock
	echo uv | $(COMPILE) --upgrade - --output-file requirements-setup.lock
	printf 'cyclonedx-bom\npip-audit\n' | $(COMPILE) --upgrade - --output-file requirements-supply.lock

clean: ## Remove the environments, the state folder and dbt's parse (keep drops and benchmark sources)
	rm -rf .venv .venv-spark .venv-supply .state dbt_project/target
