#!/bin/sh
# facet beside ik_llama.cpp on the same files, in turns, as a Markdown table:
#
#     IK=~/ik_llama.cpp/build/bin MODELS=~/models sh tests/bench/rivals.sh [ROW...]
#
# IK       the folder of ik_llama.cpp's programs (llama-bench, llama-sweep-bench,
#          llama-batched-bench, llama-mtmd-cli, llama-cli); without it facet's side alone
# IK_AVX2  the same, built without AVX-512, for the rows avx2-*
# IK_SWEEP what `llama-sweep-bench -c 16384 -ub 512 -n 6` printed before for 4B in Q4_0;
#          without it it is run, which takes minutes
# MODELS   4b-q4_0.gguf, 4b-q4_k_m.gguf, 4b-q8_0.gguf, 1b-q8_0.gguf, 270m-q8_0.gguf, 27b-q4_0.gguf,
#          mmproj-4b-f16.gguf: what is not there leaves its rows out. Random weights of the right
#          shapes will do, with a real vocabulary where words or pictures go in.
# FACET, THREADS (2), ROUNDS (5: medians of), LONG (1: of what takes minutes)
#
# Ceilings are measured before and after each of facet's rounds. Of ik_llama.cpp's runs with and
# without run-time repacking (-rtr) the faster of each round counts. Its flash attention is on.
# Memory may be twice as fast for minutes: a long sweep made before may be of another time.
absolute() { # PATH, or nothing
    case $1 in
    '' | /*) echo "$1" ;;
    *) echo "$PWD/$1" ;;
    esac
}
here=$(absolute "$(dirname "$0")")
FACET=$(absolute "${FACET:-build/facet}")
MODELS=$(absolute "${MODELS:-models}")
IK=$(absolute "$IK")
IK_AVX2=$(absolute "$IK_AVX2")
IK_SWEEP=$(absolute "$IK_SWEEP")
THREADS=${THREADS:-2}
ROUNDS=${ROUNDS:-5}
LONG=${LONG:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1 # ik_llama.cpp leaves a log where it runs
# shellcheck source=tests/cli/lib.sh
. "$here/../cli/lib.sh"
DEPTH=32768
PROMPT=16384
rows="decode-4b-q4_0 decode-4b-q4_k_m decode-4b-q8_0 decode-1b-q8_0 decode-270m-q8_0
depth-4b-q4_0 prefill-4b-q4_0 prefill-4b-q4_k_m prefill-1b-q8_0 prefill-270m-q8_0 long-4b-q4_0
image-4b photo-4b-q4_0 batch-4b-q4_0 start-4b-q4_0 memory-4b-q4_0 memory-27b-q4_0
avx2-prefill-4b-q4_0 avx2-image-4b"

say() {
    echo "rivals: $*" >&2
}

# ---- Figures: one a line in $work/NAME ----

keep() { # NAME VALUE
    [ -n "$2" ] && echo "$2" >>"$work/$1"
}
median() { # NAME
    [ ! -s "$work/$1" ] || sort -g "$work/$1" |
        awk '{v[NR] = $1} END {print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2}'
}
better() { # of several numbers the largest
    printf '%s\n' "$@" | sort -g | tail -n 1
}
# A number of facet's JSON, KEY inside of OBJECT, or KEY alone.
field() { # OBJECT KEY
    sed -n "s/.*\"$1\":{[^}]*\"$2\":\([0-9.e+-]*\).*/\1/p" "$work/json"
}
giga() { # KEY...: the sum of numbers at the top of facet's JSON, by 10^9
    for key in "$@"; do
        sed -n "s/.*\"$key\":\([0-9]*\).*/\1/p" "$work/json"
    done | awk '{s += $1} END {print s / 1e9}'
}
seconds_of() { # COMMAND...: how long it takes, nothing if it fails; its output is in $work/said
    start=$(date +%s%N)
    "$@" >"$work/said" 2>&1 </dev/null || { say "failed: $*"; return 1; }
    echo "$start $(date +%s%N)" | awk '{printf "%.3f\n", ($2 - $1) / 1e9}'
}

