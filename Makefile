# Everything runs in a local virtual environment; nothing else on the machine is touched.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo test lint docs bench clean

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

$(VENV)/demo: pyproject.toml
	@echo "Setting up $(VENV) (the first time only, about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --upgrade 'pip>=25.1'
	@$(PIP) install --quiet --editable '.[optuna]' scikit-learn
	@touch $@

$(VENV)/dev: $(VENV)/demo
	@echo "Installing what the tests and the docs need (the first time only)"
	@$(PIP) install --quiet --editable '.[full]' --group test --group lint --group docs
	@touch $@

demo: $(VENV)/demo ## Train real models and tune one, all in demo.db, and show what was best
	@$(BIN)/python examples/demo.py
	@$(BIN)/python examples/optuna_sklearn.py

test: $(VENV)/dev ## Run all tests, in parallel
	@$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(VENV)/dev ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

docs: $(VENV)/dev ## Build the documentation into docs/_build/html
	@$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

bench: $(VENV)/demo ## Measure against the peers (installs them into bench/.venv)
	@$(BIN)/python bench/tracking.py
	@$(BIN)/python bench/optuna_storage.py

clean: ## Remove the virtual environment and everything that was built
	rm -rf $(VENV) bench/.venv build dist docs/_build
