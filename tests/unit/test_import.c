#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/file.h"
#include "base/str.h"
#include "history/base64.h"
#include "history/export.h"
#include "history/import.h"
#include "tests/support/scratch.h"

struct fixture {
    char *folder;
    struct store *from, *to;
};

static struct store *open_store(const char *folder, const char *name)
{
    struct err err = {""};
    char *path = scratch_path(folder, name);
    struct store *s = store_open(path, &err);
    if (!s)
        fail_msg("%s", err.text);
    free(path);
    return s;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->folder = scratch_new();
    f->from = open_store(f->folder, "from.db");
    f->to = open_store(f->folder, "to.db");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(f->from);
    store_close(f->to);
    scratch_free(f->folder);
    free(f);
    return 0;
}

static int64_t add(struct store *s, int64_t conversation, int64_t parent, const char *role,
                   const char *text)
{
    struct store_message m = {.parent = parent, .role = role, .text = text, .created = 1000};
    int64_t id = store_add_message(s, conversation, &m, NULL);
    assert_true(id > 0);
    return id;
}

/* Two branches, a picture, a receipt, a deleted message, a system text that came late. */
static int64_t add_conversation(struct store *s)
{
    static const char file[] = "\x89PNG and more";
    char digest[SHA256_HEX_BYTES];
    sha256_hex(file, sizeof file, digest);
    struct store_conversation c = {
        .title = "A <b>\"bold\"</b> title", .model = "tiny", .created = 900, .archived = true};
    struct store_image image = {0, "/p/cat & dog.png", digest};
    struct store_message m = {.role = "user",
                              .text = "[image 1] what? <script>",
                              .created = 950,
                              .n_images = 1,
                              .images = &image};
    struct store_receipt receipt = {.model = "/m/tiny.gguf",
                                    .digest = "abc",
                                    .options = "{\"stop\":[],\"top-k\":\"64\"}",
                                    .seed = UINT64_MAX,
                                    .n_prompt = 7,
                                    .n_answer = 3,
                                    .prompt_s = 0.1,
                                    .answer_s = 1.0 / 3,
                                    .reason = "ended",
                                    .version = "0.1.0"};
    int64_t id = store_add_conversation(s, &c, NULL);
    assert_true(store_add_picture(s, digest, file, sizeof file, "\x89PNG", 4, NULL));
    int64_t user = store_add_message(s, id, &m, NULL);
    int64_t one = add(s, id, user, "model", "one"), two = add(s, id, user, "model", "two");
    add(s, id, two, "user", "more 你好");
    add(s, id, one, "user", "other");
    int64_t gone = add(s, id, two, "user", "gone");
    assert_true(store_delete_message(s, gone, NULL));
    assert_true(store_choose(s, id, two, 0, NULL));
    assert_true(store_choose(s, id, user, one, NULL));
    assert_true(store_set_receipt(s, one, &receipt, NULL));
    assert_true(store_update_message(s, two, "tw", STORE_INTERRUPTED, NULL));
    assert_true(store_set_told(s, one, STORE_PINNED, NULL));
    assert_true(store_set_told(s, two, STORE_DROPPED, NULL));
    add(s, id, 0, "system", "Be kind.");
    return id;
}

static void export(struct str *out, struct store *s, enum export_form form, int64_t conversation)
{
    struct err err = {""};
    if (!history_export(out, s, form, NULL, &conversation, 1, &err))
        fail_msg("%s", err.text);
}

static bool take_id(void *user, const struct store_conversation *c)
{
    *(int64_t *)user = c->id;
    return true;
}

