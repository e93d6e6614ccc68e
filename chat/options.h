/* Options: one table (options.def) for flags, configuration file and environment. */
#ifndef CHAT_OPTIONS_H
#define CHAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "chat/attach.h"
#include "engine/facet.h"

/* What calls somebody back who looked away while an answer took long. */
enum notify { NOTIFY_OFF, NOTIFY_BELL, NOTIFY_DESKTOP };

/* What stands for the model's own value of an option, as text and as a count. */
#define OPTION_OWN_TEXT "model"
#define OPTION_OWN      SIZE_MAX

struct options {
    char *model, *mmproj, *system, *vision_precision, *draft; /* owned; NULL: not given */
    float temperature, top_p, min_p, repeat_penalty; /* NAN: the model's own */
    size_t top_k;                                    /* OPTION_OWN: the model's own */
    float cache_size;
    size_t max_tokens, ctx, threads;
    uint64_t seed;
    bool seed_given; /* else each turn draws its own */
    char *schema;    /* of answers, as form_read gives it; owned; NULL: they are free */
    char **stop;     /* owned */
    size_t n_stop;
    enum facet_cache_type cache;
    struct crop_choice crops;
    char *theme, *preset; /* owned; NULL: not given */
    char *mistake;        /* of facet.conf or the environment; owned; NULL: none */
    bool quiet, verbose, dry_run, no_history, no_lookup, plain, full_head, mouse, confidence;
    enum notify notify;
    bool one_answer; /* the program's own: what is computed for it is not worth keeping */
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

/* Rows that belong together: up to the next group's first. */
struct option_group {
    const char *section; /* of facet.conf */
    const char *title;
    size_t first;
};
extern const struct option_group option_groups[];
extern const size_t n_option_groups;

/* Defaults, then facet.conf (config.h; absent is fine), then FACET_* variables. False if there was
 * a mistake in these: err and o->mistake tell the first, and what was right holds. options_done in
 * any case. */
bool options_init(struct options *o, struct err *err);
void options_done(struct options *o);
bool options_copy(struct options *to, const struct options *from);
/* Sets the option of that long name; value NULL for a BOOL means yes. The error names the option,
 * what was given and what is allowed; an unknown name names the nearest right one. */
bool options_set(struct options *o, const char *name, const char *value, struct err *err);
/* Takes apart what people type: "name value" or "--name=value", the value in quotes or not. Both are the
 * caller's. False if one is missing. */
bool options_typed(const char *text, char **name, char **value, struct err *err);
/* The value of a row that may change during a chat, as people read it, behind `out`; of a model's own
 * its number, but while that is still being opened (NULL). */
void options_put(const struct options *o, const struct facet_model *model, size_t row,
                 struct str *out);
/* Sampling part, for the engine, with what is the model's own; turn: added to the seed so that a
 * regenerated answer differs. */
struct facet_sampling options_sampling(const struct options *o, const struct facet_model *model,
                                       uint64_t turn);
/* How many of the best logits of a token such sampling wants, for facet_session_set_best; 0: all, or
 * so many that knowing them pays too little. */
uint32_t options_best(const struct options *o, const struct facet_model *model);

#endif
