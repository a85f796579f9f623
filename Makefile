# `make train` and `make test` set up everything they need in .venv; a second call starts at once.

PYTHON ?= python3
CONFIG ?= configs/cyclegan.py
ARGS ?=
PYTEST_ARGS ?=
# The tried versions. `make train CONSTRAINTS=` takes the newest of everything instead.
CONSTRAINTS ?= constraints.txt

BIN := .venv/bin
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check $(addprefix --constraint ,$(CONSTRAINTS))

.PHONY: help train test test-slow test-oldest proofs torture bench lint format constraints

help:
	@echo "make train        train CycleGAN on the built-in pictures; again: go on where it stopped"
	@echo "                  CONFIG=configs/pix2pix.py   another experiment"
	@echo "                  ARGS='--config.steps=500'   more flags; ARGS=--help lists them"
	@echo "make test         lint, types and all tests but the slow ones"
	@echo "make test-slow    the tests that take minutes"
	@echo "make test-oldest  the core of the tests with the oldest versions that are supported, in .venv-oldest"
	@echo "make proofs       every game from noise against its baselines, three seeds each (two hours on two cores)"
	@echo "make torture      break it for real: kills, full disks, damaged files, lost hosts (an hour on two cores)"
	@echo "make bench        our training step against PyTorch's, on this machine"
	@echo "make lint         style and types alone; make format mends the style"
	@echo "make constraints  write the versions in .venv to constraints.txt"
	@echo "PYTHON=python3.12 in front or behind chooses the interpreter for a new .venv"

# exec: Ctrl-C and SIGTERM reach Python itself, which saves and stops.
train: .venv/installed
	@exec $(BIN)/python -m gan_jax.main --config=$(CONFIG) $(ARGS)

test: lint
	$(BIN)/python -m pytest -m "not slow" --numprocesses=auto --maxprocesses=4 --dist=loadfile $(PYTEST_ARGS)

# The oldest versions that pyproject.toml lets in. Needs a package registry, and some minutes.
OLDEST_TESTS = tests/test_checkpoint.py tests/test_game.py tests/test_layers.py tests/test_convolutions.py \
    tests/test_train.py tests/gans/test_every_game.py tests/data
test-oldest: .venv-oldest/installed
	.venv-oldest/bin/python -m pytest -m "not slow" $(or $(PYTEST_ARGS),$(OLDEST_TESTS))

.venv-oldest/installed: pyproject.toml constraints-oldest.txt
	@$(PYTHON) -m venv --clear .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-oldest.txt \
	    --editable . hypothesis pytest scikit-image tensorboardX tifffile torch
	@touch $@

test-slow: .venv/installed-test
	$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

proofs: .venv/installed-test
	@exec $(BIN)/python -m experiments.proof all

torture: .venv/installed-test
	@exec $(BIN)/python -m experiments.reliability.torture $(ARGS)

bench: .venv/installed-test
	@exec $(BIN)/python -m experiments.speed.bench $(ARGS)

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

constraints: .venv/installed-test
	sed -n '/^#/p' constraints.txt > .venv/constraints.txt
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+[a-z0-9.]*$$//' | grep -v -i '^nvidia\|^triton' >> .venv/constraints.txt
	mv .venv/constraints.txt constraints.txt

.venv/installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing gan_jax and what it needs in .venv (once, a few minutes) ..."
	@$(PIP_INSTALL) --editable . || { echo "$$FAILED" >&2; exit 1; }
	@touch $@

.venv/installed-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing gan_jax, what it needs and its test tools in .venv (once, a few minutes) ..."
	@$(PIP_INSTALL) --editable '.[test]' || { echo "$$FAILED" >&2; exit 1; }
	@touch .venv/installed $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$OLD" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "$$NO_VENV" >&2; exit 1; }

define OLD
gan_jax needs Python 3.11 or newer, and "$(PYTHON)" is not that. Name one that is: make PYTHON=/path/to/python3.11 ...
endef
define NO_VENV
"$(PYTHON) -m venv" failed. On Debian and Ubuntu: apt install python3-venv. Then call make again.
endef
define FAILED
The installation failed; pip says why above. If it lacks a version for this Python: make CONSTRAINTS= ... takes the newest ones.
endef
export OLD NO_VENV FAILED
