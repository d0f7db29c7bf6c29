# What a person does with the project: make demo, make dev, make test, make bench.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo dev soak test lint bench clean

$(VENV)/installed: pyproject.toml setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || (echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

demo: $(VENV)/installed  ## a sample institution, taken through every stage
	$(BIN)/edx-assets demo

dev: $(VENV)/installed  ## Dagster's UI on what the demo built
	$(BIN)/edx-assets dev

test: $(VENV)/installed  ## the whole test suite, on two cores
	$(BIN)/pytest -n 2 --dist loadgroup

soak: $(VENV)/installed  ## a simulated month of deliveries, against one clean backfill
	$(BIN)/python -m edx_assets_tests.soak $(SOAK)

lint: $(VENV)/installed  ## what CI checks beside the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/dg check defs

bench: $(VENV)/installed  ## the benchmarks: a table, build/bench.json (BENCH="--only load" for less)
	$(BIN)/python -m benchmarks $(BENCH)

clean:  ## all that was built, the demo's data included
	rm -rf $(VENV) build data *.egg-info
