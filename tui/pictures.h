/* The pictures of the message being written. Each is named by a token in the editor's text
 * ("[image 2]"); one whose token was deleted stays, since undoing or yanking may bring it back. */
#ifndef TUI_PICTURES_H
#define TUI_PICTURES_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/attach.h"
#include "tui/steps.h"

/* Zero to start. */
struct pictures {
    struct attachment **list; /* number N is list[N - 1] */
    size_t n;
};

/* Forgets all. */
void pictures_done(struct pictures *p);
/* Adds one (takes the reference) and its token at the cursor. */
void pictures_add(struct pictures *p, struct attachment *picture);
/* The same with its token in the place of the text's bytes [at, end). */
void pictures_put(struct pictures *p, struct attachment *picture, size_t at, size_t end);
/* Takes picture `number` away, or the last that is named for 0, and its tokens; the ones behind
 * move up. False if there is none. */
bool pictures_remove(struct pictures *p, size_t number);
/* Removes those that no token names. */
void pictures_settle(struct pictures *p);

/* The number of a picture; 0: it is not among them. */
size_t pictures_number(const struct pictures *p, const struct attachment *picture);
/* The next token that names a picture, at or behind *at; false if there is none. */
bool pictures_next(const struct pictures *p, size_t *at, struct token *token);
bool pictures_is_named(const struct pictures *p, size_t number);
/* Reads the token at that place in the text; false if none of a picture begins there. */
bool pictures_at(const struct pictures *p, size_t at, struct token *token);

#endif
