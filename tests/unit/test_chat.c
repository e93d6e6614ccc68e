/* Turns of a chat: what is said, cancelled, looked at, stored, and what fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/chat.h"
#include "chat/confidence.h"
#include "history/store.h"
#include "tests/support/scratch.h"
#include "tests/unit/tiny_chat.h"

static void answers_and_remembers(void **state)
{
    struct tiny_chat *f = *state;
    tiny_chat_set(f, "system", "Be kind.");
    tiny_chat_open(f);
    struct pollfd fd = {.fd = chat_fd(f->chat), .events = POLLIN};
    tiny_chat_submit(f, "hello there", NULL);
    struct message again = {0};
    assert_false(chat_submit(f->chat, &again, NULL));
    assert_int_equal(poll(&fd, 1, TINY_CHAT_MS), 1);
    tiny_chat_finish(f);
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(f->last.stats.n_answer, 12);
    assert_int_equal(f->last.stats.n_kept, 0);
    assert_true(f->text.len > 0 && f->n_progress > 0);
    char *said = tiny_chat_last_text(f);
    assert_string_equal(said, f->text.data);
    tiny_chat_expect_stored(f, "system0(Be kind.) user0(hello there) model0(%s)", said);
    tiny_chat_ask(f, "and now?", NULL);
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
    assert_true(f->last.stats.n_kept > 8);
    tiny_chat_expect_stored(
        f, "system0(Be kind.) user0(hello there) model0(%s) user0(and now?) model0(%s)", said,
        str_text(&f->text));
    size_t used, total;
    chat_context(f->chat, &used, &total);
    assert_true(used > 24 && used < total);
    assert_int_equal(total, 1024);
    assert_false(chat_next(f->chat, &f->last, -1));
    assert_int_equal(poll(&fd, 1, 0), 0);
    free(said);
}

static void seeds_repeat(void **state)
{
    struct tiny_chat *f = *state;
    tiny_chat_open(f);
    tiny_chat_ask(f, "say", NULL);
    char *first = tiny_chat_last_text(f);
    struct err err = {""};
    tiny_chat_must(chat_regenerate(f->chat, &err), &err);
    tiny_chat_finish(f);
    char *second = tiny_chat_last_text(f);
    assert_string_not_equal(first, second);
    assert_int_equal(chat_messages(f->chat)->n, 2);
    tiny_chat_expect_stored(f, "user0(say) model0(%s)", second);
    tiny_chat_must(chat_clear(f->chat, &err), &err);
    assert_int_equal(chat_messages(f->chat)->n, 0);
    assert_int_equal(chat_conversation(f->chat), 0);
    tiny_chat_ask(f, "say", NULL);
    assert_string_equal(str_text(&f->text), first);
    assert_int_equal(tiny_chat_n_stored(f), 2);
    free(first);
    free(second);
}

static const struct confidence *last_confidence(const struct tiny_chat *f)
{
    const struct messages *ms = chat_messages(f->chat);
    return ms->list[ms->n - 1].confidence;
}

/* Tokens lie end to end, and each has its probability and the likeliest others. */
static void check_confidence(const struct confidence *c, size_t start, size_t end)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct confidence_token *token = &c->tokens[i];
        float sum = token->probability;
        assert_int_equal(token->start, start);
        assert_true(token->end >= token->start && token->probability > 0);
        assert_int_equal(token->n_others, CONFIDENCE_OTHERS);
        for (size_t k = 0; k < token->n_others; k++) {
            sum += token->others[k].probability;
            assert_true(k == 0 || token->others[k].probability <= token->others[k - 1].probability);
            assert_true(strlen(confidence_other(c, token, k)) > 0);
        }
        assert_true(sum < 1.001F);
        start = token->end;
    }
    assert_int_equal(start, end);
}

