# Every target does all of its own set-up: it needs Python 3.11 to 3.13, make and a package registry.
#   VENV=path      where the virtual environment lies          PYTHON=path    the interpreter to make it with
#   TESTS=path     what pytest runs (default: all)             PYTEST_FLAGS   what else it is told

VENV ?= .venv
TESTS ?=
PYTEST_FLAGS ?=
LOCK_FLAGS ?=

# Some interpreters on a PATH fail when they are run, and some cannot make a virtual environment: each is tried.
SUITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
runs = $(if $(shell $(1) -c '$(SUITS)' >/dev/null 2>&1 && echo yes),$(1))
PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3,$(call runs,$(name))))

BIN := $(VENV)/bin
# Keyed on content and place, not on time: an edit, a checkout or a move of the folder sets up again, a touch does not.
KEY := $(firstword $(shell { pwd; cat pyproject.toml requirements.lock; } | cksum))
READY := $(VENV)/.ready-$(KEY)
UNFINISHED := $(VENV)/.unfinished

MACHINES_PAGE := $(BIN)/python -c 'from simulator.reference import machine_reference as page; print(page(), end="")'
VALIDATION_PAGE := $(BIN)/python -c 'from analysis.validation.page import validation_page as page; print(page(), end="")'

# Kernels mean the same when nothing compiles them, and stay within their arrays: a few examples each, for time.
COMPILED := tests/workloads/kernels tests/simulator/kernels tests/simulator/mask \
  $(addprefix tests/simulator/test_,activity.py cycle.py folds.py metadata.py packing.py products.py tile.py tiling.py)
FEW_EXAMPLES = $(BIN)/python -m pytest --hypothesis-profile=few $(PYTEST_FLAGS) $(COMPILED)

# Modules of another project on PYTHONPATH would shadow ours.
unexport PYTHONPATH

.PHONY: help demo test test-full check style types imports pages docs format generate lock setup clean
.DEFAULT_GOAL := help

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## the whole story in about a minute, into ./nmsim-demo/
	$(BIN)/nmsim demo

test: check ## everything that must hold before a commit: the checks, then the tests
	$(if $(TESTS),,NUMBA_DISABLE_JIT=1 $(FEW_EXAMPLES))
	$(BIN)/python -m pytest $(PYTEST_FLAGS) $(TESTS)

test-full: check ## the same with the slower tests and more random examples
	$(if $(TESTS),,NUMBA_DISABLE_JIT=1 $(FEW_EXAMPLES))
	$(if $(TESTS),,NUMBA_BOUNDSCHECK=1 $(FEW_EXAMPLES))
	$(BIN)/python -m pytest -m "" --hypothesis-profile=full $(PYTEST_FLAGS) $(TESTS)

check: style types imports pages docs ## formatting, lint, types, import direction, docs

style: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports --no-logo

pages: $(READY)
	$(MACHINES_PAGE) | diff -u arch_configs/README.md - || { echo >&2 "run make generate"; exit 1; }
	$(VALIDATION_PAGE) | diff -u docs/validation.md - || { echo >&2 "run make generate"; exit 1; }

docs: $(READY) ## build the docs into docs/_build/html
	$(BIN)/sphinx-build -W --keep-going -q -b html -d docs/_build/doctrees docs docs/_build/html

format: $(READY) ## let ruff format and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: $(READY) ## rewrite the pages that are made from the code
	$(MACHINES_PAGE) > $(VENV)/machines.md
	mv $(VENV)/machines.md arch_configs/README.md
	$(VALIDATION_PAGE) > $(VENV)/validation.md
	mv $(VENV)/validation.md docs/validation.md

lock: $(READY) ## renew requirements.lock (LOCK_FLAGS=--upgrade takes the newest versions)
	command -v uv >/dev/null || test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	PATH="$$PATH:$(BIN)" uv pip compile --quiet --universal --python-version 3.11 --extra dev --extra docs \
	  --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links $(LOCK_FLAGS) \
	  --output-file requirements.lock pyproject.toml

setup: $(READY) ## make the virtual environment, or bring it up to date

# The stamp comes last, so that a set-up that was killed is begun anew.
$(READY):
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(SUITS)' || { echo >&2 \
	  "no Python 3.11 to 3.13 that runs and has venv and ensurepip: install one (on Debian python3 and python3-venv)," \
	  "or name one: make PYTHON=path"; exit 1; }
	@rm -f $(VENV)/.ready-*
	@if test -e $(UNFINISHED) || ! $(BIN)/python -c '$(SUITS)' >/dev/null 2>&1; then \
	  echo "making $(VENV) with $(PYTHON), which happens once"; \
	  $(PYTHON) -m venv --clear --without-pip $(VENV); fi
	@touch $(UNFINISHED)
	@if command -v uv >/dev/null \
	  && uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock \
	  && uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; then :; else \
	  $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; fi
	@mv $(UNFINISHED) $@

clean: ## remove what was built, the virtual environment too
	rm -rf $(VENV) docs/_build dist nmsim-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
