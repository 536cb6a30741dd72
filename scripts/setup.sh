#!/bin/sh
# Prepares what a make target needs; quick when nothing is missing.
#
#   sh scripts/setup.sh demo   .venv with Vivant (editable), OpenGL libraries, model files
#   sh scripts/setup.sh dev    the same and the tools for development
#   sh scripts/setup.sh test   build/venv with Vivant's *wheel* and the tools, OpenGL libraries, Xvfb, model files
#   sh scripts/setup.sh lint   build/venv as for test, without OpenGL libraries and model files
#
# PYTHON names another interpreter (3.11 to 3.13).
set -eu
cd "$(dirname "$0")/.."
goal=${1:?demo, dev, test or lint}

say() { printf 'setup: %s\n' "$*"; }

stop() {
    printf '%s\n' "$@" >&2
    exit 1
}

# --- packages of the system -------------------------------------------------------------------------------

# Installs what is missing with apt where we may; otherwise stops and prints the one line to type.
system_packages() { # system_packages demo|dev|test|lint
    needed= wished=
    case $1 in demo | dev) environment=.venv ;; *) environment=build/venv ;; esac
    # Debian ships Python without what its venv module needs.
    [ -x $environment/bin/python ] || "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        needed="$needed $("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    if [ "$(uname -s)" = Linux ] && [ "$1" != lint ]; then
        opengl || needed="$needed $opengl_packages"
        # The window is tested on a virtual screen; without it these tests are skipped, and say so.
        [ "$1" != test ] || command -v Xvfb >/dev/null 2>&1 || wished=xvfb
    fi
    [ -n "$needed$wished" ] || return 0
    packages=$(echo $needed $wished)
    line="apt-get update && apt-get install -y $packages"
    if ! command -v apt-get >/dev/null 2>&1; then
        line="install what your system calls these Debian packages: $packages"
        may_install=
    elif [ "$(id -u)" = 0 ]; then
        may_install="sh -c"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        may_install="sudo -n sh -c"
        line="sudo sh -c '$line'"
    else
        may_install=
        line="sudo sh -c '$line'"
    fi
    if [ -n "$may_install" ]; then
        say "installing $packages"
        log=build/apt.log
        if $may_install "export DEBIAN_FRONTEND=noninteractive; apt-get update && apt-get install -y $packages" \
            >"$log" 2>&1; then
            [ "$1" = lint ] || [ "$(uname -s)" != Linux ] || opengl ||
                stop "These libraries still cannot be loaded: $libraries"
            return 0
        fi
        tail -n 15 "$log" >&2
    fi
    if [ -z "$needed" ]; then
        say "going on without $wished"
        return 0
    fi
    stop "Something is missing on this machine. Type this line, then run make again:" "  $line"
}

loads() { "$python" -c 'import ctypes, sys; [ctypes.CDLL(name) for name in sys.argv[1:]]' "$@" 2>/dev/null; }

# OpenCV needs these libraries even to be imported; without a graphics card's own driver, Mesa draws.
libraries="libEGL.so.1 libGL.so.1 libGLESv2.so.2 libGLX.so.0 libgthread-2.0.so.0"
opengl_packages="libegl1 libgl1 libgl1-mesa-dri libgles2 libglx-mesa0 libegl-mesa0 libglib2.0-0"

opengl() { loads $libraries && has_driver; }

has_driver() {
    loads libEGL_nvidia.so.0 && return 0
    loads libEGL_mesa.so.0 || return 1
    for driver in /usr/lib/*/dri/*_dri.so /usr/lib64/dri/*_dri.so /usr/lib/dri/*_dri.so /usr/lib/*/libgallium*.so; do
        [ -e "$driver" ] && return 0
    done
    return 1
}

# --- Python -----------------------------------------------------------------------------------------------

find_python() {
    for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            python=$candidate
            return 0
        fi
    done
    stop "Vivant needs Python 3.11, 3.12 or 3.13. On Debian 12 type this line, then run this again:" \
        "  sudo sh -c 'apt-get update && apt-get install -y python3 python3-venv'"
}

virtual_environment() {
    [ -x "$1/bin/python" ] && "$1/bin/python" -c 'import pip' 2>/dev/null && return 0
    say "making $1"
    rm -rf "$1"
    "$python" -m venv "$1"
}

# stamp WORD FILE...: what an environment was made from.
stamp() {
    "$python" -c '
import hashlib, pathlib, sys
parts = [sys.version, sys.argv[1], *(pathlib.Path(name).read_text() for name in sys.argv[2:])]
print(hashlib.sha256("\0".join(parts).encode()).hexdigest())' "$@"
}

is_stamped() { [ "$(cat "$1/.vivant-stamp" 2>/dev/null)" = "$2" ]; }

editable() { # editable WORD EXTRAS
    virtual_environment .venv
    wanted=$(stamp "$1" pyproject.toml)
    # An environment for development does for the demo as well.
    if is_stamped .venv "$wanted" || is_stamped .venv "$(stamp dev pyproject.toml)"; then return 0; fi
    say "installing Vivant and what it needs into .venv (once, some minutes)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -e ".$2"
    printf '%s\n' "$wanted" >.venv/.vivant-stamp
}

# The wheel, in an environment that knows nothing of the checkout: what is missing from the package is missing here.
wheel() {
    virtual_environment build/venv
    rm -rf build/lib build/bdist.* build/wheel # leftovers of an earlier build would go into the wheel
    say "building the wheel"
    build/venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
    wanted=$(stamp wheel pyproject.toml)
    built=$(echo build/wheel/vivant-*.whl)
    if ! is_stamped build/venv "$wanted"; then
        say "installing the wheel and the tools into build/venv (once, some minutes)"
        build/venv/bin/python -m pip install --quiet --disable-pip-version-check "${built}[dev]"
        printf '%s\n' "$wanted" >build/venv/.vivant-stamp
    fi
    build/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall "$built"
}

find_python
mkdir -p build
system_packages "$goal"
case $goal in
demo)
    editable demo ""
    .venv/bin/vivant models --fetch
    ;;
dev)
    editable dev "[dev]"
    "$python" scripts/link_namespace.py
    .venv/bin/vivant models --fetch
    ;;
test)
    wheel
    build/venv/bin/vivant models --fetch
    ;;
lint)
    [ -x build/venv/bin/ruff ] && is_stamped build/venv "$(stamp wheel pyproject.toml)" || wheel
    ;;
*) stop "setup.sh: demo, dev, test or lint, not '$goal'" ;;
esac
