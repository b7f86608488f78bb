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
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
# Debian's zsh looks in vendor-completions below /usr alone, and in site-functions below /usr/local.
ZSHCOMPLETIONDIR ?= $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
FISHCOMPLETIONDIR ?= $(PREFIX)/share/fish/vendor_completions.d
USERUNITDIR ?= $(LIBDIR)/systemd/user
# The bus finds services below /usr/local too, but policies below /usr and /etc alone; polkit finds actions below /usr.
DBUSSERVICEDIR ?= $(PREFIX)/share/dbus-1/system-services
DBUSPOLICYDIR ?= $(if $(filter /usr,$(PREFIX)),$(PREFIX)/share,/etc)/dbus-1/system.d
POLKITDIR ?= $(PREFIX)/share/polkit-1/actions

# SUITES are the Debian releases of the guests, RUN is a pattern as of go test -run, FUZZTIME the time of one fuzz target.
# The benchmark is for bookworm unless SUITES says otherwise: that one has all of the peers.
BENCH_SUITES := $(or $(SUITES),bookworm)
SUITES ?= bookworm trixie
RUN ?= .
FUZZTIME ?= 10s

GO ?= go
# Where the programs are built and installed from; make deb has other ones.
BIN ?= bin
# Where make deb leaves the package.
DEBDIR ?= build
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

.PHONY: help build test test-unit test-race test-vm payload traces demo lint lint-man bench bench-report bench-go fuzz-short install deb clean

help: ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

build: ## Build bin/reprieved and bin/reprievectl.
	$(GOBUILD) -o $(BIN)/ ./cmd/...

test: test-unit test-vm ## Run all tests, those in the guests included.

test-unit: ## Run the tests that need no guest.
	test/need.sh unit
	CGO_ENABLED=0 $(GO) test ./...

test-race: ## Run the same tests under the race detector (needs gcc).
	test/need.sh race
	CGO_ENABLED=1 $(GO) test -race ./...

test-vm: payload ## Run the scenarios in a guest of each of SUITES: make test-vm SUITES=trixie RUN=TestBurst
	test/vm/scenarios.sh $(PAYLOAD) '$(RUN)' $(SUITES)

# Packages for an upgrade in the guest, that are nobody's and need no git.
NOBODY = SOURCE_DATE_EPOCH=0 DEBFULLNAME=Nobody DEBEMAIL=nobody@localhost

payload: build ## Stage what a guest gets: the installed tree, the scenarios, the loads, the desktop.
	rm -rf $(PAYLOAD)
	$(MAKE) --no-print-directory --silent install DESTDIR=$(PAYLOAD)/stage PREFIX=/usr
	CGO_ENABLED=0 $(GO) test -c -trimpath -buildvcs=false -tags guest -o $(PAYLOAD)/scenarios.test ./test/scenarios
	$(GOBUILD) -o $(PAYLOAD)/load ./test/load
	$(GOBUILD) -o $(PAYLOAD)/desktop ./test/desktop
	install -m 0755 test/vm/run.sh $(PAYLOAD)/run.sh
	$(MAKE) --no-print-directory --silent deb DEBDIR=$(PAYLOAD)/deb VERSION=1.0 $(NOBODY)
	$(NOBODY) VERSION=1.1 dist/deb.sh $(PAYLOAD)/deb/bin $(PAYLOAD)/deb
	rm -r $(PAYLOAD)/deb/bin

traces: payload ## Take traces of episodes for the controller's tests: make traces SUITES=trixie RUN=TestHogIsStopped
	test/vm/traces.sh $(PAYLOAD) '$(RUN)' $(lastword $(SUITES)) controller/testdata/traces

demo: payload ## Show the main job in a guest: a hog is held, then stopped; the others live.
	$(GOBUILD) -o $(PAYLOAD)/demo ./test/demo
	test/demo/demo.sh $(PAYLOAD)

