#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "chat/chat.h"
#include "chat/confidence.h"
#include "chat/discard.h"
#include "chat/kept.h"
#include "history/store.h"
#include "tests/support/scratch.h"
#include "tests/support/tiny.h"

enum {
    LIMIT_MS = 60000
}; /* a turn of the small model takes milliseconds, under valgrind seconds */

/* The folder of all tests, with seeing/model.gguf, its projector, and blind/model.gguf. */
static char *folder, *seeing, *blind, *picture, *history;

static bool save(struct gguf_writer *w, const char *path)
{
    struct err err = {""};
    bool ok = gguf_writer_save(w, path, &err);
    if (!ok)
        print_error("%s\n", err.text);
    gguf_writer_free(w);
    return ok;
}

static bool save_picture(const char *path)
{
    enum { WIDTH = 800, HEIGHT = 300 };
    struct image image = {WIDTH, HEIGHT, mem_new(WIDTH * HEIGHT, 3)};
    for (size_t i = 0; i < WIDTH * HEIGHT; i++)
        image.rgb[3 * i] = (uint8_t)i;
    bool ok = image_write_ppm(&image, path, NULL);
    image_done(&image);
    return ok;
}

static int make_models(void **state)
{
    (void)state;
    folder = scratch_new();
    char *one = scratch_path(folder, "seeing"), *other = scratch_path(folder, "blind");
    char *projector = scratch_path(one, "mmproj-model.gguf");
    seeing = scratch_path(one, "model.gguf");
    blind = scratch_path(other, "model.gguf");
    picture = scratch_path(folder, "wide.ppm");
    history = scratch_path(folder, "history.db");
    bool ok = file_make_dirs(one, NULL) && file_make_dirs(other, NULL) &&
              save(tiny_text(&tiny_default), seeing) && save(tiny_text(&tiny_default), blind) &&
              save(tiny_mmproj(&tiny_default), projector) && save_picture(picture);
    free(projector);
    free(other);
    free(one);
    setenv("XDG_CONFIG_HOME", folder, 1);
    setenv("XDG_CACHE_HOME", folder, 1);
    setenv("FACET_CACHE_SIZE", "0", 1);
    return ok ? 0 : -1;
}

static int remove_models(void **state)
{
    (void)state;
    free(seeing);
    free(blind);
    free(picture);
    free(history);
    scratch_free(folder);
    return 0;
}

/* One test's chat. */
struct fixture {
    struct options options;
    struct store *store;
    struct chat *chat;
    /* of the last turn */
    struct chat_event last;
    struct str text, end; /* the answer; the last event's text */
    bool looked, cancel_at_text;
    size_t n_progress;
};

static int set_up(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);
    struct err err = {""};
    f->store = store_open(history, &err);
    bool ok = f->store && options_init(&f->options, &err) &&
              options_set(&f->options, "model", seeing, &err) &&
              options_set(&f->options, "seed", "5", &err) &&
              options_set(&f->options, "max-tokens", "12", &err) &&
              options_set(&f->options, "ctx", "1024", &err);
    if (!ok)
        print_error("%s\n", err.text);
    *state = f;
    return ok ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    chat_close(f->chat);
    store_close(f->store);
    options_done(&f->options);
    str_done(&f->text);
    str_done(&f->end);
    free(f);
    char *wal = scratch_path(folder, "history.db-wal"),
         *shm = scratch_path(folder, "history.db-shm");
    unlink(history);
    unlink(wal);
    unlink(shm);
    free(wal);
    free(shm);
    return 0;
}

static void set(struct fixture *f, const char *option, const char *value)
{
    struct err err = {""};
    if (!(f->chat ? chat_set(f->chat, option, value, &err)
                  : options_set(&f->options, option, value, &err)))
        fail_msg("%s", err.text);
}

static void open_chat(struct fixture *f)
{
    struct err err = {""};
    f->chat = chat_open(&f->options, f->store, &err);
    if (!f->chat)
        fail_msg("%s", err.text);
}

/* Takes events to the end of the turn. */
static void finish(struct fixture *f)
{
    str_clear(&f->text);
    f->looked = false;
    f->n_progress = 0;
    do {
        if (!chat_next(f->chat, &f->last, LIMIT_MS))
            fail_msg("the turn did not end");
        if (f->last.kind == CHAT_TEXT) {
            assert_int_equal(strlen(f->last.text), f->last.n_bytes);
            str_put(&f->text, f->last.text, f->last.n_bytes);
            if (f->cancel_at_text)
                chat_cancel(f->chat);
        } else if (f->last.kind == CHAT_PROGRESS) {
            f->n_progress++;
            assert_true(f->last.done <= f->last.total);
            f->looked |= strcmp(f->last.text, "looking at wide.ppm, view 2 of 4") == 0;
        } else if (f->last.kind == CHAT_LOADED)
            assert_non_null(chat_model(f->chat));
    } while (f->last.kind != CHAT_DONE && f->last.kind != CHAT_FAILED &&
             f->last.kind != CHAT_LOOKED);
    str_clear(&f->end);
    if (f->last.text)
        str_puts(&f->end, f->last.text);
    assert_false(chat_is_busy(f->chat));
}

