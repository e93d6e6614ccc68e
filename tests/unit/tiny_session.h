/* Sessions of a small random model, for tests on cmocka: what fails in here fails the test. */
#ifndef TESTS_UNIT_TINY_SESSION_H
#define TESTS_UNIT_TINY_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "engine/facet.h"

enum { TINY_SESSION_IDS = 90, TINY_SESSION_SOFT = 16 };

/* What all tests of a group share. */
struct tiny_session {
    char *folder, *path, *mmproj;
    struct facet_model *model; /* exact kernels, 2 threads */
    struct facet_model_info info;
    int32_t soft_id;
    float *soft[2];
    int32_t ids[TINY_SESSION_IDS];         /* text only, longer than three windows */
    int32_t with_images[TINY_SESSION_IDS]; /* two pictures among text */
};

/* For a group of tests: *state is a struct tiny_session. */
int tiny_session_set_up(void **state);
int tiny_session_tear_down(void **state);

/* The same files opened otherwise. */
struct facet_model *tiny_session_model(const struct tiny_session *f, const char *kernels,
                                       unsigned threads);
/* With 256 positions. */
struct facet_session *tiny_session_open(const struct facet_model *model, uint32_t n_batch,
                                        enum facet_cache_type cache);
/* The first n of ids[], or of with_images[] with their pictures. */
struct facet_prompt tiny_session_text_prompt(const struct tiny_session *f, size_t n);
struct facet_prompt tiny_session_image_prompt(const struct tiny_session *f, size_t n);
/* Appends n tokens. */
void tiny_session_answer(struct facet_session *s, int n);

/* Largest difference of two rows of logits, over the standard deviation of those wanted. */
double tiny_session_distance(const struct tiny_session *f, const float *got, const float *want);
/* The session's logits are those of the prompt computed at once in a session of its own, this near.
 */
void tiny_session_expect_logits(const struct tiny_session *f, const struct facet_session *s,
                                const struct facet_prompt *prompt, double most);

#endif
