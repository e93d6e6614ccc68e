/* Opens hostile records of a batch. What is refused stays as it was; what is taken is only cut at
 * its end, goes on, and is read back. With libFuzzer: clang -fsanitize=fuzzer,address,undefined …
 * tests/fuzz/fuzz_batch_log.c With -DFUZZ_MAIN a program of its own: fuzz_batch_log [N [FILE…]]. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/batch_log.h"
#include "tests/support/fuzz.h"
#include "tests/support/fuzz_model.h"
#include "tests/support/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct batch_job make_job(void)
{
    return (struct batch_job){.prompt = json_string("What is it?"),
                              .system = json_null(),
                              .model = json_pack("{s:s, s:s}", "path", "m", "digest", "12"),
                              .options = json_object(),
                              .seed = json_null(),
                              .hash = "34"};
}

static json_t *make_record(const struct batch_job *job)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "input", "new.png", "sha256", "56", "job", job->hash,
                     "answer", "It is new.");
}

/* The file is the first part of the bytes, or where `whole`, all of them. */
static void check_file(const char *path, const uint8_t *bytes, size_t n, bool whole)
{
    size_t size;
    char *have = file_read(path, n + 1, &size, NULL);
    if (!have || size > n || memcmp(have, bytes, size) != 0 || (whole && size != n))
        abort();
    free(have);
}

static void add_record(struct batch_log *log, const char *path, const struct batch_job *job)
{
    json_t *record = make_record(job);
    if (!batch_log_write(log, record, NULL))
        abort();
    batch_log_close(log);
    if (!batch_log_open(log, path, job, true, NULL) ||
        batch_log_find(log, "new.png", "56") != BATCH_ANSWERED || log->n_torn)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct batch_job job = make_job();
    char *path = scratch_path(fuzz_folder(), "records.jsonl");
    for (int mixed = 0; mixed < 2; mixed++) {
        struct batch_log log;
        struct err err = {""};
        if (!file_write(path, bytes, n, 0600, NULL))
            abort();
        bool ok = batch_log_open(&log, path, &job, mixed, &err);
        if (ok == (err.text[0] != 0))
            abort();
        check_file(path, bytes, n, !ok);
        if (ok) {
            add_record(&log, path, &job);
            batch_log_close(&log);
        }
    }
    batch_job_done(&job);
    free(path);
    return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
    static const char records[] =
        "{\"input\":\"a.png\",\"sha256\":\"1\",\"job\":\"34\",\"answer\":"
        "\"\\u00e9\\ud83d\\ude00\\u0000\"}\n"
        "{\"input\":\"b.png\",\"sha256\":null,\"job\":\"34\",\"error\":\"b.png: is no picture\"}\n"
        "{\"input\":\"c.png\",\"sha256\":\"3\",\"job\":\"35\",\"prompt\":\"What?\",\"system\":null,"
        "\"model\":{\"digest\":\"12\"},\"options\":{},\"seed\":1}\n"
        "{\"input\":\"d.png\",\"sha2";
    static const char sound[] =
        "{\"input\":\"a.png\",\"sha256\":\"1\",\"job\":\"34\",\"data\":[1.5,{}]}\n";
    struct str seeds[2] = {{0}, {0}};
    str_puts(&seeds[0], records);
    str_puts(&seeds[1], sound);
    const struct fuzz fuzz = {
        .target = LLVMFuzzerTestOneInput, .head = 64, .seeds = seeds, .n_seeds = 2};
    int result = fuzz_main(argc, argv, &fuzz);
    str_done(&seeds[0]);
    str_done(&seeds[1]);
    return result;
}
#endif
