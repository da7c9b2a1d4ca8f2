# The two commands of the README, and their set-up; everything else is cargo.

SHELL := /bin/bash
CARGO ?= cargo
OUT ?= out
MEMBERS := core norms models data optim cli bench tests
LIBRARIES := core norms models data optim

.PHONY: reproduce test bench system system-for-tests format lint example documents alone

## Builds, runs the paper's experiments at quick scale on every core, and draws its figures into out/.
reproduce: system
	$(CARGO) build --release --locked -p steepest-cli
	@$(CARGO) run --release --locked -q -p steepest-cli -- data fetch mnist \
	  || echo "MNIST could not be fetched: the embedded 8x8 digits serve in its place, and every caption says so."
	$(CARGO) run --release --locked -q -p steepest-cli -- reproduce --scale quick --out $(OUT)
	@echo "Figures, trajectories and claims are in $(OUT)/: open $(OUT)/report.html"

## Everything that CI checks.
test: system-for-tests format lint
	$(CARGO) test --locked --workspace
	$(MAKE) --no-print-directory example documents alone

## How far the dense step is from its matrix products.
bench: system
	$(CARGO) bench --locked -p steepest-bench

format:
	rustfmt --check --edition 2024 $$(git ls-files '*.rs')

lint:
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

# a crate of its own workspace, with the versions, profiles and compiled dependencies of this one
example:
	cp Cargo.lock examples/outside-norm/Cargo.lock
	$(CARGO) test --manifest-path examples/outside-norm/Cargo.toml --config Cargo.toml \
	  --target-dir "$${CARGO_TARGET_DIR:-target}"

documents:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps

# every package by itself, with and without its default features
alone:
	@set -e; for p in $(MEMBERS); do echo "steepest-$$p alone"; $(CARGO) check --locked -q -p steepest-$$p; done
	@set -e; for p in $(LIBRARIES); do echo "steepest-$$p without default features"; \
	  $(CARGO) check --locked -q -p steepest-$$p --no-default-features; done
	@$(CARGO) check --locked -q -p steepest-data --no-default-features --features datasets

# OpenBLAS, HDF5 and pkg-config, by the system's package manager where that is Debian's
system:
	@if pkg-config --exists hdf5 openblas 2>/dev/null; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
	  echo "steepest needs OpenBLAS, HDF5 (1.10 or newer) with its high-level library, and pkg-config."; \
	  echo "Fedora: dnf install openblas-devel hdf5-devel pkgconf   Arch: pacman -S openblas hdf5 pkgconf   macOS: brew install openblas hdf5 pkgconf"; \
	  exit 1; fi; \
	$(call apt,libopenblas-dev libhdf5-dev pkg-config)
	@if ! python3 -m pip --version >/dev/null 2>&1 && command -v apt-get >/dev/null; then \
	  $(call apt,python3 python3-pip) || echo "no pip: MNIST cannot be fetched"; fi

# beside them, what the readers' tests in Python need, and a browser in which reports are opened
system-for-tests: system
	@if python3 -c 'import venv, ensurepip' 2>/dev/null; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then echo "the tests need python3 with its module venv"; exit 1; fi; \
	$(call apt,python3 python3-venv)
	@for b in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do \
	  if command -v $$b >/dev/null; then exit 0; fi; done; \
	if ! command -v apt-get >/dev/null; then echo "no Chromium: reports are not opened in a browser"; exit 0; fi; \
	$(call apt,chromium-headless-shell)

# installs Debian packages, as root or through sudo
apt = as=; if [ "$$(id -u)" != 0 ]; then as=sudo; fi; \
	echo "installing $(1)"; \
	$$as apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as apt-get install -y -qq --no-install-recommends $(1) >/dev/null

# The program against PyTorch and JAX, into bench/runs; PEERS is a Python with bench/peers/requirements.txt
PEERS ?= python3
.PHONY: bench-peers
bench-peers:
	cargo build --release -p steepest-cli -p steepest-bench
	$(PEERS) bench/peers/run.py --programs target/release --output bench/runs/peers
