# Everything the project is run with. A fresh machine needs Python 3.11 (or later) and make.
#
#   make lab          open the book in JupyterLab       (make lab ARGS="--no-browser --port 8899")
#   make test         lint, types and every test        (make test ARGS="-k frame")
#   make site         the static book in site/   (SITE_URL=https://… where it will be read)
#   make pdf          the whole book on paper: dist/go-under-glass.pdf, printed by the system's Chromium
#   make notebooks    what a commit must not carry, taken out of the notebooks
#   make screenshots  the pages as PNG in screenshots/, to be looked at
#   make conformance  the standard library's own tests in the machine, and their table (hours)
#   make agreement    what the library computes, compared with the toolchain at full size (half an hour)
#   make package      the wheel in an empty environment, and wheels for every system (minutes, network)
#   make labextension JupyterLab's tile and the colours of its cells, from labextension/src; commit what it writes
#   make clean        delete all of the above, .venv included
#
# PYTHON=/path/to/python chooses the interpreter that .venv is made from.

SHELL  := /bin/sh
VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := $(VENV)/.underglass
ARGS   ?=
SITE_URL ?=
export SITE_URL
PYTHON ?=

# Builds and executed notebooks stay inside the checkout unless the reader says otherwise.
UNDERGLASS_CACHE ?= $(CURDIR)/.cache/underglass
export UNDERGLASS_CACHE
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# A PYTHONPATH or an activated environment of the reader's must not reach into ours.
unexport PYTHONPATH
unexport PYTHONHOME

.PHONY: help lab test lint site pdf notebooks screenshots conformance agreement package labextension clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^#   //p' Makefile

lab: $(STAMPS)/lab $(STAMPS)/go
	@echo "==> JupyterLab on the book; end it with Ctrl-C"
	$(BIN)/underglass lab . -- $(ARGS)

# Two workers, the least that hides the waiting for browsers and kernels on the smallest machine we promise; by
# file, since a file's tests share a browser or a server; in their order, since the longest files come first.
test: lint $(STAMPS)/go
	@echo "==> tests (the first run also builds the static book)"
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(STAMPS)/test
	@echo "==> ruff, mypy"
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

site: $(STAMPS)/site $(STAMPS)/go
	@echo "==> running the chapters and writing the static book"
	$(BIN)/python -m sphinx -W --keep-going -b html -d .cache/sphinx book site $(ARGS)
	@echo "==> open site/index.html"

pdf: site $(STAMPS)/pdf
	@echo "==> printing the chapters"
	$(BIN)/python book/pdf.py site dist/go-under-glass.pdf

notebooks: $(STAMPS)/lab
	$(BIN)/python tests/notebook_rules.py --write book/*.ipynb labs/*.ipynb solutions/*.ipynb

screenshots: $(STAMPS)/test $(STAMPS)/go
	$(BIN)/python -m pytest -q -m browser --screenshots=screenshots tests/browser $(ARGS)

conformance: $(STAMPS)/test $(STAMPS)/go
	$(BIN)/python tests/conformance/run.py --all --write $(ARGS)

AGREEMENT = values wrappers nosplit prologue inline gcmaps extract abi sentinel
agreement: $(STAMPS)/test $(STAMPS)/go
	@set -e; for name in $(AGREEMENT); do echo "==> $$name"; $(BIN)/python tests/agreement/$$name.py; done

package: $(STAMPS)/test
	$(BIN)/python tests/agreement/package.py
	$(BIN)/python tests/agreement/wheels.py

labextension: $(STAMPS)/python
	$(BIN)/python labextension/build.py

clean:
	rm -rf $(VENV) .cache site jupyter_execute screenshots dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment -------------------------------------------------------------------------------------
# Each stamp is remade when pyproject.toml changes, so a pull that adds a dependency installs it.

# Without ?=, since PYTHON may be empty: the first interpreter that is new enough.
$(STAMPS)/python:
	@set -e; \
	if $(BIN)/python -m pip --version >/dev/null 2>&1; then mkdir -p $(STAMPS); touch $@; exit 0; fi; \
	for candidate in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python); do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "==> making $(VENV) with $$candidate ($$("$$candidate" --version))"; \
	    "$$candidate" -m venv $(VENV) || { \
	      echo "make: $$candidate cannot make a virtual environment." \
	           "On Debian and Ubuntu: apt install python3-venv; then run make again." >&2; exit 1; }; \
	    mkdir -p $(STAMPS); touch $@; exit 0; \
	  fi; \
	done; \
	echo "make: no Python 3.11 or later among: $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python)." \
	     "Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
	exit 1

$(STAMPS)/lab: $(STAMPS)/python pyproject.toml labextension/built/package.json
	@echo "==> installing underglass and what it needs (first time: about 250 MB and a minute or two)"
	$(BIN)/python -m pip install --editable .
	@touch $@

$(STAMPS)/site: $(STAMPS)/lab
	@echo "==> installing what the static book needs"
	$(BIN)/python -m pip install --editable '.[site]'
	@touch $@

$(STAMPS)/pdf: $(STAMPS)/site
	@echo "==> installing what prints"
	$(BIN)/python -m pip install --editable '.[site,pdf]'
	@touch $@

$(STAMPS)/test: $(STAMPS)/lab
	@echo "==> installing what the tests need"
	$(BIN)/python -m pip install --editable '.[site,teach,cluster,test]'
	@touch $@ $(STAMPS)/site

# The first Go build compiles Go's runtime for linux/amd64: better here, announced, than under the first cell.
$(STAMPS)/go: $(STAMPS)/lab
	@echo "==> first Go build: compiling the Go runtime, once (half a minute)"
	@$(BIN)/underglass warm
	@touch $@
