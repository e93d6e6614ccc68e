/* UTF-8: reading it safely, and the terminal cells it takes. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_REPLACEMENT = 0xFFFD };

/* Reads one scalar value from s[0..n), n ≥ 1. Returns the bytes it takes, ≥ 1. Ill-formed bytes
 * give UTF8_REPLACEMENT for each maximal ill-formed part (Unicode 15, 3.9, "substitution of maximal
 * subparts"), with *ok false. ok may be NULL. */
size_t utf8_next(const char *s, size_t n, uint32_t *cp, bool *ok);

/* How many bytes at the end of s[0..n) are the start of a character that more bytes could complete
 * (0 to 3). */
size_t utf8_incomplete_tail(const char *s, size_t n);

/* Writes cp as UTF-8; returns its bytes, 1 to 4. */
size_t utf8_put(uint32_t cp, char out[4]);

/* Offset of the first ill-formed byte, or n. */
size_t utf8_valid(const char *s, size_t n);

/* Bytes of the grapheme cluster at the start of s[0..n), n ≥ 1; *cells: the columns it takes in a
 * terminal (0, 1 or 2). cells may be NULL. */
size_t utf8_cluster(const char *s, size_t n, int *cells);

/* Columns of s[0..n). */
size_t utf8_cells(const char *s, size_t n);

#endif
