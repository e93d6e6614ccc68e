#!/bin/sh
# The vocabulary that `make model` made: facet splits text as SentencePiece itself does, and what it
# splits comes back. From the environment: B, FACET. Ends with "N passed, N failed".
passed=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Words, code, tables and rubbish in many scripts, 2000 lines without an empty one.
varied() {
    cat README.md MODEL.md man/*.[1-9] engine/tokenizer.c | grep -v '^$' | head -n 1500
    awk 'BEGIN {
        srand(7)
        n = split("a e o T x 0 7 19 . , ! \" \\ < > ( % é ß ж д α 日 本 語 한 あ 🙂 ❤️ 👩‍👧 <eos> <0x41> the house ing", part, " ")
        for (line = 0; line < 500; line++) {
            for (i = 0; i < 30; i++)
                printf "%s%s", part[1 + int(rand() * n)], rand() < 0.3 ? substr("          ", 1, 1 + rand() * 10) : ""
            print "\t|"
        }
    }'
}

check() { # name, files
    if cmp -s "$2" "$3"; then
        passed=$((passed + 1))
        echo "ok $1"
    else
        failed=$((failed + 1))
        echo "not ok $1"
        diff "$2" "$3" | head -n 10
    fi
}

varied >"$work/text"
printf %s "$(cat "$work/text")" >"$work/bare" # no newline at the end
newline=$("$FACET" inspect tokens -m "$B/model/vocabulary.gguf" '
' | sed 's/.*"ids":\[\([0-9]*\)\].*/\1/')
spm_encode --model="$B/model/spm.model" --output_format=id <"$work/text" |
    sed "\$!s/\$/ $newline/" | tr -s ' ' '\n' >"$work/theirs"
"$FACET" inspect tokens -m "$B/model/vocabulary.gguf" - <"$work/bare" |
    sed 's/.*"ids":\[\([0-9,]*\)\].*/\1/' | tr ',' '\n' >"$work/ours"
check "2000 lines are split as SentencePiece splits them" "$work/theirs" "$work/ours"
xargs -s 1000000 "$FACET" inspect detokenize -m "$B/model/vocabulary.gguf" <"$work/ours" >"$work/back" 2>&1
check "they come back from their pieces" "$work/bare" "$work/back"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
