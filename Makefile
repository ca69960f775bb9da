# SPDX-License-Identifier: Apache-2.0
#
# Short targets; each with a '## help' line. The work is done by the scripts that they call.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

CACHE   := $(or $(EYAS_CACHE),$(HOME)/.cache/eyas)
# A Go that scripts/deps had to fetch comes before one that is too old.
export PATH := $(CACHE)/tool/go/bin:$(PATH)
export GOTOOLCHAIN ?= auto

GO       ?= go
VERSION  := $(shell scripts/version)
REVISION := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
STATIC   := -tags netgo,osusergo -ldflags '-linkmode external -extldflags -static -s -w \
            -X main.version=$(VERSION) -X main.revision=$(REVISION)'
AGENT    ?= build/agent
PREFIX   ?= /usr/local
FUZZTIME ?= 60
# How many packages are tested at a time under -race: it takes much memory.
RACE_P   ?= 2
# Of a package's tests. It ends what hangs; a slow host is no failure.
TIMEOUT  ?= 60m

.PHONY: all kmod agent gen test check test-race test-gen test-wasm vm-test vm-test-long vm-test-debug vm-test-arm64 test-long bench \
        bench-kmod demo lint fmt lint-go lint-c lint-sh lint-build install dkms-install fuzz clean help deps

all: agent kmod ## build the agent and the module

deps: ## install what building and testing need (Debian; asks apt and the Go module proxy)
	@scripts/deps all

agent: ## build the static agent: build/agent
	@scripts/deps go cc
	CGO_ENABLED=1 $(GO) build $(STATIC) -o $(AGENT) ./cmd/agent
	@scripts/is-static $(AGENT)

kmod: ## build the module for this host's kernel, or with KERNEL=6.1 for Debian's 6.1
	@scripts/build-kmod $(KERNEL)

gen: ## write the generated C, Go and docs from pkg/schema/*.toml
	@scripts/deps go
	$(GO) run ./scripts/gen

check: ## unit tests only, a minute or two
	@scripts/deps go cc
	$(GO) test -timeout $(TIMEOUT) ./...

test: test-gen test-race test-wasm fuzz vm-test ## everything: race detector, wasm, fuzzers, real kernels (about half an hour)

test-race: ## unit tests under the race detector
	@scripts/deps go cc
	CGO_ENABLED=1 $(GO) test -race -timeout $(TIMEOUT) -p $(RACE_P) ./...

test-gen: ## the generated files are fresh
	@scripts/deps go
	@scripts/gen-fresh

test-wasm: ## the js/wasm build answers under node
	@scripts/deps go node
	@scripts/wasm-test

fuzz: ## the fuzzers for FUZZTIME (60) seconds
	@scripts/deps go cc
	@scripts/fuzz $(FUZZTIME)

vm-test: ## the module and the agent on real kernels in QEMU; KERNEL=6.1 for one of them
	@scripts/deps go cc vm
	@scripts/vm/test $(KERNEL)

vm-test-long: ## the same on every Debian kernel that scripts/vm/kernel knows, ten minutes of random calls on each
	@scripts/deps go cc vm
	@scripts/vm/test --fuzz 600 5.10 6.1 6.1-rt 6.12 newest newest-rt

vm-test-debug: ## the same on kernels with KASAN and lockdep, and with PREEMPT_RT, built here once (20 minutes)
	@scripts/deps go cc vm
	@scripts/vm/test --fuzz 600 debug debug-rt

vm-test-arm64: ## the module and the agent on arm64 kernels, under emulation too
	@scripts/deps go cc vm arm64 vm-arm64
	@scripts/vm/test 6.1-arm64 6.12-arm64

bench-kmod: ## instructions that the module adds to a call, against docs/performance.md; UPDATE=1 writes it
	@scripts/deps go cc vm
	@scripts/vm/bench-kmod $(if $(UPDATE),--update)

test-long: ## 20 million events through one state: memory stays flat (a few minutes)
	@scripts/deps go cc
	EYAS_LONG=1 EYAS_REQUIRE_SHARED=1 $(GO) test -count 1 -timeout 60m -v -run TestMemoryStaysFlat ./pkg/agent

bench: ## benchmarks, as ratios against a baseline of the same run
	@scripts/deps go cc
	$(GO) test -run '^$$' -bench . -benchmem ./...

demo: ## a guest with the module and the agent, attacked: alerts as they come (under 5 minutes)
	@scripts/deps go cc vm
	@scripts/demo

lint: lint-go lint-c lint-sh lint-build ## style and static checks of Go, C and shell

lint-go: ## gofmt, go vet, staticcheck, the arrows between packages
	@scripts/deps go cc
	@scripts/lint-go

lint-c: ## style of the C sources, and sparse on the 6.1 headers
	@scripts/deps go cc sparse vm
	@scripts/lint-c

lint-sh: ## shellcheck
	@scripts/deps sh
	@scripts/lint-sh

lint-build: ## every package builds for js/wasm, darwin and linux/arm64 without cgo, the module for arm64
	@scripts/deps go cc vm arm64
	@scripts/lint-build

fmt: ## gofmt
	gofmt -l -w cmd cdriver pkg scripts

# What root installs is what was built before: root may have another Go, or none.
build/agent:
	@$(MAKE) agent

install: build/agent ## copy the agent, its rules and the module's source below PREFIX and DESTDIR
	@scripts/install $(PREFIX)

dkms-install: build/agent ## build and install the module on this host with DKMS
	build/agent driver install --source .

clean: ## remove what was built in the tree
	rm -rf build
	@if [[ -f kmod/Makefile ]]; then $(MAKE) -s -C kmod clean; fi

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r t h; do printf '  %-14s %s\n' "$$t" "$$h"; done
