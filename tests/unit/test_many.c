#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "chat/backend_local.h"
#include "chat/confidence.h"
#include "chat/many.h"
#include "tests/support/scratch.h"
#include "tests/support/tiny.h"

enum { N_ITEMS = 12, N_TOKENS = 16, LIMIT_MS = 60000 };

static char *folder, *model, *picture;
static struct options options;

static int make_model(void **state)
{
    (void)state;
    folder = scratch_new();
    model = scratch_path(folder, "model.gguf");
    picture = scratch_path(folder, "wide.ppm");
    setenv("XDG_CONFIG_HOME", folder, 1);
    setenv("FACET_CACHE_SIZE", "0", 1); /* test_kept.c has the rest */
    enum { WIDTH = 900, HEIGHT = 300 };
    struct image image = {WIDTH, HEIGHT, mem_new(WIDTH * HEIGHT, 3)};
    for (size_t i = 0; i < WIDTH * HEIGHT; i++)
        image.rgb[3 * i] = (uint8_t)(i / 7);
    char *projector = scratch_path(folder, "mmproj-model.gguf");
    bool ok = tiny_pair(&tiny_default, &tiny_default, model, projector, NULL) &&
              image_write_ppm(&image, picture, NULL) && options_init(&options, NULL) &&
              options_set(&options, "model", model, NULL) &&
              options_set(&options, "max-tokens", "16", NULL) &&
              options_set(&options, "ctx", "512", NULL);
    image_done(&image);
    free(projector);
    return ok ? 0 : -1;
}

static int remove_model(void **state)
{
    (void)state;
    options_done(&options);
    free(model);
    free(picture);
    scratch_free(folder);
    return 0;
}

/* ---- A batch ---- */

struct result {
    bool ended, failed;
    char *text;
    enum chat_reason reason;
    struct chat_stats stats;
};

static void wait_for_event(struct many *many, struct chat_event *event)
{
    while (!many_next(many, event)) {
        struct pollfd fd = {.fd = many_fd(many), .events = POLLIN};
        if (poll(&fd, 1, LIMIT_MS) != 1)
            fail_msg("nothing came");
    }
}

static struct many *open_many(size_t n_together)
{
    struct err err = {""};
    struct many *many = many_open(&options, n_together, &err);
    if (!many)
        fail_msg("%s", err.text);
    struct chat_event event;
    do
        wait_for_event(many, &event);
    while (event.kind != CHAT_LOADED);
    assert_int_equal(many_together(many), n_together);
    return many;
}

/* Every fourth has a picture behind the words, every fifth does not begin as the others. */
static void ask(struct messages *messages, size_t item, bool odd_ones)
{
    struct str text = {0};
    if (!odd_ones || item % 5 != 4)
        for (size_t i = 0; i < 30; i++)
            str_puts(&text, "the same ");
    str_printf(&text, "item %zu", item);
    *messages = (struct messages){0};
    struct message *m = messages_add(messages, ROLE_USER);
    message_add_text(m, str_text(&text), text.len);
    struct attachment *a = item % 4 == 3 ? attachment_load(picture, &options.crops, NULL) : NULL;
    if (a)
        message_add_image(m, a);
    str_done(&text);
}

static void take_result(struct result *results, const struct chat_event *event)
{
    struct result *r = &results[event->item];
    assert_false(r->ended);
    *r = (struct result){true, event->kind == CHAT_FAILED,
                         mem_text(event->text ? event->text : "", event->n_bytes), event->reason,
                         event->stats};
}

static void answer_all(size_t n_together, bool odd_ones, struct result *results)
{
    struct many *many = open_many(n_together);
    struct messages messages;
    for (size_t i = 0; i < N_ITEMS; i++) {
        if (odd_ones && i % 5 == 4)
            continue; /* not told: it is a surprise */
        ask(&messages, i, odd_ones);
        assert_true(many_share(many, &messages, NULL));
        messages_done(&messages);
    }
    for (size_t next = 0, n_ended = 0; n_ended < N_ITEMS;) {
        struct chat_event event;
        if (next < N_ITEMS && many_has_room(many)) {
            ask(&messages, next, odd_ones);
            many_submit(many, next, &messages, 100 + next, NULL);
            next++;
            continue;
        }
        wait_for_event(many, &event);
        if (event.kind == CHAT_DONE || event.kind == CHAT_FAILED) {
            take_result(results, &event);
            n_ended++;
        }
    }
    many_close(many);
}

