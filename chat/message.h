/* Messages: what was said by whom, as parts of text and pictures in the order in which they stand.
 */
#ifndef CHAT_MESSAGE_H
#define CHAT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "chat/attach.h"

enum role { ROLE_SYSTEM, ROLE_USER, ROLE_MODEL, ROLE_TOOL };
/* "system", "user", "model", "tool": in the prompt and in the history. */
const char *role_name(enum role role);
/* False for any other name. */
bool role_parse(enum role *role, const char *name);

struct part {
    char *text;               /* owned; NULL for a picture */
    struct attachment *image; /* a reference of its own (attachment_keep); NULL for text */
};

struct confidence; /* confidence.h */

struct message {
    enum role role;
    struct part *parts;
    size_t n_parts;
    bool interrupted;           /* the answer was cut short by the user or a crash */
    bool dropped;               /* is seen, but the model is not told it any more */
    bool pinned;                /* never among those that context_drop chooses */
    int64_t created;            /* Unix seconds */
    struct confidence *confidence; /* of an answer; NULL: not known; owned */
    size_t variant, n_variants; /* it is number variant, from 1, of what was said in this place */
};

/* An array of messages: a conversation in memory. Zero to start. */
struct messages {
    struct message *list;
    size_t n, cap;
    const char *schema; /* of the answer to come (form.h); borrowed; NULL: it is free */
};

void message_done(struct message *m);
void message_add_text(struct message *m, const char *text, size_t n_bytes);
/* Appends to text what a model said: messages hold C strings, so a NUL becomes U+FFFD. */
void message_put_said(struct str *text, const char *bytes, size_t n);
/* Takes the caller's reference. */
void message_add_image(struct message *m, struct attachment *image);
/* The same parts; pictures are shared. */
struct message message_copy(const struct message *m);
/* All text parts, with "[image N]" where the pictures stand, N counting from first_image. free()
 * it. */
char *message_text(const struct message *m, size_t first_image);
size_t message_images(const struct message *m);
/* Reads the pictures that are unread (attach.h); what is broken stays where it is. */
void message_read(const struct message *m);

void messages_done(struct messages *ms);
/* Appends an empty message and returns it; borrowed until the next append. */
struct message *messages_add(struct messages *ms, enum role role);
/* Drops all from index n on. */
void messages_cut(struct messages *ms, size_t n);

/* User text with `[image N]` tokens and the attachments they name becomes parts in place; pictures
 * that no token names come first. attachments[0..n) are kept (referenced) by the message. */
void message_from_input(struct message *m, const char *text, struct attachment *const *attachments,
                        size_t n);

#endif
