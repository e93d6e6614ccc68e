#include "chat/typed_path.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

static int hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* file:///a%20b → /a b; the host's name, if any, is left out. */
static char *from_address(const char *text)
{
    const char *path = strchr(text, '/');
    struct str out = {0};
    for (; path && *path; path++) {
        bool escape =
            *path == '%' && isxdigit((unsigned char)path[1]) && isxdigit((unsigned char)path[2]);
        if (escape) {
            str_putc(&out, (char)(hex(path[1]) * 16 + hex(path[2])));
            path += 2;
        } else {
            str_putc(&out, *path);
        }
    }
    return str_take(&out);
}

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
    static const char address[] = "file://";
    char *path = path_expand(text);
    if (file_exists(path))
        return path;
    free(path);
    char *plain = typed_path_plain(text);
    bool is_address = strncmp(plain, address, strlen(address)) == 0;
    path = is_address ? from_address(plain + strlen(address)) : path_expand(plain);
    free(plain);
    return path;
}

/* ---- Pictures among words ------------------------------------------------------------------- */

static bool is_space(char c)
{
    return isspace((unsigned char)c) != 0;
}

/* Where the word ends that begins there: at its quote, or at a space without a backslash. */
static size_t word_end(const char *text, size_t at)
{
    char quote = text[at] == '\'' || text[at] == '"' ? text[at] : 0;
    size_t end = at + (quote != 0);
    while (text[end] && (quote ? text[end] != quote : !is_space(text[end])))
        end += text[end] == '\\' && text[end + 1] && quote != '\'' ? 2 : 1;
    return end + (quote && text[end]);
}

bool path_is_named_picture(const char *path)
{
    static const char *const endings[] = {"png", "jpg",  "jpeg", "webp", "gif", "bmp",  "ppm",
                                          "pgm", "heic", "heif", "avif", "tif", "tiff", "svg"};
    const char *point = strrchr(path_base(path), '.');
    for (size_t i = 0; point && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(point + 1, endings[i]) == 0)
            return true;
    return false;
}

static bool is_picture(const char *path)
{
    struct stat info;
    return path_is_named_picture(path) && stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* NULL: it is none. *end goes back over what is punctuation. */
static char *picture_of_word(const char *text, size_t at, size_t *end)
{
    if (!memchr(text + at, '.', *end - at)) /* most words: no file is looked for */
        return NULL;
    for (;; --*end) {
        char *word = mem_text(text + at, *end - at), *path = typed_path(word);
        free(word);
        if (is_picture(path))
            return path;
        free(path);
        if (*end == at + 1 || !strchr(".,;:!?)]", text[*end - 1]))
            return NULL;
    }
}

char *typed_picture(const char *text, size_t *at, size_t *end)
{
    for (;; *at = *end) {
        while (is_space(text[*at]) || text[*at] == '(')
            ++*at;
        if (!text[*at])
            return NULL;
        size_t whole = *end = word_end(text, *at);
        char *path = picture_of_word(text, *at, end);
        if (path)
            return path;
        *end = whole;
    }
}