static void free_results(struct result *results)
{
    for (size_t i = 0; i < N_ITEMS; i++)
        free(results[i].text);
}

static void check_same(const struct result *a, const struct result *b)
{
    for (size_t i = 0; i < N_ITEMS; i++) {
        assert_false(a[i].failed || b[i].failed);
        assert_string_equal(a[i].text, b[i].text);
        assert_int_equal(a[i].reason, b[i].reason);
        assert_int_equal(a[i].stats.n_answer, b[i].stats.n_answer);
        assert_int_equal(a[i].stats.n_prompt, b[i].stats.n_prompt);
        assert_int_equal(a[i].stats.n_views, b[i].stats.n_views);
    }
}

static void test_together(void **state)
{
    (void)state;
    struct result alone[N_ITEMS] = {{0}}, together[N_ITEMS] = {{0}}, all[N_ITEMS] = {{0}};
    answer_all(1, false, alone);
    answer_all(5, false, together);
    answer_all(MANY_MAX_TOGETHER, false, all);
    check_same(alone, together);
    check_same(alone, all);
    assert_string_not_equal(alone[0].text, alone[1].text);
    assert_true(alone[3].stats.n_views > 1);
    free_results(alone);
    free_results(together);
    free_results(all);
}

static void test_shared(void **state)
{
    (void)state;
    struct result results[N_ITEMS] = {{0}};
    size_t n_none = 0, kept = 0;
    answer_all(4, false, results);
    for (size_t i = 0; i < N_ITEMS; i++) {
        n_none += results[i].stats.n_kept == 0;
        kept = results[i].stats.n_kept > kept ? results[i].stats.n_kept : kept;
    }
    assert_int_equal(n_none, 1);
    assert_true(kept > 60);
    for (size_t i = 0; i < N_ITEMS; i++)
        assert_true(results[i].stats.n_kept == kept || results[i].stats.n_kept == 0);
    free_results(results);
}

/* Prompts that begin otherwise than was told are only slower. */
static void test_surprise(void **state)
{
    (void)state;
    struct result alone[N_ITEMS] = {{0}}, together[N_ITEMS] = {{0}};
    answer_all(1, true, alone);
    answer_all(3, true, together);
    check_same(alone, together);
    assert_int_equal(alone[4].stats.n_kept, 0);
    free_results(alone);
    free_results(together);
}

static void submit_text(struct many *many, size_t item, const char *text, size_t times)
{
    struct messages messages = {0};
    struct str all = {0};
    for (size_t i = 0; i < times; i++)
        str_puts(&all, text);
    message_add_text(messages_add(&messages, ROLE_USER), str_text(&all), all.len);
    many_submit(many, item, &messages, item, NULL);
    str_done(&all);
}

/* One that does not fit the context fails alone. */
static void test_failure(void **state)
{
    (void)state;
    struct many *many = open_many(3);
    struct result results[N_ITEMS] = {{0}};
    submit_text(many, 0, "one ", 5);
    submit_text(many, 1, "two ", 2000);
    submit_text(many, 2, "three ", 5);
    for (size_t n = 0; n < 3;) {
        struct chat_event event;
        wait_for_event(many, &event);
        if (event.kind != CHAT_PROGRESS) {
            take_result(results, &event);
            n++;
        }
    }
    assert_true(results[1].failed);
    assert_non_null(strstr(results[1].text, "the context holds 512"));
    assert_true(!results[0].failed && !results[2].failed);
    many_close(many);
    free_results(results);
}

