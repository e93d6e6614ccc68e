/* Opens hostile GGUF files: as a model, and as the projector of a sound one. With libFuzzer:
 *     clang -fsanitize=fuzzer,address,undefined … tests/fuzz/fuzz_gguf.c
 * With -DFUZZ_MAIN a program of its own: fuzz_gguf [N [FILE…]]. */
#include <stdlib.h>

#include "base/file.h"
#include "tests/support/fuzz.h"
#include "tests/support/fuzz_model.h"
#include "tests/support/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void save(struct gguf_writer *w, const char *path)
{
    if (!gguf_writer_save(w, path, NULL))
        abort();
    gguf_writer_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char *path = scratch_path(fuzz_folder(), "input.gguf");
    char *sound = scratch_path(fuzz_folder(), "sound.gguf");
    struct facet_model_options vocabulary = {.vocabulary_only = true}, projector = {.mmproj = path};
    if (!file_exists(sound))
        save(tiny_text(&fuzz_shape), sound);
    if (!file_write(path, bytes, n, 0600, NULL))
        abort();
    if (!fuzz_open(path, NULL))
        fuzz_open(path, &vocabulary);
    fuzz_open(sound, &projector);
    free(path);
    free(sound);
    return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
    enum { HEAD = 32 << 10 }; /* keys and tensor descriptions, but for the vocabulary */
    struct gguf_writer *writers[] = {tiny_text(&fuzz_shape), tiny_ollama(&fuzz_shape),
                                     tiny_mmproj(&fuzz_shape)};
    struct str seeds[3];
    for (size_t i = 0; i < 3; i++) {
        seeds[i] = gguf_writer_bytes(writers[i]);
        gguf_writer_free(writers[i]);
    }
    const struct fuzz fuzz = {
        .target = LLVMFuzzerTestOneInput, .head = HEAD, .seeds = seeds, .n_seeds = 3};
    int result = fuzz_main(argc, argv, &fuzz);
    for (size_t i = 0; i < 3; i++)
        str_done(&seeds[i]);
    return result;
}
#endif
