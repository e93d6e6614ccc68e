brief="--tokens 2 --rounds 1 --prompt-tokens 4"
# A number above 0 at that place of the JSON.
positive() { # KEY [INSIDE]
    sed "s/.*\"${2:-model}\"://" out | grep -Eq "\"$1\":(0\.0*[1-9]|[1-9])"
}

facet bench --shape 270m:q4_0 $brief --json
check "a shape" code_is 0
check "one line of JSON" lines_are out 1
check "read bandwidth" positive read_gb_s ceilings
for job in decode prefill; do
    check "$job: speed" positive tokens_per_s $job
    check "$job: seconds" positive seconds $job
done
check "decode: share" positive share_of_ceiling decode
for key in f32_gflops bf16_gflops int8_gops; do
    check "$key is there" grep -q "\"$key\":" out
done
check "memory" positive memory_bytes
check "no vision unless asked" sh -c '! grep -q "\"vision\"" out'

facet bench -m "$TINY" --vision $brief --prompt-tokens 6,8 --depth 40,70 --json
check "a file with its tower" code_is 0
check "vision" positive images_per_s vision
check "decode behind a context" grep -q '"decode":{"context":40,' out
check "further depths and lengths" grep -q '"more":\[{"context":70,.*{"tokens":6,' out
check "decode, picture: share" positive share_of_ceiling decode
check "resident memory" positive resident_bytes

facet bench -m "$TINY" $brief --jobs decode --depth 2000 --batch 3 --json
check "a batch" code_is 0
check "a batch: how many" grep -q '"batch":{"sequences":3,"context":2000,' out
check "a batch: speed" positive tokens_per_s batch
check "a batch: share" positive share_of_ceiling batch
check "only the jobs asked for" sh -c '! grep -q "\"prefill\"" out'
check "progress is not on standard output" lines_are out 1

facet bench -m "$TINY" $brief -q
check "a table" grep -q '^| decode behind 16 tokens *|.* tokens/s |' out
check "-q" is_empty err

for shape in 4b 4b: :q4_0 5b:q4_0 4b:q9_9 "4b:q4_0 " ''; do
    facet bench --shape "$shape" $brief
    check "no shape: '$shape'" code_is 2
    check "no shape: '$shape', one error" is_one_error
done
facet bench --shape 1b:q8_0 --vision $brief
check "a size without a tower" code_is 2
facet bench -m "$TINY" --prompt-tokens 0
check "a prompt of no tokens" code_is 2
facet bench -m "$TINY" --depth 16,
check "an empty depth" code_is 2
facet bench -m "$TINY" --jobs decode,sing
check "no such job" code_is 2
facet bench -m "$TINY" --batch 0
check "a batch of nothing" code_is 2
facet bench -m "$TINY" --rounds x
check "no number of rounds" code_is 2
if [ "$(awk '/MemAvailable/ {print int($2 / 1000000)}' /proc/meminfo)" -lt 100 ]; then
    facet bench --shape 27b:f32 $brief -q
    check "what does not fit" code_is 1
    check "what does not fit: one error" is_one_error
fi
