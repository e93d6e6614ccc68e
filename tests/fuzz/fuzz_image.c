/* Decodes hostile pictures. With libFuzzer:
 *     clang -fsanitize=fuzzer,address,undefined … tests/fuzz/fuzz_image.c
 * With -DFUZZ_MAIN a program of its own: fuzz_image N FILE…; tests/data has seeds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    /* Small pictures keep the runs short; what is refused above is the same comparison. */
    const struct image_limits limits = {.max_pixels = 1 << 20};
    struct image image;
    struct image_facts facts;
    struct err err = {""};
    bool ok = image_decode(&image, &facts, bytes, n, "fuzz", &limits, &err);
    if (ok != (image.rgb != NULL) || ok == (err.text[0] != 0))
        abort();
    /* Every pixel is there to be read. */
    volatile unsigned sum = 0;
    for (size_t i = 0; ok && i < (size_t)image.width * image.height * 3; i++)
        sum += image.rgb[i];
    (void)sum;
    (void)sum;
    image_done(&image);
    return 0;
}

#ifdef FUZZ_MAIN
#include <zlib.h>

#include "tests/support/fuzz.h"

/* Puts right the checksums of a PNG's chunks, so that what lies behind them is reached. */
static void mend_png(uint8_t *bytes, size_t n)
{
    bool is_png = n > 4 && memcmp(bytes + 1, "PNG", 3) == 0;
    for (size_t at = 8; is_png && n > at && n - at >= 12;) {
        uint8_t *p = bytes + at;
        size_t length = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        if (length > n - at - 12)
            return;
        uint32_t sum = (uint32_t)crc32(0, p + 4, (uInt)length + 4);
        for (int i = 0; i < 4; i++)
            p[8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
        at += length + 12;
    }
}

int main(int argc, char **argv)
{
    const struct fuzz fuzz = {.target = LLVMFuzzerTestOneInput, .mend = mend_png, .head = 64};
    return fuzz_main(argc, argv, &fuzz);
}
#endif
