# Everything runs in an environment that this file makes: Python 3.11 with venv is all that it takes.
# Another Python needs another environment: make test PYTHON=python3.13 VENV=.venv-3.13
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# Tests of processes wait more than they compute: two workers for each core. A test that hangs ends its
# worker, and the output names it.
WORKERS ?= $(shell expr 2 '*' $$(nproc))
PYTEST = $(BIN)/pytest --numprocesses=$(WORKERS) --dist=worksteal --ignore=tests/deploy $(if $(JUNIT),--junitxml=$(JUNIT)/$@.xml)
# COVERAGE=yes measures, which costs tests of processes twice the CPU time. test-slow adds to what test-quick
# has measured, and judges.
MEASURED = $(if $(COVERAGE),--cov --cov-report= --cov-fail-under=0)
JUDGED = $(if $(COVERAGE),--cov --cov-append --cov-report=term)

# The module's version of Prometheus 3, which Debian 12 does not have.
PROMETHEUS3_VERSION := v0.316.0

# Exact versions with their hashes, as wheels: nothing unlocked is fetched, and no setup.py runs.
# The locks are complete, so pip resolves nothing: the pip of Python 3.11.7 looks at the newest version of
# what is wanted with an extra (coverage[toml]), and fails from the day on which the lock's is no longer it.
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
LOCKED := $(PIP) --no-deps --require-hashes --only-binary=:all:
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version=3.11 --generate-hashes --no-header $(if $(UPGRADE),--upgrade)

.PHONY: help demo demo-stack test test-all test-newest test-quick test-slow test-deploy lint bench format lock audit sbom dist faults soak mutants clean prometheus3 viewer board-pictures landing-picture
.DEFAULT_GOAL := help

help: ## Say what there is
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

$(VENV)/run: requirements/runtime.txt
	$(PYTHON) -m venv $(VENV)
	$(LOCKED) --requirement requirements/runtime.txt
	@touch $@

# forbiddenfruit has no wheel: it is built by what build.txt locks, as is the project.
$(VENV)/dev: $(VENV)/run pyproject.toml requirements/build.txt requirements/dev.txt
	$(LOCKED) --requirement requirements/build.txt
	$(LOCKED) --no-binary=forbiddenfruit --no-build-isolation --requirement requirements/dev.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	$(BIN)/pip check
	@touch $@

demo: $(VENV)/run ## Run the exporter against three simulated WHMCS sites, on loopback
	@exec $(BIN)/python -m exporter demo

demo-stack: $(VENV)/run ## The same with a Prometheus that has the rules, and Grafana where it is installed
	@PYTHON=$(BIN)/python exec deploy/demo/stack

test: lint test-quick ## Check the code and run the quick tests; four minutes

test-all: ## The same and the slow tests, with coverage; what CI runs
	$(MAKE) lint
	$(MAKE) test-quick COVERAGE=yes
	$(MAKE) test-slow COVERAGE=yes

test-quick: $(VENV)/dev ## Run the quick tests
	$(PYTEST) -m "not slow" --hypothesis-profile=quick $(MEASURED)

test-slow: $(VENV)/dev ## Run the slow tests
	$(PYTEST) -m slow $(JUDGED)

test-newest: ## Run the quick tests on the newest Python here, in an environment of its own
	python=$$(.ci/newest-python) && $(MAKE) test-quick PYTHON="$$python" VENV=.venv-$$(basename "$$python")

# Stands in for the image's base, as no registry of images is asked.
build/base-image.tar: tests/deploy/base-image
	@mkdir -p $(@D)
	tests/deploy/base-image $@

test-deploy: $(VENV)/dev build/prometheus3/prometheus ## Prove what is under deploy/ with real tools, which it installs as root; 30 minutes
	tests/deploy/install-tools build/tools
	$(MAKE) build/base-image.tar
	PATH="$(abspath build/tools):$$PATH" PROMETHEUS3=$(abspath build/prometheus3) $(BIN)/pytest $(if $(JUNIT),--junitxml=$(JUNIT)/$@.xml) tests/deploy

lint: $(VENV)/dev ## Check style, types, shell, YAML and the Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy grafana
	$(BIN)/yamllint --strict .
	$(BIN)/hadolint Dockerfile
	$(BIN)/shellcheck .ci/newest-python .ci/run deploy/demo/stack tests/deploy/base-image tests/deploy/boot tests/deploy/install-tools

bench: $(VENV)/dev ## Measure, side by side with a peer; on an idle machine
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/poll.py
	$(BIN)/python benchmarks/sites.py
	$(BIN)/python benchmarks/scrapes.py
	$(BIN)/python benchmarks/queries.py

build/prometheus3/prometheus:
	GOBIN=$(abspath $(@D)) go install $(addprefix github.com/prometheus/prometheus/cmd/,promtool@$(PROMETHEUS3_VERSION) prometheus@$(PROMETHEUS3_VERSION))

prometheus3: build/prometheus3/prometheus ## Build Prometheus 3 for the tests, where Go is; five minutes

build/viewer/page/viewer.js: $(wildcard tests/grafana/viewer/*)
	@mkdir -p build/viewer
	cp tests/grafana/viewer/.npmrc $^ build/viewer
	cd build/viewer && npm ci --silent && npm run --silent build

viewer: build/viewer/page/viewer.js ## Build the page that draws boards for the tests, where npm is; a minute

board-pictures: $(VENV)/dev viewer ## Draw the boards into docs/pictures, with Grafana's own components
	$(BIN)/python -m tests.grafana.pictures

landing-picture: $(VENV)/dev ## Draw the landing page into docs/pictures, where Chromium is
	$(BIN)/python -m tests.web.picture

format: $(VENV)/dev ## Put the code into its one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/dev ## Lock the dependencies of pyproject.toml; with UPGRADE=1 in their newest versions
	$(COMPILE) --output-file=requirements/build.txt requirements/build.in
	$(COMPILE) --output-file=requirements/runtime.txt pyproject.toml
	$(COMPILE) --output-file=requirements/dev.txt --extra=dev --constraint=requirements/build.txt --constraint=requirements/runtime.txt pyproject.toml

audit: $(VENV)/dev ## Look the locked versions up among known vulnerabilities; fails when it cannot tell
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner=off $(foreach lock,build runtime dev,--requirement=requirements/$(lock).txt)

sbom: $(VENV)/dev ## Write build/sbom.json, the bill of what is installed with the exporter
	@mkdir -p build
	$(BIN)/python requirements/sbom.py build/sbom.json

dist: export SOURCE_DATE_EPOCH = $(shell git log -1 --format=%ct)
dist: $(VENV)/dev sbom ## Build wheel and sdist into dist/, the same for everybody, and the bill of materials
	rm -rf dist
	$(BIN)/python -m hatchling build

faults: $(VENV)/dev ## Let faults come to a running exporter for five minutes
	$(BIN)/python -m tests.faults.long --minutes 5

soak: $(VENV)/dev ## Run for two hours with faults at random, and compare scrapes with the truth
	$(BIN)/python -m tests.soak --minutes 60 --seed 1
	$(BIN)/python -m tests.soak --minutes 60 --seed 2 --scrapers 50 --judged-every 25

mutants: $(VENV)/dev ## Break the code in a thousand places and see that tests notice; 10 to 20 minutes
	rm -rf build/mutants && mkdir -p build/mutants
	cp -r exporter tests pyproject.toml build/mutants
	cd build/mutants && $(CURDIR)/$(BIN)/mutmut run
	$(BIN)/python -m tests.mutation build/mutants

clean: ## Remove what the other targets made
	rm -rf .venv .venv-* build dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
