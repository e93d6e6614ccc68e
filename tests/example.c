/* The least that a program needs to answer a question with libfacet:
 *
 *   cc example.c $(pkg-config --cflags --libs libfacet)
 *   ./a.out gemma-3-1b-it-q4_0.gguf "Why is the sky blue?" [most tokens]
 */
#include <facet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* <bos><start_of_turn>user\nQUESTION<end_of_turn>\n<start_of_turn>model\n */
static int32_t *question_ids(const struct facet_model *model, const char *question, size_t *n,
                             char *why)
{
    struct facet_special_ids special;
    facet_model_get_special(model, &special);
    size_t n_text, n_model;
    char *turn = malloc(strlen(question) + sizeof "user\n");
    sprintf(turn, "user\n%s", question);
    int32_t *text = facet_tokenize(model, turn, strlen(turn), false, &n_text, why);
    int32_t *answer = facet_tokenize(model, "model\n", 6, false, &n_model, why);
    int32_t *newline = facet_tokenize(model, "\n", 1, false, &(size_t){0}, why);
    free(turn);
    if (!text || !answer || !newline)
        return NULL;
    int32_t *ids = malloc((n_text + n_model + 5) * sizeof *ids);
    *n = 0;
    ids[(*n)++] = special.bos;
    ids[(*n)++] = special.start_of_turn;
    memcpy(ids + *n, text, n_text * sizeof *ids);
    *n += n_text;
    ids[(*n)++] = special.end_of_turn;
    ids[(*n)++] = newline[0];
    ids[(*n)++] = special.start_of_turn;
    memcpy(ids + *n, answer, n_model * sizeof *ids);
    *n += n_model;
    free(text);
    free(answer);
    free(newline);
    return ids;
}

static enum facet_status answer(const struct facet_model *model, struct facet_session *session,
                                const char *question, int most, char *why)
{
    struct facet_prompt prompt = {0};
    int32_t *ids = question_ids(model, question, &prompt.n_ids, why);
    struct facet_sampler *sampler = facet_sampler_new(model, &facet_sampling_default, why);
    struct facet_decoder decoder = {0};
    struct facet_token token;
    char text[FACET_DECODER_BYTES];
    prompt.ids = ids;
    enum facet_status status =
        ids && sampler ? facet_session_prompt(session, &prompt, NULL, why) : FACET_FAILED;
    for (int i = 0; i < most && status == FACET_OK; i++) {
        status = facet_session_next(session, sampler, -1, &token, why);
        if (status != FACET_OK || token.is_end)
            break;
        fwrite(text, 1, facet_decoder_push(&decoder, model, token.id, text), stdout);
        fflush(stdout);
    }
    fwrite(text, 1, facet_decoder_flush(&decoder, text), stdout);
    putchar('\n');
    facet_sampler_free(sampler);
    free(ids);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s MODEL QUESTION [MOST-TOKENS]\n", argv[0]);
        return 2;
    }
    char why[FACET_ERROR_BYTES];
    struct facet_model *model = facet_model_open(argv[1], NULL, why);
    struct facet_session *session = model ? facet_session_open(model, NULL, why) : NULL;
    enum facet_status status = FACET_FAILED;
    if (session)
        status = answer(model, session, argv[2], argc > 3 ? atoi(argv[3]) : 256, why);
    if (status != FACET_OK)
        fprintf(stderr, "%s\n", why);
    facet_session_close(session);
    facet_model_close(model);
    return status == FACET_OK ? 0 : 1;
}
