/* Where words of an answer looked in a picture of the messages before it, as long as the session
 * holds all of them. */
#ifndef CHAT_LOOK_H
#define CHAT_LOOK_H

#include "chat/reply.h"

struct look {
    size_t message;    /* the answer; those before it are what it was given to */
    char *text;        /* of the whole answer; owned */
    size_t first, end; /* the bytes of it that are asked about */
    struct attachment *picture; /* a reference of its own */
};
void look_done(struct look *look);

/* r: opened as if the answer was to be given now. Its session stays as it is. FACET_FAILED: r's
 * outcome tells why. looked is empty before; its share the caller's to free. */
enum facet_status look_back(struct reply *r, const struct look *look, struct chat_looked *looked);

#endif
