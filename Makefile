# What a person does with the project: make demo, make dev, make test, make bench.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --no-build --generate-hashes --quiet --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.PHONY: demo dev soak torture test lint lock licences advisories docs dist bench clean

# Only what requirements.lock names, by its hashes: neither a dependency nor a tool for the build of
# the project is looked up anywhere.
$(VENV)/installed: requirements.lock pyproject.toml setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || (echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1)
	$(PYTHON) -m venv $(VENV)
	@echo "Installing what requirements.lock names into $(VENV): some minutes the first time"
	$(BIN)/pip install --progress-bar on --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: $(VENV)/installed  ## a sample institution, taken through every stage
	$(BIN)/edx-assets demo

dev: $(VENV)/installed  ## Dagster's UI on what the demo built
	$(BIN)/edx-assets dev

test: $(VENV)/installed  ## the whole test suite, on two cores
	$(BIN)/pytest -n 2 --dist loadgroup

soak: $(VENV)/installed  ## a simulated month of deliveries, against one clean backfill
	$(BIN)/python -m edx_assets_tests.soak $(SOAK)

torture: $(VENV)/installed  ## kills, faults and hostile input at full size (TORTURE="--short" for less), build/torture.json
	$(BIN)/python -m edx_assets_tests.torture $(TORTURE)

lint: $(VENV)/installed  ## what CI checks beside the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/dg check defs
	$(BIN)/pip check
	$(BIN)/pip-licenses >/dev/null

lock: $(VENV)/installed  ## both requirements.lock anew, after a change of pyproject.toml (LOCK=--upgrade for newer versions)
	$(COMPILE) --extra dev --output-file requirements.lock $(LOCK)
	$(COMPILE) --extra deploy --constraint requirements.lock --output-file deploy/requirements.lock $(LOCK)

licences: $(VENV)/installed  ## every package's licence; fails on one that pyproject.toml does not allow
	@$(BIN)/pip-licenses --order=license --allow-only= --ignore-packages none
	@$(BIN)/pip-licenses >/dev/null

advisories: $(VENV)/installed  ## what PyPI's advisories say of the locked versions
	$(BIN)/uv tool run pip-audit==2.10.1 --strict --disable-pip --require-hashes -r requirements.lock

# Not among the locked packages: nothing but the site needs these two.
docs: $(VENV)/installed  ## the documentation as a site (build/site); fails on a link that leads nowhere
	rm -rf build/pages
	mkdir -p build/pages
	cp -r README.md SECURITY.md CHANGELOG.md CONTRIBUTING.md LICENSE docs examples deploy build/pages/
	NO_MKDOCS_2_WARNING=1 $(BIN)/uv tool run --with mkdocs-material==9.8.2 mkdocs@1.6.1 build --strict --quiet

dist: $(VENV)/installed  ## the wheel and the source, as they are published
	rm -rf dist
	$(BIN)/uv build

bench: $(VENV)/installed  ## the benchmarks: a table, build/bench.json (BENCH="--only load" for less)
	$(BIN)/python -m benchmarks $(BENCH)

clean:  ## all that was built, the demo's data included
	rm -rf $(VENV) build dist data *.egg-info
