/* The JSON of an export. Numbers of messages are their place in the list, from 1.
 *
 *     {"format": "facet history", "version": 1,
 *      "conversations": [{"title", "model", "created", "updated", "archived", "chosen",
 *          "messages": [{"parent", "chosen", "role", "text", "state", "told", "created",
 *              "images": [{"part", "path", "sha256"}],
 *              "receipt": {"model", "digest", "options", "seed", "continued_from", "n_prompt",
 *                  "n_kept", "n_answer", "encode_s", "prompt_s", "answer_s", "reason",
 *                  "version"}}]}],
 *      "pictures": {"<sha256>": {"file": "<base64>", "thumbnail": "<base64 of a PNG>"}}}
 *
 * parent and chosen are null where there is none; state is "complete" or "interrupted"; told is
 * "told", "dropped" or "pinned"; options is an object, seed a text of digits. A picture that is a
 * file of its own has "path" instead of "file": from the folder of the document, or the root. */
#ifndef HISTORY_EXPORT_JSON_H
#define HISTORY_EXPORT_JSON_H

#include "history/export.h"

/* What "told" says, by store.h's numbers. */
extern const char *const export_told_names[STORE_PINNED + 1];

bool export_json(struct str *out, struct store *s, const struct export_pictures *pictures,
                 const int64_t *conversations, size_t n, struct err *err);

#endif
