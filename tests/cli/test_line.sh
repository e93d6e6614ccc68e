picture a.ppm 40 30

run sh -c 'printf "hello\n/context\n/nonsense\n" | "$FACET" chat -m "$TINY" -n 4 --seed 1'
check "lines from a pipe" code_is 0
check "an answer, and nothing else, on standard output" lines_are out 1
check "what is no answer goes to standard error" grep -q 'of 8192 tokens' err
check "an unknown command" grep -q '/nonsense' err
run sh -c 'printf "/image a.ppm\nwhat\n/regen\n/quit\nnever\n" | "$FACET" -m "$TINY" -n 4 --seed 1'
check "/image, /regen, /quit" lines_are out 2
run sh -c 'printf "what is a.ppm, and why\n/export named.md\n" | "$FACET" -m "$TINY" -n 4 --seed 1'
check "a picture named in a question is attached" grep -q 'what is \[image 1\], and why\|what is !\[' named.md
printf 'words' >broken.png
run sh -c 'printf "what is broken.png\n" | "$FACET" -m "$TINY" -n 4 --seed 1'
check "one that cannot be read is told, and nothing is asked" sh -c 'grep -q "broken.png: not a picture" err && [ ! -s out ]'
run sh -c 'printf "\"\"\"\none\ntwo\n\"\"\"\n/export talk.md\n" | "$FACET" -m "$TINY" -n 4'
check "several lines; /export" grep -qx 'two' talk.md
run sh -c 'printf "one\\\\\ntwo\n/export more.md\n" | "$FACET" -m "$TINY" -n 4'
check "a line that goes on" grep -qx 'two' more.md
facet history list
number=$(awk 'END {print $1}' out)
run sh -c "printf '/open $number\n/set temperature 0\nagain\n' | \"\$FACET\" -m \"\$TINY\" -n 4"
check "/open" grep -q '^> hello' err
run sh -c "printf 'once more\n' | \"\$FACET\" --open $number -m \"\$TINY\" -n 4"
check "--open" grep -q '^> again' err
facet chat --open 99999 -m "$TINY"
check "--open without such a conversation" grep -q "no conversation 99999" err
facet chat --open 1 --new -m "$TINY"
check "--open and --new" code_is 2
facet history show "$number"
check "/open goes on in the same conversation" grep -q '^again' out

# Commands on what was said last, and on whole conversations.
talk() { # LINES: of a conversation of its own
    printf "$1" >lines
    run sh -c '"$FACET" -m "$TINY" -n 4 --seed 1 <lines'
}
talk 'first thing\nsecond thing\n/edit third thing\n/branch\n/branch 2\n/branch 7\n'
check "/edit sends another question in the last one's place" lines_are out 3
check "/branch shows what else was said there" grep -q '^(1 of 2)' err
check "/branch N" grep -q '^> third thing' err
check "/branch N that is not there" grep -q 'there is no 7' err
talk 'one alone\n/edit\n/branch\n'
check "/edit without a text where nobody types" grep -q '/edit needs TEXT' err
check "/branch where nothing else was said" grep -q 'nothing else was said' err
talk 'to stay\nto go\n/delete\n/export kept.md\n/undelete\n/export all.md\n/export all.md\n'
check "/delete" sh -c 'grep -q "to stay" kept.md && ! grep -q "to go" kept.md'
check "/undelete" grep -q '^to go' all.md
check "/export writes over nothing" grep -q 'all.md is there already' err
talk 'only here\n/fork\nbeside\n/rename Of two minds\n/export two.json\n/export two.html\n'
check "/export as JSON and HTML" sh -c 'grep -q "facet history" two.json && grep -q "<h1>Of two minds" two.html'
facet history list
check "/fork, /rename" sh -c 'head -n 1 out | grep -q "Of two minds" && [ "$(grep -c "only here" out)" -eq 1 ]'
talk '/find only here\n/find nosuchword\n/find\n'
check "/find" sh -c 'grep -q "only here" err && grep -q "nothing is found" err && grep -q "needs WORDS" err'
talk 'throw away\n/discard\n/delete\n'
check "/discard" grep -q 'facet history undelete [0-9]* brings it back' err
check "/discard leaves an empty conversation" grep -q 'nothing was said yet' err
facet history list --deleted
check "/discard deletes" grep -q 'throw away' out
talk 'put away\n/archive\n'
facet history list --archived
check "/archive" grep -q 'put away' out
run sh -c 'printf "hi\n/export none.md\n/export none.json\n/rename x\n" | "$FACET" -m "$TINY" -n 4 --no-history'
check "without a history /export writes all forms" sh -c 'grep -qx hi none.md && grep -q "\"text\": \"hi\"" none.json'
check "without a history there is nothing to rename" grep -q 'no history is kept' err
picture here.ppm 30 20
for how in --no-history -q; do
    run sh -c 'printf "/image here.ppm\n[image 1] What?\n/export kept/\n/export kept/\n" | "$FACET" -m "$TINY" -n 4 '"$how"
    check "/export to a folder $how" cmp here.ppm "kept/$(sed -n 's/.*(<\(pictures[^>]*\)>).*/\1/p' kept/conversation.md)"
    check "/export to a folder writes over nothing $how" grep -q 'kept/ is there already' err
    rm -r kept
