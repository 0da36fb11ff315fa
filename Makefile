# Every target but clean sets up first what it needs: `uv` in .venv/, then the packages that uv.lock names.
RUN = .venv/bin/uv run --frozen

setup: .venv/.ready ## install what uv.lock names into .venv

.venv/.ready: pyproject.toml uv.lock
	test -x .venv/bin/uv || { python3 -m venv .venv && .venv/bin/python -m pip install --quiet "uv>=0.9,<0.14"; }
	.venv/bin/uv sync --frozen --inexact --compile-bytecode && touch $@

demo: setup ## the main job, start to end, on simulated reports
	$(RUN) breakwater demo

up: setup ## start every server on loopback, for operators
	$(RUN) breakwater up

test: setup ## run the tests
	$(RUN) pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: setup ## formatting, lint, types, layers
	$(RUN) ruff format --check . && $(RUN) ruff check . && $(RUN) mypy && $(RUN) lint-imports

docs: setup ## build docs/ to docs/_build
	$(RUN) sphinx-build -n -W -b html docs docs/_build

bench: setup ## measure, beside the peers
	$(RUN) python -m bench

clean: ## remove what setup and the tools made
	rm -rf .venv .cache docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/'

.PHONY: setup demo up test check docs bench clean help
.DEFAULT_GOAL := help
