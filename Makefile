# One door. `make run` opens the studio and `make test` runs every test; both set up what they need first.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
VENV ?= .venv
BIN := $(VENV)/bin
INPUTS := requirements.lock pyproject.toml installer/set-up.sh installer/debian-packages.txt
STUDIO := $(VENV)/.studio-is-set-up
TESTS := $(VENV)/.tests-are-set-up
DEMO := liquid drum and bass, 174 bpm, A minor, dreamy

.PHONY: run setup test check format bench soak screenshots lock clean

run: $(STUDIO) ## open the studio; where there is no display, make the same journey without a window
	@$(BIN)/sonicforge-studio $(FILES) || { [ $$? -eq 3 ] && \
		echo 'The same journey without a window: "$(DEMO)"' && $(BIN)/sonicforge forge "$(DEMO)" --seconds 30 --seed 7; }

setup: $(TESTS) ## everything the tests need

$(STUDIO): $(INPUTS)
	@installer/set-up.sh studio
	@touch $@

$(TESTS): $(INPUTS) installer/debian-packages-tests.txt
	@installer/set-up.sh tests
	@touch $@ $(STUDIO)

test: check ## every test, after `make check`
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m pytest -q -m "not soak and not alone" -n 2 --cov --cov-report= $(ARGS)
	@$(BIN)/python -m pytest -q -m "alone and not soak" --cov --cov-append --cov-report=term:skip-covered --cov-fail-under=80 $(ARGS)

check: $(TESTS) ## style, types, layers, docs: seconds
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache 2>&1 | tail -n 3
	@$(BIN)/python -m pytest -q --no-header -p no:cacheprovider tests/docs

format: $(TESTS)
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

bench: $(TESTS) ## speed tables beside the references: make bench NAME=journey
	@$(BIN)/python -m tests.benchmarks $(NAME)

soak: $(TESTS) ## what takes longer than a suite may
	@$(BIN)/python -m pytest -m soak --timeout 3600 $(ARGS)

screenshots: $(TESTS) ## every page of the real program, into resources/screenshots/
	@$(BIN)/python -m tests.screenshots

lock: ## newest versions that fit pyproject.toml; needs uv
	@{ head -n 2 requirements.lock; echo 'torch==2.13.0' | uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
		--all-extras --no-header --no-annotate --upgrade --constraint - pyproject.toml; } > requirements.lock.new
	@mv requirements.lock.new requirements.lock

clean:
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .coverage .coverage.*
