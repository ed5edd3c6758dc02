# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
PORT ?= 5006
DEMO ?= .demo

.DEFAULT_GOAL := help
.PHONY: help env demo serve test browser soak explore lint type check bench clean

help:  ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

env: $(STAMP)  ## the virtual environment with everything in it

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Nightglass needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Set PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Nightglass into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,lint,bench]'
	@touch $@

demo: $(STAMP)  ## simulate Exercise NIGHTGLASS once and serve it
	@$(BIN)/nightglass demo --data $(DEMO) --port $(PORT)

serve: $(STAMP)  ## serve an existing data directory: make serve DATA=/path
	@$(BIN)/nightglass serve $(if $(DATA),--data $(DATA)) --port $(PORT)

browser:
	@sh tests/browser/install-chromium.sh

test: $(STAMP) browser  ## every test, the browser tests included
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

soak: $(STAMP)  ## 1,000 kills of two writers and 4,500 power losses: some 15 minutes
	@NIGHTGLASS_SOAK=1 $(BIN)/python -m pytest tests/durability/test_killed_writers.py tests/durability/test_power_loss.py --durations=0

explore: $(STAMP)  ## the laws, on examples that no run has seen before
	@NIGHTGLASS_EXPLORE=1 $(BIN)/python -m pytest -n 2 $$(grep -rlE '^from hypothesis' tests --include='test_*.py')

lint: $(STAMP)  ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

type: $(STAMP)  ## mypy, strict
	@$(BIN)/mypy

check: lint type test  ## what CI runs

bench: $(STAMP)  ## measure every promise beside its peer
	@$(BIN)/python -m benchmarks

clean:  ## remove the environment and the demo
	@rm -rf $(VENV) $(DEMO)
