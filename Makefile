# make run   a finished night on sample deliveries, from nothing
# make run-api the same, told to a stand-in for the provincial platform
# make test  every test, from nothing
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PEOPLE ?= 2000
MACHINE ?= $(shell uname -m)
WORKERS ?= $(shell expr $$(nproc) + 2)

.PHONY: help setup run run-api server test test-deep check types units bench bench-identity docs lock wheelhouse clean
help:
	@sed -n 's/^# make/make/p' Makefile
# make setup builds .venv from the hash-locked files
setup: .venv/run.done
.venv/run.done: locks/run.lock locks/build.lock pyproject.toml scripts/make_environment
	@scripts/make_environment "$(PYTHON)" locks/run.lock
	@touch $@
.venv/test.done: .venv/run.done locks/test.lock
	@scripts/make_environment "$(PYTHON)" locks/test.lock
	@touch $@
.venv/bench.done: .venv/test.done locks/bench.lock
	@scripts/make_environment "$(PYTHON)" locks/bench.lock
	@touch $@

run: .venv/run.done
	@$(BIN)/python -m flows.first_night --people $(PEOPLE)
run-api: .venv/run.done
	@$(BIN)/python -m flows.first_night --people $(PEOPLE) --api
# make server begins the Prefect server of ./var with its worker and schedule, and stays; Ctrl-C ends both in order
server: .venv/run.done
	@exec $(BIN)/eldersync up --foreground
# make check formats, lints, types, layers, unit tests
check: .venv/test.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target types units
types: .venv/test.done
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
units: .venv/test.done
	$(BIN)/pytest -n auto --dist loadfile --doctest-modules --ignore=registry/migrations tests/unit schemas transforms connectors registry reports flows simulator
test: check
	@scripts/install_browser
	@scripts/install_test_services
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests/end_to_end tests/integration
# make test-deep repeats the random tests ten times as long, before a release
test-deep: .venv/test.done
	@scripts/install_test_services
	ELDERSYNC_DEEP=1 $(BIN)/pytest tests/integration/test_fuzzed_files.py tests/integration/test_generated_lists.py tests/integration/test_drift.py \
	  tests/integration/test_push_kills.py tests/integration/test_push_histories.py tests/integration/test_undo.py \
	  tests/integration/test_time_travel.py tests/integration/test_nights_in_a_row.py
# make bench measures against a usual script and hand-written DuckDB SQL
bench: .venv/bench.done
	$(BIN)/python -m bench
	$(BIN)/python -m bench.reading
	$(BIN)/python -m bench.push
	$(BIN)/python -m bench.reports_and_returns
	$(BIN)/python -m bench.validation
# make bench-identity says how well it is told who is who, beside Splink and equal numbers, on made-up people and FEBRL
bench-identity: .venv/bench.done
	$(BIN)/python -m bench.identity
# make docs writes the generated reference pages again
docs: .venv/run.done
	@$(BIN)/python -m scripts.write_reference
# make lock resolves the locks again (needs uv)
lock:
	cd locks && for name in run test bench; do \
	  extras=$$(case $$name in test) echo "--extra test";; bench) echo "--extra test --extra bench";; esac); \
	  uv pip compile ../pyproject.toml $$extras $$([ $$name = run ] || echo -c run.lock) --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-annotate --no-header -o $$name.lock || exit 1; done; \
	  uv pip compile build.in -c bench.lock --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-annotate --no-header -o build.lock
# make wheelhouse gathers all packages for a machine without a network (MACHINE=aarch64 for another kind); make setup there installs from it
wheelhouse:
	@scripts/make_wheelhouse "$(PYTHON)" "$(MACHINE)"
clean:
	rm -rf .venv var
