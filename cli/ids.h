/* Lists of token ids, as arguments and as JSON. */
#ifndef CLI_IDS_H
#define CLI_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"

struct ids {
    int32_t *list; /* owned */
    size_t n;
};

/* Appends the numbers of "2,105, 9" or "[2,105,9]". */
bool ids_parse(struct ids *ids, const char *text, struct err *err);
void ids_push(struct ids *ids, int32_t id);
void ids_done(struct ids *ids);
json_t *ids_json(const int32_t *ids, size_t n);

#endif
