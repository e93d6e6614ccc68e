picture a.ppm 64 48
picture wide.ppm 900 300

facet ask -m "$TINY" -n 8 --seed 1 hello
check "ask" code_is 0
check "ask: an answer" test -s out
check "ask: nothing on standard error" is_empty err
check "ask: ends with a newline" test -z "$(tail -c 1 out)"
cp out first
facet ask -m "$TINY" -n 8 --seed 1 hello
check "the same seed, the same answer" cmp -s out first
facet ask -m "$TINY" -n 8 --seed 1 --json hello
check "--json: one object" sh -c 'grep -q "^{.*\"finish\":\"max-tokens\".*}$" out && [ "$(wc -l <out)" -eq 1 ]'
check "--json: the same answer" grep -qF "\"answer\":\"$(cat first)\"" out
check "--json: no figures unless asked for" sh -c '! grep -q confidence out'
facet ask -m "$TINY" -n 8 --seed 1 --json --confidence tokens hello
check "--confidence: the same answer" grep -qF "\"answer\":\"$(cat first)\"" out
check "--confidence: mean and least" grep -Eq '"confidence":\{"mean":0\.[0-9]+,"min":0\.[0-9]+,' out
check "--confidence: each token" test "$(grep -o '"probability":0\.[0-9]*' out | wc -l)" -eq 8
check "--confidence: they are the answer" test "$(sed 's/.*"tokens":\[//' out | grep -o '"text":"[^"]*"' | sed 's/"text":"\(.*\)"/\1/' | tr -d '\n')" = "$(cat first)"
facet ask -m "$TINY" -n 8 --confidence tokens hello
check "--confidence goes with --json" code_is 2
facet ask -m "$TINY" -n 8 --seed 1 -q -v hello
check "-q" is_empty err
facet ask -m "$TINY" -n 8 --seed 1 -v hello
check "-v" grep -q 'tokens/s' err
check "-v: the answer is the same" cmp -s out first

facet ask -m "$TINY" -n 8 --seed 1 --ctx 100 hello
check "a context shorter than a picture" cmp -s out first
facet ask -m "$TINY" --ctx 100 -i a.ppm hello
check "a context shorter than a picture: no picture" grep -q 'the context holds 100' err
facet ask -m "$TINY" -n 60 --seed 1 -v --no-lookup hello
check "--no-lookup" code_is 0
check "--no-lookup: nothing is guessed" test "$(grep -c guessed err)" -eq 0
cp out plain
facet ask -m "$TINY" -n 60 --seed 1 hello
check "look-up: the same answer" cmp -s out plain
facet ask -m "$TINY" -n 60 --seed 1 -v --draft "$TINY" hello
check "--draft: the same answer" cmp -s out plain
check "--draft: it guesses" grep -q 'guessed ahead: [0-9]* tokens, [0-9]* accepted' err
facet ask -m "$TINY" -n 60 --temperature 0 --draft "$TINY" hello
cp out drafted
facet ask -m "$TINY" -n 60 --temperature 0 --no-lookup hello
check "--draft: the same answer at temperature 0" cmp -s out drafted
facet ask -m "$TINY" -n 4 --draft /nonexistent hello
check "--draft: no such model" code_is 1
check "--draft: no such model, one line" is_one_error

run sh -c 'printf "first\n" | "$FACET" ask -m "$TINY" --dry-run second third'
check "standard input comes first" grep -qx 'first' out
check "then the arguments" grep -q '^second third<end_of_turn>' out
check "--dry-run counts" grep -q '^tokens: ' out
facet ask -m "$TINY" --dry-run -s 'Be brief.' hi
check "the system prompt is folded in" grep -q '^Be brief\.' out
facet ask -m "$TINY" --dry-run -i wide.ppm look
check "--dry-run shows the crops" grep -q 'crop 3: 300 x 300 at 600,0' out
facet ask -m "$TINY" --dry-run -i wide.ppm --crops off look
check "--crops off" grep -q '1 view' out
facet inspect prompt -m "$TINY" --json -i wide.ppm look
check "inspect prompt --json" grep -q '"crops":\[\[0,0,300,300\],\[300,0,300,300\],\[600,0,300,300\]\],"views":4' out

facet ask -m "$TINY" -n 4 -i a.ppm what
check "a picture" code_is 0
facet ask -m "$TINY" -n 4 -i a.ppm
check "a picture without a prompt" code_is 0
run sh -c '"$FACET" ask -m "$TINY" -n 4 -i - what <a.ppm'
check "a picture on standard input" code_is 0
facet ask -m "$TINY" -n 4 "what is in a.ppm?"
check "a picture that is only named" grep -q 'a.ppm: only its name is sent' err

facet ask -m "$TINY"
check "nothing to ask" code_is 2
run sh -c 'printf "a\0b" | "$FACET" ask -m "$TINY" hi'
check "standard input that is no text" grep -q 'not text' err
run sh -c '"$FACET" ask -m "$TINY" -n 4 hi <&-'
check "standard input that is closed" code_is 0
echo text >broken.png
facet ask -m /nonexistent -i broken.png what
check "a broken picture" code_is 1
check "a broken picture: no answer" is_empty out
check "a broken picture comes before the model" grep -q 'broken\.png' err
facet ask -m /nonexistent hi
check "no such model" code_is 1
check "no such model: one line" is_one_error
facet ask -m "$TINY" -i missing.png what
check "no such picture" code_is 1

run sh -c '"$FACET" ask -m "$TINY" --temperature 0 -n 3000 hello 2>err.pipe | head -c 5'
check "a closed pipe is silent" is_empty err.pipe
if [ -c /dev/full ]; then
    run sh -c '"$FACET" ask -m "$TINY" -n 4 hello >/dev/full'
    check "a full disk" code_is 1
    check "a full disk is told" grep -q 'standard output' err
fi

# The model's answers are random words and may be over just before or as Ctrl-C comes: one of a few is
# long enough.
stopped() {
    "$FACET" history show "$("$FACET" history list | awk 'NR == 1 {print $1}')" | grep -q interrupted
}
for word in one two three four five six seven eight nine ten eleven twelve; do
    "$FACET" ask -m "$TINY" --temperature 0 "$word" >out 2>err &
    pid=$!
    comes has_content out
    kill -INT $pid
    wait $pid
    code=$?
    [ $code -eq 130 ] && stopped && break
done
check "Ctrl-C" code_is 130
check "Ctrl-C keeps what was said" test -s out
check "Ctrl-C is no error" is_empty err

# While a prompt is computed: sooner or later one is early enough, and late enough.
seq 1 1500 >numbers
for delay in 0.05 0.1 0.2 0.4 0.8 1.6 0.3 0.15; do
    "$FACET" ask -v -m "$TINY" -n 4 --no-history Which <numbers >out 2>err &
    pid=$!
    sleep $delay
    kill -INT $pid
    wait $pid
    grep -q 'prompt: [0-9]* tokens, 0 of them kept, cancelled after' err && break
done
check "Ctrl-C in a prompt: no rate of what was not computed" sh -c 'grep -q "cancelled after" err && ! grep -q "tokens/s" err'
facet history list
check "history list" test -s out
number=$(awk 'NR == 1 {print $1}' out)
facet history show "$number"
check "history show" grep -q '^user' out
check "history: the answer that was stopped" grep -q 'interrupted' out
facet history show --json "$number"
check "history show --json" grep -q '"role":"user"' out
facet history show 99999
check "no such conversation" code_is 1
before=$("$FACET" history list | wc -l)
facet ask -m "$TINY" -n 2 --no-history hello
check "--no-history" test "$("$FACET" history list | wc -l)" -eq "$before"
check "history is its owner's alone" test "$(stat -c %a "$XDG_DATA_HOME/facet/history.db")" = 600
