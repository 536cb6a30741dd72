#!/bin/sh
# ruff, mypy and pyright with the tools of build/venv; runs all of them, fails if one found something.
set -u
cd "$(dirname "$0")/.."
tools=$(pwd)/build/venv/bin
failed=

check() {
    printf 'lint: %s\n' "$*"
    "$tools/$@" || failed="$failed $1"
}

"$tools/python" scripts/link_namespace.py || exit 1
check ruff check .
check ruff format --check .
# By path: `-p vivant` would find the wheel's copy, and errors of installed packages are not shown.
check mypy --explicit-package-bases build/ns/vivant tests
check pyright --pythonpath "$tools/python"
if [ -n "$failed" ]; then
    printf 'lint: found something:%s\n' "$failed" >&2
    exit 1
fi
printf 'lint: clean\n'
