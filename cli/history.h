/* `facet history list|show|search` and the history that the other verbs write to. */
#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "chat/options.h"
#include "cli/verb.h"

struct store;

extern const struct verb verb_history_list, verb_history_show, verb_history_search;

/* The history to write to, or NULL: --no-history, or it cannot be opened, which is said on standard
 * error and is no reason not to answer. */
struct store *history_open(const struct options *options);

struct search_hit; /* history/search.h */
/* Conversation, date, title, and the words around what was found. */
void history_print_hit(FILE *file, const struct search_hit *hit, bool bold);

/* An operand as the number of a conversation. */
bool history_number(const char *text, int64_t *out, struct err *err);

enum { HISTORY_DATE_BYTES = 20 };
/* "2026-11-23 08:00", local time. */
const char *history_date(int64_t when, char out[HISTORY_DATE_BYTES]);

#endif
