#!/bin/sh
# Runs every test program that was built and adds up. From the environment: B, FACET, TINY,
# TINY_MMPROJ, CC, GOLDEN (a folder, or empty). Ends with "N passed, N failed"; the logs of what failed are shown.
logs="$B/tests/logs"
mkdir -p "$logs"
: >"$logs/counts" # of each program: passed, failed
export LSAN_OPTIONS="suppressions=$PWD/tests/leaks.supp:print_suppressions=0"

# The counts that a log closes with: our own line, or cmocka's.
count() {
    awk '/^[0-9]+ passed, [0-9]+ failed/ {p=$1; f=$3}
         /\[  PASSED  \] [0-9]+ test/ {p=$4}
         /\[  FAILED  \] [0-9]+ test/ {f=$4}
         END {print p+0, f+0}' "$1"
}

run() { # name, command…
    name=$1
    shift
    start=$(date +%s)
    "$@" >"$logs/$name.log" 2>&1 </dev/null
    status=$?
    set -- $(count "$logs/$name.log")
    [ "$status" -ne 0 ] && [ "$2" -eq 0 ] && set -- "$1" 1
    echo "$1 $2" >>"$logs/counts"
    printf '  %-28s %5d passed %4d failed %4d s\n' "$name" "$1" "$2" $(($(date +%s) - start))
    if [ "$2" -ne 0 ]; then
        grep -v '\[       OK\|\[ RUN\|^ok ' "$logs/$name.log" | tail -n 40
    fi
}

programs() { # folder
    for test in tests/"$1"/test_*.c; do
        name=$(basename "$test" .c)
        [ -x "$B/tests/$name" ] && run "$name" "$B/tests/$name"
    done
}

# Programs in a terminal mostly wait for each other: they do so beside the rest.
programs screen >"$logs/screen" &
programs unit
programs train
run cli sh tests/cli/run.sh
run example sh tests/example.sh
if [ -f "$B/model/vocabulary.gguf" ]; then
    run vocabulary sh tests/vocabulary.sh
fi
if [ -n "$GOLDEN" ] && [ -d "$GOLDEN" ]; then
    run golden-image "$B/tests/image_golden" "$GOLDEN"
    run golden-tokenizer "$B/tests/tokenizer_golden" "$GOLDEN/tokenizer"
    run golden-chat "$B/tests/chat_golden" "$GOLDEN"
    for kernels in exact scalar avx2 avx512; do
        case $kernels in
        avx*) grep -q "$(echo $kernels | sed s/avx512/avx512_vnni/)" /proc/cpuinfo || continue ;;
        esac
        run "golden-model-$kernels" env FACET_KERNELS=$kernels "$B/tests/model_golden" "$GOLDEN"
    done
fi

wait
cat "$logs/screen"
awk '{p += $1; f += $2} END {print p + 0 " passed, " f + 0 " failed"; exit f || !p}' "$logs/counts"
