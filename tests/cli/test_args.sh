facet help
check "help" grep -q 'facet ask' out
for verb in ask batch chat 'history list' 'history show' 'models list' 'models show' 'inspect tokens' completion; do
    facet $verb --help
    check "$verb --help" code_is 0
    check "$verb --help names it" grep -q "^facet $verb" out
done
facet --version
check "version" grep -q '^facet [0-9]' out

facet aks
check "unknown verb" code_is 2
check "unknown verb: the nearest" grep -q 'facet ask' err
facet inspect
check "half a verb" code_is 2
facet inspect --help
check "help of half a verb" grep -q 'inspect tokens' out
facet inspect tokns
check "half a verb: the nearest" grep -q 'tokens' err
facet ask --temprature 1 hi
check "unknown flag" code_is 2
check "unknown flag: the nearest" grep -q -- '--temperature' err
check "unknown flag: one line" is_one_error
facet ask -m
check "missing value" code_is 2
facet ask --quiet=yes hi
check "value where none is taken" code_is 2
facet ask --temperature warm hi
check "bad number" code_is 2
facet history show
check "missing operand" code_is 2
facet version more
check "operand too many" code_is 2

facet inspect tokens -m "$TINY" -- --hello
check "-- ends the flags" code_is 0
facet inspect tokens "-m$TINY" hi
check "-mVALUE" code_is 0
facet inspect tokens "--model=$TINY" hi
check "--flag=value" code_is 0
facet inspect tokens hi --model "$TINY"
check "flags behind operands" code_is 0

mkdir -p "$XDG_DATA_HOME/facet/models"
cp "$TINY" "$XDG_DATA_HOME/facet/models/"
facet inspect tokens hi
check "the only model" code_is 0
facet models list
check "models list" grep -q "$(basename "$TINY")" out
FACET_MODEL=/nonexistent facet inspect tokens hi
check "FACET_MODEL" code_is 1
facet models show "$TINY"
check "models show" grep -q '^context' out

facet completion bash
check "completion: bash" grep -q 'complete .*facet' out
if command -v bash >/dev/null; then
    cp out completion.bash
    run bash -c '. ./completion.bash; COMP_WORDS=(facet inspect tok); COMP_CWORD=2; _facet; echo "${COMPREPLY[@]}"
                 COMP_WORDS=(facet ask --temp); _facet; echo "${COMPREPLY[@]}"'
    check "completion: verbs" grep -qx 'tokens' out
    check "completion: flags" grep -qx -- '--temperature' out
    mkdir -p "$XDG_DATA_HOME/facet/models" elsewhere
    cp "$TINY" "$XDG_DATA_HOME/facet/models/known.gguf"
    touch here.gguf here.txt elsewhere/there.gguf
    mkdir bin
    ln -s "$FACET" bin/facet
    run env PATH="$PWD/bin:$PATH" bash -c '. ./completion.bash
        for word in "" k h elsewhere/; do COMP_WORDS=(facet ask -m "$word") COMP_CWORD=3; _facet; echo "${COMPREPLY[@]}"; done'
    check "completion: models and files" grep -q 'known.gguf .*here.gguf' out
    check "completion: models" grep -qx 'known.gguf' out
    check "completion: files" grep -qx 'here.gguf' out
    check "completion: files elsewhere" grep -qx 'elsewhere/there.gguf' out
    facet models show known.gguf
    check "a model by its name" code_is 0
    rm "$XDG_DATA_HOME/facet/models/known.gguf"
fi
facet completion fish
check "completion: fish" grep -q "complete -c facet" out
facet completion tcsh
check "completion: no such shell" code_is 2

mkdir -p "$HOME/.config/facet"
echo 'temperature = warm' >"$HOME/.config/facet/facet.conf"
facet ask -m "$TINY" hi
check "a broken configuration" code_is 2
facet help
check "help in spite of a broken configuration" code_is 0
facet ask -m "$TINY" hi
check "a broken configuration names the file" grep -q facet.conf err