static void must(bool ok, const struct err *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

static void submit(struct fixture *f, const char *text, const char *image)
{
    struct err err = {""};
    struct message m = {0};
    struct crop_choice crops = f->options.crops;
    struct attachment *a = image ? attachment_load(image, &crops, &err) : NULL;
    must(!image || a, &err);
    message_from_input(&m, text, &a, a != NULL);
    attachment_release(a);
    must(chat_submit(f->chat, &m, &err), &err);
    assert_true(m.n_parts == 0 && chat_is_busy(f->chat));
}

static void ask(struct fixture *f, const char *text, const char *image)
{
    submit(f, text, image);
    finish(f);
}

static void expect_done(const struct fixture *f, enum chat_reason reason)
{
    if (f->last.kind != CHAT_DONE)
        fail_msg("failed: %s", str_text(&f->end));
    assert_int_equal(f->last.reason, reason);
    assert_string_equal(str_text(&f->end), "");
}

static bool describe(void *user, const struct store_message *m)
{
    str_printf(user, "%s%s%d(%s)", ((struct str *)user)->len ? " " : "", m->role, m->state,
               m->text);
    for (size_t i = 0; i < m->n_images; i++)
        str_printf(user, "<%zu %s>", m->images[i].part, path_base(m->images[i].path));
    return true;
}

/* The stored conversation is "role state(text)" …, printf-wise. */
__attribute__((format(printf, 2, 3))) static void expect_stored(struct fixture *f,
                                                                const char *format, ...)
{
    char *expected;
    va_list args;
    va_start(args, format);
    assert_true(vasprintf(&expected, format, args) >= 0);
    va_end(args);
    struct str all = {0};
    assert_true(store_messages(f->store, chat_conversation(f->chat), describe, &all, NULL));
    assert_string_equal(str_text(&all), expected);
    str_done(&all);
    free(expected);
}

static bool count_one(void *user, const struct store_conversation *c)
{
    (void)c;
    ++*(size_t *)user;
    return true;
}

static size_t n_stored(struct fixture *f)
{
    size_t n = 0;
    assert_true(store_list(f->store, count_one, &n, NULL));
    return n;
}

static void run_sql(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(history, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static char *last_text(const struct fixture *f)
{
    const struct messages *ms = chat_messages(f->chat);
    return message_text(&ms->list[ms->n - 1], 1);
}

static void answers_and_remembers(void **state)
{
    struct fixture *f = *state;
    set(f, "system", "Be kind.");
    open_chat(f);
    struct pollfd fd = {.fd = chat_fd(f->chat), .events = POLLIN};
    submit(f, "hello there", NULL);
    struct message again = {0};
    assert_false(chat_submit(f->chat, &again, NULL));
    assert_int_equal(poll(&fd, 1, LIMIT_MS), 1);
    finish(f);
    expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(f->last.stats.n_answer, 12);
    assert_int_equal(f->last.stats.n_kept, 0);
    assert_true(f->text.len > 0 && f->n_progress > 0);
    char *said = last_text(f);
    assert_string_equal(said, f->text.data);
    expect_stored(f, "system0(Be kind.) user0(hello there) model0(%s)", said);
    ask(f, "and now?", NULL);
    expect_done(f, CHAT_MAX_TOKENS);
    assert_true(f->last.stats.n_kept > 8);
    expect_stored(f, "system0(Be kind.) user0(hello there) model0(%s) user0(and now?) model0(%s)",
                  said, str_text(&f->text));
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
    struct fixture *f = *state;
    open_chat(f);
    ask(f, "say", NULL);
    char *first = last_text(f);
    struct err err = {""};
    must(chat_regenerate(f->chat, &err), &err);
    finish(f);
    char *second = last_text(f);
    assert_string_not_equal(first, second);
    assert_int_equal(chat_messages(f->chat)->n, 2);
    expect_stored(f, "user0(say) model0(%s)", second);
    must(chat_clear(f->chat, &err), &err);
    assert_int_equal(chat_messages(f->chat)->n, 0);
    assert_int_equal(chat_conversation(f->chat), 0);
    ask(f, "say", NULL);
    assert_string_equal(str_text(&f->text), first);
    assert_int_equal(n_stored(f), 2);
    free(first);
    free(second);
}

static const struct confidence *last_confidence(const struct fixture *f)
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
    struct fixture *f = *state;
    struct err err = {""};
    open_chat(f);
    ask(f, "say", NULL);
    assert_null(last_confidence(f));
    char *said = last_text(f);
    must(chat_clear(f->chat, &err), &err);
    set(f, "seed", "5");
    set(f, "confidence", "yes");
    ask(f, "say", NULL);
    assert_string_equal(str_text(&f->text), said); /* the text is the same */
    size_t n = strlen(said);
    assert_non_null(last_confidence(f));
    assert_int_equal(last_confidence(f)->n, 12);
    check_confidence(last_confidence(f), 0, n);
    must(chat_continue(f->chat, &err), &err);
    finish(f);
    assert_int_equal(last_confidence(f)->n, 24);
    check_confidence(last_confidence(f), 0, n + f->text.len);
    must(chat_fork(f->chat, 1, &err), &err);
    assert_int_equal(last_confidence(f)->n, 24);
    int64_t conversation = chat_conversation(f->chat);
    must(chat_load(f->chat, conversation, &err), &err); /* the history does not have it */
    assert_null(last_confidence(f));
    free(said);
}

/* Figures are of what was drawn while they were wanted, and of no text that was cut off. */
static void is_sure_of_what_is_seen(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    open_chat(f);
    ask(f, "say", NULL);
    size_t first = f->text.len;
    char stop[] = {f->text.data[first / 2], 0};
    set(f, "confidence", "yes");
    must(chat_continue(f->chat, &err), &err);
    finish(f);
    check_confidence(last_confidence(f), first, first + f->text.len);
    set(f, "confidence", "no");
    must(chat_continue(f->chat, &err), &err);
    finish(f);
    assert_int_equal(last_confidence(f)->n, 12);
    set(f, "confidence", "yes");
    set(f, "stop", stop);
    must(chat_regenerate(f->chat, &err), &err);
    finish(f);
    check_confidence(last_confidence(f), 0, f->text.len);
}

static void cancels(void **state)
{
    struct fixture *f = *state;
    set(f, "max-tokens", "0");
    open_chat(f);
    f->cancel_at_text = true;
    ask(f, "go on for ever", NULL);
    f->cancel_at_text = false;
    expect_done(f, CHAT_CANCELLED);
    const struct messages *ms = chat_messages(f->chat);
    assert_int_equal(ms->n, 2);
    assert_true(ms->list[1].interrupted);
    expect_stored(f, "user0(go on for ever) model2(%s)", str_text(&f->text));
    set(f, "max-tokens", "3");
    char *before = last_text(f);
    struct err err = {""};
    must(chat_continue(f->chat, &err), &err);
    finish(f);
    expect_done(f, CHAT_MAX_TOKENS);
    assert_false(ms->list[1].interrupted);
    expect_stored(f, "user0(go on for ever) model0(%s%s)", before, str_text(&f->text));
    free(before);
}

static void cancels_before_the_model_is_there(void **state)
{
    struct fixture *f = *state;
    open_chat(f);
    submit(f, "never mind", NULL);
    chat_cancel(f->chat);
    finish(f);
    expect_done(f, CHAT_CANCELLED);
    expect_stored(f, "user0(never mind) model2()");
    ask(f, "but this", NULL);
    expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(chat_messages(f->chat)->n, 4);
}

static void looks_at_pictures_once(void **state)
{
    struct fixture *f = *state;
    open_chat(f);
    ask(f, "what is [image 1] there?", picture);
    expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(f->last.stats.n_views, 4); /* the whole and three crops */
    assert_true(f->looked);
    expect_stored(f, "user0(what is [image 1] there?)<1 wide.ppm> model0(%s)", str_text(&f->text));
    struct err err = {""};
    must(chat_regenerate(f->chat, &err), &err);
    finish(f);
    expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(f->last.stats.n_views, 0);
    assert_false(f->looked);
}

/* Of the answer that message `index` is; the picture is that of message 0. */
static void look_back(struct fixture *f, size_t index, size_t first, size_t n)
{
    struct err err = {""};
    const struct attachment *a = chat_messages(f->chat)->list[0].parts[0].image;
    must(chat_look(f->chat, index, first, n, a, &err), &err);
    assert_true(chat_is_busy(f->chat));
    finish(f);
    assert_int_equal(f->last.kind, CHAT_LOOKED);
}

/* The picture's views together are what the answer looked at; words of it are so many tokens. */
static void expect_looked(const struct fixture *f, size_t n_tokens)
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
    struct fixture *f = *state;
    char *second[2];
    open_chat(f);
    for (int looks = 0; looks < 2; looks++) {
        struct err err = {""};
        must(chat_clear(f->chat, &err), &err);
        set(f, "seed", "5");
        ask(f, "[image 1]What is there?", picture);
        size_t n_answer = f->last.stats.n_answer;
        if (looks) {
            char *said = last_text(f);
            look_back(f, 1, 0, SIZE_MAX);
            expect_looked(f, n_answer);
            look_back(f, 1, 0, 1);
            expect_looked(f, 1);
            look_back(f, 1, strlen(said) - 1, 1); /* drawn, not appended */
            expect_looked(f, 1);
            free(said);
        }
        ask(f, "more", NULL);
        expect_done(f, CHAT_MAX_TOKENS);
        second[looks] = last_text(f);
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
    struct fixture *f = *state;
    struct err err = {""};
    open_chat(f);
    ask(f, "[image 1]What is there?", picture);
    char *old = last_text(f);
    struct attachment *a = attachment_keep(chat_messages(f->chat)->list[0].parts[0].image),
                      *other = attachment_blank(0);
    assert_false(chat_look(f->chat, 0, 0, 1, a, &err)); /* a question */
    assert_false(chat_look(f->chat, 7, 0, 1, a, &err));
    assert_false(chat_look(f->chat, 1, strlen(old), 1, a, &err));
    assert_false(chat_look(f->chat, 1, 0, 0, a, &err));
    assert_non_null(strstr(err.text, "no such words"));
    must(chat_look(f->chat, 1, 0, 1, other, &err), &err);
    finish(f);
    assert_non_null(strstr(str_text(&f->end), "without this picture"));
    must(chat_look(f->chat, 1, 0, 1, a, &err), &err);
    assert_false(chat_look(f->chat, 1, 0, 1, a, &err)); /* one at a time */
    chat_cancel(f->chat);
    finish(f);
    assert_true(f->end.len == 0 || strcmp(f->end.data, "stopped") == 0);
    must(chat_regenerate(f->chat, &err), &err);
    finish(f);
    must(chat_branch(f->chat, 1, -1, &err), &err); /* the session holds the other answer */
    char *seen = last_text(f);
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
    struct fixture *f = *state;
    open_chat(f);
    ask(f, "what is [image 1] there?", picture);
    char *said = last_text(f);
    int64_t conversation = chat_conversation(f->chat);
    struct err err = {""};
    must(chat_clear(f->chat, &err), &err);
    must(chat_set_system(f->chat, "Other.", &err), &err);
    assert_false(chat_load(f->chat, conversation + 5, &err));
    assert_int_equal(chat_messages(f->chat)->n, 1);
    must(chat_load(f->chat, conversation, &err), &err);
    const struct messages *ms = chat_messages(f->chat);
    assert_int_equal(ms->n, 2);
    assert_int_equal(ms->list[0].n_parts, 3);
    assert_non_null(ms->list[0].parts[1].image);
    assert_string_equal(ms->list[1].parts[0].text, said);
    size_t used, total;
    chat_context(f->chat, &used, &total);
    assert_true(used > 16);
    ask(f, "more", NULL);
    expect_done(f, CHAT_MAX_TOKENS);
    expect_stored(f,
                  "user0(what is [image 1] there?)<1 wide.ppm> model0(%s) user0(more) model0(%s)",
                  said, str_text(&f->text));
    char *hidden = scratch_path(folder, "moved.ppm");
    assert_int_equal(rename(picture, hidden), 0);
    must(chat_load(f->chat, conversation, &err), &err); /* the history has the picture */
    assert_int_equal(ms->list[0].parts[1].image->image.width, 800);
    run_sql("DELETE FROM picture");
    must(chat_load(f->chat, conversation, &err), &err);
    assert_non_null(strstr(ms->list[0].parts[1].text, "no longer there"));
    assert_int_equal(rename(hidden, picture), 0);
    must(chat_load(f->chat, conversation, &err), &err); /* as histories of schema 1 have it */
    assert_non_null(ms->list[0].parts[1].image);
    free(hidden);
    free(said);
}

static void failures_leave_the_conversation(void **state)
{
    struct fixture *f = *state;
    set(f, "model", blind);
    open_chat(f);
    ask(f, "see?", picture);
    assert_int_equal(f->last.kind, CHAT_FAILED);
    assert_non_null(strstr(str_text(&f->end), "cannot look at pictures"));
    assert_int_equal(chat_messages(f->chat)->n, 0);
    assert_int_equal(chat_conversation(f->chat), 0);
    assert_int_equal(n_stored(f), 0);
    ask(f, "then read", NULL);
    expect_done(f, CHAT_MAX_TOKENS);
    struct str much = {0};
    for (int i = 0; i < 2000; i++)
        str_puts(&much, "~ ");
    ask(f, much.data, NULL);
    str_done(&much);
    assert_int_equal(f->last.kind, CHAT_FAILED);
    assert_non_null(strstr(str_text(&f->end), "the context holds 1,024: raise --ctx"));
    assert_int_equal(chat_messages(f->chat)->n, 2);
    ask(f, "once more", NULL);
    expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(n_stored(f), 1);
}

static void stops_where_it_must(void **state)
{
    struct fixture *f = *state;
    set(f, "ctx", "64");
    set(f, "max-tokens", "0");
    open_chat(f);
    ask(f, "fill it", NULL);
    expect_done(f, CHAT_CONTEXT_FULL);
    assert_int_equal(f->last.stats.n_prompt + f->last.stats.n_answer, 65);
    char *said = last_text(f);
    assert_true(strlen(said) > 8);
    char stop[4] = {said[4], said[5], said[6], 0};
    set(f, "stop", stop);
    struct err err = {""};
    must(chat_clear(f->chat, &err), &err);
    ask(f, "fill it", NULL);
    expect_done(f, CHAT_STOP_STRING);
    assert_null(strstr(str_text(&f->text), stop));
    assert_memory_equal(f->text.data, said, f->text.len);
    free(said);
}

static void models_that_cannot_be_opened(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    set(f, "model", "/nowhere/model.gguf");
    assert_null(chat_open(&f->options, NULL, &err));
    assert_non_null(strstr(err.text, "/nowhere/model.gguf"));
    set(f, "model", picture);
    open_chat(f);
    struct message m = {0};
    message_add_text(&m, "hi", 2);
    if (chat_submit(f->chat, &m, &err)) /* the worker has not found out yet */
        message_add_text(&m, "hi", 2);
    finish(f);
    assert_int_equal(f->last.kind, CHAT_FAILED);
    assert_non_null(strstr(str_text(&f->end), "wide.ppm"));
    assert_int_equal(chat_messages(f->chat)->n, 0);
    assert_false(chat_submit(f->chat, &m, &err));
    assert_non_null(strstr(err.text, "wide.ppm"));
    assert_int_equal(m.n_parts, 1);
    message_done(&m);
    assert_int_equal(n_stored(f), 0);
}

static void changes_between_turns(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    open_chat(f);
    assert_false(chat_set(f->chat, "ctx", "99", &err));
    assert_non_null(strstr(err.text, "when facet starts"));
    assert_false(chat_set(f->chat, "top-q", "1", &err));
    assert_false(chat_regenerate(f->chat, &err));
    assert_false(chat_continue(f->chat, &err));
    ask(f, "a", NULL);
    char *said = last_text(f);
    must(chat_set_system(f->chat, "one", &err), &err);
    must(chat_set_system(f->chat, "two", &err), &err);
    expect_stored(f, "system0(two) user0(a) model0(%s)", said);
    ask(f, "b", NULL);
    must(chat_set_system(f->chat, "", &err), &err);
    expect_stored(f, "user0(a) model0(%s) user0(b) model0(%s)", said, str_text(&f->text));
    assert_int_equal(chat_messages(f->chat)->n, 4);
    free(said);
}

static void works_without_history(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    f->chat = chat_open(&f->options, NULL, &err);
    ask(f, "hi", NULL);
    expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(chat_conversation(f->chat), 0);
    assert_false(chat_load(f->chat, 1, &err));
    must(chat_set_system(f->chat, "x", &err), &err);
    assert_int_equal(n_stored(f), 0);
}

/* ---- What is kept of a conversation (chat/kept_sessions.h) ---- */

static int set_up_kept(void **state)
{
    if (set_up(state) != 0)
        return -1;
    struct fixture *f = *state;
    set(f, "cache-size", "1");
    set(f, "temperature", "0");
    return 0;
}

static struct kept_count kept_of(const struct fixture *f, enum kept_kind kind)
{
    struct kept kept;
    kept_init(&kept, &f->options);
    struct kept_count count = kept_count(&kept, kind);
    kept_done(&kept);
    return count;
}

static struct kept_count kept_sessions(const struct fixture *f)
{
    return kept_of(f, KEPT_SESSIONS);
}

static int tear_down_kept(void **state)
{
    struct kept kept;
    kept_init(&kept, &((struct fixture *)*state)->options);
    int code = tear_down(state);
    kept_clear(&kept);
    kept_done(&kept);
    return code;
}

static void close_chat(struct fixture *f)
{
    chat_close(f->chat);
    f->chat = NULL;
}

/* Closed, and opened again as by another process. */
static void reopen(struct fixture *f)
{
    struct err err = {""};
    int64_t conversation = chat_conversation(f->chat);
    close_chat(f);
    open_chat(f);
    must(chat_load(f->chat, conversation, &err), &err);
}

struct turn {
    char *text;
    struct chat_stats stats;
};

static struct turn take_turn(const struct fixture *f)
{
    expect_done(f, CHAT_MAX_TOKENS);
    return (struct turn){mem_copy(str_text(&f->text)), f->last.stats};
}

/* The same conversation, with the chat closed between its turns or not. */
static void talk(struct fixture *f, bool closes, struct turn turns[4])
{
    struct err err = {""};
    open_chat(f);
    ask(f, "What is [image 1]?", picture);
    turns[0] = take_turn(f);
    if (closes)
        reopen(f);
    ask(f, "Why is it so?", NULL);
    turns[1] = take_turn(f);
    if (closes)
        reopen(f);
    must(chat_regenerate(f->chat, &err), &err);
    finish(f);
    turns[2] = take_turn(f);
    if (closes)
        reopen(f);
    ask(f, "And this: [image 1]?", picture);
    turns[3] = take_turn(f);
    close_chat(f);
}

static void a_reopened_conversation_is_as_one_never_closed(void **state)
{
    struct fixture *f = *state;
    struct turn open[4], closed[4];
    talk(f, false, open);
    assert_int_equal(kept_sessions(f).n, 1);
    talk(f, true, closed);
    assert_int_equal(kept_sessions(f).n, 2);
    assert_true(open[0].stats.n_views > 1);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(open[i].text, closed[i].text);
        assert_int_equal(open[i].stats.n_kept, closed[i].stats.n_kept);
        assert_int_equal(closed[i].stats.n_views, 0); /* kept since the first time */
        assert_true(i == 0 || closed[i].stats.n_kept > open[0].stats.n_prompt - 1);
        free(open[i].text);
        free(closed[i].text);
    }
}

/* One answer in a chat of its own. */
static struct turn ask_alone(struct fixture *f, const char *text, const char *cache_size)
{
    set(f, "cache-size", cache_size);
    open_chat(f);
    ask(f, text, picture);
    struct turn turn = take_turn(f);
    close_chat(f);
    return turn;
}

static void a_known_picture_is_not_read_again(void **state)
{
    struct fixture *f = *state;
    f->options.one_answer = true;
    struct turn first = ask_alone(f, "[image 1] What is it?", "1"),
                other = ask_alone(f, "[image 1] Why is it so long?", "1"),
                anew = ask_alone(f, "[image 1] Why is it so long?", "0");
    assert_int_equal(first.stats.n_kept, 0);
    assert_true(other.stats.n_kept > other.stats.n_prompt / 2);
    assert_int_equal(anew.stats.n_kept, 0);
    assert_string_equal(other.text, anew.text);
    assert_int_equal(kept_of(f, KEPT_BEGINNINGS).n, 1);
    f->options.system = mem_copy("Be short."); /* another beginning */
    struct turn told = ask_alone(f, "[image 1] What is it?", "1");
    assert_int_equal(told.stats.n_kept, 0);
    assert_int_equal(kept_of(f, KEPT_BEGINNINGS).n, 2);
    struct turn said = ask_alone(f, "Here is [image 1].", "1"); /* what people said is not kept */
    assert_int_equal(said.stats.n_kept, 0);
    assert_int_equal(kept_of(f, KEPT_BEGINNINGS).n, 2);
    free(first.text);
    free(other.text);
    free(anew.text);
    free(told.text);
    free(said.text);
}

/* A conversation that went on till its rings had lost how it began. */
static void a_long_conversation_leaves_its_picture_known(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    set(f, "max-tokens", "60");
    open_chat(f);
    ask(f, "[image 1] What is it?", picture);
    for (int i = 0; i < 3; i++)
        ask(f, "And then, what came of all that, and of those who were there to see it?", NULL);
    must(chat_clear(f->chat, &err), &err);
    ask(f, "[image 1] Why is it so long?", picture);
    assert_true(f->last.stats.n_kept > f->last.stats.n_prompt / 2);
}

static void damaged_beginnings_cost_time_alone(void **state)
{
    struct fixture *f = *state;
    struct str command = {0};
    struct turn first = ask_alone(f, "[image 1] What is it?", "1");
    str_printf(&command,
               "for f in %s/facet/beginnings/*; do "
               "printf x | dd of=$f bs=1 seek=5000 conv=notrunc 2>/dev/null; done",
               folder);
    assert_int_equal(system(command.data), 0);
    str_done(&command);
    struct turn again = ask_alone(f, "[image 1] What is it?", "1"),
                kept = ask_alone(f, "[image 1] What is it?", "1");
    assert_int_equal(again.stats.n_kept, 0);
    assert_true(kept.stats.n_kept > 0);
    assert_string_equal(first.text, again.text);
    assert_string_equal(first.text, kept.text);
    free(first.text);
    free(again.text);
    free(kept.text);
}

static void conversations_come_back_within_a_chat(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    int64_t numbers[2];
    size_t lengths[2]; /* of their first prompts */
    open_chat(f);
    for (int i = 0; i < 2; i++) {
        must(chat_clear(f->chat, &err), &err);
        ask(f, i ? "Tell me of the sea and of what lives in it." : "What is [image 1]?",
            i ? NULL : picture);
        numbers[i] = chat_conversation(f->chat);
        lengths[i] = f->last.stats.n_prompt;
        chat_cancel(f->chat); /* as it comes, it means the turn that is over */
    }
    for (int i = 0; i < 6; i++) {
        must(chat_load(f->chat, numbers[i % 2], &err), &err);
        ask(f, "Go on.", NULL);
        assert_true(f->last.stats.n_kept >= lengths[i % 2]);
        assert_int_equal(f->last.stats.n_views, 0);
    }
    assert_int_equal(kept_sessions(f).n, 2);
}

static void damaged_sessions_cost_time_alone(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    open_chat(f);
    ask(f, "What is it?", NULL);
    int64_t conversation = chat_conversation(f->chat);
    close_chat(f);
    struct str command = {0}; /* its name has the model's digest in it */
    str_printf(&command,
               "for f in %s/facet/sessions/*; do "
               "printf x | dd of=$f bs=1 seek=5000 conv=notrunc 2>/dev/null; done",
               folder);
    assert_int_equal(system(command.data), 0);
    str_done(&command);
    open_chat(f);
    must(chat_load(f->chat, conversation, &err), &err);
    ask(f, "Go on.", NULL);
    expect_done(f, CHAT_MAX_TOKENS);
    assert_int_equal(f->last.stats.n_kept, 0);
    reopen(f);
    ask(f, "Go on.", NULL);
    assert_true(f->last.stats.n_kept > 0);
}

static void what_is_not_wanted_is_not_kept(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    f->options.one_answer = true;
    open_chat(f);
    ask(f, "What?", NULL);
    close_chat(f);
    f->options.one_answer = false;
    f->chat = chat_open(&f->options, NULL, &err); /* no history */
    ask(f, "What?", NULL);
    close_chat(f);
    assert_int_equal(kept_sessions(f).n, 0);
    set(f, "cache-size", "0.000001");
    open_chat(f);
    ask(f, "What?", NULL);
    close_chat(f);
    assert_int_equal(kept_sessions(f).n, 0);
}

/* Deleted while it is closed, and while it is open, then left or closed with the chat. */
static void what_is_deleted_is_not_kept(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    open_chat(f);
    ask(f, "What?", NULL);
    int64_t first = chat_conversation(f->chat);
    must(chat_clear(f->chat, &err), &err);
    ask(f, "And this?", NULL);
    int64_t second = chat_conversation(f->chat);
    close_chat(f);
    assert_int_equal(kept_sessions(f).n, 2);
    must(discard_conversation(f->store, first, &err), &err);
    assert_int_equal(kept_sessions(f).n, 1);
    assert_false(discard_conversation(f->store, first, &err));
    open_chat(f);
    must(chat_load(f->chat, second, &err), &err);
    ask(f, "Is that so?", NULL);
    must(chat_delete(f->chat, 2, &err), &err);
    assert_int_equal(kept_sessions(f).n, 0);
    close_chat(f);
    assert_int_equal(kept_sessions(f).n, 0);
    open_chat(f);
    must(chat_load(f->chat, second, &err), &err);
    ask(f, "Go on.", NULL);
    must(discard_conversation(f->store, second, &err), &err);
    must(chat_clear(f->chat, &err), &err);
    ask(f, "Else?", NULL); /* behind it, the worker has left the other */
    assert_int_equal(kept_sessions(f).n, 0);
    must(discard_conversation(f->store, chat_conversation(f->chat), &err), &err);
    close_chat(f);
    assert_int_equal(kept_sessions(f).n, 0);
}

static void what_is_told_is_remembered(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    open_chat(f);
    ask(f, "one", NULL);
    ask(f, "two", NULL);
    ask(f, "three", NULL);
    must(chat_set_told(f->chat, 0, CONTEXT_PINNED, &err), &err);
    must(chat_make_room(f->chat, 1, 1, &err), &err);
    reopen(f);
    const struct messages *ms = chat_messages(f->chat);
    assert_int_equal(context_state(ms, 1), CONTEXT_PINNED);
    assert_int_equal(context_state(ms, 3), CONTEXT_DROPPED);
    assert_int_equal(context_state(ms, 5), CONTEXT_TOLD);
    must(chat_set_told(f->chat, 2, CONTEXT_TOLD, &err), &err);
    reopen(f);
    assert_int_equal(context_state(chat_messages(f->chat), 3), CONTEXT_TOLD);
}

#define KEPT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_kept, tear_down_kept)
/* ---- Branches ---- */

/* What is seen: "user hello 1/1, model Hi 2/2", answers by their first letters alone. */
static void describe_seen(const struct fixture *f, struct str *all)
{
    const struct messages *ms = chat_messages(f->chat);
    for (size_t i = 0; i < ms->n; i++) {
        const struct message *m = &ms->list[i];
        char *text = message_text(m, 1);
        str_printf(all, "%s%s %zu/%zu", i ? ", " : "", m->role == ROLE_MODEL ? "model" : text,
                   m->variant, m->n_variants);
        free(text);
    }
}

/* Also after the conversation was read anew, where there is a history. */
static void expect_seen(struct fixture *f, const char *expected)
{
    for (int again = 0; again < 2; again++) {
        struct str all = {0};
        struct err err = {""};
        describe_seen(f, &all);
        assert_string_equal(str_text(&all), expected);
        str_done(&all);
        if (!f->store)
            return;
        must(chat_load(f->chat, chat_conversation(f->chat), &err), &err);
    }
}

static void edit(struct fixture *f, size_t index, const char *text)
{
    struct err err = {""};
    struct message m = {0};
    message_add_text(&m, text, strlen(text));
    must(chat_edit(f->chat, index, &m, &err), &err);
    finish(f);
    expect_done(f, CHAT_MAX_TOKENS);
}

static void keeps_all_branches(struct fixture *f)
{
    struct err err = {""};
    open_chat(f);
    ask(f, "a", NULL);
    char *first = last_text(f);
    must(chat_regenerate(f->chat, &err), &err);
    finish(f);
    char *second = last_text(f);
    expect_seen(f, "a 1/1, model 2/2");
    ask(f, "b", NULL);
    assert_false(chat_branch(f->chat, 1, 1, &err));
    assert_string_equal(err.text, "this is the last one");
    must(chat_branch(f->chat, 1, -1, &err), &err);
    expect_seen(f, "a 1/1, model 1/2");
    char *seen = last_text(f);
    assert_string_equal(seen, first);
    free(seen);
    assert_false(chat_branch(f->chat, 1, -1, &err));
    ask(f, "c", NULL);
    expect_seen(f, "a 1/1, model 1/2, c 1/1, model 1/1");
    must(chat_branch(f->chat, 1, 1, &err), &err); /* back to what was last seen there */
    expect_seen(f, "a 1/1, model 2/2, b 1/1, model 1/1");
    edit(f, 0, "d");
    expect_seen(f, "d 2/2, model 1/1");
    edit(f, 0, "e");
    must(chat_branch(f->chat, 0, -1, &err), &err);
    must(chat_branch(f->chat, 0, -1, &err), &err);
    expect_seen(f, "a 1/3, model 2/2, b 1/1, model 1/1");
    assert_false(chat_edit(f->chat, 1, &(struct message){0}, &err));
    assert_false(chat_branch(f->chat, 9, 1, &err));
    free(first);
    free(second);
}

static void branches(void **state)
{
    keeps_all_branches(*state);
}

static void branches_without_history(void **state)
{
    struct fixture *f = *state;
    struct store *store = f->store;
    f->store = NULL;
    keeps_all_branches(f);
    assert_true(chat_delete(f->chat, 2, NULL));
    expect_seen(f, "a 1/3, model 2/2");
    assert_true(chat_fork(f->chat, 0, NULL));
    expect_seen(f, "a 1/1");
    f->store = store;
    assert_int_equal(n_stored(f), 0);
}

static void deletes_and_brings_back(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    open_chat(f);
    ask(f, "a", NULL);
    ask(f, "b", NULL);
    must(chat_regenerate(f->chat, &err), &err);
    finish(f);
    assert_false(chat_undelete(f->chat, &err));
    must(chat_delete(f->chat, 3, &err), &err); /* the other answer is seen */
    expect_seen(f, "a 1/1, model 1/1, b 1/1, model 1/1");
    must(chat_delete(f->chat, 3, &err), &err);
    expect_seen(f, "a 1/1, model 1/1, b 1/1");
    assert_false(chat_submit(f->chat, &(struct message){0}, &err));
    assert_non_null(strstr(err.text, "no answer yet"));
    must(chat_delete(f->chat, 1, &err), &err);
    expect_seen(f, "a 1/1");
    must(chat_undelete(f->chat, &err), &err);
    expect_seen(f, "a 1/1, model 1/1, b 1/1");
    must(chat_undelete(f->chat, &err), &err);
    must(chat_undelete(f->chat, &err), &err);
    expect_seen(f, "a 1/1, model 1/1, b 1/1, model 2/2");
    assert_false(chat_undelete(f->chat, &err));
    must(chat_delete(f->chat, 0, &err), &err);
    expect_seen(f, "");
    ask(f, "new", NULL);
    expect_seen(f, "new 1/1, model 1/1");
}

static void answers_what_has_no_answer(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    open_chat(f);
    ask(f, "a", NULL);
    must(chat_delete(f->chat, 1, &err), &err);
    must(chat_regenerate(f->chat, &err), &err);
    finish(f);
    expect_seen(f, "a 1/1, model 1/1");
}

/* A regenerated answer that is cancelled before its first word leaves the old one. */
static void goes_back_to_the_old_answer(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    open_chat(f);
    ask(f, "a", NULL);
    int64_t conversation = chat_conversation(f->chat);
    chat_close(f->chat);
    open_chat(f);
    must(chat_load(f->chat, conversation, &err), &err);
    must(chat_regenerate(f->chat, &err), &err);
    chat_cancel(f->chat); /* the model is not there yet */
    finish(f);
    expect_done(f, CHAT_CANCELLED);
    expect_seen(f, "a 1/1, model 1/1");
}

static void forks(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    set(f, "system", "Be kind.");
    open_chat(f);
    ask(f, "what is [image 1] there?", picture);
    char *said = last_text(f);
    ask(f, "more", NULL);
    int64_t old = chat_conversation(f->chat);
    must(chat_fork(f->chat, 2, &err), &err);
    assert_true(chat_conversation(f->chat) != old);
    expect_stored(f, "system0(Be kind.) user0(what is [image 1] there?)<1 wide.ppm> model0(%s)",
                  said);
    ask(f, "other", NULL);
    assert_int_equal(f->last.stats.n_views, 0); /* what was encoded is shared */
    expect_seen(f, "Be kind. 0/0, what is [image 1] there? 1/1, model 1/1, other 1/1, model 1/1");
    must(chat_load(f->chat, old, &err), &err);
    expect_seen(f, "Be kind. 0/0, what is [image 1] there? 1/1, model 1/1, more 1/1, model 1/1");
    free(said);
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
    struct fixture *f = *state;
    struct err err = {""};
    set(f, "system", "Be kind.");
    set(f, "stop", "zzz");
    set(f, "temperature", "0.7");
    open_chat(f);
    ask(f, "a", NULL);
    ask(f, "b", NULL);
    must(chat_continue(f->chat, &err), &err);
    finish(f);
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
    struct fixture *f = *state;
    open_chat(f);
    struct crop_choice crops = {.kind = CROPS_OFF};
    struct attachment *a = attachment_load(picture, &crops, NULL);
    ask(f, "look", picture);
    ask(f, "look again", picture);
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
    run_sql("PRAGMA foreign_keys = ON; DELETE FROM message WHERE role = 'user' AND parent IS NULL");
    assert_null(store_picture(f->store, a->digest, false, &n, NULL));
    attachment_release(a);
}

#define CHAT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
        KEPT_TEST(a_reopened_conversation_is_as_one_never_closed),
        KEPT_TEST(a_known_picture_is_not_read_again),
        KEPT_TEST(a_long_conversation_leaves_its_picture_known),
        KEPT_TEST(damaged_beginnings_cost_time_alone),
        KEPT_TEST(conversations_come_back_within_a_chat),
        KEPT_TEST(what_is_deleted_is_not_kept),
        KEPT_TEST(what_is_told_is_remembered),
        KEPT_TEST(damaged_sessions_cost_time_alone),
        KEPT_TEST(what_is_not_wanted_is_not_kept),
        CHAT_TEST(branches),
        CHAT_TEST(branches_without_history),
        CHAT_TEST(deletes_and_brings_back),
        CHAT_TEST(answers_what_has_no_answer),
        CHAT_TEST(goes_back_to_the_old_answer),
        CHAT_TEST(forks),
        CHAT_TEST(keeps_receipts),
        CHAT_TEST(keeps_pictures_once),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
