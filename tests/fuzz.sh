#!/bin/sh
# Runs every fuzzer's own driver on seed files, RUNS mutations of each, built with sanitizers (make fuzz).
# Seeds: the pictures of tests/data, and what the fuzzers make themselves.
passed=0
failed=0

fuzz() { # name, arguments…
    name=$1
    shift
    if "$B/tests/fuzz_$name" "$@" >"$B/fuzz-$name.log" 2>&1; then
        passed=$((passed + 1))
        echo "  ok    $name: $RUNS mutations of each seed"
    else
        failed=$((failed + 1))
        echo "  FAIL  $name"
        tail -n 30 "$B/fuzz-$name.log"
    fi
}
for test in "$B"/tests/fuzz_*; do
    name=$(basename "$test" | sed s/^fuzz_//)
    case $name in *.*) continue ;; esac
    case $name in
    image) fuzz image "$RUNS" tests/data/*.png tests/data/*.jpg tests/data/*.webp tests/data/*.gif tests/data/*.bmp \
        tests/data/*.ppm ;;
    *) fuzz "$name" "$RUNS" ;;
    esac
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