/* An answer and the figures of its tokens; free() the text. */
static char *answer_sure(struct confidence *confidence)
{
    struct many *many = open_many(1);
    struct messages messages;
    struct chat_event event;
    ask(&messages, 0, false);
    many_submit(many, 0, &messages, 7, confidence);
    do
        wait_for_event(many, &event);
    while (event.kind == CHAT_PROGRESS);
    assert_int_equal(event.kind, CHAT_DONE);
    char *text = mem_text(event.text, event.n_bytes);
    many_close(many);
    return text;
}

/* They are of what was said, and of no more where a stop string cut it. */
static void test_confidence(void **state)
{
    (void)state;
    for (int stops = 0; stops < 2; stops++) {
        struct confidence *confidence = mem_new(1, sizeof *confidence);
        char *plain = answer_sure(NULL), *text = answer_sure(confidence);
        size_t at = 0;
        assert_string_equal(plain, text);
        for (size_t i = 0; i < confidence->n; i++) {
            assert_int_equal(confidence->tokens[i].start, at);
            at = confidence->tokens[i].end;
            assert_true(confidence->tokens[i].probability > 0 &&
                        confidence->tokens[i].probability <= 1);
        }
        assert_true(confidence->n > 2);
        assert_int_equal(at, strlen(text));
        if (stops == 0) /* the last word but for its first letter */
            assert_true(options_set(&options, "stop", strrchr(text, ' ') + 2, NULL));
        confidence_free(confidence);
        free(plain);
        free(text);
    }
    free(options.stop[0]);
    options.n_stop = 0;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* With answers under way and others waiting. */
static void test_close(void **state)
{
    (void)state;
    options_set(&options, "max-tokens", "0", NULL);
    struct many *many = open_many(2);
    for (size_t i = 0; i < 6; i++)
        submit_text(many, i, "words ", 20);
    struct chat_event event;
    wait_for_event(many, &event);
    double started = now_s();
    many_close(many);
    assert_true(now_s() - started < 5); /* of which much is valgrind's or the sanitizers' */
    options_set(&options, "max-tokens", "16", NULL);
    many_close(open_many(2));
    many_close(many_open(&options, 2, NULL));
    many_close(NULL);
}

static void test_no_model(void **state)
{
    (void)state;
    struct options none;
    struct err err = {""};
    assert_true(options_init(&none, &err));
    options_set(&none, "model", picture, NULL);
    struct many *many = many_open(&none, 2, &err);
    if (many) {
        struct chat_event event;
        wait_for_event(many, &event);
        assert_int_equal(event.kind, CHAT_FAILED);
        assert_null(many_model(many));
        assert_int_equal(many_together(many), 0);
        many_close(many);
    }
    options_done(&none);
}

/* As many seats as there is memory for, and one always. */
static void test_memory(void **state)
{
    (void)state;
    struct err err = {""};
    struct backend *b = backend_open(model, &options, &err);
    assert_non_null(b);
    struct facet_model_info info;
    facet_model_get_info(backend_model(b), &info);
    size_t session =
        facet_session_bytes(backend_model(b), &(struct facet_session_options){.n_ctx = 512});
    assert_int_equal(backend_make_seats(b, 8, 0), 1);
    assert_int_equal(backend_make_seats(b, 8, info.weight_bytes + session), 1);
    size_t some = backend_make_seats(b, 8, info.weight_bytes + 2 * session);
    assert_true(some >= 2 && some <= 8);
    assert_int_equal(backend_make_seats(b, 8, SIZE_MAX), 8);
    assert_int_equal(backend_make_seats(b, 3, SIZE_MAX), 8);
    assert_int_equal(backend_make_seats(b, 100, SIZE_MAX), MANY_MAX_TOGETHER);
    backend_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_together), cmocka_unit_test(test_shared),
        cmocka_unit_test(test_surprise), cmocka_unit_test(test_failure),
        cmocka_unit_test(test_close),    cmocka_unit_test(test_no_model),
        cmocka_unit_test(test_memory),   cmocka_unit_test(test_confidence),
    };
    return cmocka_run_group_tests(tests, make_model, remove_model);
}
