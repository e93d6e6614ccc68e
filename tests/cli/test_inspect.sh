facet inspect tokens -m "$TINY" 'the 猫'
check "tokens" grep -q '^{"ids":\[.*\],"pieces":\[.*\]}$' out
check "tokens: one line" lines_are out 1
ids=$(sed 's/.*"ids":\[\([^]]*\)\].*/\1/' out)
facet inspect detokenize -m "$TINY" "$ids"
check "detokenize gives the text back" test "$(cat out)" = 'the 猫'
run sh -c 'printf "a\0b" | "$FACET" inspect tokens -m "$TINY" -'
check "NUL is a character" grep -q '<0x00>' out
run sh -c 'printf "\377" | "$FACET" inspect tokens -m "$TINY" -'
check "what is no UTF-8" code_is 0
facet inspect tokens -m "$TINY" '<start_of_turn>'
check "special tokens are text" sh -c '! grep -q "\"ids\":\[105\]" out'
facet inspect tokens --special -m "$TINY" '<start_of_turn>'
check "--special" grep -q '"ids":\[105\]' out
facet inspect tokens -m "$TINY" ''
check "no text" grep -qx '{"ids":\[\],"pieces":\[\]}' out
facet inspect detokenize -m "$TINY" 12x
check "no id" code_is 2
facet inspect detokenize -m "$TINY" 99999999
check "an id out of range" code_is 1

facet inspect crops 3000x1000
check "crops" grep -qx '\[\[0,0,1000,1000\],\[1000,0,1000,1000\],\[2000,0,1000,1000\]\]' out
facet inspect crops --variant hf 1300x1000
check "crops: hf" grep -qx '\[\[0,0,650,1000\],\[650,0,650,1000\]\]' out
facet inspect crops 1300x1000
check "crops: none" grep -qx '\[\]' out
facet inspect crops --variant other 10x10
check "crops: no such variant" code_is 2

picture a.ppm 60 40
facet inspect crops a.ppm
check "crops of a file" code_is 0
facet inspect pixels a.ppm -o b.ppm
check "pixels" test "$(head -c 9 b.ppm | tr '\n' ' ')" = 'P6 60 40 '
facet inspect pixels a.ppm -o b.ppm --size 32
check "pixels --size" test "$(wc -c <b.ppm)" -eq $((13 + 32 * 32 * 3))
mkfifo pipe
timeout 60 cat pipe >got &
facet inspect pixels a.ppm -o pipe
wait $!
check "pixels into a pipe, which stays one" test -p pipe
check "pixels into a pipe: all of them" cmp -s got a.ppm
facet inspect pixels a.ppm
check "pixels needs -o" code_is 2

facet inspect model -m "$TINY"
check "model" grep -q 'token_embd.weight' out
facet inspect model -m "$TINY" --json --ctx 1000
check "model --json" grep -q '"n_ctx":1000,"session_bytes":[1-9]' out
number() {
    sed "s/.*\"$1\":\([0-9]*\).*/\1/" out
}
embd=$(number n_embd) soft=$(number n_soft_tokens) vocab=$(number n_vocab)
facet inspect embed -m "$TINY" --mmproj "$TINY_MMPROJ" a.ppm -o soft.f32
check "embed" test "$(wc -c <soft.f32)" -eq $((embd * soft * 4))
facet inspect patches -m "$TINY" a.ppm -o patches.f32
check "patches" test -s patches.f32
facet inspect logits -m "$TINY" --ids 2,300,301 -o logits.f32
check "logits" test "$(wc -c <logits.f32)" -eq $((3 * vocab * 4))
facet inspect logits -m "$TINY" --ids 2,nonsense -o logits.f32
check "logits: no ids" code_is 2
facet inspect logits -m "$TINY" --ids 2,99999999 -o logits.f32
check "logits: an id out of range" code_is 1
echo short >short.f32
facet inspect embed -m "$TINY" short.f32 -o soft.f32
check "planes of the wrong size" grep -q 'short.f32' err
facet inspect greedy -m "$TINY" --ids 2,300,301 -n 5
check "greedy" test "$(tr -cd , <out | wc -c)" -eq 4
facet inspect greedy -m "$TINY" --ids 2,300,301 -n 5 --cache q8_0
check "greedy --cache" code_is 0
