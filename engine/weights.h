/* The tensors of an opened model, whatever container they came from: names, types, shapes, and
 * where the bytes are. */
#ifndef ENGINE_WEIGHTS_H
#define ENGINE_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/facet.h"
#include "engine/gguf.h"
#include "engine/safetensors.h"

struct weight {
    struct facet_tensor_info info; /* name and type belong to the list */
    uint32_t type;                 /* enum weight_type, or a number that quant.h does not know */
    const uint8_t *data;           /* borrowed from the container */
};

struct weights {
    char *path; /* of the file or folder, for messages */
    struct weight *all;
    const struct weight **by_name; /* sorted */
    size_t n;
    char *text; /* the names */
};

/* The containers must outlive the list. On failure there is nothing to be done with it. */
bool weights_from_gguf(struct weights *w, const struct gguf *g, struct err *err);
bool weights_from_safetensors(struct weights *w, const char *folder,
                              struct safetensors *const *files, size_t n_files, struct err *err);
/* A list that somebody made: names, shapes, bytes, types and data of given[n]; names are copied. */
bool weights_from_list(struct weights *w, const char *path, const struct weight *given, size_t n, struct err *err);
void weights_done(struct weights *w);

/* By name; NULL if there is none. */
const struct weight *weights_find(const struct weights *w, const char *name);
/* The same for first and second together: one of a list of prefixes, and what follows. */
bool weights_have(const struct weights *w, const char *first, const char *second);

#endif
