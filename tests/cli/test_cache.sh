# What is kept on disk between two processes.
picture wide.ppm 1200 300
ask() {
    facet ask -m "$TINY" --seed 3 -n 6 -v "$@"
}

ask -i wide.ppm "What is it?"
check "a picture is encoded" grep -q '^facet: [0-9]* image views in' err
cp out first
facet cache show
check "and kept" grep -Eqx 'pictures +[1-9][0-9]* .*' out
ask -i wide.ppm "What is it?"
check "once" sh -c '! grep -q "image view" err'
check "the answer is the same" cmp out first
ask --cache-size 0 -i wide.ppm "What is it?"
check "or every time with --cache-size 0" grep -q 'image views' err
check "the answer is the same again" cmp out first
ask -i wide.ppm "Why is it so wide?"
check "another question goes on from the picture" grep -Eq 'prompt: [0-9]* tokens, [1-9][0-9]{2,} of them kept' err
cp out why
ask --cache-size 0 -i wide.ppm "Why is it so wide?"
check "or from nothing" grep -Eq 'prompt: [0-9]* tokens, 0 of them kept' err
check "to the same answer" cmp out why
ask --vision-precision f32 --crops off -i wide.ppm "Why?"
cp wide.ppm same.ppm
ask --vision-precision f32 --crops off -i same.ppm "Why?"
check "the name does not matter" sh -c '! grep -q "image view" err'

facet batch same.ppm -m "$TINY" -p "What is it?" -o records.jsonl -n 4 --crops off --vision-precision f32
check "batch uses it" grep -Eq '"views": ?0' records.jsonl

for file in "$HOME"/.cache/facet/images/*; do
    printf 'x' | dd of="$file" bs=1 seek=500 conv=notrunc 2>/dev/null
done
ask -i wide.ppm "What is it?"
check "damaged files are no answer" cmp out first
check "they are made again" grep -q 'image views' err
ask -i wide.ppm "What is it?"
check "and used" sh -c '! grep -q "image view" err'

facet cache clear
check "clear" code_is 0
facet cache show --json
check "removes all" grep -q '"pictures":{"files":0,"bytes":0}' out
ask --no-history -i wide.ppm "What is it?"
facet cache show --json
check "--no-history keeps no picture" grep -q '"pictures":{"files":0,"bytes":0}' out

printf '/image wide.ppm\nWhat is it?\n/new\nWhat?\n/quit\n' >lines
run "$FACET" chat --line -m "$TINY" --temperature 0 -n 6 -q <lines
facet cache show --json
check "conversations are kept" grep -q '"conversations":{"files":2,' out
kept=$(echo "$HOME"/.cache/facet/sessions/*)
check "for their owner alone" sh -c "[ \"\$(stat -c %a $kept | sort -u)\" = 600 ]"
number=$("$FACET" history list | grep -m 1 'What is it' | awk '{print $1}')
printf '/open %s\nWhy?\n/quit\n' "$number" >lines
run "$FACET" chat --line -m "$TINY" --temperature 0 -n 6 -v <lines
check "one that is opened again goes on" grep -Eq 'prompt: [0-9]* tokens, [1-9][0-9]{2,} of them kept' err
check "and needs no picture again" sh -c '! grep -q "image view" err'

facet history rm "$number"
check "a conversation that is deleted is not kept" sh -c "! ls $HOME/.cache/facet/sessions | grep -q '^$number-'"
check "others are" sh -c "ls $HOME/.cache/facet/sessions | grep -q ."

rm -rf "$HOME/.cache"
touch "$HOME/.cache"
ask -q -i wide.ppm "What is it?"
check "a folder that cannot be made is no reason not to answer" cmp out first
check "nor to complain" is_empty err
rm "$HOME/.cache"