static void round_trips(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    struct import_count count;
    struct str first = {0}, second = {0};
    export(&first, f->from, EXPORT_JSON, add_conversation(f->from));
    assert_null(strstr(first.data, "gone"));
    assert_non_null(strstr(first.data, "\"pinned\""));
    assert_non_null(strstr(first.data, "\"dropped\""));
    store_add_conversation(f->to, &(struct store_conversation){.title = "", .model = ""}, NULL);
    if (!history_import(f->to, "x.json", first.data, first.len, &count, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count.conversations, 1);
    assert_int_equal(count.messages, 6);
    int64_t id = 0;
    assert_true(store_list_shelf(f->to, STORE_ARCHIVED, take_id, &id, NULL));
    export(&second, f->to, EXPORT_JSON, id);
    assert_string_equal(first.data, second.data);
    str_done(&first);
    str_done(&second);
}

static void writes_pages(void **state)
{
    struct fixture *f = *state;
    struct str html = {0}, markdown = {0};
    int64_t id = add_conversation(f->from);
    export(&html, f->from, EXPORT_HTML, id);
    assert_null(strstr(html.data, "<script"));
    assert_null(strstr(html.data, "<b>"));
    assert_non_null(strstr(html.data, "A &lt;b&gt;&quot;bold&quot;&lt;/b&gt; title"));
    assert_non_null(strstr(html.data, "alt=\"cat &amp; dog.png\""));
    assert_non_null(strstr(html.data, "src=\"data:image/png;base64,iVBORyBhbmQgbW9yZQA=\""));
    assert_null(strstr(html.data, "more 你好")); /* it is not seen */
    export(&markdown, f->from, EXPORT_MARKDOWN, id);
    assert_string_equal(markdown.data, "# A <b>\"bold\"</b> title\n\n## System\n\nBe kind.\n\n"
                                       "## You\n\n![image 1](</p/cat & dog.png>) what? <script>\n\n"
                                       "## Gemma\n\none\n\n## You\n\nother\n");
    str_done(&html);
    str_done(&markdown);
}

static bool describe(void *user, const struct store_message *m)
{
    str_printf(user, "%s(%s)%s ", m->role, m->text, m->n_images ? "*" : "");
    return true;
}

static void expect_imported(struct fixture *f, const void *bytes, size_t n, const char *expected)
{
    struct err err = {""};
    struct import_count count;
    struct str all = {0};
    if (!history_import(f->to, "file", bytes, n, &count, &err))
        fail_msg("%s", err.text);
    assert_true(store_messages(f->to, store_last(f->to, NULL), describe, &all, NULL));
    assert_string_equal(str_text(&all), expected);
    str_done(&all);
}

static const char chatgpt[] =
    "[{\"title\":\"Talk\",\"create_time\":1700000000.5,\"update_time\":1700000100,"
    "\"current_node\":\"a2\",\"mapping\":{"
    "\"root\":{\"id\":\"root\",\"message\":null,\"parent\":null,\"children\":[\"sys\"]},"
    "\"sys\":{\"message\":{\"author\":{\"role\":\"system\"},\"content\":{\"parts\":[\"\"]}},"
    "\"parent\":\"root\",\"children\":[\"u1\"]},"
    "\"u1\":{\"message\":{\"author\":{\"role\":\"user\"},\"create_time\":1700000001,"
    "\"content\":{\"content_type\":\"multimodal_text\",\"parts\":[{\"asset\":\"x\"},\"Hello\"]}},"
    "\"parent\":\"sys\",\"children\":[\"a1\",\"a2\"]},"
    "\"a1\":{\"message\":{\"author\":{\"role\":\"assistant\"},\"content\":{\"parts\":[\"One\"]}},"
    "\"parent\":\"u1\",\"children\":[\"t\"]},"
    "\"t\":{\"message\":{\"author\":{\"role\":\"tool\"},\"content\":{\"parts\":[\"x\"]}},"
    "\"parent\":\"a1\",\"children\":[\"a3\"]},"
    "\"a3\":{\"message\":{\"author\":{\"role\":\"assistant\"},\"content\":{\"parts\":[\"more\"]}},"
    "\"parent\":\"t\",\"children\":[]},"
    "\"a2\":{\"message\":{\"author\":{\"role\":\"assistant\"},\"content\":{\"parts\":[\"Two\"]}},"
    "\"parent\":\"u1\",\"children\":[\"u1\"]}}}]";

static void takes_chatgpt(void **state)
{
    struct fixture *f = *state;
    expect_imported(f, chatgpt, strlen(chatgpt), "user((a picture)\nHello) model(Two) ");
    struct str all = {0};
    assert_true(store_tree(f->to, 1, describe, &all, NULL));
    assert_string_equal(str_text(&all), "user((a picture)\nHello) model(One\n\nmore) model(Two) ");
    str_done(&all);
}

static void takes_oterm(void **state)
{
    struct fixture *f = *state;
    char *path = scratch_path(f->folder, "oterm.db");
    sqlite3 *db;
    size_t n;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "PRAGMA journal_mode = WAL;"
                     "CREATE TABLE chat(id INTEGER PRIMARY KEY, name TEXT, model TEXT NOT NULL,"
                     " system TEXT, format TEXT);"
                     "CREATE TABLE message(id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL,"
                     " author TEXT NOT NULL, text TEXT NOT NULL, images TEXT DEFAULT '[]');"
                     "INSERT INTO chat VALUES(4, 'Pictures', 'gemma3:4b', 'Be brief.', '');"
                     "INSERT INTO message VALUES(1, 4, 'user', 'look', '[\"iVBORw==\"]'),"
                     " (2, 4, 'ollama', 'A cat.', '[]'), (3, 4, 'ollama', 'Really.', '[]');",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    char *bytes = file_read(path, 1 << 20, &n, NULL);
    expect_imported(f, bytes, n, "system(Be brief.) user(look)* model(A cat.\n\nReally.) ");
    free(bytes);
    free(path);
}

static void expect_refused(struct fixture *f, const char *text, const char *why)
{
    struct err err = {""};
    struct import_count count;
    assert_false(history_import(f->to, "file", text, strlen(text), &count, &err));
    if (!strstr(err.text, why) || strncmp(err.text, "file: ", 6) != 0)
        fail_msg("%s: %s", text, err.text);
    assert_int_equal(store_last(f->to, NULL), 0);
}

static void refuses(void **state)
{
    struct fixture *f = *state;
#define OWN "{\"format\":\"facet history\",\"version\":1,\"conversations\":[{\"messages\":["
    expect_refused(f, "", "line 1");
    expect_refused(f, "{}", "neither");
    expect_refused(f, "[1]", "conversation 1: has no \"mapping\"");
    expect_refused(f, "{\"format\":\"facet history\",\"version\":2}", "newer facet");
    expect_refused(f, OWN "{\"role\":\"user\",\"text\":\"a\"},{\"role\":\"user\"}]}]}",
                   "conversation 1: message 2: has no text");
    expect_refused(f, OWN "{\"role\":\"user\",\"text\":\"a\",\"parent\":1}]}]}",
                   "message 1: names");
    expect_refused(f, OWN "{\"role\":\"king\",\"text\":\"a\"}]}]}", "no role");
    expect_refused(f,
                   "{\"format\":\"facet history\",\"version\":1,\"pictures\":{\"00\":{\"file\":"
                   "\"QUJD\"}}}",
                   "digest");
    struct err err = {""};
    struct import_count count;
    assert_false(history_import(f->to, "file", "SQLite format 3\0 and no more", 29, &count, &err));
    assert_non_null(strstr(err.text, "no store of oterm"));
}

static void codes_base64(void **state)
{
    (void)state;
    char bytes[10000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    for (size_t n = 0; n < sizeof bytes; n += n < 8 ? 1 : 3071) {
        struct str text = {0}, back = {0};
        base64_put(&text, bytes, n);
        assert_true(base64_read(&back, str_text(&text), text.len));
        assert_int_equal(back.len, n);
        assert_memory_equal(str_text(&back), bytes, n);
        str_done(&text);
        str_done(&back);
    }
    struct str none = {0};
    assert_false(base64_read(&none, "QUJ", 3));
    assert_false(base64_read(&none, "QU!D", 4));
    str_done(&none);
}

#define IMPORT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(round_trips), IMPORT_TEST(writes_pages), IMPORT_TEST(takes_chatgpt),
        IMPORT_TEST(takes_oterm), IMPORT_TEST(refuses),      cmocka_unit_test(codes_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
