/* A growing byte string, always NUL-terminated once something was put in; may hold NULs. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct str {
    char *data; /* NULL while nothing was ever put */
    size_t len; /* bytes, without the NUL */
    size_t cap;
};

void str_done(struct str *s);
void str_clear(struct str *s);
void str_put(struct str *s, const char *bytes, size_t n);
void str_puts(struct str *s, const char *text);
void str_putc(struct str *s, char c);
void str_printf(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The content, now the caller's to free, never NULL; the string is empty afterwards. */
char *str_take(struct str *s);
/* The content, borrowed, never NULL. */
const char *str_text(const struct str *s);

#endif
