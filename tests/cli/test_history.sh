picture cat.ppm 200 100
facet ask -m "$TINY" -n 6 --seed 3 -i cat.ppm "what is the Bäckerei receipt"
cp out answer
facet ask -m "$TINY" -n 6 --seed 4 "second question"
facet history list --json
check "list --json" lines_are out 2
check "list --json: fields" grep -q '"title":"second question".*"archived":false,"deleted":0' out
first=$("$FACET" history list | awk 'END {print $1}')
second=$("$FACET" history list | awk 'NR == 1 {print $1}')

facet history search bäckerei
check "search" grep -q "what is the Bäckerei receipt" out
facet history search --json image:cat.ppm
check "search: a picture" grep -q "\"conversation\":$first," out
facet history search before:2020-01-01 receipt
check "search: nothing found" code_is 1
check "search: nothing found is no error" is_empty err
facet history search before:soon
check "search: no date" is_one_error
facet history search --limit 1 after:2020
check "search --limit" lines_are out 2

facet history rename "$second" A better title
facet history list
check "rename" grep -q 'A better title' out
facet history rm "$second"
check "rm" code_is 0
facet history list
check "rm: not listed" lines_are out 1
facet history list --deleted
check "list --deleted" grep -q 'A better title' out
facet history undelete "$second"
facet history archive "$second"
facet history list
check "archive: not listed" lines_are out 1
facet history list --archived
check "list --archived" grep -q 'A better title' out
facet history unarchive "$second"
facet history rm "$second" 99
check "rm: one that is not there" code_is 1
check "rm: one that is not there, told" grep -q 'no conversation 99' err
facet history undelete "$second"
facet history rename zero x
check "no number" code_is 2
facet history fork "$first"
check "fork" code_is 0
fork=$(cat out)
facet history show "$fork"
check "fork: the same words" grep -q 'what is the Bäckerei receipt' out
facet history show --json "$fork"
user=$(sed 's/.*"id":\([0-9]*\),"role":"user".*/\1/' out)
check "show --json: a receipt" grep -q '"seed":"3"' out
facet history fork "$fork" "$user"
check "fork up to a message" code_is 0
facet history show "$(cat out)"
check "fork up to a message: no more" sh -c '! grep -q ^model out'

facet history export "$first"
check "export" grep -q '^## You' out
facet history export -o page.html "$first"
check "export: HTML" grep -q '<img alt="cat.ppm".*data:image/png;base64,' page.html
check "export: for its owner alone" test "$(stat -c %a page.html)" = 600
facet history export -o all.json
check "export: JSON" grep -q '"format": "facet history"' all.json
facet history export -o box/all.md --pictures box/pics
check "export: pictures as files" sh -c 'grep -q "(<pics/[0-9a-f]*.ppm>)" box/all.md && [ "$(ls box/pics | wc -l)" -gt 0 ]'
check "export: each is the picture" cmp cat.ppm "box/$(sed -n 's/.*(<\(pics[^>]*\)>).*/\1/p' box/all.md | head -n 1)"
facet history export -o box/all.json --pictures box/pics
mv box moved
run sh -c 'XDG_DATA_HOME=$PWD/moved/data "$FACET" history import -q moved/all.json &&
           XDG_DATA_HOME=$PWD/moved/data "$FACET" history export -o moved/again.json'
check "import: pictures beside" cmp all.json moved/again.json
rm moved/pics/*
run sh -c 'XDG_DATA_HOME=$PWD/moved/none "$FACET" history import -q moved/all.json'
check "import: pictures that are gone" is_one_error
facet history export -o page.html --pictures pics
check "export: HTML has them inside" code_is 2
facet history export --format pdf
check "export: no such format" code_is 2
facet history export 99
check "export: no such conversation" is_one_error
rm cat.ppm
run sh -c 'XDG_DATA_HOME=$PWD/other "$FACET" history import all.json'
check "import" grep -q 'conversations, ' err
run sh -c 'XDG_DATA_HOME=$PWD/other "$FACET" history export -o again.json'
sed 's/^   "updated".*//' all.json | sort >a.txt
sed 's/^   "updated".*//' again.json | sort >b.txt
check "import: the same again" cmp -s a.txt b.txt
echo nonsense >bad.json
facet history import bad.json
check "import: what it is not" is_one_error

facet replay "$first"
check "replay: the same" grep -q '^the same: ' out
check "replay: exit code" code_is 0
run sh -c 'printf "one\n/regen\n/continue\n" | "$FACET" chat -m "$TINY" -n 5 --seed 1'
facet replay "$("$FACET" history list | awk 'NR == 1 {print $1}')"
check "replay: an answer beside another that was continued" grep -q '^the same: 5 tokens' out
run sh -c 'printf "one\ntwo\nthree\n/regen\n" | "$FACET" chat -m "$TINY" -n 40 --seed 1'
facet replay "$("$FACET" history list | awk 'NR == 1 {print $1}')"
check "replay: an answer behind others" grep -q '^the same: 40 tokens' out
picture wide.ppm 900 300 5
facet ask -q -m "$TINY" -n 5 -i wide.ppm@2 "in two"
number=$("$FACET" history list | awk 'NR == 1 {print $1}')
facet replay "$number"
check "replay: a picture in crops of its own" grep -q '^the same: ' out
facet history export "$number"
check "export: Markdown shows the file itself" grep -q 'wide.ppm>)' out
facet replay -m "$TINY_MMPROJ" "$first"
check "replay: another model" grep -q 'not the model that answered' err
facet replay 99
check "replay: no such conversation" is_one_error
run sh -c 'XDG_DATA_HOME=$PWD/other "$FACET" replay 1'
check "replay: an imported answer, its picture too" code_is 0
sed '/"role": "model"/{n;s/"text": ".*",/"text": "something else",/}' all.json >changed.json
run sh -c 'XDG_DATA_HOME=$PWD/third "$FACET" history import -q changed.json'
check "import -q" is_empty err
run sh -c 'XDG_DATA_HOME=$PWD/third "$FACET" replay -q 1'
check "replay: differs" grep -q '^differs at byte 0 of 14' out
check "replay: differs, exit code" code_is 1
