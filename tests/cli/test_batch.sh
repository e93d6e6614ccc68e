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
    sed -n 's/.*"answer":\("[^"]*"\).*/\1/p' "$1"
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
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ -s many.jsonl ] && break
    sleep 0.2
done
batch -p hi -o many.jsonl many
check "a second batch on the same output" grep -q 'another batch' err
kill -INT $pid
wait $pid
code=$?
check "Ctrl-C" code_is 130
check "Ctrl-C: whole records" test "$(grep -c '^{.*}$' many.jsonl)" -eq "$(wc -l <many.jsonl)"
check "Ctrl-C: nothing half done" sh -c '! grep -q cancelled many.jsonl'
