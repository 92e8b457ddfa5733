# `make demo` shows the main job; `make test` tests it; `make bench` measures. Each sets up what it
# needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is installed is compiled when it is first imported, and kept: dbt and Great Expectations
# would otherwise be compiled again by every process.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo up test test-all test-superset check lint lint-deploy bench soak docs pages setup setup-dev down clean
.DEFAULT_GOAL := demo

demo: setup
	@$(BIN)/vensor demo

PYTEST := $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

test: setup-dev
	@$(PYTEST) -m "not slow"

# what `make test` leaves out as well: a quarter of an hour more on two cores
test-all: setup-dev
	@$(PYTEST)

# On demand: a Superset of its own, 0.8 GB. PICTURES=folder takes one of each dashboard.
SUPERSET := .superset-venv

test-superset: setup $(SUPERSET)/.installed
	@$(BIN)/python bi/superset/check.py --venv $(SUPERSET) $(if $(PICTURES),--pictures $(PICTURES))

$(SUPERSET)/.installed: bi/superset/requirements.txt
	@echo "setting up $(SUPERSET) (about 1.5 minutes, once)"
	@test -x $(SUPERSET)/bin/python || $(PYTHON) -m venv $(SUPERSET)
	@$(SUPERSET)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r $<
	@touch $@

check: setup-dev lint test

lint: setup-dev
	@$(BIN)/ruff check --output-format concise .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt/models warehouse/sql

# On demand: linters of Docker, compose, Kubernetes and the shell, 0.2 GB.
DEPLOY := .deploy-venv

lint-deploy: $(DEPLOY)/.installed
	@$(DEPLOY)/bin/hadolint deploy/Dockerfile
	@$(DEPLOY)/bin/shellcheck deploy/*.sh
	@$(DEPLOY)/bin/yamllint --strict --config-file deploy/.yamllint.yaml deploy
	@$(DEPLOY)/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec deploy/compose.yaml
	@$(DEPLOY)/bin/python deploy/check.py

$(DEPLOY)/.installed: deploy/requirements-lint.txt
	@echo "setting up $(DEPLOY) (about 10 seconds, once)"
	@test -x $(DEPLOY)/bin/python || $(PYTHON) -m venv $(DEPLOY)
	@$(DEPLOY)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

bench: setup-dev
	@$(BIN)/python -m benchmarks.extraction
	@$(BIN)/python -m benchmarks.pacing
	@$(BIN)/python -m benchmarks.sealing
	@$(BIN)/python -m benchmarks.isolation
	@$(BIN)/python -m benchmarks.auditing
	@$(BIN)/python -m benchmarks.gates
	@$(BIN)/python -m benchmarks.metrics
	@$(BIN)/python -m benchmarks.retention
	@$(BIN)/python -m benchmarks.search
	@$(BIN)/python -m benchmarks.ai
	@$(BIN)/python -m benchmarks.orchestration
	@$(BIN)/python -m benchmarks.scale

# On demand: sixty days of three desks, with a clock that is moved; an hour or more on two cores.
soak: setup-dev
	@$(BIN)/python -m benchmarks.soak

# every metric, its definition and what it is made of, as a page; the embedded warehouse will do
docs: setup
	@$(BIN)/vensor init
	@$(BIN)/python -m tasks.metrics.docs

# the pages of docs/ that are made of something else: of the commands, of dbt's files
pages: setup
	@$(BIN)/python -m cli.reference
	@$(BIN)/python -m tasks.metrics.dictionary

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

# --no-deps: the lock is complete, and pip's own resolver rejects extras under --require-hashes.
$(VENV)/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "vensor needs Python 3.11; set PYTHON=…")'
	@echo "setting up .venv (about a minute, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r requirements-dev.txt
	@touch $@

# a Prefect server, its UI, a worker and the schedules, on loopback; `make down` ends them
up: setup
	@$(BIN)/vensor up

down:
	@$(BIN)/vensor down

clean: down
	rm -rf .vensor
