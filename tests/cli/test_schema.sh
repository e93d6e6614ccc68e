short='ok bool, n int'
small='{"properties":{"ok":{"type":"boolean"},"n":{"type":"integer","minimum":0,"maximum":99}},"required":["ok","n"]}'
printf '%s\n' "$small" >small.json
form='^{"ok": \{0,1\}\(true\|false\), \{0,1\}"n": \{0,1\}[0-9]\{1,2\}}$'

facet ask -m "$TINY" --seed 1 --schema "$small" hello
check "--schema" code_is 0
check "--schema: the answer has its form" grep -q "$form" out
check "--schema: nothing on standard error" is_empty err
cp out first
facet ask -m "$TINY" --seed 1 --schema small.json hello
check "from a file: the same" cmp -s out first
facet ask -m "$TINY" --seed 1 --schema small.json --no-lookup --full-head hello
check "without guesses: the same" cmp -s out first
facet ask -m "$TINY" --seed 1 --schema small.json --draft "$TINY" hello
check "with a draft: the same" cmp -s out first
facet ask -m "$TINY" --seed 1 --schema small.json --top-k 0 --repeat-penalty 1.3 hello
check "all tokens, a penalty" grep -q "$form" out
facet ask -m "$TINY" --temperature 0 --schema small.json hello
check "the best token alone" grep -q "$form" out
facet ask -m "$TINY" --seed 1 --schema "$short" hello
check "the short form" grep -q '^{"ok": \{0,1\}\(true\|false\), \{0,1\}"n": \{0,1\}-\{0,1\}[0-9]*}$' out
facet ask -m "$TINY" --seed 1 --schema small.json --json hello
check "--json: data" grep -q '"data":{"ok":\(true\|false\),"n":[0-9]*},"finish":"end"' out
facet ask -m "$TINY" --seed 1 --json -n 3 hello
check "--json: no data without" sh -c '! grep -q "\"data\"" out'
facet ask -m "$TINY" --seed 1 -n 3 --schema small.json hello
check "cut" code_is 1
check "cut: told" grep -q 'the answer is cut (max-tokens)' err
check "cut: one line" is_one_error
facet ask -m "$TINY" --seed 1 -n 3 --json --schema small.json hello
check "cut --json: no data" grep -q '"data":null,"finish":"max-tokens"' out
check "cut --json" code_is 1

facet ask -m "$TINY" --dry-run -s 'Be brief.' --schema "$short" hello
check "the model is told, behind the system text" grep -q '^Answer with JSON alone.*{"type":"object","properties":{"ok":{"type":"boolean"},' out
facet ask -m "$TINY" --dry-run --schema "$short" --schema off hello
check "off" sh -c '! grep -q JSON out'

for wrong in missing.json 'a, b number' 'a,,b' 'a,a' '{' '{"multipleOf":2}'; do
    facet ask -m /nonexistent --schema "$wrong" hello
    check "$wrong: usage" code_is 2
    check "$wrong: one line" is_one_error
done
echo '{"properties":{"total":{"type":"number","multipleOf":2}}}' >wrong.json
facet ask -m /nonexistent --schema wrong.json hello
check "a fault in a file" grep -qx 'facet: schema: wrong.json: #/properties/total: multipleOf is not supported' err

mkdir -p "$HOME/.config/facet/presets" pics
printf '# Short facts.\nschema = %s\ntemperature = 0.5\n' "$small" >"$HOME/.config/facet/presets/facts.preset"
facet ask -m "$TINY" --seed 1 -p facts hello
check "a preset" grep -q "$form" out
run env FACET_SCHEMA=small.json "$FACET" ask -m "$TINY" --seed 1 hello
check "the environment" cmp -s out first
printf 'schema = %s\n' "$short" >"$HOME/.config/facet/facet.conf"
facet ask -m "$TINY" --dry-run hello
check "facet.conf" grep -q '^Answer with JSON alone' out
rm "$HOME/.config/facet/facet.conf"

facet ask -m "$TINY" --schema small.json hello
facet replay "$("$FACET" history list | awk 'NR == 1 {print $1}')"
check "replay" grep -q '^the same: ' out
printf 'hello\n/set max-tokens 0\n/continue\n/set schema off\n/set max-tokens 3\nand now\n' >lines
run sh -c '"$FACET" chat --line -m "$TINY" --seed 2 -n 5 --schema small.json <lines'
facet history show --json "$("$FACET" history list | awk 'NR == 1 {print $1}')"
check "an answer that is gone on with" sh -c 'tr "\n" " " <out | grep -q "{..ok..: *[a-z]*, *..n..: *[0-9]*}"'
printf 'hello\n/set schema %s\n/continue\n' "$short" >lines
run sh -c '"$FACET" chat --line -m "$TINY" --seed 2 -n 5 <lines'
check "what does not fit cannot be gone on with" grep -q 'does not fit the schema' err

picture pics/a.ppm 40 30 1
picture pics/b.ppm 40 30 2
facet batch -m "$TINY" -p hi -o out.jsonl --schema small.json pics
check "batch" code_is 0
check "batch: data" test "$(grep -c '"data":{"ok":\(true\|false\),"n":[0-9]*}' out.jsonl)" -eq 2
check "batch: the schema is one of the options" grep -q '"schema":"{' out.jsonl
cp out.jsonl first.jsonl
facet batch -m "$TINY" -p hi -o out.jsonl --schema "$small" pics
check "batch: the same schema again" cmp -s out.jsonl first.jsonl
facet batch -m "$TINY" -p hi -o out.jsonl --schema "$short" pics
check "batch: another schema" code_is 1
check "batch: another schema is told" grep -q 'another schema' err
facet batch -m "$TINY" -p hi -o cut.jsonl -n 3 --schema small.json pics
check "batch: cut" code_is 3
check "batch: cut is an error" test "$(grep -c '"error":"pics/[ab].ppm: the answer is cut (max-tokens)' cut.jsonl)" -eq 2
