#!/bin/sh
# Tests of the command line, on a tiny model. FACET: the program; TINY, TINY_MMPROJ: the model. Each script runs
# in a folder and a home of its own. Ends with "N passed, N failed".
here=$(cd "$(dirname "$0")" && pwd)
: "${FACET:?the program}" "${TINY:?a tiny model}"
export FACET TINY TINY_MMPROJ
passed=0
failed=0
for script in "$here"/test_*.sh; do
    work=$(mktemp -d)
    mkdir "$work/home" "$work/work"
    (
        cd "$work/work" || exit 1
        unset FACET_MODEL XDG_CONFIG_HOME XDG_CACHE_HOME
        HOME=$work/home XDG_DATA_HOME=$work/home/data XDG_STATE_HOME=$work/home/state
        XDG_DATA_DIRS=$work/home/share
        export HOME XDG_DATA_HOME XDG_STATE_HOME XDG_DATA_DIRS
        . "$here/lib.sh"
        . "$script"
    ) >"$work/log" 2>&1 </dev/null
    status=$?
    echo "== $(basename "$script")"
    cat "$work/log"
    passed=$((passed + $(grep -c '^ok ' "$work/log")))
    failed=$((failed + $(grep -c '^not ok ' "$work/log")))
    [ "$status" -eq 0 ] || { echo "not ok $script stopped with $status"; failed=$((failed + 1)); }
    rm -rf "$work"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
