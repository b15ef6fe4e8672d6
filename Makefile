# tympan: `make demo` and `make test` need only Python 3.11 or newer, make and a package index.
# The index is pip's own setting (pip.conf or PIP_INDEX_URL); none is named here.

VENV := .venv
BIN := $(VENV)/bin
TORCH := torch==2.13.0
# Test processes; each keeps to one thread, or they fight for the cores.
JOBS ?= 2
MIN_PYTHON := (3, 11)

# The first of these that is new enough makes the virtual environment; PYTHON=... overrides.
PYTHON ?= $(shell for one in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	if $$one -c 'import sys; sys.exit(sys.version_info < $(MIN_PYTHON))' >/dev/null 2>&1; \
	then echo $$one; break; fi; done)

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz faults lint format type stubs docs benchmark clean venv dev

help:
	@echo "make demo       hear a recording made on the spot, and write a page about it"
	@echo "make test       run all tests"
	@echo "make fuzz       damage 100,000 files and 100,000 texts and read them (CASES=..., SEED=...)"
	@echo "make faults     plant faults in a copy of the source; each must make a test fail"
	@echo "make lint       check style (ruff); make format repairs it"
	@echo "make type       check types (mypy)"
	@echo "make stubs      write the stubs of packages whose names load lazily"
	@echo "make docs       build docs/_build/html"
	@echo "make benchmark  measure against peers and rewrite docs/benchmarks"
	@echo "make dev        only make the virtual environment with all tools"
	@echo "make clean      remove what was built, but not the virtual environment"

# Stamps say what is installed, so that a second call starts at once.
$(VENV)/.made:
	@if [ -z "$(PYTHON)" ]; then \
		echo "tympan needs Python 3.11 or newer, and none was found on PATH."; \
		echo "Install one (for instance: apt install python3 python3-venv), or name it:"; \
		echo "  make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; fi
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: its module venv or ensurepip is missing."; \
		echo "Install it (on Debian and Ubuntu: apt install python3-venv)."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.torch: $(VENV)/.made
	@echo "Fetching PyTorch and what else is needed, once: this takes some minutes ..."
	$(BIN)/python -m pip install --quiet $(TORCH)
	@touch $@

$(VENV)/.base: $(VENV)/.torch pyproject.toml
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.torch pyproject.toml
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@ $(VENV)/.base

venv: $(VENV)/.base
dev: $(VENV)/.dev

demo: $(VENV)/.base
	@mkdir -p demo
	@echo "Making demo/scene.wav: a siren, a clock, rain, bells, an engine, and a sentence that tympan speaks ..."
	$(BIN)/tympan speak "This is tympan. Everything that you hear here was made by this computer." -o demo/sentence.wav
	@$(BIN)/python -c 'from tympan.audio import demo_scene, load; demo_scene(speech=load("demo/sentence.wav"))[0].save("demo/scene.wav")'
	$(BIN)/tympan hear demo/scene.wav -o demo/report.html
	@echo "Open this page in a browser: $(CURDIR)/demo/report.html"
	@echo "Next, on a recording of yours: source $(BIN)/activate; tympan classify FILE"
	@echo "Or in the browser: pip install -e '.[serve]'; tympan studio"

test: $(VENV)/.dev
	OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

# Half an hour on two cores. Each failure names its case; to see it alone:
# .venv/bin/python tests/audio/fuzz.py --seed SEED --first CASE --cases 1
CASES ?= 100000
SEED ?= 2026

fuzz: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python tests/audio/fuzz.py --seed $(SEED) --cases $(CASES) \
		--processes $(JOBS)
	$(BIN)/python tests/fuzz_parsers.py --seed $(SEED) --cases $(CASES)

faults: $(VENV)/.dev
	$(BIN)/python tests/planted_faults.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: $(VENV)/.dev
	$(BIN)/mypy

# What type checkers see of packages whose names load lazily; a test says when it is to be done.
stubs: $(VENV)/.dev
	$(BIN)/python -c 'from tympan._lazy import write_stubs; write_stubs()'

docs: $(VENV)/.dev
	OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m sphinx -j auto -W --keep-going -q -b html docs docs/_build/html
	$(BIN)/python docs/_ext/check_offline.py docs/_build/html
	@echo "Open this page in a browser: $(CURDIR)/docs/_build/html/index.html"

# The other side of the tables.
$(VENV)/.benchmark: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet -e '.[benchmark]'
	@touch $@

# ARGS names some of them, or leaves out those that train for hours: `--short`. These come last and
# go on where they were (a limit: TYMPAN_BENCHMARK_S=600; what is unmeasured is an error).
benchmark: $(VENV)/.benchmark
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf demo build dist docs/_build docs/_generated docs/guide/_auto docs/sg_execution_times.rst
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
