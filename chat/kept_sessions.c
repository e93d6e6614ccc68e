#include "chat/kept_sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

/* Models that share these digits of their digests do not: the file has all of them. */
enum { DIGITS = 16, NAME_BYTES = 48 };

static const char *name_of(const struct facet_model *model, int64_t conversation,
                           char name[NAME_BYTES])
{
    char decoder[FACET_DIGEST_BYTES];
    facet_model_get_digest(model, FACET_DECODER, decoder);
    snprintf(name, NAME_BYTES, "%lld-%.*s", (long long)conversation, DIGITS, decoder);
    return name;
}

void kept_session_load(const struct kept *kept, const struct facet_model *model,
                       int64_t conversation, struct facet_session *session)
{
    char name[NAME_BYTES];
    char *path = kept_path(kept, KEPT_SESSIONS, name_of(model, conversation, name));
    if (path && file_exists(path)) {
        enum facet_status status = facet_session_restore(session, path, NULL);
        if (status == FACET_OK)
            kept_touch(kept, path);
        else if (status == FACET_FAILED)
            unlink(path);
    }
    free(path);
}

void kept_session_save(const struct kept *kept, const struct facet_model *model,
                       int64_t conversation, struct facet_session *session)
{
    char name[NAME_BYTES];
    char *path = kept_path_to_write(kept, KEPT_SESSIONS, name_of(model, conversation, name));
    if (path && facet_session_save(session, path, NULL) == FACET_OK)
        kept_settle(kept, path);
    free(path);
}

void kept_session_drop(const struct kept *kept, int64_t conversation)
{
    char start[NAME_BYTES];
    snprintf(start, sizeof start, "%lld-", (long long)conversation);
    kept_drop(kept, KEPT_SESSIONS, start);
}
