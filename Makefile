# Work on dtovl. Every target sets up what it needs, in .venv, and only once.
#
#   make demo                 what dtovl does, on the shipped boards
#   make test                 the tests
#   make lint                 style, types and layers
#   make corpus               agreement with libfdt and dtc on recorded inputs (CORPUS=DIR)
#   make conformance-matrix   the same as one matrix, run in every way (CORPUS=DIR, SAMPLE=PAIRS)
#   make conformance          agreement with recorded runs of Linux (CASES=DIR, KERNEL=6.1|7.2)
#   make conformance-apply    the same of the bare applier, without counts, events and removal
#   make conformance-pseries  agreement with the replay cases of Power migrations (CASES=DIR)
#   make conformance-links    agreement with expected findings, probe orders, removals (CASES=DIR)
#   make conformance-lifetimes agreement with expected results of scenarios (CASES=DIR)
#   make bench fuzz nightly   figures, long searches, everything long
#   make golden docs fixtures write anew: expected outputs, generated pages, compiled boards

PYTHON ?=
VENV   ?= .venv
CORPUS ?= ../shared/corpus
CASES  ?= ../shared/$(firstword $(filter pseries links lifetimes,$(@:conformance-%=%)) kernel)
KERNEL ?= 6.1
SAMPLE ?= 300

RUN := $(VENV)/.set-up
DEV := $(VENV)/.set-up-dev
PY  := $(VENV)/bin/python
TESTS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint fixtures corpus conformance conformance-apply \
        conformance-matrix conformance-pseries conformance-links conformance-lifetimes \
        golden fuzz bench nightly docs clean

help:
	@sed -n 's/^#   //p' Makefile

# What the product needs; and with the tools of development on top.
$(RUN): pyproject.toml tools/setup.sh
	@PYTHON='$(PYTHON)' tools/setup.sh '$(VENV)'
	@touch $@

$(DEV): pyproject.toml tools/setup.sh
	@PYTHON='$(PYTHON)' tools/setup.sh '$(VENV)' dev
	@touch $(RUN) $@

setup: $(DEV)

demo: $(RUN)
	@PY='$(PY)' tools/demo.sh

test: $(DEV)
	$(PY) -m pytest -n auto -rs $(TESTS)

lint: $(DEV)
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

fixtures: $(RUN)
	@$(PY) tools/compile_fixtures.py build/fixtures

corpus: $(DEV)
	$(PY) tests/conformance/corpus.py '$(CORPUS)'

conformance-matrix: $(DEV)
	$(PY) tests/conformance/matrix.py '$(CORPUS)' --sample '$(SAMPLE)' $(DASK:%=--dask)

conformance: $(DEV)
	$(PY) tests/conformance/kernel.py '$(CASES)' --kernel '$(KERNEL)'

conformance-apply: $(DEV)
	$(PY) tests/conformance/apply.py '$(CASES)'

conformance-pseries: $(DEV)
	$(PY) tests/conformance/pseries.py '$(CASES)'

conformance-links: $(DEV)
	$(PY) tests/conformance/links.py '$(CASES)'

conformance-lifetimes: $(DEV)
	$(PY) tests/conformance/lifetimes.py '$(CASES)'

golden: $(DEV)
	$(PY) -m pytest tests/golden --snapshot-update

fuzz: $(DEV)
	$(PY) -m pytest -n auto --timeout=3600 --hypothesis-profile=fuzz $(wildcard tests/fuzz tests/properties)

# Compiled first, also where Python is told to leave no compiled files behind.
bench: $(DEV)
	@$(PY) -m compileall -q dtovl
	$(PY) benchmarks/run.py

nightly: $(DEV)
	$(PY) -m pytest -n auto --timeout=7200 --hypothesis-profile=nightly
	$(MAKE) fuzz bench corpus conformance-apply conformance-pseries conformance-links
	$(MAKE) conformance-lifetimes
	$(MAKE) conformance-matrix SAMPLE=0 DASK=yes
	$(MAKE) conformance KERNEL=6.1
	$(MAKE) conformance KERNEL=7.2

docs: $(DEV)
	$(PY) tools/write_docs.py

clean:
	rm -rf build dist $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	       .import_linter_cache .benchmarks .coverage
	find $(wildcard dtovl tests tools benchmarks) -name __pycache__ -type d -prune -exec rm -rf {} +
