/* Imports hostile files. What is refused leaves the history as it was; what is taken is sound: it
 * is exported, found and read. With libFuzzer: clang -fsanitize=fuzzer,address,undefined …
 * tests/fuzz/fuzz_import.c With -DFUZZ_MAIN a program of its own: fuzz_import [N [FILE…]]. */
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/file.h"
#include "chat/record.h"
#include "history/export.h"
#include "history/import.h"
#include "tests/support/fuzz.h"
#include "tests/support/fuzz_model.h"
#include "tests/support/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

struct numbers {
    int64_t list[64];
    size_t n;
};

static bool take_number(void *user, const struct store_conversation *c)
{
    struct numbers *numbers = user;
    if (numbers->n < sizeof numbers->list / sizeof *numbers->list)
        numbers->list[numbers->n++] = c->id;
    return true;
}

static void list(struct numbers *numbers, struct store *s)
{
    numbers->n = 0;
    if (!store_list_shelf(s, STORE_CURRENT, take_number, numbers, NULL) ||
        !store_list_shelf(s, STORE_ARCHIVED, take_number, numbers, NULL))
        abort();
}

static void read_all(struct store *s, const struct numbers *numbers)
{
    for (int form = EXPORT_MARKDOWN; form <= EXPORT_JSON; form++) {
        struct str text = {0};
        if (!history_export(&text, s, (enum export_form)form, NULL, numbers->list, numbers->n,
                            NULL))
            abort();
        str_done(&text);
    }
    for (size_t i = 0; i < numbers->n; i++) {
        struct record record = {.store = s};
        struct crop_choice crops = {.kind = CROPS_OFF};
        struct tree tree;
        tree_init(&tree);
        if (!record_load(&record, numbers->list[i], &crops, &tree, NULL))
            abort();
        tree_done(&tree);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct store *s;
    struct err err = {""};
    struct import_count count;
    struct numbers numbers;
    char *path = scratch_path(fuzz_folder(), "history.db");
    if (!s)
        s = store_open(path, &err);
    free(path);
    if (!s)
        abort();
    bool ok = history_import(s, "file", bytes, n, &count, &err);
    list(&numbers, s);
    if (ok == (err.text[0] != 0) || (!ok && numbers.n > 0))
        abort();
    read_all(s, &numbers);
    for (size_t i = 0; i < numbers.n; i++)
        if (!store_delete(s, numbers.list[i], NULL))
            abort();
    return 0;
}

#ifdef FUZZ_MAIN
static const char chatgpt[] =
    "[{\"title\":\"T\",\"create_time\":1e9,\"current_node\":\"a\",\"mapping\":{\"r\":{\"message\":"
    "null,"
    "\"parent\":null,\"children\":[\"u\",\"v\"]},\"u\":{\"message\":{\"author\":{\"role\":\"user\"}"
    ","
    "\"content\":{\"parts\":[\"Hi\",{\"a\":1}]}},\"parent\":\"r\",\"children\":[\"a\",\"u\"]},"
    "\"a\":"
    "{\"message\":{\"author\":{\"role\":\"assistant\"},\"content\":{\"parts\":[\"Yes\"]}},"
    "\"parent\":"
    "\"u\",\"children\":[\"v\"]},\"v\":{\"message\":{\"author\":{\"role\":\"user\"},\"content\":"
    "{\"text\":\"x\"}},\"parent\":\"a\",\"children\":[]}}}]";
static const char own[] =
    "{\"format\":\"facet "
    "history\",\"version\":1,\"conversations\":[{\"title\":\"a\",\"model\":\"m\","
    "\"created\":1,\"updated\":2,\"archived\":false,\"chosen\":2,\"messages\":[{\"parent\":null,"
    "\"chosen\":null,\"role\":\"system\",\"text\":\"s\",\"state\":\"complete\",\"created\":1,"
    "\"images\":[],\"receipt\":null},{\"parent\":null,\"chosen\":3,\"role\":\"user\",\"text\":"
    "\"[image 1] q\",\"state\":\"complete\",\"created\":1,\"images\":[{\"part\":0,\"path\":\"/a\","
    "\"sha256\":\"b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78\"}],\"receipt\":"
    "null},{\"parent\":2,\"chosen\":null,\"role\":\"model\",\"text\":\"y\",\"state\":"
    "\"interrupted\","
    "\"created\":1,\"images\":[],\"receipt\":{\"model\":\"m\",\"digest\":\"d\",\"options\":{\"top-"
    "k\":"
    "\"1\"},\"seed\":\"7\",\"n_prompt\":1,\"answer_s\":0.5,\"reason\":\"ended\"}}]}],\"pictures\":{"
    "\"b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78\":{\"file\":\"QUJD\","
    "\"thumbnail\":\"\"}}}";

static void make_oterm(struct str *out)
{
    sqlite3 *db;
    sqlite3_int64 n;
    sqlite3_open(":memory:", &db);
    sqlite3_exec(db,
                 "PRAGMA page_size = 512;"
                 "CREATE TABLE chat(id INTEGER PRIMARY KEY, name TEXT, model TEXT, system TEXT);"
                 "CREATE TABLE message(id INTEGER PRIMARY KEY, chat_id INTEGER, author TEXT,"
                 " text TEXT, images TEXT);"
                 "INSERT INTO chat VALUES(1, 'a', 'm', 's');"
                 "INSERT INTO message VALUES(1, 1, 'user', 'q', '[\"QUJD\"]'),"
                 " (2, 1, 'ollama', 'a', '[]');",
                 NULL, NULL, NULL);
    unsigned char *bytes = sqlite3_serialize(db, "main", &n, 0);
    str_put(out, (char *)bytes, (size_t)n);
    sqlite3_free(bytes);
    sqlite3_close(db);
}

int main(int argc, char **argv)
{
    struct str seeds[3] = {{0}, {0}, {0}};
    str_puts(&seeds[0], own);
    str_puts(&seeds[1], chatgpt);
    make_oterm(&seeds[2]);
    const struct fuzz fuzz = {
        .target = LLVMFuzzerTestOneInput, .head = 128, .seeds = seeds, .n_seeds = 3};
    int result = fuzz_main(argc, argv, &fuzz);
    for (size_t i = 0; i < 3; i++)
        str_done(&seeds[i]);
    return result;
}
#endif
