# Vivant on a bare machine: Python 3.11, make and a package index are all that is needed beforehand.

.PHONY: help demo test lint dev clean

help:
	@echo 'make demo   set up, then show the sample portrait (a window, or files where there is no display)'
	@echo 'make test   set up, build the wheel, install it apart from the checkout and test that'
	@echo 'make lint   ruff, mypy and pyright'
	@echo 'make dev    set up .venv for work on Vivant (editable; then .venv/bin/pytest, .venv/bin/vivant)'
	@echo 'make clean  remove what was built (virtual environments stay)'

demo:
	@sh scripts/setup.sh demo
	@.venv/bin/vivant demo

test:
	@sh scripts/setup.sh test
	@sh scripts/test_wheel.sh

lint:
	@sh scripts/setup.sh lint
	@sh scripts/lint.sh

dev:
	@sh scripts/setup.sh dev

clean:
	rm -rf build/lib build/bdist.* build/wheel build/elsewhere dist .pytest_cache .mypy_cache .ruff_cache