static void knows_how_sure_it_was(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_open(f);
    tiny_chat_ask(f, "say", NULL);
    assert_null(last_confidence(f));
    char *said = tiny_chat_last_text(f);
    tiny_chat_must(chat_clear(f->chat, &err), &err);
    tiny_chat_set(f, "seed", "5");
    tiny_chat_set(f, "confidence", "yes");
    tiny_chat_ask(f, "say", NULL);
    assert_string_equal(str_text(&f->text), said); /* the text is the same */
    size_t n = strlen(said);
    assert_non_null(last_confidence(f));
    assert_int_equal(last_confidence(f)->n, 12);
    check_confidence(last_confidence(f), 0, n);
    tiny_chat_must(chat_continue(f->chat, &err), &err);
    tiny_chat_finish(f);
    assert_int_equal(last_confidence(f)->n, 24);
    check_confidence(last_confidence(f), 0, n + f->text.len);
    tiny_chat_must(chat_fork(f->chat, 1, &err), &err);
    assert_int_equal(last_confidence(f)->n, 24);
    int64_t conversation = chat_conversation(f->chat);
    tiny_chat_must(chat_load(f->chat, conversation, &err), &err); /* the history does not have it */
    assert_null(last_confidence(f));
    free(said);
}

/* Figures are of what was drawn while they were wanted, and of no text that was cut off. */
static void is_sure_of_what_is_seen(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_open(f);
    tiny_chat_ask(f, "say", NULL);
    size_t first = f->text.len;
    char stop[] = {f->text.data[first / 2], 0};
    tiny_chat_set(f, "confidence", "yes");
    tiny_chat_must(chat_continue(f->chat, &err), &err);
    tiny_chat_finish(f);
    check_confidence(last_confidence(f), first, first + f->text.len);
    tiny_chat_set(f, "confidence", "no");
    tiny_chat_must(chat_continue(f->chat, &err), &err);
    tiny_chat_finish(f);
    assert_int_equal(last_confidence(f)->n, 12);
    tiny_chat_set(f, "confidence", "yes");
    tiny_chat_set(f, "stop", stop);
    tiny_chat_must(chat_regenerate(f->chat, &err), &err);
    tiny_chat_finish(f);
    check_confidence(last_confidence(f), 0, f->text.len);
}

static void cancels(void **state)
{
    struct tiny_chat *f = *state;
    tiny_chat_set(f, "max-tokens", "0");
    tiny_chat_open(f);
    f->cancel_at_text = true;
    tiny_chat_ask(f, "go on for ever", NULL);
    f->cancel_at_text = false;
    tiny_chat_expect_done(f, CHAT_CANCELLED);
    const struct messages *ms = chat_messages(f->chat);
    assert_int_equal(ms->n, 2);
    assert_true(ms->list[1].interrupted);
    tiny_chat_expect_stored(f, "user0(go on for ever) model2(%s)", str_text(&f->text));
    tiny_chat_set(f, "max-tokens", "3");
    char *before = tiny_chat_last_text(f);
    struct err err = {""};
    tiny_chat_must(chat_continue(f->chat, &err), &err);
    tiny_chat_finish(f);
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
    assert_false(ms->list[1].interrupted);
    tiny_chat_expect_stored(f, "user0(go on for ever) model0(%s%s)", before, str_text(&f->text));
    free(before);
}

static void cancels_before_the_model_is_there(void **state)
{
    struct tiny_chat *f = *state;
    tiny_chat_open(f);
    tiny_chat_submit(f, "never mind", NULL);
    chat_cancel(f->chat);
    tiny_chat_finish(f);
    tiny_chat_expect_done(f, CHAT_CANCELLED);
    tiny_chat_expect_stored(f, "user0(never mind) model2()");
    tiny_chat_ask(f, "but this", NULL);
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(chat_messages(f->chat)->n, 4);
}

