# `make demo` shows the main job; `make test` tests it; `make bench` measures. Each sets up what it
# needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is installed is compiled when it is first imported, and kept: dbt and Great Expectations
# would otherwise be compiled again by every process.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo up test test-all test-superset check lint lint-deploy bench bench-rivals soak chaos fuzz docs pages setup setup-dev down clean
.DEFAULT_GOAL := demo

demo: setup
	@$(BIN)/vensor demo

PYTEST := $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

test: setup-dev
	@$(PYTEST) -m "not slow"

# what `make test` leaves out as well: a quarter of an hour more on two cores
test-all: setup-dev
	@$(PYTEST)

# On demand: a day of two organizations under each fault, an hour of it; ONLY=kind for some of them.
chaos: setup-dev
	@$(BIN)/python -m tests.chaos --write $(if $(ONLY),--only $(ONLY)) $(if $(KILLS),--kills $(KILLS))

# Bad input, at length: as many times the examples of a test run, and counts of what became of them.
fuzz: setup-dev
	@$(BIN)/python -m benchmarks.fuzz --write --examples $(or $(EXAMPLES),20)

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

# Meant for 10 minutes on two idle cores; SIZE=full takes hours, on a machine that is left alone. The
# figures go to benchmarks/results/$(SIZE). ONLY="growth search" runs those.
SIZE ?= small

bench: setup-dev
	@$(BIN)/python -m benchmarks --size $(SIZE) $(ONLY)

# On demand: rival connectors load the same account, each in an environment of its own, 0.3 GB.
# RIVAL=dlt (dlt's rest_api source) or singer (tap-zendesk and target-postgres).
RIVAL ?= dlt
RIVALS := .rivals-venv
ENVIRONMENTS_dlt := dlt
ENVIRONMENTS_singer := tap target

bench-rivals: setup-dev $(foreach one,$(ENVIRONMENTS_$(RIVAL)),$(RIVALS)/$(one)/.installed)
	@$(BIN)/python -m benchmarks.rivals_$(RIVAL) --size $(SIZE) --environments $(RIVALS) --write
	@$(BIN)/python -m benchmarks.rival_tables

$(RIVALS)/%/.installed: benchmarks/others/requirements-%.txt
	@echo "setting up $(@D) (about half a minute, once)"
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r $<
	@touch $@

# On demand: sixty days of three desks, with a clock that is moved; an hour or more on two cores.
soak: setup-dev
	@$(BIN)/python -m benchmarks.soak --write

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
