/* Reads a hostile facet.conf. With libFuzzer:
 *     clang -fsanitize=fuzzer,address,undefined … tests/fuzz/fuzz_options.c
 * With -DFUZZ_MAIN a program of its own: fuzz_options [N [FILE…]]. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "chat/options.h"
#include "tests/support/fuzz.h"
#include "tests/support/fuzz_model.h"
#include "tests/support/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct options options, copy;
    struct err err = {""};
    char *folder = scratch_path(fuzz_folder(), "facet"), *path = path_join(folder, "facet.conf");
    if (setenv("XDG_CONFIG_HOME", fuzz_folder(), 1) != 0 || !file_make_dirs(folder, NULL) ||
        !file_write(path, bytes, n, 0600, NULL))
        abort();
    bool ok = options_init(&options, &err);
    if (ok == (err.text[0] != 0) || strchr(err.text, '\n'))
        abort();
    options_copy(&copy, &options);
    options_done(&options);
    options_done(&copy);
    free(path);
    free(folder);
    return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
    struct str seed = {0};
    str_puts(&seed, "# what is said where nothing else is\n; the same\n\n");
    for (size_t i = 0; i < n_option_rows; i++)
        if (option_rows[i].fallback)
            str_printf(&seed, "%s = %s\n", option_rows[i].flag, option_rows[i].fallback);
    str_puts(&seed, "system = \" Answer in one word. \"\r\nstop=###\nseed = 7\nquiet = yes\n"
                    "crops = 3\ncache = q8_0\n");
    const struct fuzz fuzz = {
        .target = LLVMFuzzerTestOneInput, .head = 64, .seeds = &seed, .n_seeds = 1};
    int result = fuzz_main(argc, argv, &fuzz);
    str_done(&seed);
    return result;
}
#endif
