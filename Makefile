# Everything a person or a machine does here. The virtual environment is made on the first call.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RESULTS ?= results
TORCH := 2.13.0

.DEFAULT_GOAL := help
.PHONY: help run test lint report nightly scenes lock clean

help: ## Show what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 10

$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "visioneval needs Python 3.11 or newer; give one with: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[baseline,dev]'
	@touch $@

run: $(VENV)/ready ## Run the benchmark with the embedded default model, print the scores, write the report
	$(BIN)/visioneval run --results $(RESULTS)
	@$(BIN)/visioneval report --results $(RESULTS) >/dev/null # the scores are printed above

report: $(VENV)/ready ## Write the score tables and pages from results/
	$(BIN)/visioneval report --results $(RESULTS)

lint: $(VENV)/ready ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint ## Run every test
	$(BIN)/python -m pytest -n auto --dist worksteal

$(VENV)/local: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local]'
	@touch $@

$(VENV)/everything: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local,ray,servers]'
	@touch $@ $(VENV)/local

nightly: $(VENV)/local ## Do what the nightly job does: doctor, run, report, check; with a GPU where there is one
	RESULTS=$(RESULTS) bash .ci/nightly

.venv-scenes/ready:
	@command -v python3.11 >/dev/null || { echo "Blender's Python package needs python3.11"; exit 1; }
	python3.11 -m venv .venv-scenes
	.venv-scenes/bin/python -m pip install --quiet --disable-pip-version-check '.[scenes]'
	.venv-scenes/bin/python -m scenes fetch
	@touch $@

scenes: .venv-scenes/ready ## Render every picture of the suite anew, into build/scenes/ (an hour or two)
	.venv-scenes/bin/python -m scenes render all

lock: ## Pin every dependency anew in constraints.txt
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check torch==$(TORCH)
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[baseline,dev,local,ray,servers]'
	{ sed -n '/^#/p' constraints.txt; .venv-lock/bin/python -m pip freeze --exclude-editable | \
	  sed 's/^torch==.*/torch==$(TORCH)/'; } > constraints.new && mv constraints.new constraints.txt
	rm -rf .venv-lock

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .venv-lock .venv-scenes build dist .mypy_cache .ruff_cache .pytest_cache
