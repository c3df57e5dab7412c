# Every target installs first; the versions and hashes in requirements-dev.txt make that repeatable.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PEERS := .venv-bench
TIMES := 20

.DEFAULT_GOAL := help
.PHONY: help install demo serve test chaos fuzz lint format bench bench-guard bench-reference bench-batch bench-peers bench-scale eval eval-twice eval-faults lock train clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED) ## a virtual environment in .venv with everything locked; .venv/bin/credence answers afterwards

$(INSTALLED): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Credence needs Python 3.11 or newer; say which with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install ## decide real applications over HTTP with everything embedded, and explain one in full
	@$(BIN)/credence demo

serve: install ## the service on http://127.0.0.1:8000 with everything embedded, in the foreground
	@$(BIN)/credence serve

test: install ## every test
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile

chaos: install ## kill -9 of everything under load, TIMES=20 each; the figures as JSON (a quarter of an hour)
	$(BIN)/python -m tests.chaos --times $(TIMES) --out chaos.json

fuzz: install ## every published operation, long: 300 good and 300 bad requests each
	$(BIN)/python -m pytest tests/fuzz --fuzz 300 --timeout 3600

lint: install ## style, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## rewrite the code in the house's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install bench-peers ## the benchmarks, beside peers where these can be installed
	@$(BIN)/python -m evals.benchmarks

bench-guard: install ## the service's ratios to its peers against the reference of this machine; exit 1 and which fell
	@$(BIN)/python -m evals.benchmarks.guard

bench-reference: install ## make those ratios again, with their noise: four runs (half an hour, nothing else running)
	@$(BIN)/python -m evals.benchmarks.guard --write

bench-batch: install ## decisions a second of `credence decide` and of HTTP, in turns
	@$(BIN)/python -m evals.benchmarks batch

bench-scale: install ## retrieval among a million clauses (long, see evals/benchmarks/scale.py)
	@$(BIN)/python -m evals.benchmarks scale

bench-peers: $(PEERS)/.installed ## the peers of the benchmark, in an environment of their own

# Without a registry there are no peers: the benchmark says so and measures the rest.
$(PEERS)/.installed: requirements-bench.txt
	@$(PYTHON) -m venv $(PEERS) && \
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-bench.txt && \
	touch $@ || { rm -rf $(PEERS); echo "the peers could not be installed: they are not run"; }

eval: install ## the offline eval suites with their gates
	@$(BIN)/credence eval run all

eval-twice: install ## every suite twice, in processes that hash otherwise: equal but for times (long)
	@$(BIN)/python -m evals.twice

eval-faults: install ## seed every fault and show which gate notices (long)
	@$(BIN)/python -m evals.faults

train: install ## train the reference scorecard again from the data in the repository
	$(BIN)/python -m evals.training

lock: ## resolve pyproject.toml into the two requirements files (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml --output-file requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml --group dev --output-file requirements-dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --group bench --output-file requirements-bench.txt

clean: ## remove the virtual environment, the embedded database and every cache
	rm -rf $(VENV) $(PEERS) .credence .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
