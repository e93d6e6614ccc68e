/* What the full screen knows: the panes, the chat behind them, what is under way. The files app,
 * turn, attaching, browse, setting, waiting, examples, find, filling, palette,
 * reading, revising, shading, slash, actions and screen share it; nothing outside tui/ sees it. */
#ifndef TUI_APP_H
#define TUI_APP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "chat/chat.h"
#include "tui/chooser.h"
#include "tui/conversations.h"
#include "tui/errand.h"
#include "tui/glance.h"
#include "tui/input.h"
#include "tui/keys.h"
#include "tui/layout.h"
#include "tui/prompt.h"
#include "tui/status.h"
#include "tui/surface.h"
#include "tui/term.h"
#include "tui/theme.h"
#include "tui/transcript.h"

struct app {
    struct terminal *term;
    struct surface surface;
    struct layout layout; /* as last drawn */
    bool away;            /* the terminal's window has not the keyboard */
    struct theme theme; /* the panes point to it: it may change while they live */
    char *theme_wanted; /* name; NULL: by the terminal; owned */
    enum background background;
    struct chat *chat;
    struct store *store; /* NULL: no history */
    struct errands *errands;
    struct transcript *transcript;
    struct input *input;
    struct conversations *conversations;
    struct picture_pane *picture;
    struct picker *picker;
    struct glance glance; /* beside the list of the picker, or of what was found */
    enum key_context focus; /* a pane's: not KEYS_CHOOSER, KEYS_EVERYWHERE */
    int side_cols; /* that the conversations pane is to have; 0: nobody said (panes.h) */

    struct chooser *chooser; /* lies over the transcript and takes the keys; NULL: none */

    bool help; /* F1's list lies over the transcript */
    int help_top, help_rows;

    struct prompt_line prompt; /* takes the keys while it is open */

    struct str notice; /* one thing to tell, above the status line; empty: none */
    bool notice_is_error;

    struct str model; /* name; empty while it is being opened */
    bool shipped;     /* it is the small one that ships with facet */
    size_t n_examples; /* that examples.h has put into the input */
    struct progress progress;
    bool in_progress;

    struct {
        bool regenerating;
        double started;    /* seconds, monotonic */
        double first_word; /* 0: none yet */
        size_t used_at_first_word;
        char *text;                   /* as sent, given back if the turn fails at once; owned */
        struct attachment **pictures; /* as sent; own references */
        size_t n_pictures;
        size_t editing; /* as it was sent */
    } turn;
    struct drafting *drafting; /* drafting.h; NULL: drafts are not kept */
    double tokens_a_second;
    size_t lacking;         /* positions, when the context was full last (filling.h) */
    size_t image_positions; /* of the context, as of the last turn's end */
    size_t resident_bytes;  /* the same */
    double seconds_a_view; /* measured; 0: not yet */

    size_t editing;       /* index + 1 of the message that the input is to replace; 0: none */
    int64_t deleted;      /* conversation that was deleted last; 0: none */
    size_t shaded_word;   /* the one under the cursor, while an answer is shaded (shading.h) */
    struct find *find;    /* what find.h's list shows; NULL: not open */
    size_t n_reading;    /* pictures on their way into the input */
    bool send_when_read; /* Enter was pressed meanwhile */
    bool recalling;      /* a picture of the conversation is being read (recall.h) */

    bool asked_to_quit; /* Ctrl-C once: once more leaves */
    bool quit;
    bool dirty; /* what is on the screen is out of date */
};

/* Closes the list that may be open, and opens this one (taken over). */
void app_choose(struct app *app, struct chooser *chooser);

double app_now(void);
/* Tells one thing; goes with the next key, an error with the next message or Esc. */
void app_say(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));
void app_fail(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));
void app_hush(struct app *app);
/* Tells that an answer is under way, and which key stops it. */
void app_say_busy(struct app *app);

#endif