# ---- facet ----

# Takes the figures of the last of the jobs, and the ceilings: FILE JOBS RATE FLAG...
facet_bench() {
    file=$1 jobs=$2 job=${2##*,} rate=$3
    shift 3
    "$FACET" bench -m "$file" -t "$THREADS" -q --json --rounds 1 --jobs "$jobs" "$@" \
        >"$work/json" || return 1
    keep facet "$(field "$job" "$rate")"
    keep share "$(field "$job" share_of_ceiling)"
    keep read "$(field ceilings read_gb_s)"
    keep int8 "$(field ceilings int8_gops)"
    keep bf16 "$(field ceilings bf16_gflops)"
}

# ---- ik_llama.cpp ----

ik_once() { # FILE FLAG...: tokens a second
    file=$1
    shift
    "$IK/llama-bench" -m "$file" -t "$THREADS" -r 1 -fa 1 -o json "$@" 2>/dev/null |
        sed -n 's/.*"avg_ts": \([0-9.]*\).*/\1/p'
}
ik_bench() { # FILE FLAG...
    [ -n "$IK" ] && keep ik "$(better "$(ik_once "$@")" "$(ik_once "$@" -rtr 1)")"
}
ik_images() { # FILE MMPROJ N: llama-mtmd-cli to the first token, what it says in $work/said
    file=$1 projector=$2 n=$3
    set --
    while [ $# -lt $((2 * n)) ]; do
        set -- "$@" --image "$work/square.ppm"
    done
    seconds_of "$IK/llama-mtmd-cli" -m "$file" --mmproj "$projector" "$@" -p Hi -n 1 \
        -t "$THREADS" -c 4096 --temp 0 --chat-template gemma
}
# Steps that get slower as the context grows: a line through column COLUMN, the seconds of a step,
# as "at-0 slope tokens".
sweep_line() { # COLUMN
    awk -F'|' -v c="$1" '
        $2 ~ /^ *[0-9]+ *$/ {
            n++; x = $4; y = $c; k = $3
            sx += x; sy += y; sxx += x * x; sxy += x * y
        }
        END {
            b = (n * sxy - sx * sy) / (n * sxx - sx * sx)
            print (sy - b * sx) / n, b, k
        }' "$IK_SWEEP"
}
need_sweep() { # FILE
    [ -n "$IK" ] && [ -z "$IK_SWEEP" ] || return 0
    IK_SWEEP=$work/sweep
    "$IK/llama-sweep-bench" -m "$1" -c $PROMPT -b 2048 -ub 512 -n 6 -t "$THREADS" -fa on \
        >"$IK_SWEEP" 2>&1
}

# ---- Rows ----

ratio() { # A B
    [ -n "$1" ] && [ -n "$2" ] && awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", a / b}'
}
round() { # VALUE
    [ -n "$1" ] && awk -v v="$1" 'BEGIN {printf v < 10 ? "%.2f" : v < 100 ? "%.1f" : "%.0f", v}'
}
ceilings() {
    [ -s "$work/read" ] || return 0
    printf 'read %s GB/s, int8 %s, BF16 %s G/s' "$(round "$(median read)")" \
        "$(round "$(median int8)")" "$(round "$(median bf16)")"
}
# A row of speeds (times, where less is better) and of the share of the ceiling, with their goals.
put() { # WORK UNIT more|less RATIO SHARE
    f=$(median facet) i=$(median ik) s=$(median share)
    case $3 in
    more) r=$(ratio "$f" "$i") ;;
    *) r=$(ratio "$i" "$f") ;;
    esac
    share=$(awk -v s="$s" 'BEGIN {if (s != "") printf "%.0f %%", 100 * s}')
    echo "| $1 | $(round "$f") $2 | $(round "$i") | ${r:--} | $4 | ${share:--} | $5 | $(ceilings) |"
}