static void looks_at_pictures_once(void **state)
{
    struct tiny_chat *f = *state;
    tiny_chat_open(f);
    tiny_chat_ask(f, "what is [image 1] there?", f->picture);
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(f->last.stats.n_views, 4); /* the whole and three crops */
    assert_true(f->looked);
    tiny_chat_expect_stored(f, "user0(what is [image 1] there?)<1 wide.ppm> model0(%s)",
                            str_text(&f->text));
    struct err err = {""};
    tiny_chat_must(chat_regenerate(f->chat, &err), &err);
    tiny_chat_finish(f);
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(f->last.stats.n_views, 0);
    assert_false(f->looked);
}

/* Of the answer that message `index` is; the picture is that of message 0. */
static void look_back(struct tiny_chat *f, size_t index, size_t first, size_t n)
{
    struct err err = {""};
    const struct attachment *a = chat_messages(f->chat)->list[0].parts[0].image;
    tiny_chat_must(chat_look(f->chat, index, first, n, a, &err), &err);
    assert_true(chat_is_busy(f->chat));
    tiny_chat_finish(f);
    assert_int_equal(f->last.kind, CHAT_LOOKED);
}

/* The picture's views together are what the answer looked at; words of it are so many tokens. */
static void expect_looked(const struct tiny_chat *f, size_t n_tokens)
{
    const struct chat_looked *l = chat_looked(f->chat);
    double sum = 0;
    if (f->end.len)
        fail_msg("%s", f->end.data);
    assert_true(l->n_views == 4 && l->n_soft == 16);
    for (size_t i = 0; i < 4 * 16; i++)
        sum += l->share[i];
    assert_true(sum > 0.999 && sum < 1.001);
    assert_true(l->total > 0 && l->total < 1);
    assert_int_equal(l->n_tokens, n_tokens);
    assert_true(l->n_counted > 0 && l->n_counted <= n_tokens);
}

/* Looking back changes no word that is said afterwards. */
static void tells_where_it_looked(void **state)
{
    struct tiny_chat *f = *state;
    char *second[2];
    tiny_chat_open(f);
    for (int looks = 0; looks < 2; looks++) {
        struct err err = {""};
        tiny_chat_must(chat_clear(f->chat, &err), &err);
        tiny_chat_set(f, "seed", "5");
        tiny_chat_ask(f, "[image 1]What is there?", f->picture);
        size_t n_answer = f->last.stats.n_answer;
        if (looks) {
            char *said = tiny_chat_last_text(f);
            look_back(f, 1, 0, SIZE_MAX);
            expect_looked(f, n_answer);
            look_back(f, 1, 0, 1);
            expect_looked(f, 1);
            look_back(f, 1, strlen(said) - 1, 1); /* drawn, not appended */
            expect_looked(f, 1);
            free(said);
        }
        tiny_chat_ask(f, "more", NULL);
        tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
        second[looks] = tiny_chat_last_text(f);
        if (looks) {
            look_back(f, 3, 0, SIZE_MAX);
            expect_looked(f, f->last.kind == CHAT_LOOKED ? chat_looked(f->chat)->n_tokens : 0);
        }
    }
    assert_string_equal(second[0], second[1]);
    free(second[0]);
    free(second[1]);
}

static void tells_why_it_cannot(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_open(f);
    tiny_chat_ask(f, "[image 1]What is there?", f->picture);
    char *old = tiny_chat_last_text(f);
    struct attachment *a = attachment_keep(chat_messages(f->chat)->list[0].parts[0].image),
                      *other = attachment_blank(0);
    assert_false(chat_look(f->chat, 0, 0, 1, a, &err)); /* a question */
    assert_false(chat_look(f->chat, 7, 0, 1, a, &err));
    assert_false(chat_look(f->chat, 1, strlen(old), 1, a, &err));
    assert_false(chat_look(f->chat, 1, 0, 0, a, &err));
    assert_non_null(strstr(err.text, "no such words"));
    tiny_chat_must(chat_look(f->chat, 1, 0, 1, other, &err), &err);
    tiny_chat_finish(f);
    assert_non_null(strstr(str_text(&f->end), "without this picture"));
    tiny_chat_must(chat_look(f->chat, 1, 0, 1, a, &err), &err);
    assert_false(chat_look(f->chat, 1, 0, 1, a, &err)); /* one at a time */
    chat_cancel(f->chat);
    tiny_chat_finish(f);
    assert_true(f->end.len == 0 || strcmp(f->end.data, "stopped") == 0);
    tiny_chat_must(chat_regenerate(f->chat, &err), &err);
    tiny_chat_finish(f);
    tiny_chat_must(chat_branch(f->chat, 1, -1, &err),
                   &err); /* the session holds the other answer */
    char *seen = tiny_chat_last_text(f);
    assert_string_equal(seen, old);
    if (strcmp(seen, str_text(&f->text)) != 0) {
        look_back(f, 1, 0, SIZE_MAX);
        assert_non_null(strstr(str_text(&f->end), "does not hold"));
    }
    attachment_release(a);
    attachment_release(other);
    free(old);
    free(seen);
}

