#!/bin/sh
# What dtovl does, on the boards, overlays and logs of fixtures. PY: the Python that has dtovl.
set -eu

cd "$(dirname "$0")/.."
case ${PY:=.venv/bin/python} in
/*) ;;
*) PY=$PWD/$PY ;;
esac
boards=$PWD/build/fixtures
"$PY" tools/compile_fixtures.py "$boards" >/dev/null
cp -R fixtures/dts/. fixtures/migrate fixtures/repo "$boards"
cd "$boards"

# Show a title and a command, run the command, and expect an exit code of it.
example() {
    title=$1 expected=$2
    shift 2
    printf '\n# %s\n$ dtovl %s\n\n' "$title" "$*"
    status=0
    "$PY" -m dtovl "$@" || status=$?
    if [ "$status" -ne "$expected" ]; then
        printf 'demo: exit %s where %s was expected\n' "$status" "$expected" >&2
        exit 1
    fi
}

example 'An overlay that applies: what it changes, and who accepts it' 0 \
    apply gateway.dtb sensor.dtbo -o merged.dtb
example 'An overlay for another board: all that is missing, and what is meant' 1 \
    apply gateway.dtb missing-label.dtso
example 'A boot loader accepts it, the kernel will not' 1 \
    apply gateway.dtb phandle-clash.dtso --require linux
example 'It applies, and nothing happens' 0 \
    apply gateway.dtb status-only.dtso
example 'Two revisions of a board, without the noise of renumbered phandles' 1 \
    diff gateway.dtb gateway-b.dtb
example 'A blob as source, with its labels and references' 0 \
    show sensor.dtbo --format dts
example 'A migration of a Power partition: who holds a node that is gone' 1 \
    migrate --replay migrate/dmesg.txt --policy naive -q
example 'A whole repository, as its CI checks it: boards, overlays, stacks, what clashes' 1 \
    check repo --no-cache
example 'What a code means' 0 \
    explain DT114

printf '\nThe boards are in %s; `%s -m dtovl --help` tells more.\n' 'build/fixtures' "${PY#"$OLDPWD"/}"
