/* Options: one table (options.def) for flags, configuration file and environment. */
#ifndef CHAT_OPTIONS_H
#define CHAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chat/attach.h"
#include "engine/facet.h"

struct options {
    char *model, *mmproj, *system, *vision_precision, *draft; /* owned; NULL: not given */
    float temperature, top_p, min_p, repeat_penalty;
    size_t top_k, max_tokens, ctx, threads;
    uint64_t seed;
    bool seed_given; /* else each turn draws its own */
    char **stop;     /* owned */
    size_t n_stop;
    enum facet_cache_type cache;
    struct crop_choice crops;
    bool quiet, verbose, dry_run, no_history, no_lookup, full_head;
};

/* One row of options.def. */
struct option_row {
    const char *flag;     /* "max-tokens" */
    char letter;          /* 0: none */
    const char *argument; /* NULL: takes none */
    const char *fallback; /* default as text; NULL: none */
    bool live;            /* may change during a chat */
    const char *help;
};
extern const struct option_row option_rows[];
extern const size_t n_option_rows;

/* Defaults, then facet.conf ($XDG_CONFIG_HOME/facet/facet.conf; absent is fine), then FACET_*
 * variables. */
bool options_init(struct options *o, struct err *err);
void options_done(struct options *o);
bool options_copy(struct options *to, const struct options *from);
/* Sets the option of that long name; value NULL for a BOOL means yes. The error names the option,
 * what was given and what is allowed; an unknown name names the nearest right one. */
bool options_set(struct options *o, const char *name, const char *value, struct err *err);
/* Sampling part, for the engine; turn: added to the seed so that a regenerated answer differs. */
struct facet_sampling options_sampling(const struct options *o, uint64_t turn);
/* How many of the best logits of a token such sampling wants, for facet_session_set_best; 0: all, or
 * so many that knowing them pays too little. */
uint32_t options_best(const struct options *o);

#endif
