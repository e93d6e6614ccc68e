#include "chat/kept_beginnings.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

static void make_key(const struct facet_model *model, const struct facet_prompt *beginning,
                     char key[SHA256_HEX_BYTES])
{
    struct facet_model_info info;
    char decoder[FACET_DIGEST_BYTES], sum[SHA256_HEX_BYTES];
    struct str all = {0};
    facet_model_get_info(model, &info);
    facet_model_get_digest(model, FACET_DECODER, decoder);
    str_puts(&all, decoder);
    str_put(&all, (const char *)beginning->ids, beginning->n_ids * sizeof *beginning->ids);
    size_t bytes = (size_t)info.n_soft_tokens * info.n_embd * sizeof(float);
    for (size_t i = 0; i < beginning->n_images; i++) {
        sha256_hex(beginning->soft[i], bytes, sum);
        str_puts(&all, sum);
    }
    sha256_hex(all.data, all.len, key);
    str_done(&all);
}

bool kept_beginning_load(const struct kept *kept, const struct facet_model *model,
                         const struct facet_prompt *beginning, struct facet_session *session)
{
    char key[SHA256_HEX_BYTES];
    if (kept->limit == 0)
        return false;
    make_key(model, beginning, key);
    char *path = kept_path(kept, KEPT_BEGINNINGS, key);
    enum facet_status status = FACET_CANCELLED;
    if (file_exists(path))
        status = facet_session_restore(session, path, NULL);
    bool ok = status == FACET_OK && facet_session_length(session) == beginning->n_ids &&
              facet_session_held(session, beginning) == beginning->n_ids;
    if (ok)
        kept_touch(kept, path);
    else if (status != FACET_CANCELLED)
        unlink(path);
    free(path);
    return ok;
}

void kept_beginning_save(const struct kept *kept, const struct facet_model *model,
                         const struct facet_prompt *beginning, struct facet_session *session)
{
    char key[SHA256_HEX_BYTES];
    if (kept->limit == 0 || kept->read_only)
        return;
    make_key(model, beginning, key);
    char *path = kept_path_to_write(kept, KEPT_BEGINNINGS, key);
    if (path && facet_session_save(session, path, NULL) == FACET_OK)
        kept_settle(kept, path);
    free(path);
}
