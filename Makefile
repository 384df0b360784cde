# Everything runs in a local virtual environment; nothing else on the machine is touched.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
# Ax brings torch along, which nothing else needs: 2 GB with a CPU build, more with CUDA's.
AX     := .venv-ax
AX_PIP := $(AX)/bin/python -m pip --disable-pip-version-check
TORCH  ?= torch==2.13.0
PAGES  := src/runbase/dashboard/static/index.html
TYPES  := web/src/data/api.gen.ts

.PHONY: help demo test ax lint docs bench web types clean

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

$(VENV)/demo: pyproject.toml
	@echo "Setting up $(VENV) (the first time only, about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --upgrade 'pip>=25.1'
	@$(PIP) install --quiet --editable '.[optuna,dashboard,preferential]' scikit-learn pillow
	@touch $@

$(VENV)/dev: $(VENV)/demo
	@echo "Installing what the tests and the docs need (the first time only)"
	@$(PIP) install --quiet --editable '.[full]' --group test --group lint --group docs
	@touch $@

$(AX)/dev: pyproject.toml
	@echo "Setting up $(AX) for the tests of Ax (the first time only, some minutes and 2 GB, more with CUDA)"
	@test -x $(AX)/bin/python || $(PYTHON) -m venv $(AX)
	@$(AX_PIP) install --quiet --upgrade 'pip>=25.1'
	@$(AX_PIP) install --quiet '$(TORCH)'
	@$(AX_PIP) install --quiet --editable '.[ax,postgres,mysql]' --group test-minimum --group ax
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	@command -v npm >/dev/null || { echo "The dashboard's pages need Node 20.19 or newer, with npm."; exit 1; }
	@echo "Installing what the dashboard's pages need (the first time only)"
	@cd web && npm ci --silent --no-audit --no-fund
	@touch $@

$(PAGES): web/node_modules/.package-lock.json $(shell find web/src web/*.* -type f)
	@echo "Building the dashboard's pages"
	@cd web && npm run --silent build -- --logLevel error

web: $(PAGES) ## Build the dashboard's pages

types: $(VENV)/dev ## Write the TypeScript types of the dashboard's API
	@$(BIN)/python -m runbase.dashboard.server.typescript > $(TYPES).new && mv $(TYPES).new $(TYPES)

demo: $(VENV)/demo $(PAGES) ## Train and tune real models in demo.db, and open the dashboard
	@$(BIN)/python examples/demo.py
	@$(BIN)/python examples/optuna_sklearn.py
	@$(BIN)/python examples/sunset.py --made-up 16
	@$(BIN)/python examples/sunset_preferences.py --made-up 8
	@$(if $(filter 0,$(DEMO_SERVE)),,$(BIN)/python examples/serve_demo.py)

# Whether the tests of Ax run: where `make ax` was made, or RUNBASE_TEST_REQUIRE asks for them.
comma   := ,
WITH_AX := $(wildcard $(AX)/dev)$(filter ax,$(subst $(comma), ,$(RUNBASE_TEST_REQUIRE)))

test: $(VENV)/dev $(PAGES) $(if $(WITH_AX),$(AX)/dev) ## Run all tests, in parallel
	@cd web && npm run --silent test
	@$(BIN)/python -m pytest -n auto --dist worksteal --ignore tests/ax
ifdef WITH_AX
	@$(AX)/bin/python -m pytest -n auto --dist worksteal tests/ax
else
	@echo "The tests of Ax were left out; to have them, with 2 GB or more in $(AX): make ax"
endif

ax: $(AX)/dev ## Make the environment for the tests of Ax

lint: $(VENV)/dev web/node_modules/.package-lock.json ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m runbase.dashboard.server.typescript | diff $(TYPES) - \
		|| { echo "The types of the API have changed: make types"; exit 1; }
	@cd web && npm run --silent check

docs: $(VENV)/dev ## Build the documentation into docs/_build/html
	@$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

bench: $(VENV)/dev $(AX)/dev $(PAGES) ## Measure against the peers (installs them into bench/.venv)
	@$(BIN)/python bench/tracking.py
	@$(BIN)/python bench/optuna_storage.py
	@$(BIN)/python bench/dashboard.py
	@$(BIN)/python bench/dashboard_runs.py
	@$(BIN)/python bench/preferential.py
	@$(AX)/bin/python bench/ax.py

clean: ## Remove the virtual environments and everything that was built
	rm -rf $(VENV) $(AX) bench/.venv build dist docs/_build web/node_modules $(dir $(PAGES))
