.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The suite starts many processes; byte code that nobody keeps is compiled again by each of them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test test-all check format soak bench bench-scale clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

setup: $(STAMP) ## create .venv and install with test extras

$(STAMP): setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,browser,postgresql]'
	@touch $@

demo: setup ## load the bundled sample, serve it, print links
	$(BIN)/credence -C credence-demo demo

test: setup ## the suite: unit, contracts, flows, docs
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --hypothesis-profile quick -m 'not slow'

test-all: test ## also real servers, foreign clients, more kills; properties with all their examples
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m 'slow or hypothesis'

soak: setup ## 500 kills, each restarted and checked, 10,000 histories, 200 twins, 200 mutants (KILLS=n ...)
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -s --kills $(or $(KILLS),500) tests/crash
	$(BIN)/python -m pytest -s --timeout 3600 --histories $(or $(HISTORIES),10000) --twins $(or $(TWINS),200) tests/soak
	$(PYTHON) -m venv $(VENV)-mutation
	$(VENV)-mutation/bin/python -m pip install --quiet --disable-pip-version-check 'cosmic-ray==8.7.0'
	PYTHONPATH=. $(VENV)-mutation/bin/python -m tests.mutation.run --count $(or $(MUTANTS),200)

check: setup ## format, lint, types, layers, derived files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/credence derive --check

bench: setup ## against other programs, some minutes each; docs/performance.md anew
	$(BIN)/python benchmarks/peers/compare.py --rows 10000 --shacl
	$(BIN)/python benchmarks/intake/memory.py --rows 10000 100000
	$(BIN)/python -m benchmarks.surfaces.load_publish
	$(BIN)/python -m benchmarks.surfaces.replicate
	$(BIN)/python -m benchmarks.surfaces.repairs
	$(BIN)/python -m benchmarks.surfaces.takedown
	$(BIN)/python -m benchmarks.dumps.takedown
	$(BIN)/python benchmarks/dumps/publish.py --records 20000
	$(BIN)/python benchmarks/dumps/redact.py --records 100000
	$(BIN)/python benchmarks/index/apply.py
	$(BIN)/python benchmarks/index/search.py
	$(BIN)/python benchmarks/index/pages.py
	$(BIN)/python benchmarks/sparql/bombs.py
	$(BIN)/python -m benchmarks.sparql.fair
	$(BIN)/python -m benchmarks.sparql.compare
	$(BIN)/python -m benchmarks.report

bench-scale: setup ## 10,000, 100,000 and 1,000,000 penalties from file to rebuilt surfaces; hours
	$(BIN)/python -m benchmarks.scale.run --minutes 240
	$(BIN)/python -m benchmarks.report

format: setup ## rewrite files in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what setup, demo and test made
	rm -rf $(VENV) credence-demo credence-data build *.egg-info .mypy_cache .ruff_cache .pytest_cache
