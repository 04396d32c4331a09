# make sweep   set up and run the default: v2, its analysis, the refined v3 and v3's trials
# make test    set up and run all tests; those without their program (PostgreSQL, Slurm, Chromium) say so
# make env     set up only
PYTHON ?= python3
CORES ?= 4
ENV := .venv/.complete
BIN := .venv/bin
.DELETE_ON_ERROR:
.PHONY: sweep champions report test unit lint env clean

sweep: $(ENV)
	$(BIN)/snakemake --cores $(CORES) sweep_v3

champions: $(ENV)
	$(BIN)/snakemake --cores $(CORES) champions_v3

report: $(ENV)
	$(BIN)/snakemake --cores $(CORES) report

test: $(ENV)
	$(BIN)/python -m pytest --numprocesses 2 tests/unit tests/corpus
	$(BIN)/python -m pytest tests/workflow tests/postgresql tests/browser tests/faults tests/slurm

# The quick part of the tests.
unit: $(ENV)
	$(BIN)/python -m pytest --numprocesses 2 tests/unit tests/corpus

lint: $(ENV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules workflow/Snakefile
	$(BIN)/snakemake --lint

env: $(ENV)

$(ENV): envs/requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Resweep needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

clean:
	rm -rf .venv .snakemake results