decode() { # FILE NAME [RATIO]
    for _ in $(seq "$ROUNDS"); do
        facet_bench "$1" decode tokens_per_s --tokens 24
        ik_bench "$1" -p 0 -n 24
    done
    put "decode, $2" tokens/s more "${3:-}" "90 %"
}
prefill() { # FILE NAME [RATIO]
    for _ in $(seq "$ROUNDS"); do
        facet_bench "$1" prefill tokens_per_s
        ik_bench "$1" -p 512 -n 0 -ub 512
    done
    put "prefill of 512, $2" tokens/s more "${3:-}" "60 %"
}
depth() { # FILE NAME
    for _ in $(seq "$ROUNDS"); do
        facet_bench "$1" decode tokens_per_s --depth $DEPTH --ctx $((DEPTH + 64))
    done
    need_sweep "$1"
    [ -n "$IK_SWEEP" ] && keep ik "$(sweep_line 7 | awk -v n=$DEPTH '{print $3 / ($1 + $2 * n)}')"
    put "decode behind $DEPTH, $2" tokens/s more 2 ""
}
long() { # FILE NAME
    for _ in $(seq "$LONG"); do
        facet_bench "$1" prefill tokens_per_s --prompt-tokens $PROMPT --ctx $PROMPT
    done
    need_sweep "$1"
    [ -n "$IK_SWEEP" ] && keep ik "$(sweep_line 5 | awk -v n=$PROMPT '{
        for (at = 0; at < n; at += 512) t += $1 + $2 * at
        print n / t}')"
    put "prefill of $PROMPT, $2" tokens/s more 2.5 ""
}
image() { # FILE MMPROJ NAME
    picture "$work/square.ppm" 896 896 3
    for _ in $(seq $((LONG + 2))); do
        facet_bench "$1" vision seconds --mmproj "$2"
    done
    for _ in $(seq "$LONG"); do
        [ -n "$IK" ] && ik_images "$1" "$2" 1 >/dev/null &&
            keep ik "$(sed -n 's/.*encoded in \([0-9]*\) ms.*/\1/p' "$work/said" |
                awk '{print $1 / 1000}')"
    done
    put "picture of 896x896, $3" s less 4 "70 %"
}
photo() { # FILE MMPROJ
    picture "$work/square.ppm" 896 896 3
    picture "$work/wide.ppm" 2700 900 3
    for _ in $(seq "$LONG"); do
        keep facet "$(seconds_of "$FACET" ask -m "$1" --mmproj "$2" -t "$THREADS" \
            -i "$work/wide.ppm" --crops 3 -n 1 -q --no-history Hi)"
        [ -n "$IK" ] && keep ik "$(ik_images "$1" "$2" 4)"
    done
    put "photo in 4 views to the first word, 4B Q4_0 (whole process)" s less 4 ""
}
ik_batch() { # FILE
    "$IK/llama-batched-bench" -m "$1" -c 4096 -b 2048 -ub 512 -fa on -npp 16 -ntg 16 -npl 8 \
        -t "$THREADS" 2>&1 | awk -F'|' '$4 + 0 == 8 {print $9 + 0}'
}
batch() { # FILE
    for _ in $(seq "$ROUNDS"); do
        facet_bench "$1" decode,batch tokens_per_s --batch 8 --tokens 8
        keep one "$(field decode tokens_per_s)"
        [ -n "$IK" ] && keep ik "$(ik_batch "$1")"
    done
    times=$(ratio "$(median facet)" "$(median one)")
    put "8 sequences decoded together, 4B Q4_0; $times times one (goal 4)" tokens/s more "" ""
}
# What is not the prompt's or the answer's time; to the end of the process.
start_of_facet() { # FILE
    t=$(seconds_of "$FACET" ask -m "$1" -t "$THREADS" -n 1 -v --no-history "Hello there") || return
    sed -En 's/^facet: (prompt|answer): .* ([0-9.]+) s \(.*/\2/p' "$work/said" |
        awk -v t="$t" '{t -= $1} END {print 1000 * t}'
}
start_of_ik() { # FILE
    t=$(seconds_of "$IK/llama-cli" -m "$1" -t "$THREADS" -c 8192 -n 1 -p "Hello there") || return
    sed -n 's/^main: .*total time = *\([0-9.]*\) ms.*/\1/p' "$work/said" |
        awk -v t="$t" '{print 1000 * t - $1}'
}
start() { # FILE
    start_of_facet "$1" >/dev/null
    for _ in $(seq "$ROUNDS"); do
        keep facet "$(start_of_facet "$1")"
        [ -n "$IK" ] && keep ik "$(start_of_ik "$1")"
    done
    put "start until the prompt is computed, warm (goal 100 ms)" ms less "" ""
}
# Resident, all positions held, beside the sum of the buffers that ik_llama.cpp says it takes.
memory() { # FILE
    "$FACET" bench -m "$1" -t "$THREADS" -q --json --rounds 1 --jobs decode --tokens 2 \
        --depth $((DEPTH - 2)) --ctx $DEPTH >"$work/json"
    keep facet "$(giga resident_bytes)"
    if [ -n "$IK" ]; then
        "$IK/llama-cli" -m "$1" -t "$THREADS" -c $DEPTH -fa on -n 1 -p Hi </dev/null \
            >"$work/said" 2>&1
        keep ik "$(sed -n 's/.*buffer size = *\([0-9.]*\) MiB.*/\1/p' "$work/said" |
            awk '{s += $1} END {print s * 1.048576 / 1000}')"
    fi
    put "memory, 4B Q4_0 with $DEPTH positions held (goal 3.4 GB)" GB less "" ""
}
memory_at_most() { # FILE
    "$FACET" inspect model --json -m "$1" --ctx 131072 --cache q8_0 >"$work/json"
    keep facet "$(giga weight_bytes session_bytes)"
    put "memory at most, 27B Q4_0, 131072 positions in Q8_0 (goal 25.8)" GB less "" ""
}
avx2() { # COMMAND...: a row without AVX-512, both sides
    [ -z "$IK" ] || [ -n "$IK_AVX2" ] || return 0
    (
        FACET_KERNELS=avx2
        IK=$IK_AVX2
        export FACET_KERNELS
        "$@"
    )
}

