# Everything a fresh checkout needs. `make demo` and `make test` set themselves up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test lint format typecheck bench fuzz kills clean

help:  ## Show what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(READY): pyproject.toml tools/setup.sh
	PYTHON="$(PYTHON)" VENV="$(VENV)" sh tools/setup.sh
	@touch $(READY)

demo: $(READY)  ## Run the newsroom example with SQLite
	$(BIN)/python -m examples.newsroom

test: $(READY)  ## Run all tests, fetching browser and proxy where they are missing and it may
	@sh tools/programs.sh
	$(BIN)/pytest

lint: $(READY) typecheck  ## Check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

typecheck: $(READY)  ## Check types with mypy and pyright
	$(BIN)/mypy
	$(BIN)/pyright

format: $(READY)  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## Measure against baselines in the same run
	$(BIN)/python -m benchmarks.baselines
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.adversarial
	$(BIN)/python -m benchmarks.append

fuzz: $(READY)  ## Rewrite and judge a million spoilt documents on all cores, then stream a gigabyte
	CONSENTKIT_FUZZ=$${CONSENTKIT_FUZZ:-1000000} $(BIN)/python -m tests.rewrite.campaign
	CONSENTKIT_STREAM=$${CONSENTKIT_STREAM:-1024} $(BIN)/pytest tests/rewrite/test_memory.py

kills: $(READY)  ## The long form of the SIGKILL campaign
	CONSENTKIT_KILLS=$${CONSENTKIT_KILLS:-2000} $(BIN)/pytest tests/log

clean:  ## Remove what was made here
	rm -rf $(VENV) .demo build dist .mypy_cache .pytest_cache .ruff_cache
