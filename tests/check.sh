#!/bin/sh
# What a compiler does not say: layers, the manual pages, both compilers without a warning, cppcheck.
# A line for each check, then "N passed, N failed".
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

check() { # name, command…
    name=$1
    shift
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "  ok    $name"
    else
        failed=$((failed + 1))
        echo "  FAIL  $name"
        tail -n 40 "$log"
    fi
}

# Which folders (or single headers) the sources of a folder may include.
layer() { # folder, what it may include as an extended regular expression
    ! grep -nE '^#include "' "$1"/*.c "$1"/*.h "$1"/*.inc 2>/dev/null |
        grep -vE "#include \"($2)"
}
no_curses_elsewhere() {
    ! grep -lE '#include <(ncurses|curses|term)' $(git ls-files '*.c' '*.h') | grep -vE '^tui/term(_keys|_show)?\.c$|^tui/term_state\.h$' | grep -v '^tests/'
}
only_main_exits() {
    ! grep -nE '\b(exit|_exit|abort)\(' $(git ls-files 'engine/*.c' 'image/*.c' 'history/*.c' 'chat/*.c' 'tui/*.c' 'cli/*.c') |
        grep -vE '^cli/main\.c:|^image/sandbox\.c:|^tui/term\.c:'
}
manuals() {
    make --no-print-directory man || return 1
    for page in man/*.[1-9] build/man/*.[1-9]; do
        said=$(groff -man -ww -z "$page" 2>&1)
        [ -z "$said" ] || { echo "$page: $said"; return 1; }
    done
}
warnings() { # compiler
    command -v "$1" >/dev/null || { echo "$1 is not installed"; return 1; }
    make --no-print-directory B="build-check-$1" CC="$1" OPT=-O1 CFLAGS=-Werror -j"$(nproc)" objects
}
static_analysis() {
    cppcheck --quiet --std=c11 --inline-suppr --error-exitcode=1 --enable=warning -I. \
        --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches --max-configs=1 -j "$(nproc)" \
        base engine image history chat tui cli
}
neon() {
    command -v aarch64-linux-gnu-gcc >/dev/null || return 0
    for file in engine/*.c engine/kernels/*.c; do
        case $file in engine/kernels/avx*) continue ;; esac
        aarch64-linux-gnu-gcc -std=c11 -D_GNU_SOURCE -I. -O1 -Wall -Wextra -march=armv8.2-a+dotprod+fp16 -fsyntax-only \
            -idirafter /usr/include "$file" || return 1
    done
}

check "base includes base" layer base 'base/'
check "engine includes base and engine" layer engine 'base/|engine/'
check "kernels include kernels and quant.h" layer engine/kernels 'engine/kernels/|engine/quant\.h'
check "image includes base and image" layer image 'base/|image/'
check "history includes base and history" layer history 'base/|history/'
check "chat sees the engine through facet.h" layer chat 'base/|image/|history/|chat/|engine/facet\.h'
check "tui sees the engine through facet.h" layer tui 'base/|image/|history/|chat/|tui/|engine/facet\.h'
check "cli sees the engine through facet.h" layer cli 'base/|image/|history/|chat/|tui/|cli/|engine/facet\.h'
check "train includes no tests" layer train 'base/|image/|history/|chat/|tui/|engine/|tools/|train/'
check "curses in tui/term*.c alone" no_curses_elsewhere
check "only main exits" only_main_exits
check "manual pages" manuals
check "gcc without warnings" warnings gcc
check "clang without warnings" warnings clang
check "cppcheck" static_analysis
check "AArch64 compiles" neon
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
