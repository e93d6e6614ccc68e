/* Hostile files in the place of a kept picture: what is taken is the floats that stand there, and
 * what is not taken is gone. With libFuzzer: clang -fsanitize=fuzzer,address,undefined …
 * tests/fuzz/fuzz_kept.c With -DFUZZ_MAIN a program of its own: fuzz_kept [N [FILE…]]. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "chat/kept_images.h"
#include "tests/support/fuzz.h"
#include "tests/support/fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { N_FLOATS = 40, HEAD_BYTES = 136 };

struct subject {
    struct kept kept;
    struct kept_images images;
    struct attachment *picture;
    char *path;
};

static void open_subject(struct subject *s)
{
    struct options options = {.cache_size = 1};
    float soft[N_FLOATS] = {1, 2, 3};
    setenv("XDG_CACHE_HOME", fuzz_folder(), 1);
    kept_init(&s->kept, &options);
    s->images = (struct kept_images){.kept = &s->kept, .n_floats = N_FLOATS, .tower = "a tower"};
    s->picture = attachment_blank(0);
    kept_images_save(&s->images, s->picture, 0, soft);
    char key[SHA256_HEX_BYTES];
    sha256_hex("a tower pixels 1 ", 17, key); /* and no picture's digest */
    s->path = kept_path(&s->kept, KEPT_IMAGES, key);
    if (!file_exists(s->path))
        abort();
}

static struct subject *subject(void)
{
    static struct subject s;
    if (!s.path)
        open_subject(&s);
    return &s;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct subject *s = subject();
    float soft[N_FLOATS];
    if (!file_write(s->path, bytes, n, 0600, NULL))
        abort();
    if (kept_images_load(&s->images, s->picture, 0, soft)) {
        if (n != HEAD_BYTES + sizeof soft || memcmp(bytes + HEAD_BYTES, soft, sizeof soft) != 0)
            abort();
    } else if (n <= HEAD_BYTES + sizeof soft && file_exists(s->path)) {
        abort();
    }
    return 0;
}

#ifdef FUZZ_MAIN
static void mend(uint8_t *bytes, size_t n)
{
    char sum[SHA256_HEX_BYTES];
    if (n < HEAD_BYTES)
        return;
    sha256_hex(bytes + HEAD_BYTES, n - HEAD_BYTES, sum);
    memcpy(bytes + HEAD_BYTES - (sizeof sum - 1), sum, sizeof sum - 1);
}

int main(int argc, char **argv)
{
    struct subject *s = subject();
    struct str seed = {0};
    if (!(seed.data = file_read(s->path, 1 << 20, &seed.len, NULL)))
        abort();
    const struct fuzz fuzz = {.target = LLVMFuzzerTestOneInput,
                              .mend = mend,
                              .head = HEAD_BYTES,
                              .seeds = &seed,
                              .n_seeds = 1};
    int result = fuzz_main(argc, argv, &fuzz);
    str_done(&seed);
    attachment_release(s->picture);
    kept_done(&s->kept);
    free(s->path);
    return result;
}
#endif
