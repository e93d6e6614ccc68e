# Writes a C array with the names of an enum's symbols in lower case: ACTION_PAGE_UP is "page-up".
# -v enum=action -v prefix=ACTION_ -v array=action_names
BEGIN { printf "const char *const %s[] = {\n", array }
$0 ~ "^enum " enum " [{]" { inside = 1 }
inside {
    line = $0
    sub(/\/\*.*/, "", line)
    while (match(line, prefix "[A-Z0-9_]+")) {
        symbol = substr(line, RSTART, RLENGTH)
        name = tolower(substr(symbol, length(prefix) + 1))
        gsub(/_/, "-", name)
        printf "    [%s] = \"%s\",\n", symbol, name
        line = substr(line, RSTART + RLENGTH)
    }
    if ($0 ~ /}/) inside = 0
}
END { printf "};\nconst size_t n_%s = sizeof %s / sizeof *%s;\n", array, array, array }
