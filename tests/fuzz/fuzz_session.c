/* Restores hostile session files, and goes on with those that are taken. With libFuzzer:
 *     clang -fsanitize=fuzzer,address,undefined … tests/fuzz/fuzz_session.c
 * With -DFUZZ_MAIN a program of its own: fuzz_session [N [FILE…]]. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "engine/checksum.h"
#include "engine/facet.h"
#include "tests/support/fuzz.h"
#include "tests/support/fuzz_model.h"
#include "tests/support/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { N_CTX = 64, N_IDS = 14, N_SOFT = 4 };

/* Opened once; ends with the process. */
struct subject {
    struct facet_model *model;
    struct facet_session *session;
    struct facet_sampler *sampler;
};

static void open_subject(struct subject *s)
{
    const struct facet_model_options one_thread = {.n_threads = 1};
    const struct facet_session_options small = {.n_ctx = N_CTX, .n_batch = 8};
    char *path = scratch_path(fuzz_folder(), "model.gguf");
    struct gguf_writer *w = tiny_ollama(&fuzz_shape);
    if (!gguf_writer_save(w, path, NULL) ||
        !(s->model = facet_model_open(path, &one_thread, NULL)) ||
        !(s->session = facet_session_open(s->model, &small, NULL)) ||
        !(s->sampler = facet_sampler_new(s->model, &facet_sampling_default, NULL)))
        abort();
    gguf_writer_free(w);
    free(path);
}

static struct subject *subject(void)
{
    static struct subject s;
    if (!s.model)
        open_subject(&s);
    return &s;
}

/* Text, a picture, text: longer than the window of the local layers. */
static void prompt(const struct subject *s)
{
    struct facet_special_ids special;
    struct facet_model_info info;
    facet_model_get_special(s->model, &special);
    facet_model_get_info(s->model, &info);
    float *soft = calloc((size_t)info.n_soft_tokens * info.n_embd, sizeof *soft);
    int32_t ids[N_IDS] = {special.bos};
    for (int32_t i = 1; i < N_IDS; i++)
        ids[i] = i >= 4 && i < 4 + N_SOFT ? special.image_soft : 300 + i;
    const struct facet_prompt whole = {ids, N_IDS, (const float *const *)&soft, 1};
    if (!soft || info.n_soft_tokens != N_SOFT ||
        facet_session_prompt(s->session, &whole, NULL, NULL) != FACET_OK)
        abort();
    free(soft);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct subject *s = subject();
    struct facet_token token;
    char *path = scratch_path(fuzz_folder(), "session");
    if (!file_write(path, bytes, n, 0600, NULL))
        abort();
    if (facet_session_restore(s->session, path, NULL) == FACET_OK) {
        size_t length = facet_session_length(s->session);
        if (length > N_CTX)
            abort();
        if (facet_session_logits(s->session))
            facet_session_next(s->session, s->sampler, 4, &token, NULL);
        facet_session_append(s->session, 300, NULL);
        facet_session_rewind(s->session, length / 2, NULL);
        facet_session_append(s->session, 301, NULL);
    } else if (facet_session_length(s->session) != 0) {
        abort();
    }
    prompt(s);
    free(path);
    return 0;
}

#ifdef FUZZ_MAIN
static void mend(uint8_t *bytes, size_t n)
{
    uint64_t sum;
    if (n < sizeof sum)
        return;
    struct checksum all = {{0}, 0, {0}};
    checksum_add(&all, bytes, n - sizeof sum);
    sum = checksum_value(&all);
    memcpy(bytes + n - sizeof sum, &sum, sizeof sum);
}

/* The session after its prompt, as it is saved. */
static struct str saved(const struct subject *s)
{
    struct str seed = {0};
    char *path = scratch_path(fuzz_folder(), "seed");
    if (facet_session_save(s->session, path, NULL) != FACET_OK ||
        !(seed.data = file_read(path, 1 << 24, &seed.len, NULL)))
        abort();
    free(path);
    return seed;
}

int main(int argc, char **argv)
{
    struct subject *s = subject();
    struct str seeds[2];
    prompt(s);
    seeds[0] = saved(s);
    facet_session_rewind(s->session, 3, NULL);
    seeds[1] = saved(s);
    const struct fuzz fuzz = {
        .target = LLVMFuzzerTestOneInput,
                              .mend = mend,
                              .head = 256,
                              .seeds = seeds,
                              .n_seeds = 2};
    int result = fuzz_main(argc, argv, &fuzz);
    str_done(&seeds[0]);
    str_done(&seeds[1]);
    facet_sampler_free(s->sampler);
    facet_session_close(s->session);
    facet_model_close(s->model);
    return result;
}
#endif
