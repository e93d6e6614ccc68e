mkdir pics pics/deep
picture pics/a.ppm 40 30 1
picture pics/b.ppm 40 30 2
picture pics/deep/c.ppm 40 30 3
cp pics/a.ppm pics/nosuffix
echo words >pics/notes.txt
echo words >pics/broken.jpg

batch() {
    facet batch -m "$TINY" -n 3 "$@"
}

batch pics
check "batch needs -p" code_is 2
batch -p hi -o out.jsonl pics
check "some items failed" code_is 3
check "a record for each picture" lines_are out.jsonl 4
check "nothing on standard output" is_empty out
check "an error record" grep -q '"input":"pics/broken.jpg".*"error":' out.jsonl
check "answers" test "$(grep -c '"answer":' out.jsonl)" -eq 3
check "told by content" grep -q '"input":"pics/nosuffix".*"answer":' out.jsonl
check "no picture, no record" sh -c '! grep -q notes.txt out.jsonl'
check "the summary" grep -q '3 answered, 1 failed, 1 left out' err
cp out.jsonl first.jsonl

batch -p hi -o out.jsonl pics
check "again: nothing to do" cmp -s out.jsonl first.jsonl
check "again: told" grep -q '3 done before' err
head -n 2 first.jsonl >out.jsonl
sed -n 3p first.jsonl | head -c 150 >>out.jsonl
batch -p hi -o out.jsonl pics
check "torn: the torn line is repaired" lines_are out.jsonl 4
check "torn: told" grep -q 'torn' err
answers() {
    sed -n 's/.*"sha256":"\([^"]*\)".*"answer":\("[^"]*"\).*/\1 \2/p' "$1" | sort
}
answers out.jsonl >a1
answers first.jsonl >a2
check "torn: the same answers as without the crash" cmp -s a1 a2
batch -p hi -o out.jsonl --retry-errors pics
check "--retry-errors" lines_are out.jsonl 5
cp out.jsonl before.jsonl
batch -p other -o out.jsonl pics
check "another prompt is noticed" code_is 1
check "another prompt: told" grep -q 'another prompt' err
check "another prompt: the file stays" cmp -s out.jsonl before.jsonl
batch -p hi -s system -o out.jsonl pics
check "another system prompt is noticed" grep -q 'another system prompt' err
batch -p hi --top-k 5 -o out.jsonl pics
check "other options are noticed" grep -q 'other options' err
batch -p other -o out.jsonl --force-mixed pics
check "--force-mixed" lines_are out.jsonl 9
batch -p hi -o pics/notes.txt pics
check "what is no output is left alone" grep -qx words pics/notes.txt
picture pics/a.ppm 40 30 7
batch -p hi -o first.jsonl pics
check "a changed picture is asked again" lines_are first.jsonl 5

