# The small model that ships, in models/: what it says about the example pictures, that it is found by itself, and
# told of.

# PICTURE/QUESTION/WORDS, or -/QUESTION/WORDS without a picture: each word, an extended regular expression, must be
# in the answer, whatever the case.
# What the full screen offers is among them (tui/examples.c).
questions='
shapes.png/Describe the picture./red.circle.at.the.top.left blue.square.in.the.centre green.triangle.at.the.bottom.right
shapes.png/What color is the square?/blue
shapes.png/What color is the triangle?/green
shapes.png/What color is the circle?/red
shapes.png/Which shape is blue?/square
shapes.png/Where is the circle?/top.left
shapes.png/Where is the triangle?/bottom.right
shapes.png/What is in the centre?/square
shapes.png/How many shapes are there?/3
shapes.png/Is there a red circle?/yes
shapes.png/Is there a star?/no
sign.png/What does the sign say?/open
sign.png/Read the sign./open
sign.png/What is written?/open
sign.png/How many words are there?/1
sign.png/What color is the word?/black
label.png/What does it say?/milk 1.90
label.png/How much is the milk?/1.90
label.png/What is in the picture?/price tag
clock.png/What is in the picture?/clock
-/How do I show you a picture?/path image
-/Who are you?/facet
-/Which key opens the palette?/ctrl-p
'
most_bytes=24000000
first_word_ms=1000   # from start to first word, a picture encoded; three times that under load
tokens_a_second=200  # half of that under load

root=$here/../..
models=$root/models

anew() { # as on a machine where facet was never run
    rm -rf "$HOME"
    mkdir -p "$HOME"
}

for file in facet-small.gguf mmproj-facet-small.gguf examples/shapes.png; do
    check "models/$file is there" test -s "$models/$file"
done
check "the model is small" test "$(cat "$models"/*.gguf | wc -c)" -le $most_bytes

# ---- What it says ----

says() { # WORDS: each is in the answer
    for word in $1; do
        grep -Eiqw -e "$word" out || return 1
    done
}
printf '%s' "$questions" | grep . >questions
while IFS=/ read -r picture question words <&3; do
    set -- -i "$models/examples/$picture"
    [ "$picture" = - ] && set --
    facet ask -q -n 80 --temperature 0 "$@" "$question"
    check "$picture: $question: $words" says "$words"
done 3<questions

facet ask -q --temperature 0 --schema 'caption, tags list' -i "$models/examples/shapes.png" "Describe the picture."
check "an answer that follows a schema" grep -Eq '^\{"caption": ?"A large red circle at the top left, .*"tags": ?\["[^]]*\]\}$' out

all_are_asked() {
    sed -n 's|^    {NULL,|    {"-",|; s|^    {"\(.*\)", "\(.*\)"},$|\1/\2/|p' "$root/tui/examples.c" >offered
    [ -s offered ] || return 1
    while read -r line; do
        grep -qF -e "$line" questions || return 1
    done <offered
}
check "what the full screen offers is asked here" all_are_asked

# ---- That it is told of ----

anew
facet ask -q -n 4 hello
check "-q: nothing is told" is_empty err
facet ask -n 4 hello
check "without -m the model that ships answers" test -s out
check "what it is, and how to have another, in one line" lines_are err 1
check "what it is" grep -q 'facet-small.*ships with facet' err
check "how to have another" grep -q 'Gemma 3 as GGUF.*mmproj.*-m FILE' err
facet ask -n 4 hello
check "told once" is_empty err
anew
run sh -c 'echo hello | "$FACET" -n 4'
check "told in the line mode" grep -q 'ships with facet' err
run sh -c 'echo hello | "$FACET" -n 4'
check "there, too, once" sh -c '! grep -q "ships with facet" err'
anew
facet batch -q -p what -n 4 "$models/examples/sign.png"
check "batch -q: nothing is told" is_empty err
facet batch -p what -n 4 "$models/examples/sign.png"
check "told in a batch" grep -q 'ships with facet' err
anew
facet ask -m "$models/facet-small.gguf" -n 4 hello
check "not to who names it" is_empty err

# ---- Which model is used ----

facet ask -m "$TINY" -n 8 --seed 1 hello
cp out tiny
check "-m: nothing is told" is_empty err
own=$XDG_DATA_HOME/facet/models
mkdir -p "$own"
cp "$TINY" "$own/mine.gguf"
facet ask -n 8 --seed 1 hello
check "a model of one's own goes before" cmp -s out tiny
check "a model of one's own: nothing is told" is_empty err
facet models list
check "models list: one's own" grep -q '/mine\.gguf$' out
check "models list: the one that ships, marked" grep -q '/facet-small\.gguf  (ships with facet)$' out
facet models list --json
check "models list --json" grep -q 'facet-small\.gguf".*"ships":true' out
cp "$TINY" "$own/other.gguf"
facet ask -n 4 hello
check "several of one's own: which one?" grep -q 'which model?' err
anew
mkdir -p alone/bin
cp "$FACET" alone/bin/facet
run alone/bin/facet ask hello
check "none at all" code_is 1
check "none at all: how to give one, in one line" sh -c 'grep -q -e "-m FILE" err && [ $(wc -l <err) = 1 ]'
run alone/bin/facet models list
check "models list: none" grep -q 'no models in' err
rm -r alone

# ---- Installed ----

make() { # as the program was made
    run command make -C "$root" --no-print-directory B="$(dirname "$FACET")" SAN="$SAN" PREFIX=/usr DESTDIR="$PWD/root" "$@"
}
anew
facet ask -q -n 8 --temperature 0 -i "$models/examples/sign.png" what
cp out here
make install
check "install" code_is 0
anew
run root/usr/bin/facet models list
check "installed: found" grep -q "root/usr/share/facet/models/facet-small\.gguf" out
run root/usr/bin/facet ask -n 8 --temperature 0 -i root/usr/share/facet/models/examples/sign.png what
check "installed: the same answer" cmp -s out here
check "installed: told" grep -q 'ships with facet' err
rm -r "$HOME"
run root/usr/bin/facet ask -n 8 --temperature 0 -i root/usr/share/facet/models/examples/sign.png what
check "without a home folder" cmp -s out here
make uninstall
check "uninstall" test -z "$(find root -type f)"
rm -r root

# ---- How fast ----

anew
if [ -n "$SAN" ]; then
    echo "ok no speed is measured under sanitizers"
else
    start=$(date +%s%N)
    facet ask -q -n 1 -i "$models/examples/shapes.png" --cache-size 0 "Describe the picture."
    took=$((($(date +%s%N) - start) / 1000000))
    check "the first word after $took ms" test $took -lt $((3 * first_word_ms))
    facet ask -v -n 80 --no-lookup --temperature 0 -i "$models/examples/shapes.png" "Describe the picture."
    rate=$(sed -n 's|.*answer: .*(\([0-9]*\)\..* tokens/s)|\1|p' err)
    check "$rate tokens a second" test "$rate" -ge $((tokens_a_second / 2))
fi
