/* Opens Hugging Face folders with a hostile file: what begins with '{' takes the place of
 * config.json, all else of model.safetensors. With libFuzzer: clang
 * -fsanitize=fuzzer,address,undefined … tests/fuzz/fuzz_folder.c With -DFUZZ_MAIN a program of its
 * own: fuzz_folder [N [FILE…]]. */
#include <stdlib.h>

#include "base/file.h"
#include "tests/support/fuzz.h"
#include "tests/support/fuzz_model.h"
#include "tests/support/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void replace(const char *folder, const char *name, const void *bytes, size_t n)
{
    char *path = scratch_path(folder, name);
    if (!file_write(path, bytes, n, 0600, NULL))
        abort();
    free(path);
}

static char *make_folder(const char *name)
{
    char *folder = scratch_path(fuzz_folder(), name);
    if (!file_is_dir(folder) && !tiny_folder(&fuzz_shape, TINY_FOLDER_OLD, true, folder, NULL))
        abort();
    return folder;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char *folder = make_folder(n && bytes[0] == '{' ? "configured" : "weighed");
    replace(folder, n && bytes[0] == '{' ? "config.json" : "model.safetensors", bytes, n);
    fuzz_open(folder, NULL);
    free(folder);
    return 0;
}

#ifdef FUZZ_MAIN
enum { MAX_BYTES = 16 << 20 };

/* The sound folder's two files, which the hostile ones stand in for. */
static struct str sound_file(const char *folder, const char *name)
{
    struct str s = {0};
    char *path = scratch_path(folder, name);
    s.data = file_read(path, MAX_BYTES, &s.len, NULL);
    free(path);
    if (!s.data)
        abort();
    return s;
}

int main(int argc, char **argv)
{
    char *folder = make_folder("sound");
    struct str seeds[] = {sound_file(folder, "config.json"),
                          sound_file(folder, "model.safetensors")};
    const struct fuzz fuzz = {
        .target = LLVMFuzzerTestOneInput, .head = 4096, .seeds = seeds, .n_seeds = 2};
    int result = fuzz_main(argc, argv, &fuzz);
    str_done(&seeds[0]);
    str_done(&seeds[1]);
    free(folder);
    return result;
}
#endif