static void opens_old_conversations(void **state)
{
    struct tiny_chat *f = *state;
    tiny_chat_open(f);
    tiny_chat_ask(f, "what is [image 1] there?", f->picture);
    char *said = tiny_chat_last_text(f);
    int64_t conversation = chat_conversation(f->chat);
    struct err err = {""};
    tiny_chat_must(chat_clear(f->chat, &err), &err);
    tiny_chat_must(chat_set_system(f->chat, "Other.", &err), &err);
    assert_false(chat_load(f->chat, conversation + 5, &err));
    assert_int_equal(chat_messages(f->chat)->n, 1);
    tiny_chat_must(chat_load(f->chat, conversation, &err), &err);
    const struct messages *ms = chat_messages(f->chat);
    assert_int_equal(ms->n, 2);
    assert_int_equal(ms->list[0].n_parts, 3);
    assert_non_null(ms->list[0].parts[1].image);
    assert_string_equal(ms->list[1].parts[0].text, said);
    size_t used, total;
    chat_context(f->chat, &used, &total);
    assert_true(used > 16);
    tiny_chat_ask(f, "more", NULL);
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
    tiny_chat_expect_stored(
        f, "user0(what is [image 1] there?)<1 wide.ppm> model0(%s) user0(more) model0(%s)", said,
        str_text(&f->text));
    char *hidden = scratch_path(f->folder, "moved.ppm");
    assert_int_equal(rename(f->picture, hidden), 0);
    tiny_chat_must(chat_load(f->chat, conversation, &err), &err); /* the history has the picture */
    assert_int_equal(ms->list[0].parts[1].image->image.width, 800);
    tiny_chat_run_sql("DELETE FROM picture");
    tiny_chat_must(chat_load(f->chat, conversation, &err), &err);
    assert_non_null(strstr(ms->list[0].parts[1].text, "no longer there"));
    assert_int_equal(rename(hidden, f->picture), 0);
    tiny_chat_must(chat_load(f->chat, conversation, &err),
                   &err); /* as histories of schema 1 have it */
    assert_non_null(ms->list[0].parts[1].image);
    free(hidden);
    free(said);
}

static void failures_leave_the_conversation(void **state)
{
    struct tiny_chat *f = *state;
    tiny_chat_set(f, "model", f->blind);
    tiny_chat_open(f);
    tiny_chat_ask(f, "see?", f->picture);
    assert_int_equal(f->last.kind, CHAT_FAILED);
    assert_non_null(strstr(str_text(&f->end), "cannot look at pictures"));
    assert_int_equal(chat_messages(f->chat)->n, 0);
    assert_int_equal(chat_conversation(f->chat), 0);
    assert_int_equal(tiny_chat_n_stored(f), 0);
    tiny_chat_ask(f, "then read", NULL);
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
    struct str much = {0};
    for (int i = 0; i < 2000; i++)
        str_puts(&much, "~ ");
    tiny_chat_ask(f, much.data, NULL);
    str_done(&much);
    assert_int_equal(f->last.kind, CHAT_FAILED);
    assert_non_null(strstr(str_text(&f->end), "the context holds 1,024: raise --ctx"));
    assert_int_equal(chat_messages(f->chat)->n, 2);
    tiny_chat_ask(f, "once more", NULL);
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(tiny_chat_n_stored(f), 1);
}

