# Two commands are all a newcomer needs: `make repro` and `make test`. Everything is installed into .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Stages call plain `python`: it has to be the one of .venv.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# The project's own packages only, whatever the shell has.
unexport PYTHONPATH VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help repro test test-slow lint format bench docs clean

help:  ## show this list
	@echo "make TARGET, where TARGET is one of"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "  %-10s %s\n", $$1, $$2 }'
	@echo "Everything is installed into $(VENV). To use dvc and emotion yourself: source $(BIN)/activate"

repro: $(VENV)/.installed  ## run the whole pipeline, from raw video to metrics, and print them
	@dvc repro
	@emotion summary

test: $(VENV)/.installed-test  ## run the unit tests
	@python -m pytest -n auto --dist loadfile

test-slow: $(VENV)/.installed-test-slow  ## run the slow tests: the pipeline from a fresh clone, experiments, queue
	@python -m pytest -m slow -rs

lint: $(VENV)/.installed-lint  ## check style and types: ruff, ruff format, mypy --strict
	@ruff check
	@ruff format --check
	@mypy

format: $(VENV)/.installed-lint  ## mend what ruff can mend
	@ruff check --fix
	@ruff format

bench: $(VENV)/.installed-bench  ## measure speed, memory and robustness into benchmarks/results.json (about an hour)
	@python -m benchmarks.run
	@python -m benchmarks.performance
	@python -m benchmarks.encoders
	@python -m benchmarks.fit
	@python -m benchmarks.fusion
	@python -m benchmarks.bad_media
	@python -m benchmarks.faults

docs: $(VENV)/.installed  ## write the figures in README.md and docs/ anew from measurements (about half an hour)
	@python -m benchmarks.synthetic
	@python -m benchmarks.corpora
	@python -m benchmarks.readme
	@python -m benchmarks.results

clean:  ## remove the environment, caches and everything generated (not your raw data)
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info dvc_plots
	rm -rf data/raw/synthetic data/features data/faces.h5 data/index.csv data/index.json models .dvc/cache .dvc/tmp
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: installed again only when pyproject.toml or constraints.txt changed.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: found Python %d.%d, expected 3.11 or newer: make PYTHON=python3.11" % sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV) || { echo "error: python3 -m venv failed (Debian, Ubuntu: sudo apt-get install python3-venv)" >&2; rm -rf $(VENV); exit 1; }
	@echo "installing into $(VENV) (about two minutes, 2 GB)"
	@python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e .
	@.ci/system-packages python
	@touch $@

$(VENV)/.installed-test $(VENV)/.installed-test-slow $(VENV)/.installed-bench $(VENV)/.installed-lint: $(VENV)/.installed-%: $(VENV)/.installed
	@python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@touch $@
