# Wotu: every target has one line of help (make help).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.installed
SETUP_DEV := $(VENV)/.installed-dev
# The demo's workspace; make demo WORKSPACE=elsewhere
WORKSPACE ?= workspace

# Tests start hundreds of processes: each would compile what it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-sqlite test-postgresql test-browser test-plane test-plain kernels soak bench lint fix types check lock serve screenshots clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

demo: $(SETUP) ## Load a real data set, print its main findings and serve the console
	$(BIN)/wotu demo --workspace $(WORKSPACE) $(DEMO)

serve: $(SETUP) ## Serve the workspace
	$(BIN)/wotu serve --workspace $(WORKSPACE)

test: $(SETUP_DEV) ## Run the whole test suite, on SQLite and PostgreSQL
	$(MAKE) --no-print-directory test-sqlite
	$(MAKE) --no-print-directory test-postgresql
	$(MAKE) --no-print-directory test-browser

test-sqlite: $(SETUP_DEV) kernels ## Run all tests but those in a browser
	$(BIN)/python -m pytest -n 2 --database sqlite --ignore=tests/browser $(ARGS)

# What reads or writes the control database: people, keys, boards, kept answers, settings. A page that reads no more of
# it than who is signed in, and an address that reads no more than its key, are proved on SQLite.
ON_POSTGRESQL := tests/accounts tests/boards tests/ledger tests/loyalty tests/outbox \
	tests/api/test_refusals.py::test_each_role_may_what_the_rules_say \
	$(addprefix tests/api/test_,forgetting.py idempotency.py lists.py routes.py threads.py) \
	$(addprefix tests/console/test_,answer_pages.py boards_pages.py data_pages.py export.py fact_pages.py person.py refusing.py security.py settings_pages.py stage_pages.py)
test-postgresql: $(SETUP_DEV) kernels ## Run the tests of the control database on PostgreSQL
	$(BIN)/python -m pytest -n 2 --database postgresql $(ON_POSTGRESQL) $(ARGS)

test-plane: $(SETUP_DEV) kernels ## Run the tests of the Django-free rooms only
	$(BIN)/python -m pytest -n 2 -m "not slow" --ignore=tests/accounts --ignore=tests/outbox --ignore=tests/boards --ignore=tests/ledger --ignore=tests/api --ignore=tests/console --ignore=tests/browser $(ARGS)

test-plain: ## Run the Django-free rooms' tests in an environment without Django
	sh scripts/test_without_django.sh

test-browser: $(SETUP_DEV) kernels ## Walk the console in a real browser
	$(BIN)/python -m pytest tests/browser $(ARGS)

kernels: $(SETUP_DEV) ## Compile all kernels, once for all processes that follow
	$(BIN)/python scripts/compile_kernels.py

soak: $(SETUP_DEV) ## Run the long tests: many kills, long random logs
	WOTU_SOAK=1 $(BIN)/python -m pytest -m "soak or crash" tests $(ARGS)

bench: $(SETUP_DEV) ## Measure what the documentation claims; prints JSON
	$(BIN)/python bench/run.py $(ARGS)

lint: $(SETUP_DEV) ## Check style, imports between rooms, and sizes
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

fix: $(SETUP_DEV) ## Correct what lint can correct by itself
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

types: $(SETUP_DEV) ## Check types
	$(BIN)/mypy

check: lint types test ## Everything CI checks but the package and the plain environment

screenshots: $(SETUP_DEV) ## Take the README's screenshots from the demo
	$(BIN)/python scripts/screenshots.py

lock: $(SETUP_DEV) ## Pin all dependencies again, with hashes
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --extra demo --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --all-extras --output-file requirements-dev.lock

clean: ## Remove the environment and caches (workspaces stay)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Wotu needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)

$(SETUP): requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(SETUP_DEV): requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python scripts/install.py $(VENV) requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@ $(SETUP)