lint: lint-man ## gofmt, go vet and staticcheck, the guest's tests included; the man pages.
	@out=$$(gofmt -l .); [ -z "$$out" ] || { echo "gofmt -l:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags guest ./test/...
	$(STATICCHECK) ./...
	$(STATICCHECK) -tags guest ./test/...

lint-man: ## Judge the man pages by mandoc, which must find nothing.
	test/need.sh man
	mandoc -T lint -W warning docs/man/*.[1-8]

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
	install -D -m 0755 $(BIN)/reprieved $(DESTDIR)$(SBINDIR)/reprieved
	install -D -m 0755 $(BIN)/reprievectl $(DESTDIR)$(BINDIR)/reprievectl
	install -D -m 0755 $(BIN)/reprieve-exporter $(DESTDIR)$(BINDIR)/reprieve-exporter
	install -D -m 0755 $(BIN)/reprieve-bus $(DESTDIR)$(SBINDIR)/reprieve-bus
	install -D -m 0755 $(BIN)/reprieve-notify $(DESTDIR)$(BINDIR)/reprieve-notify
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(USERUNITDIR) $(DESTDIR)$(LIBDIR)/reprieve/examples $(DESTDIR)$(LIBDIR)/reprieve/slices
	for unit in reprieved.service reprieve.slice reprieve-exporter.service reprieve-exporter.socket reprieve-metrics.service reprieve-metrics.timer reprieve-bus.service; do \
	  sed -e 's|/usr/sbin/|$(SBINDIR)/|g' -e 's|/usr/bin/|$(BINDIR)/|g' configs/systemd/$$unit >$(DESTDIR)$(UNITDIR)/$$unit && \
	  chmod 0644 $(DESTDIR)$(UNITDIR)/$$unit || exit 1; \
	done
	sed -e 's|/usr/bin/|$(BINDIR)/|g' configs/systemd/user/reprieve-notify.service >$(DESTDIR)$(USERUNITDIR)/reprieve-notify.service
	chmod 0644 $(DESTDIR)$(USERUNITDIR)/reprieve-notify.service
	install -D -m 0644 configs/dbus/org.reprieve1.service $(DESTDIR)$(DBUSSERVICEDIR)/org.reprieve1.service
	install -D -m 0644 configs/dbus/org.reprieve1.conf $(DESTDIR)$(DBUSPOLICYDIR)/org.reprieve1.conf
	install -D -m 0644 configs/dbus/org.reprieve1.policy $(DESTDIR)$(POLKITDIR)/org.reprieve1.policy
	install -m 0644 configs/shipped/reprieve.toml $(DESTDIR)$(LIBDIR)/reprieve/reprieve.toml
	install -m 0644 configs/shipped/slices/*.toml $(DESTDIR)$(LIBDIR)/reprieve/slices/
	install -m 0644 configs/shipped/examples/*.toml $(DESTDIR)$(LIBDIR)/reprieve/examples/
	install -D -m 0644 configs/catalog/reprieve.catalog $(DESTDIR)$(CATALOGDIR)/reprieve.catalog
	for page in docs/man/*.[1-8]; do \
	  install -D -m 0644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/} || exit 1; \
	done
	install -D -m 0644 configs/completion/reprievectl.bash $(DESTDIR)$(COMPLETIONDIR)/reprievectl
	install -D -m 0644 configs/completion/reprievectl.zsh $(DESTDIR)$(ZSHCOMPLETIONDIR)/_reprievectl
	install -D -m 0644 configs/completion/reprievectl.fish $(DESTDIR)$(FISHCOMPLETIONDIR)/reprievectl.fish

# Without the symbol table and DWARF: a third smaller, and tracebacks have functions and lines all the same, from Go's own table.
deb: ## Build $(DEBDIR)/reprieve_VERSION_ARCH.deb; VERSION=1.2.0 names it otherwise than git does. See docs/install.md.
	@set -e; version=$${VERSION:-$$(dist/version.sh .)}; \
	echo "building reprieve $$version"; \
	$(GOBUILD) -ldflags="-s -X main.tagged=$$version" -o $(DEBDIR)/bin/ ./cmd/...; \
	VERSION=$$version dist/deb.sh $(DEBDIR)/bin $(DEBDIR)

clean: ## Remove what was built here; the guests' images stay in their cache.
	rm -rf bin build