run_row() { # NAME
    case " $(echo "$rows" | tr '\n' ' ') " in
    *" $1 "*) ;;
    *) say "no such row: $1; there are: $rows" && return ;;
    esac
    for name in facet ik one share read int8 bf16; do
        rm -f "$work/$name"
    done
    model=$(echo "$1" | sed 's/^avx2-//; s/^[a-z]*-//')
    file=$MODELS/$model.gguf
    [ "$model" = 4b ] && file=$MODELS/4b-q4_0.gguf
    projector=$MODELS/mmproj-4b-f16.gguf
    [ -e "$file" ] || { say "$1: no $file"; return; }
    case $1 in
    image* | photo* | avx2-image*) [ -e "$projector" ] || { say "$1: no $projector"; return; } ;;
    esac
    say "$1"
    case $1 in
    decode-4b-*) decode "$file" "$model" 1.1 ;;
    decode-*) decode "$file" "$model" ;;
    depth-*) depth "$file" "$model" ;;
    prefill-4b-*) prefill "$file" "$model" 2 ;;
    prefill-*) prefill "$file" "$model" ;;
    long-*) long "$file" "$model" ;;
    image-*) image "$file" "$projector" "$model" ;;
    photo-*) photo "$file" "$projector" ;;
    batch-*) batch "$file" ;;
    start-*) start "$file" ;;
    memory-4b-*) memory "$file" ;;
    memory-*) memory_at_most "$file" ;;
    avx2-prefill-*) avx2 prefill "$file" "$model, AVX2" ;;
    avx2-image-*) avx2 image "$file" "$projector" "$model, AVX2" ;;
    esac
}

echo "| work | facet | ik_llama.cpp | times ik | goal | of the ceiling | goal | ceilings |"
echo "|---|---|---|---|---|---|---|---|"
# shellcheck disable=SC2086 # words
[ $# -gt 0 ] || set -- $rows
for row in "$@"; do
    run_row "$row"
done
