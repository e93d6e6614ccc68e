#include "chat/typed_path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

char *typed_path_plain(const char *text)
{
    struct str plain = {0};
    char quote = *text == '\'' || *text == '"' ? *text++ : 0;
    for (; *text && !(quote && *text == quote && !text[1]); text++) {
        if (*text == '\\' && text[1] && quote != '\'')
            text++;
        str_putc(&plain, *text);
    }
    return str_take(&plain);
}

char *typed_path(const char *text)
{
    char *path = path_expand(text);
    if (file_exists(path))
        return path;
    free(path);
    char *plain = typed_path_plain(text);
    path = path_expand(plain);
    free(plain);
    return path;
}
