#!/bin/sh
# Make the virtual environment and install dtovl into it.
#
#   tools/setup.sh VENV [EXTRA]     EXTRA: an optional group of pyproject.toml, such as dev
#
# PYTHON names the interpreter; without it the first of python3, python3.14 ... python3.11 that is
# new enough is taken. pylibfdt comes as source, so what its build needs is looked for first: a
# machine that lacks it gets one sentence and not the log of a failed build.
set -eu

venv=$1
extra=${2:-}
log=build/setup.log

fail() {
    printf 'dtovl: %s\n' "$*" >&2
    exit 1
}

new_enough() {
    [ "$("$1" -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null)" = True ]
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" && return
        found=$("$PYTHON" -c 'import platform; print(platform.python_version())' 2>/dev/null) ||
            found=
        fail "Python 3.11 or newer is needed, PYTHON=$PYTHON is ${found:-no Python that runs}."
    fi
    for PYTHON in python3 python3.14 python3.13 python3.12 python3.11; do
        if new_enough "$PYTHON"; then
            return
        fi
    done
    fail "Python 3.11 or newer is needed and none was found; on Debian 12 and later:" \
        "apt-get install python3 python3-venv python3-dev gcc libc6-dev make"
}

# Names of what is missing go to $missing, the Debian packages that bring it to $packages.
missing='' packages=''
lack() {
    missing="${missing:+$missing, }$1"
    packages="$packages $2"
}

find_missing() {
    # Debian calls the packages of its own Python python3-*, those of another one python3.N-*.
    name=python3
    [ "$("$PYTHON" -c 'import sys; print(sys.version_info[:2])')" = \
        "$(python3 -c 'import sys; print(sys.version_info[:2])' 2>/dev/null)" ] ||
        name=$("$PYTHON" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    command -v make >/dev/null || lack make make
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
        lack 'the Python module venv' "$name-venv"
    has_pylibfdt && return
    cc=${CC:-$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("CC") or "cc")')}
    cc=${cc%% *}
    include=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
    if ! command -v "$cc" >/dev/null; then
        lack "a C compiler ($cc)" 'gcc libc6-dev'
        [ -e "$include/Python.h" ] || lack 'the Python headers (Python.h)' "$name-dev"
    elif [ ! -e "$include/Python.h" ]; then
        lack 'the Python headers (Python.h)' "$name-dev"
    elif ! printf '#include <Python.h>\n' | "$cc" -I "$include" -fsyntax-only -x c - 2>/dev/null
    then
        lack 'the headers of the C library' libc6-dev
    fi
}

has_pylibfdt() {
    [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import libfdt' 2>/dev/null
}

# Run a step with its output in the log; when it fails, print the line that tells most.
quietly() {
    if ! "$@" >>"$log" 2>&1; then
        reason=$(grep -iE '(^|[^a-z])(fatal )?error:' "$log" | tail -n 1 || true)
        [ -n "$reason" ] || reason=$(tail -n 1 "$log")
        fail "set-up failed: $reason (whole log: $log)"
    fi
}

find_python
find_missing
[ -z "$missing" ] ||
    fail "set-up needs what this machine lacks: $missing. On Debian: apt-get install$packages"

mkdir -p "${log%/*}"
: >"$log"
# An environment that was moved, or whose interpreter went, is made anew.
if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    quietly "$PYTHON" -m venv --clear "$venv"
fi
echo "installing dtovl${extra:+ and its $extra tools} into $venv (a minute or two the first time)"
quietly "$venv/bin/python" -m pip install --disable-pip-version-check -e ".${extra:+[$extra]}"