static void stops_where_it_must(void **state)
{
    struct tiny_chat *f = *state;
    tiny_chat_set(f, "ctx", "64");
    tiny_chat_set(f, "max-tokens", "0");
    tiny_chat_open(f);
    tiny_chat_ask(f, "fill it", NULL);
    tiny_chat_expect_done(f, CHAT_CONTEXT_FULL);
    assert_int_equal(f->last.stats.n_prompt + f->last.stats.n_answer, 65);
    char *said = tiny_chat_last_text(f);
    assert_true(strlen(said) > 8);
    char stop[4] = {said[4], said[5], said[6], 0};
    tiny_chat_set(f, "stop", stop);
    struct err err = {""};
    tiny_chat_must(chat_clear(f->chat, &err), &err);
    tiny_chat_ask(f, "fill it", NULL);
    tiny_chat_expect_done(f, CHAT_STOP_STRING);
    assert_null(strstr(str_text(&f->text), stop));
    assert_memory_equal(f->text.data, said, f->text.len);
    free(said);
}

static void models_that_cannot_be_opened(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_set(f, "model", "/nowhere/model.gguf");
    assert_null(chat_open(&f->options, NULL, &err));
    assert_non_null(strstr(err.text, "/nowhere/model.gguf"));
    tiny_chat_set(f, "model", f->picture);
    tiny_chat_open(f);
    struct message m = {0};
    message_add_text(&m, "hi", 2);
    if (chat_submit(f->chat, &m, &err)) /* the worker has not found out yet */
        message_add_text(&m, "hi", 2);
    tiny_chat_finish(f);
    assert_int_equal(f->last.kind, CHAT_FAILED);
    assert_non_null(strstr(str_text(&f->end), "wide.ppm"));
    assert_int_equal(chat_messages(f->chat)->n, 0);
    assert_false(chat_submit(f->chat, &m, &err));
    assert_non_null(strstr(err.text, "wide.ppm"));
    assert_int_equal(m.n_parts, 1);
    message_done(&m);
    assert_int_equal(tiny_chat_n_stored(f), 0);
}

static void changes_between_turns(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_open(f);
    assert_false(chat_set(f->chat, "ctx", "99", &err));
    assert_non_null(strstr(err.text, "when facet starts"));
    assert_false(chat_set(f->chat, "top-q", "1", &err));
    assert_false(chat_regenerate(f->chat, &err));
    assert_false(chat_continue(f->chat, &err));
    tiny_chat_ask(f, "a", NULL);
    char *said = tiny_chat_last_text(f);
    tiny_chat_must(chat_set_system(f->chat, "one", &err), &err);
    tiny_chat_must(chat_set_system(f->chat, "two", &err), &err);
    tiny_chat_expect_stored(f, "system0(two) user0(a) model0(%s)", said);
    tiny_chat_ask(f, "b", NULL);
    tiny_chat_must(chat_set_system(f->chat, "", &err), &err);
    tiny_chat_expect_stored(f, "user0(a) model0(%s) user0(b) model0(%s)", said, str_text(&f->text));
    assert_int_equal(chat_messages(f->chat)->n, 4);
    free(said);
}

static void works_without_history(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    f->chat = chat_open(&f->options, NULL, &err);
    tiny_chat_ask(f, "hi", NULL);
    tiny_chat_expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(chat_conversation(f->chat), 0);
    assert_false(chat_load(f->chat, 1, &err));
    tiny_chat_must(chat_set_system(f->chat, "x", &err), &err);
    assert_int_equal(tiny_chat_n_stored(f), 0);
}

