#!/bin/sh
# Tests the installed wheel (build/venv), from a folder where the checkout's packages cannot be imported, on the
# oldest OpenGL that Vivant supports. Arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
checkout=$(pwd)
mkdir -p build/elsewhere
cd build/elsewhere

export VIVANT_TEST_INSTALLED=1 # tests/test_packaging.py then insists on the wheel
export MESA_GL_VERSION_OVERRIDE=4.1 MESA_GLSL_VERSION_OVERRIDE=410
unset PYTHONPATH
exec "$checkout/build/venv/bin/pytest" -q -c "$checkout/pyproject.toml" --rootdir "$checkout" "${@:-$checkout/tests}"
