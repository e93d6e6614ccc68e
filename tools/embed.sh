#!/bin/sh
# Writes C source with the text of the files named, for chat/named.h.
cat <<'END'
#include "chat/named.h"

const struct shipped_file shipped_files[] = {
END
for file; do
    echo "    {\"$file\","
    sed 's/\\/\\\\/g; s/"/\\"/g; s/^/     "/; s/$/\\n"/' "$file"
    echo "    },"
done
cat <<'END'
};
const size_t n_shipped_files = sizeof shipped_files / sizeof *shipped_files;
END
