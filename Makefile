# Everything runs in the environment of $(PYTHON); "make environment" creates one.
PYTHON ?= .venv/bin/python

.PHONY: environment check format lint types test slow

environment:
	python3 -m venv .venv
	.venv/bin/pip install -c constraints.txt -e '.[dev]'

check: lint types test

format:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

test:
	$(PYTHON) -m pytest

slow:
	$(PYTHON) -m pytest -m slow
