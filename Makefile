# make sweep   set up and run the default: v2, its analysis, the refined v3 and v3's trials
# make test    set up and run all tests; those without their program (PostgreSQL, Slurm, Chromium) say so
# make env     set up only; `make dev` with what tests, lint and benchmarks want
PYTHON ?= python3
CORES ?= all
# A few lines; `make sweep SCREEN=` shows Snakemake's own (they stand in .snakemake/log/ all the same).
SCREEN ?= --logger resweep
# Without an NVIDIA GPU, PyPI's PyTorch for Linux brings 2.5 GB that are never used; the build without:
# make sweep TORCH="--index-url https://download.pytorch.org/whl/cpu"
TORCH ?=
BIN := .venv/bin
ENV := .venv/.runtime
DEVELOPMENT := .venv/.development
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
INSTALL := $(if $(shell command -v uv),uv pip install --quiet --python $(BIN)/python,$(PIP))
# Where bytecode is not kept, each of many short processes compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE
.DELETE_ON_ERROR:
.PHONY: sweep champions report test unit lint docs env dev clean

sweep: $(ENV)
	$(BIN)/snakemake $(SCREEN) --cores $(CORES) sweep_v3

champions: $(ENV)
	$(BIN)/snakemake $(SCREEN) --cores $(CORES) champions_v3

report: $(ENV)
	$(BIN)/snakemake $(SCREEN) --cores $(CORES) report

test: $(DEVELOPMENT)
	$(BIN)/python -m pytest --numprocesses 2 tests/unit tests/corpus
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --durations 10 \
		tests/workflow tests/deployment tests/postgresql tests/browser tests/faults
	$(BIN)/python -m pytest tests/slurm

# The quick part of the tests.
unit: $(DEVELOPMENT)
	$(BIN)/python -m pytest --numprocesses 2 tests/unit tests/corpus

lint: $(DEVELOPMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile rules workflow/Snakefile
	$(BIN)/snakemake --lint

# The site of docs/, in build/site; a warning or a broken link is an error.
docs: $(DEVELOPMENT)
	$(BIN)/python docs/gallery.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

env: $(ENV)

dev: $(DEVELOPMENT)

# Two steps: what the workflow runs on, and what tests, lint and benchmarks want beside it. PyTorch
# always comes by pip, whose configuration may name the place of a build for this machine.
$(ENV): envs/requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Resweep needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) $(TORCH) $$(grep ^torch== envs/requirements.txt)
	$(INSTALL) -r envs/requirements.txt
	$(INSTALL) --no-deps --editable .
	touch $@

$(DEVELOPMENT): $(ENV) envs/requirements-dev.txt
	$(INSTALL) -r envs/requirements-dev.txt
	touch $@

clean:
	rm -rf .venv .snakemake build results
