# Every target installs what it needs, and no more: a fresh machine needs Python 3.11 or newer, git and make.
# PYTHON=... chooses the interpreter, PYTEST_ARGS=... goes to pytest.

PYTHON ?= $(shell scripts/find_python.sh)
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=
# Three more than cores, because many tests wait for a clock, a socket or a child process; each takes a GiB of memory.
PROCESSES ?= $(shell n=$$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2); [ $$n -le 8 ] && echo $$((n + 3)) || echo 11)
CAMPAIGN ?=
MUTANTS ?=
FUZZ_SECONDS ?= 300
BENCH ?=

# A container image often sets this, and each of a thousand interpreters that the tests start would compile the tool anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test verify bench campaign mutants fuzz check lint types contracts documents docs pages lock image-check clean

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## the main job, on an in-process endpoint: plan, create, seed, drift, repair, status page
	@$(BIN)/python scripts/demo.py

test: $(VENV)/.test ## the whole test suite, the real DynamoDB Local included where Java 17 and Maven exist
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) tests $(PYTEST_ARGS)

verify: $(VENV)/.verify ## a slice of each fault campaign, of the fuzzing and of the planting of mutants, 3 minutes
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) verification $(PYTEST_ARGS)

bench: $(VENV)/.test ## the goals of docs/performance.md in one table, 15 minutes; BENCH='--quick', '--only P1,P4', '--json FILE', '--page'
	$(BIN)/python -m benchmarks $(BENCH)

campaign: $(VENV)/.verify ## the fault campaigns, whole (hours); CAMPAIGN='NAME --count 1000' for a part
	$(BIN)/python verification/campaign.py $(CAMPAIGN)

mutants: $(VENV)/.verify ## known bugs planted in a copy of the code, each to be found by the tests; MUTANTS='NAME --part 1/3'
	$(BIN)/python verification/plant_mutants.py $(MUTANTS)

fuzz: $(VENV)/.verify ## random files to every reader of declarations and seeds, guided by coverage; FUZZ_SECONDS=300
	$(BIN)/python verification/fuzz_readers.py --seconds $(FUZZ_SECONDS)

check: lint types contracts documents docs ## lint, types, import contracts, documents and their site, locks

lint: $(VENV)/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/hadolint Dockerfile
	$(BIN)/actionlint -shellcheck= -pyflakes= .github/workflows/*.yml
	$(BIN)/zizmor --offline --quiet --no-progress .github action.yml .pre-commit-hooks.yaml
	$(BIN)/python scripts/check_locks.py
	$(BIN)/python scripts/check_house.py
	$(BIN)/python scripts/reference.py --check
	$(BIN)/python scripts/explanations.py --check
	$(BIN)/python scripts/lean_model.py --check
	$(BIN)/python scripts/dashboard.py --check
	$(BIN)/python scripts/monitoring_objects.py --check

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/mypy scripts/*.py
	$(BIN)/mypy verification/*.py
	MYPYPATH=tests $(BIN)/mypy -p benchmarks

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

documents: $(VENV)/.test
	$(BIN)/python -m pytest tests/docs tests/packaging --ignore tests/docs/test_docs_examples.py

docs: $(VENV)/.docs ## build the documentation site into .cache/site and check every link
	$(BIN)/python scripts/build_docs.py

pages: $(VENV)/.test ## write what follows from the code and from real runs into docs: reference, outputs, picture
	$(BIN)/python scripts/explanations.py
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/doc_examples.py --write
	$(BIN)/python scripts/terminal_picture.py

lock: $(VENV)/.dev ## renew requirements/*.lock from pyproject.toml
	scripts/lock.sh --upgrade
	@$(BIN)/python scripts/check_locks.py

image-check: $(VENV)/.demo ## carry out the Dockerfile's steps without Docker and run what they made
	$(BIN)/python scripts/image_steps.py

clean: ## remove what the other targets made
	rm -rf $(VENV) .cache build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.demo $(VENV)/.test $(VENV)/.verify $(VENV)/.docs $(VENV)/.dev: $(VENV)/.%: requirements/%.lock pyproject.toml
	@scripts/find_python.sh "$(PYTHON)" >/dev/null
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python scripts/set_up.py $*
	@touch $@
