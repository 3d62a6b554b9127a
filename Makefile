# Everything runs in an environment that this file makes: Python 3.11 with venv is all that it takes.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test lint bench format clean
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

test: lint ## Check and test everything
	$(BIN)/pytest --numprocesses auto --cov --cov-report term

lint: .venv/dev ## Check style, types, shell and YAML
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	$(BIN)/shellcheck .ci/run

bench: .venv/run ## Measure, side by side with a peer; on an idle machine
	$(BIN)/python benchmarks/start.py

format: .venv/dev ## Put the code into its one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove what the other targets made
	rm -rf .venv build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
