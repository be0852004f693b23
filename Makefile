# Two commands are all a newcomer needs: `make repro` and `make test`. Everything is installed into .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Stages call plain `python`: it has to be the one of .venv.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# The project's own packages only, whatever the shell has; and compiled files are kept: without them each start of a stage
# takes twice as long.
unexport PYTHONPATH VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

# Files of which `make coverage` lets no line go untested: the engine, the locks, the cache and the scores.
COVERED := emotion/extraction/engine.py,emotion/extraction/executors.py,emotion/extraction/outcome.py
COVERED := $(COVERED),emotion/core/locks.py,emotion/core/files.py,emotion/core/processes.py,emotion/store/*,emotion/evaluation/*

.DEFAULT_GOAL := help
.PHONY: help repro view model test test-slow coverage test-full lint format bench docs site clean git

help:  ## show this list
	@echo "make TARGET, where TARGET is one of"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "  %-10s %s\n", $$1, $$2 }'
	@echo "Everything is installed into $(VENV). To use dvc and emotion yourself: source $(BIN)/activate"

repro: $(VENV)/.installed  ## run the whole pipeline, from raw video to metrics, and print them
	@python -m emotion.core.dvc_index
	@dvc repro
	@emotion summary

view: $(VENV)/.installed  ## look at the last run in the browser: predictions, dialogues, faces
	@emotion view

model: $(VENV)/.installed  ## pack the last run's model into models/packed, for `emotion predict`
	@emotion model pack --out models/packed

test: $(VENV)/.installed-test  ## run the unit tests
	@python -m pytest -n auto --dist worksteal --max-worker-restart 0

test-slow: $(VENV)/.installed-test-slow  ## run the slow tests: the pipeline, two experiments, all encoders, the page in a browser
	@python -m pytest -m 'slow and not full and not timed' -rs -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart 0
	@python -m pytest -m timed -rs $$(grep -rl 'mark.timed' tests --include 'test_*.py')

# Processes that tests start are not measured: some work under a limit on the size of files, which coverage's own would meet.
coverage: $(VENV)/.installed-test  ## run the unit tests and list what they do not cover
	@python -m pytest -n auto --dist worksteal --max-worker-restart 0 --cov=emotion --cov-report=term:skip-covered --cov-fail-under=90
	@python -m coverage report --show-missing --skip-covered --fail-under=100 --include='$(COVERED)'

test-full: $(VENV)/.installed-test-slow  ## run what takes hours: experiments, the queue, kills, fresh environments, corpora of full size
	@python -m pytest -m full -rs

lint: $(VENV)/.installed-lint  ## check style and types: ruff, ruff format, mypy --strict
	@ruff check
	@ruff format --check
	@mypy

format: $(VENV)/.installed-lint  ## fix what ruff can fix
	@ruff check --fix
	@ruff format

bench: $(VENV)/.installed-bench  ## measure speed, memory and robustness into benchmarks/results.json (about an hour)
	@python -m benchmarks.run
	@python -m benchmarks.performance
	@python -m benchmarks.encoders
	@python -m benchmarks.fit
	@python -m benchmarks.fusion
	@python -m benchmarks.bad_media
	@python -m benchmarks.fuzz
	@python -m benchmarks.faults
	@python -m benchmarks.kills
	@python -m benchmarks.kills_of_dvc
	@python -m benchmarks.io_faults

docs: $(VENV)/.installed  ## write the figures in README.md and docs/ again from measurements (about half an hour)
	@python -m benchmarks.synthetic
	@python -m benchmarks.corpora
	@python -m benchmarks.timeline
	@python -m benchmarks.readme
	@python -m benchmarks.results

site: $(VENV)/.installed-site  ## build the documentation as pages into build/site; warnings are errors
	@python -m sphinx -W --keep-going -n -q -c docs -d build/doctrees . build/site
	@echo "build/site/index.html"

clean:  ## remove the environment, caches and everything generated (not your raw data)
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage* *.egg-info dvc_plots build
	rm -rf data/raw/synthetic data/features data/annotators.csv data/faces.* data/index.* models metrics/predictions.csv metrics/speakers.csv
	rm -rf .code .dvc/cache .dvc/tmp .dvc-index/repo/*/
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# DVC needs git: say so before 2 GB are installed.
git:
	@test -e .git || { echo "error: this copy has no .git (a zip file?), which DVC needs: git clone the project, or here: git init && git add . && git commit -m start" >&2; exit 1; }

# Stamps: installed again only when pyproject.toml or constraints.txt changed.
$(VENV)/.installed: pyproject.toml constraints.txt | git
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: found Python %d.%d, expected 3.11 or newer: make PYTHON=python3.11" % sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV) || { echo "error: python3 -m venv failed (Debian, Ubuntu: sudo apt-get install python3-venv)" >&2; rm -rf $(VENV); exit 1; }
	@echo "installing into $(VENV) (about two minutes, 2 GB)"
	@python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e .
	@.ci/system-packages python
	@python -m emotion.core.dvc_index
	@touch $@

$(VENV)/.installed-test $(VENV)/.installed-test-slow $(VENV)/.installed-bench $(VENV)/.installed-lint $(VENV)/.installed-site: $(VENV)/.installed-%: $(VENV)/.installed
	@python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@if [ '$*' = test-slow ]; then .ci/system-packages python browser; fi
	@touch $@
