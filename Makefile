# Every target sets up what it needs; none needs root. `make demo` and `make test` are the two to remember.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where Airflow and Great Expectations would report usage to their makers, they are told not to.
export GX_ANALYTICS_ENABLED := False
export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED := False

.PHONY: help setup setup-dev demo up down test lint bench lock docs gallery clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.runtime: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info < (3, 14), "Python 3.11 to 3.13 is needed: make PYTHON=python3.12 …"'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what requirements.txt locks (about a minute) …"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.runtime ## the virtual environment

setup-dev: $(VENV)/.dev ## the same with test tools

demo: setup ## three nights of a generated ledger through Airflow, and what they produced
	$(BIN)/python -m huikuan.orchestration.demo

up: setup ## Airflow's UI on localhost, with the demo's DAGs
	$(BIN)/python -m huikuan.orchestration.local up

down: setup ## stop what `make up` started, and the embedded PostgreSQL
	$(BIN)/python -m huikuan.orchestration.local down

test: setup-dev ## all tests
	$(BIN)/python tests/run.py

lint: setup-dev ## style, types, the order of rooms, SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MYPYPATH=plugins $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint include/sql

bench: setup-dev ## speed and memory, written to docs/benchmarks.md
	$(BIN)/python tests/bench/bench.py

docs: setup-dev ## the generated pages of docs/
	$(BIN)/python -m huikuan.warehouse.dictionary > docs/data-dictionary.md
	$(BIN)/python -m huikuan.warehouse.metrics > docs/metrics.md
	$(BIN)/python -m huikuan.quality.catalogue > docs/data-quality.md
	$(BIN)/python -m huikuan.policy.schema > include/policy/policy.schema.json
	$(BIN)/python -m huikuan.playbook.coverage > docs/playbooks.md
	$(BIN)/python tests/bench/ranking.py

gallery: setup ## pictures of the demo's mails, statements and report in docs/gallery (after make demo; needs Debian's chromium, poppler-utils, fonts-noto-cjk)
	$(BIN)/python -m huikuan mail gallery --date 2026-09-04 --out docs/gallery
	$(BIN)/python -m tests.finance_pictures --date 2026-09-04 --lake .home/lake --out docs/gallery

lock: setup ## resolve requirements*.in again, with hashes, for Python 3.11 to 3.13
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" --output-file requirements.txt requirements.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" --output-file requirements-dev.txt requirements-dev.in

clean: ## remove the environment and everything the demo wrote
	-test -x $(BIN)/python && $(BIN)/python -m huikuan.orchestration.local clean
	rm -rf $(VENV) .home
