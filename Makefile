# Reprieve. `make help` lists the targets. Needs Go and make; test-vm and demo install the rest with apt-get, see test/need.sh.

# PREFIX is where the programs go. The daemon reads its configuration from /etc, /run, /usr/local/lib and /usr/lib/reprieve
# whatever PREFIX is: with PREFIX=/usr/local the shipped files are in /usr/local/lib/reprieve, which it searches too.
PREFIX ?= /usr
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
UNITDIR ?= $(LIBDIR)/systemd/system
CATALOGDIR ?= $(LIBDIR)/systemd/catalog
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions

# SUITES are the Debian releases of the guests, RUN is a pattern as of go test -run, FUZZTIME the time of one fuzz target.
# The benchmark is for bookworm unless SUITES says otherwise: that one has all of the peers.
BENCH_SUITES := $(or $(SUITES),bookworm)
SUITES ?= bookworm trixie
RUN ?= .
FUZZTIME ?= 10s

GO ?= go
# What a guest gets. Two runs at a time in one checkout need one each.
PAYLOAD ?= build/payload
# The benchmark: how many rounds, of which loads and controllers (empty: all; see docs/benchmarks.md), and where its results stay.
ROUNDS ?= 5
LOADS ?=
CONTROLLERS ?=
BENCH_RESULTS ?= build/bench
# Static, and the same bytes wherever it is built.
GOBUILD = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false
STATICCHECK = $(GO) tool -modfile=tools.mod staticcheck

.PHONY: help build test test-unit test-race test-vm payload traces demo lint bench bench-report bench-go fuzz-short install clean

help: ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

build: ## Build bin/reprieved and bin/reprievectl.
	$(GOBUILD) -o bin/ ./cmd/...

test: test-unit test-vm ## Run all tests, those in the guests included.

test-unit: ## Run the tests that need no guest.
	test/need.sh unit
	CGO_ENABLED=0 $(GO) test ./...

test-race: ## Run the same tests under the race detector (needs gcc).
	test/need.sh race
	CGO_ENABLED=1 $(GO) test -race ./...

test-vm: payload ## Run the scenarios in a guest of each of SUITES: make test-vm SUITES=trixie RUN=TestBurst
	test/vm/scenarios.sh $(PAYLOAD) '$(RUN)' $(SUITES)

payload: build ## Stage what a guest gets: the installed tree, the scenarios, the loads.
	rm -rf $(PAYLOAD)
	$(MAKE) --no-print-directory --silent install DESTDIR=$(PAYLOAD)/stage PREFIX=/usr
	CGO_ENABLED=0 $(GO) test -c -trimpath -buildvcs=false -tags guest -o $(PAYLOAD)/scenarios.test ./test/scenarios
	$(GOBUILD) -o $(PAYLOAD)/load ./test/load
	install -m 0755 test/vm/run.sh $(PAYLOAD)/run.sh

traces: payload ## Take traces of episodes for the controller's tests: make traces SUITES=trixie RUN=TestHogIsStopped
	test/vm/traces.sh $(PAYLOAD) '$(RUN)' $(lastword $(SUITES)) controller/testdata/traces

demo: payload ## Show the main job in a guest: a hog is held, then stopped; the others live.
	$(GOBUILD) -o $(PAYLOAD)/demo ./test/demo
	test/demo/demo.sh $(PAYLOAD)

lint: ## gofmt, go vet and staticcheck, the guest's tests included.
	@out=$$(gofmt -l .); [ -z "$$out" ] || { echo "gofmt -l:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags guest ./test/...
	$(STATICCHECK) ./...
	$(STATICCHECK) -tags guest ./test/...

bench: payload ## Compare with the peers, for hours; a quick look: make bench ROUNDS=1 LOADS=steady CONTROLLERS="reprieve-0 earlyoom"
	$(GOBUILD) -o $(PAYLOAD)/bench ./test/bench
	test/vm/bench.sh $(PAYLOAD) $(BENCH_RESULTS) $(ROUNDS) '$(LOADS)' '$(CONTROLLERS)' $(BENCH_SUITES); \
	  code=$$?; $(PAYLOAD)/bench report -results $(BENCH_RESULTS) -document docs/benchmarks.md -summary README.md $(BENCH_SUITES) && exit $$code

bench-report: ## Make the tables of docs/benchmarks.md and README.md and the chart anew from the results that are there.
	$(GO) run ./test/bench report -results $(BENCH_RESULTS) -document docs/benchmarks.md -summary README.md $(BENCH_SUITES)

bench-go: ## Run the benchmarks of the packages.
	$(GO) test -run '^$$' -bench . -benchmem ./...

# go test -fuzz takes one target of one package at a time.
fuzz-short: ## Run each fuzz target for FUZZTIME.
	@set -e; for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package; \
	  done; \
	done

# The unit files name /usr/sbin and /usr/bin; an install under another PREFIX names its own.
install: ## Install what `make build` made: make install DESTDIR=... PREFIX=/usr/local
	install -D -m 0755 bin/reprieved $(DESTDIR)$(SBINDIR)/reprieved
	install -D -m 0755 bin/reprievectl $(DESTDIR)$(BINDIR)/reprievectl
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(LIBDIR)/reprieve/examples $(DESTDIR)$(LIBDIR)/reprieve/slices
	for unit in reprieved.service reprieve.slice; do \
	  sed -e 's|/usr/sbin/|$(SBINDIR)/|g' -e 's|/usr/bin/|$(BINDIR)/|g' configs/systemd/$$unit >$(DESTDIR)$(UNITDIR)/$$unit && \
	  chmod 0644 $(DESTDIR)$(UNITDIR)/$$unit || exit 1; \
	done
	install -m 0644 configs/shipped/reprieve.toml $(DESTDIR)$(LIBDIR)/reprieve/reprieve.toml
	install -m 0644 configs/shipped/slices/*.toml $(DESTDIR)$(LIBDIR)/reprieve/slices/
	install -m 0644 configs/shipped/examples/*.toml $(DESTDIR)$(LIBDIR)/reprieve/examples/
	install -D -m 0644 configs/catalog/reprieve.catalog $(DESTDIR)$(CATALOGDIR)/reprieve.catalog
	install -D -m 0644 configs/completion/reprievectl.bash $(DESTDIR)$(COMPLETIONDIR)/reprievectl

clean: ## Remove what was built here; the guests' images stay in their cache.
	rm -rf bin build
