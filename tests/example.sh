#!/bin/sh
# Installs the library into a folder of its own, builds tests/example.c against the installed header and library
# alone, and lets it answer with the tiny model.
set -e
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
make --no-print-directory B="$B" SAN="$SAN" PREFIX="$dir" install >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
cp tests/example.c "$dir/"
cd "$dir"
export PKG_CONFIG_PATH="$dir/lib/pkgconfig"
${CC:-cc} $SAN -Wall -Wextra -o example example.c $(pkg-config --cflags --libs libfacet)
./example "$TINY" "Hello" 8 >answer
[ -s answer ]
echo "1 passed, 0 failed"
