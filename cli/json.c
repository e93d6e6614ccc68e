#include "cli/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

static json_t *well_formed(const char *text, size_t n)
{
    json_t *value = json_stringn_nocheck(text, n);
    return value ? value : json_null();
}

json_t *json_text(const char *text, size_t n)
{
    if (utf8_valid(text, n) == n)
        return well_formed(text, n);
    struct str fixed = {0};
    while (n > 0) {
        uint32_t cp;
        char bytes[4];
        size_t taken = utf8_next(text, n, &cp, NULL);
        str_put(&fixed, bytes, utf8_put(cp, bytes));
        text += taken;
        n -= taken;
    }
    json_t *value = well_formed(str_text(&fixed), fixed.len);
    str_done(&fixed);
    return value;
}

json_t *json_words(const char *text)
{
    return text ? json_text(text, strlen(text)) : json_null();
}

bool json_print(FILE *stream, json_t *value)
{
    char *line = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    json_decref(value);
    if (!line)
        return false;
    fputs(line, stream);
    fputc('\n', stream);
    free(line);
    return true;
}

json_t *json_seconds(double seconds)
{
    return json_real(isfinite(seconds) ? round(seconds * 1000) / 1000 : 0);
}
