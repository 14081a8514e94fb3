# One constraints file pins every third-party version; it selects the CPU build of torch.
# demo and test set up all they need: nothing has to be installed by hand.
PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := packages/core packages/tiny $(sort $(wildcard domains/*))
PYPROJECTS := $(PACKAGES:%=%/pyproject.toml)
DEV := bt pytest pytest-xdist hypothesis ruff mypy import-linter poetry poetry-core build \
       mkdocs-material "mkdocstrings[python]" types-PyYAML pandas-stubs datasets scikit-learn scipy

export OMP_WAIT_POLICY := PASSIVE
export TOKENIZERS_PARALLELISM := false
export NO_MKDOCS_2_WARNING := 1
PRMKIT_DATA ?= $(abspath $(wildcard ../shared/data))
export PRMKIT_DATA

# What is imported once is not compiled again: without bytecode every process that loads the models' libraries
# spends some seconds on compiling them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: env demo test check bench docs data clean
env: $(VENV)/.ok

$(VENV)/.ok: constraints.txt $(PYPROJECTS) Makefile
	$(PY) -m venv $(VENV)
	$(BIN)/pip install -q --no-compile -c constraints.txt poetry-core
	$(BIN)/pip install -q --no-compile --no-build-isolation -c constraints.txt \
		-e "packages/core[train,trl,test]" $(patsubst %,-e %,$(filter-out packages/core,$(PACKAGES))) $(DEV)
	touch $@

demo: env
	$(BIN)/prmkit run math --preset demo --jobs 2 --out runs/demo

test: env
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --durations 15

check: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	for p in $(PACKAGES); do $(BIN)/poetry check -C $$p || exit 1; done

bench: env
	$(BIN)/python -m bench

docs: env
	$(BIN)/mkdocs build --strict

data: env
	$(BIN)/prmkit data

clean:
	rm -rf runs site dist .pytest_cache .mypy_cache .ruff_cache