done
talk 'one\ntwo\n/context drop 1\n/context pin 3\n/context drop 9\n/context tell 1\n/context room\n/context\n'
check "/context drop, pin" sh -c 'grep -q "(left out) user: one" err && grep -q "(pinned) user: two" err'
check "/context N that is not there" grep -q 'no message "9"' err
talk 'one\n/context foo\n/set\n/set top-k 7\n/set\n/preset\n'
check "/context with a word that it does not know" grep -q 'takes drop N, pin N' err
check "/set alone tells what is set" sh -c 'grep -q "^  top-k  *64$" err && grep -q "^  top-k  *7$" err'
check "/preset alone tells which there are" grep -q '^  ocr ' err
talk 'one\ntwo\n/context drop 1\n/context pin 3\n/context drop 9\n/context tell 1\n/context room\n/context\n'
check "/context tell, room" sh -c '[ "$(tail -n 7 err | grep -c "left out")" -eq 2 ]'
talk 'one\ntwo\n/context drop 1\n'
facet replay "$("$FACET" history list | awk 'NR == 1 {print $1}')"
check "replay tells what was told then, and is left out now" code_is 0
talk 'one\ntwo\n/context drop 1\nthree\n'
facet replay "$("$FACET" history list | awk 'NR == 1 {print $1}')"
check "replay leaves out what was left out then" code_is 0
run sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "words that fill a small context, $i"; done |
    "$FACET" -m "$TINY" -n 8 --ctx 300'
check "a full context says what can be done" grep -q '/context room' err

command -v tmux >/dev/null || return 0

screen() {
    tmux -S ./tmux.sock "$@"
}
is_plain() {
    ! grep -q "$(printf '\033')" "$1"
}
is_shown() {
    screen capture-pane -p >out
    grep -q -- "$1" out
}
# wait_for TEXT: until the screen shows it.
wait_for() {
    comes is_shown "$1"
}
: >err
code=0
screen -f /dev/null new-session -d -x 100 -y 30 "VISUAL=./edit.sh '$FACET' chat --line -m '$TINY' --temperature 0; echo code \$?; sleep 90"
check "terminal: the prompt tells how much of the context is used" wait_for '^gemma 0% >'
screen send-keys '/ima' Tab 'a.p' Tab Enter
check "terminal: completion of commands and paths" wait_for 'image 1. a.ppm: PPM, 40 x 30'
# The model's answers are random words and may be over before Ctrl-C comes: one of a few is long enough.
stop_one() {
    for word in one two three four five six seven eight nine ten eleven twelve; do
        screen send-keys "$word" Enter
        sleep 0.1
        screen send-keys C-c
        sleep 0.4
        screen capture-pane -p >out
        grep -q 'stopped' out && return 0
    done
    return 1
}
check "terminal: Ctrl-C stops the answer" stop_one
screen send-keys Up
check "terminal: what was typed comes back" wait_for "^gemma .*> $word"
screen send-keys C-c
screen send-keys '/set cr' Tab 'h' Tab
check "terminal: completion of options and their values" wait_for '> /set crops hf'
screen send-keys C-c '/open ' Tab Tab
check "terminal: completion of conversations, with their titles" wait_for '1 hello'
printf '#!/bin/sh\nsed -i s/draft/edited/ "$1"\n' >edit.sh
chmod +x edit.sh
screen send-keys C-c 'a draft' C-x C-e
check "terminal: Ctrl-X Ctrl-E" wait_for '> a edited'
screen send-keys C-c 'first half' M-Enter 'second half' Enter
check "terminal: Alt-Enter begins a line" wait_for '^second half'
sleep 0.3
screen send-keys C-c # the answer may be a long one
check "terminal: the prompt comes back" wait_for '^gemma [0-9]*% >$'
screen set-buffer "/set seed 1
/set seed 2"
screen paste-buffer -p
sleep 0.5
screen capture-pane -p >out
check "terminal: a paste is not sent line by line" test "$(grep -c 'seed' out)" -eq 2
screen send-keys C-c
sleep 0.3
screen send-keys C-c
check "terminal: Ctrl-C on an empty line warns" wait_for 'once more'
screen send-keys C-c
check "terminal: Ctrl-C twice leaves" wait_for 'code 130'
screen respawn-pane -k "ACCESSIBLE=1 '$FACET' chat -m '$TINY' --temperature 0 -n 40 --stop zzz; echo code \$?; sleep 90"
check "plain: no full screen, who speaks" wait_for '^You:'
screen send-keys 'hello' Enter
check "plain: the answer's label" wait_for '^Gemma:'
screen send-keys '/image a.ppm' Enter
check "plain: no preview" wait_for '^.image 1. a.ppm: PPM'
screen capture-pane -p -e >out
check "plain: no colours" is_plain out
screen respawn-pane -k "TERM=dumb '$FACET' chat -m '$TINY'; echo code \$?; sleep 90"
check "TERM=dumb is plain" wait_for '^You:'
screen respawn-pane -k "'$FACET' chat --plain -m '$TINY'; echo code \$?; sleep 90"
check "--plain" wait_for '^You:'
screen send-keys C-d
check "plain: Ctrl-D leaves" wait_for 'code 0'
screen kill-server
check "what was typed is kept, for its owner alone" test "$(stat -c %a "$XDG_STATE_HOME/facet/sent")" = 600
