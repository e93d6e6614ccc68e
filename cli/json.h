/* JSON output. Text from files and vocabularies may be ill-formed UTF-8, which JSON cannot hold:
 * such parts become U+FFFD. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

/* A string value of text[0..n); may hold NULs. A new reference, never NULL. */
json_t *json_text(const char *text, size_t n);
/* The same of a C string; null for NULL. */
json_t *json_words(const char *text);
/* Writes it on one line with a newline behind, and drops the reference. False if memory is short.
 */
bool json_print(FILE *stream, json_t *value);
/* A number with three decimals: seconds need no more. */
json_t *json_seconds(double seconds);

#endif
