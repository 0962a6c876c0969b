# Abono's two commands are `make demo` and `make test`; the rest helps who works on it.
# Every target first makes sure that what it needs is installed, says what it does and how long each step takes,
# and does no work twice.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help setup demo test build lint bench clean

# What to measure with `make bench`, what to run with `make test`, and arguments for `make demo`.
BENCH ?= api jobs
FILTER ?=
DEMO ?=

# Every recipe that builds begins with this: the timed steps, and where llama.cpp and the models are.
prepare = source Docker/lib.sh && environment="$$(Docker/install.sh --env)" && eval "$$environment"

help: ## list these targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

setup: ## install what Abono needs beside Swift: Debian packages, llama.cpp, a model
	@Docker/check-swift.sh
	Docker/install.sh

demo: build ## run the whole business once on real input and show a summary
	@$(prepare)
	exec .build/release/abono demo $(DEMO)

test: setup ## build and run all tests on a PostgreSQL of their own (FILTER=name runs some)
	@$(prepare)
	step "build everything with its tests" swift build --build-tests
	filter=(); if [[ -n "$(FILTER)" ]]; then filter=(--filter "$(FILTER)"); fi
	step "tests" Docker/test-cluster.sh run swift test --skip-build --disable-xctest "$${filter[@]}"

build: setup ## build the release binary .build/release/abono
	@$(prepare)
	# The package manager takes up to 20 s to find that there is nothing to do; a look at the files takes none.
	newer="$$(find Package.swift Sources Migrations Docker/install.sh -newer .build/release/abono -print -quit 2>&1 || true)"
	if [[ -z "$$newer" ]]; then
	    say "==> the release binary is up to date"
	else
	    step "build the release binary" swift build -c release --product abono
	    touch .build/release/abono
	fi

lint: setup ## check the format, the import rules, the scripts and the image's files
	@$(prepare)
	step "format" swift format lint --strict --recursive --configuration .swift-format Package.swift Sources Tests
	step "import rules" Docker/check-imports.sh
	step "scripts and image" Docker/lint.sh

bench: build ## measure this machine (BENCH="api jobs")
	@$(prepare)
	for name in $(BENCH); do step "bench $$name" .build/release/abono bench "$$name"; done

clean: ## remove what was built here (the cache outside the repository stays)
	@swift package clean