batch -p hi -q -r -o - pics
check "-r" grep -q 'pics/deep/c.ppm' out
check "records on standard output" lines_are out 5
batch -p hi -q --shard 1/2 -r pics
cp out one
batch -p hi -q --shard 2/2 -r pics
cat out >>one
check "shards make up the whole" test "$(sed 's/^{"input":"\([^"]*\)".*/\1/' one | sort -u | wc -l)" -eq 5
batch -p hi --shard 3/2 pics
check "a bad shard" code_is 2
run sh -c 'printf "pics/a.ppm\npics/missing.ppm\npics/b.ppm\n" | "$FACET" batch -m "$TINY" -n 2 -p hi -q --fail-fast -'
check "a list of paths; --fail-fast" lines_are out 2
check "--fail-fast: exit code" code_is 3
batch -p hi -q --sidecar txt pics/b.ppm
check "--sidecar txt" test -s pics/b.txt
batch -p hi -q --sidecar json pics/b.ppm
check "--sidecar json" grep -q '"answer"' pics/b.json
echo mine >pics/b.txt
batch -p hi -q --sidecar txt pics/b.ppm
check "a sidecar that is there stays" grep -qx mine pics/b.txt
facet batch -m /nonexistent -p hi pics
check "no model" code_is 1
check "no model: no records" is_empty out
echo words >bad.gguf
facet batch -m bad.gguf -p hi pics
check "a broken model" code_is 1
check "a broken model: no records" is_empty out
odd=$(printf 'pics/odd\377 name.ppm')
picture "$odd" 20 20
batch -p hi -q "$odd"
check "a name that is no UTF-8" code_is 0

i=0
mkdir many
while [ $i -lt 30 ]; do
    picture many/$i.ppm 20 20 $i
    i=$((i + 1))
done
"$FACET" batch -m "$TINY" -n 20 -p hi -o many.jsonl many >out 2>err &
pid=$!
comes has_content many.jsonl
batch -p hi -o many.jsonl many
check "a second batch on the same output" grep -q 'another batch' err
kill -INT $pid
wait $pid
code=$?
check "Ctrl-C" code_is 130
check "Ctrl-C: whole records" test "$(grep -c '^{.*}$' many.jsonl)" -eq "$(wc -l <many.jsonl)"
check "Ctrl-C: nothing half done" sh -c '! grep -q cancelled many.jsonl'

# Answers are the same, to the byte, however many are decoded together and wherever the batch was stopped.
together() { # FILE N [ARGUMENT]...
    file=$1 n=$2
    shift 2
    batch -q -n 12 --parallel "$n" -o "$file" "$@"
}
i=0
common=$(printf 'A long beginning that all of them have, word for word. %.0s' 1 2 3 4 5 6 7 8)
while [ $i -lt 12 ]; do
    echo "{\"id\": $i, \"prompt\": \"$common Now number $i, of course.\"}"
    i=$((i + 1))
done >lines.jsonl
echo '{"id": "seen", "image": "pics/a.ppm", "prompt": "Look", "seed": 7}' >mixed.jsonl
echo '{"id": "both", "images": ["pics/b.ppm", "pics/deep/c.ppm"], "system": "Be brief"}' >>mixed.jsonl
echo '{}' >>mixed.jsonl
mkdir few
cp many/?.ppm few
cp pics/a.ppm few/wide.ppm
for input in lines few mixed; do
    from=$input.jsonl
    [ $input = few ] && from=few
    for n in 1 8 16; do
        together $input.$n.out $n -p hi "$from"
        check "$input, $n together" code_is 0
        answers $input.$n.out >$input.$n
    done
    check "$input: 8 together answer as one alone" cmp -s $input.1 $input.8
    check "$input: 16 together answer as one alone" cmp -s $input.1 $input.16
    head -n 2 $input.8.out >half.out
    together half.out 5 -p hi "$from"
    answers half.out >half
    check "$input: stopped in the middle, the same answers" cmp -s $input.1 half
done
together shard1.out 8 --shard 1/2 lines.jsonl
together shard2.out 3 --shard 2/2 lines.jsonl
cat shard1.out shard2.out >shards.out
answers shards.out >shards
check "shards: the same answers" cmp -s lines.1 shards
kept() { # FILE: how much of each prompt was kept
    sed 's/.*"kept":\([0-9]*\).*/\1/' "$1" | sort -n | uniq -c
}
kept lines.8.out >counts
check "the common beginning is computed once" test "$(awk '$2 == 0 {n = $1} END {print n+0}' counts)" -eq 1
check "and kept for all others" test "$(awk '$2 > 80 {print $1}' counts)" -eq 11
"$FACET" batch -m "$TINY" -n 400 --parallel 6 -o killed.out lines.jsonl >out 2>err &
pid=$!
comes has_content killed.out
kill -KILL $pid
wait $pid
facet batch -m "$TINY" -q -n 400 -o killed.out lines.jsonl
check "killed: every line is answered once" test "$(answers killed.out | cut -d' ' -f1 | uniq | wc -l)" -eq 12
check "killed: no line twice" lines_are killed.out 12
batch -p hi --parallel 0 pics
check "--parallel 0" code_is 2
batch -p hi --parallel 17 pics
check "--parallel 17" code_is 2

# Manifests.
grep '"id":"both"' mixed.1.out >record
check "a line: its pictures" grep -q '"images":\["pics/b.ppm","pics/deep/c.ppm"\]' record
check "a line: its system prompt" grep -q '"system":"Be brief"' record
check "a line: the prompt of all" grep -q '"prompt":"hi"' record
check "a line: where it stands" grep -q '^{"input":"mixed.jsonl".*"index":1,.*"line":2' record
check "a line: its seed" grep -q '"seed":7,.*"id":"seen"' mixed.1.out
check "a line without anything" grep -q '"id":null,"images":\[\]' mixed.1.out
batch -q -o none.out mixed.jsonl
check "a line without a prompt" code_is 1
check "a line without a prompt: told" grep -q 'mixed.jsonl:2: has no "prompt"' err
cp mixed.1.out again.out
together again.out 8 -p hi mixed.jsonl
check "a manifest: nothing left to do" cmp -s mixed.1.out again.out
sed 's/"seed": 7/"seed": 8/' mixed.jsonl >changed.jsonl
mv changed.jsonl mixed.jsonl
together again.out 8 -p hi mixed.jsonl
check "a changed line is asked again" lines_are again.out 4
together again.out 8 -p other mixed.jsonl
check "a manifest: another prompt is noticed" code_is 1
mkdir elsewhere
echo '{"id": 1, "image": "../pics/a.ppm", "prompt": "Look"}' >elsewhere/m.jsonl
echo '{"id": 2, "image": "missing.ppm", "prompt": "Look"}' >>elsewhere/m.jsonl
echo '{"id": 2, "image": "missing.ppm", "prompt": "Look"}' >>elsewhere/m.jsonl
batch -q -o elsewhere.out elsewhere/m.jsonl
check "a missing picture" code_is 3
check "paths start at the manifest" grep -q '"id":1,.*"answer":' elsewhere.out
check "a missing picture: told" grep -q '"error":"elsewhere/m.jsonl:2: elsewhere/missing.ppm' elsewhere.out
check "the same line twice is asked once" lines_are elsewhere.out 2
rm -f pics/a.txt
batch -q --sidecar txt -o /dev/null elsewhere/m.jsonl
check "a manifest: --sidecar" test -s pics/a.txt
fault() { # LINE MESSAGE
    echo "$1" >fault.jsonl
    batch -p hi fault.jsonl
    check "fault: $2" grep -q "fault.jsonl:1: .*$2" err
}
fault '{"prompt": "a"' "expected"
fault '[1]' "no JSON object"
fault '{"prompt": 1}' '"prompt" that is no text'
fault '{"image": ["a"]}' '"image" that is no text'
fault '{"images": ["a", 1]}' '"images" that are no list'
fault '{"image": "a", "images": ["a"]}' 'both'
fault '{"seed": -1}' '"seed" that is no whole number'

printf '{"prompt":"one"}\n{"prompt":"two"}\n' >sure.jsonl
batch sure.jsonl -o plain.jsonl
batch sure.jsonl -o sure.out --confidence tokens
strip() { sed 's/"seconds":{[^}]*}//; s/,"confidence":.*$/}/' "$1"; }
check "--confidence: the same answers" test "$(strip plain.jsonl)" = "$(strip sure.out)"
check "--confidence: of each token" test "$(grep -o '"probability":' sure.out | wc -l)" -eq 6
batch sure.jsonl --confidence answer
check "--confidence: of the answer alone" sh -c 'grep -Eq "\"confidence\":\{\"mean\":[0-9.e-]+,\"min\":[0-9.e-]+\}" out && ! grep -q probability out'
batch sure.jsonl --confidence much
check "--confidence: another" code_is 2