static bool take_receipt(void *user, const struct store_message *m)
{
    if (m->receipt) {
        const struct store_receipt *r = m->receipt;
        str_printf(user, "%s %llu %d %zu %s %s|", path_base(r->model), (unsigned long long)r->seed,
                   r->continued_from > 0, r->n_answer, r->reason, r->options);
        assert_int_equal(strlen(r->digest), 64);
    }
    return true;
}

static void keeps_receipts(void **state)
{
    struct tiny_chat *f = *state;
    struct err err = {""};
    tiny_chat_set(f, "system", "Be kind.");
    tiny_chat_set(f, "stop", "zzz");
    tiny_chat_set(f, "temperature", "0.7");
    tiny_chat_open(f);
    tiny_chat_ask(f, "a", NULL);
    tiny_chat_ask(f, "b", NULL);
    tiny_chat_must(chat_continue(f->chat, &err), &err);
    tiny_chat_finish(f);
    struct str all = {0};
    assert_true(store_messages(f->store, chat_conversation(f->chat), take_receipt, &all, NULL));
    static const char options[] =
        "{\"crops\":\"auto\",\"ctx\":\"1024\",\"max-tokens\":\"12\",\"min-p\":\"model\","
        "\"repeat-penalty\":\"model\",\"stop\":[\"zzz\"],\"system\":\"Be kind.\","
        "\"temperature\":\"0.699999988\",\"threads\":\"0\",\"top-k\":\"model\","
        "\"top-p\":\"model\"}|";
    struct str expected = {0};
    str_printf(&expected, "model.gguf 5 0 12 max tokens %smodel.gguf 7 1 12 max tokens %s", options,
               options);
    assert_string_equal(str_text(&all), str_text(&expected));
    str_done(&expected);
    str_done(&all);
}

static void keeps_pictures_once(void **state)
{
    struct tiny_chat *f = *state;
    tiny_chat_open(f);
    struct crop_choice crops = {.kind = CROPS_OFF};
    struct attachment *a = attachment_load(f->picture, &crops, NULL);
    tiny_chat_ask(f, "look", f->picture);
    tiny_chat_ask(f, "look again", f->picture);
    size_t n, n_small;
    void *bytes = store_picture(f->store, a->digest, false, &n, NULL);
    void *small = store_picture(f->store, a->digest, true, &n_small, NULL);
    assert_int_equal(n, a->n_bytes);
    assert_memory_equal(bytes, a->bytes, n);
    struct image thumbnail;
    assert_true(image_decode(&thumbnail, NULL, small, n_small, "small", NULL, NULL));
    assert_int_equal(thumbnail.width, 128);
    assert_int_equal(thumbnail.height, 48);
    image_done(&thumbnail);
    free(bytes);
    free(small);
    tiny_chat_run_sql(
        "PRAGMA foreign_keys = ON; DELETE FROM message WHERE role = 'user' AND parent IS NULL");
    assert_null(store_picture(f->store, a->digest, false, &n, NULL));
    attachment_release(a);
}

#define CHAT_TEST(name) cmocka_unit_test_setup_teardown(name, tiny_chat_set_up, tiny_chat_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHAT_TEST(answers_and_remembers),
        CHAT_TEST(seeds_repeat),
        CHAT_TEST(knows_how_sure_it_was),
        CHAT_TEST(is_sure_of_what_is_seen),
        CHAT_TEST(cancels),
        CHAT_TEST(cancels_before_the_model_is_there),
        CHAT_TEST(looks_at_pictures_once),
        CHAT_TEST(tells_where_it_looked),
        CHAT_TEST(tells_why_it_cannot),
        CHAT_TEST(opens_old_conversations),
        CHAT_TEST(failures_leave_the_conversation),
        CHAT_TEST(stops_where_it_must),
        CHAT_TEST(models_that_cannot_be_opened),
        CHAT_TEST(changes_between_turns),
        CHAT_TEST(works_without_history),
        CHAT_TEST(keeps_receipts),
        CHAT_TEST(keeps_pictures_once),
    };
    return cmocka_run_group_tests(tests, tiny_chat_make_models, tiny_chat_remove_models);
}
