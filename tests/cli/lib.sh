# What the scripts share. A command's output is in out and err, its exit code in $code.

run() {
    "$@" >out 2>err
    code=$?
}

facet() {
    run "$FACET" "$@"
}

# check NAME TEST...: the arguments are a command that must succeed.
check() {
    name=$1
    shift
    if "$@" >check.log 2>&1; then
        echo "ok $name"
    else
        echo "not ok $name: $*; exit code was $code"
        sed 's/^/    out: /' out | head -n 5
        sed 's/^/    err: /' err | head -n 5
    fi
}

# comes COMMAND...: until it succeeds; what comes at all comes at once, but on a busy machine.
comes() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || return 1
        sleep 0.1
    done
}

code_is() {
    [ "$code" -eq "$1" ]
}

is_empty() {
    [ ! -s "$1" ]
}

has_content() {
    [ -s "$1" ]
}

# One line that begins with "facet: ".
is_one_error() {
    [ "$(wc -l <err)" -eq 1 ] && grep -q '^facet: ' err
}

lines_are() { # FILE N
    [ "$(wc -l <"$1")" -eq "$2" ]
}

# picture FILE WIDTH HEIGHT [SEED]: a PPM with something in it.
picture() {
    awk -v w="$2" -v h="$3" -v s="${4:-1}" 'BEGIN {
        printf "P6\n%d %d\n255\n", w, h
        for (y = 0; y < h; y++)
            for (x = 0; x < w; x++)
                printf "%c%c%c", 32 + (x * s) % 90, 32 + (y * s) % 90, 32 + (x + y) % 90
    }' >"$1"
}
