# Everything runs in an environment that this file makes: Python 3.11 with venv is all that it takes.
PYTHON ?= python3
BIN := .venv/bin

# The module's version of Prometheus 3, which Debian 12 does not have.
PROMETHEUS3_VERSION := v0.316.0

.PHONY: help demo demo-stack test lint bench format clean prometheus3
.DEFAULT_GOAL := help

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

.venv/run: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/dev: .venv/run
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: .venv/run ## Run the exporter against three simulated WHMCS sites, on loopback
	@exec $(BIN)/whmcs-exporter demo

demo-stack: .venv/run ## The same with a Prometheus that has the rules, and Grafana where it is installed
	@PYTHON=$(BIN)/python exec deploy/demo/stack

test: lint ## Check and test everything
	$(BIN)/pytest --numprocesses auto --cov --cov-report term

lint: .venv/dev ## Check style, types, shell and YAML
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy grafana
	$(BIN)/yamllint --strict .
	$(BIN)/shellcheck .ci/run deploy/demo/stack

bench: .venv/dev ## Measure, side by side with a peer; on an idle machine
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/queries.py

build/prometheus3/prometheus:
	GOBIN=$(abspath $(@D)) go install $(addprefix github.com/prometheus/prometheus/cmd/,promtool@$(PROMETHEUS3_VERSION) prometheus@$(PROMETHEUS3_VERSION))

prometheus3: build/prometheus3/prometheus ## Build Prometheus 3 for the tests, where Go is; five minutes

format: .venv/dev ## Put the code into its one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove what the other targets made
	rm -rf .venv build dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
