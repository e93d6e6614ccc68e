conf="$HOME/.config/facet"
mkdir -p "$conf/presets" "$conf/themes"
unset XDG_CONFIG_HOME FACET_PRESET FACET_THEME

facet help config
check "help config" grep -q '^# temperature = model' out
check "help config: sections" grep -q '^\[tui\]' out
check "help config: keys" grep -q '^# input.send = Enter' out
check "help config: every action has keys" sh -c '! grep -q "^# [a-z]*\.[a-z-]* = $" out'
cp out "$conf/facet.conf"
facet ask -m "$TINY" -n 1 hi
check "what help config prints is a configuration" code_is 0
for topic in commands keys themes presets; do
    facet help $topic
    check "help $topic" code_is 0
done
check "help presets lists them" grep -q '^  ocr  *Writes out the text' out
facet help
check "help names the topics" grep -q 'facet help themes' out

printf 'top-k = 3\n[answers]\ntemperature = 0\n\n[tui]\ntheme = dakr\n' >"$conf/facet.conf"
facet ask -m "$TINY" -n 1 hi
check "a mistake in a section" code_is 2
check "a mistake in a section: its line and the nearest" grep -q 'facet.conf:6: theme: .*did you mean dark?' err
facet chat --line -m "$TINY" </dev/null
check "a mistake ends line mode" code_is 2
rm "$conf/facet.conf"
FACET_THEME=drak facet ask -m "$TINY" -n 1 hi
check "a mistake in FACET_THEME" grep -q '\$FACET_THEME: .*did you mean dark?' err

printf '# Mine.\nsystem = """\nBe brief.\nBe kind.\n"""\ntemperature = 0\nmax-tokens = 3\n' >"$conf/presets/mine.preset"
facet ask -m "$TINY" -p mine --dry-run hi
check "-p" grep -q 'Be kind.' out
facet ask -m "$TINY" -p mine -v hi
check "-p: its options" code_is 0
facet ask -m "$TINY" --system 'Be loud.' -p mine --dry-run hi
check "a flag before -p wins over it" grep -q 'Be loud.' out
FACET_PRESET=mine FACET_SYSTEM='Be odd.' facet ask -m "$TINY" --dry-run hi
check "the environment wins over its preset" grep -q 'Be odd.' out
FACET_SYSTEM='Be odd.' facet ask -m "$TINY" -p mine --dry-run hi
check "-p wins over the environment" grep -q 'Be kind.' out
facet ask -m "$TINY" -p mien hi
check "unknown preset" code_is 2
check "unknown preset: the nearest" grep -q 'did you mean mine?' err
printf 'top-k = 3\ntemprature = 1\n' >"$conf/presets/bad.preset"
facet ask -m "$TINY" -p bad hi
check "a mistake in a preset" grep -q 'bad.preset:2: temprature: no such option; did you mean temperature?' err
facet ask -m "$TINY" -p ./bad.preset hi
check "a preset's path" code_is 2
printf '/preset mine\n/system\n/preset orc\n/theme dark\n' >in
run "$FACET" chat --line -m "$TINY" <in
check "/preset in line mode" grep -q 'Be kind.' err
check "/preset in line mode: the nearest" grep -q 'did you mean ocr?' err
facet batch --help
check "batch: -p is its prompt" sh -c 'grep -q -- "-p, --prompt" out && ! grep -q -- "-p, --preset" out'
facet completion bash
if command -v bash >/dev/null; then
    cp out completion.bash
    PATH="$(dirname "$FACET"):$PATH" run bash -c '. ./completion.bash
        COMP_WORDS=(facet chat --theme grv); COMP_CWORD=3; _facet; echo "none ${COMPREPLY[@]}"
        COMP_WORDS=(facet chat --theme gruvbox-); _facet; echo "${COMPREPLY[@]}"
        COMP_WORDS=(facet ask --preset mi); _facet; echo "${COMPREPLY[@]}"'
    check "completion: themes" grep -qx 'gruvbox-light' out
    check "completion: no other words" grep -qx 'none ' out
    check "completion: presets" grep -qx 'mine' out
fi
rm -r "$conf"
