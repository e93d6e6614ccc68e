#include "history/base64.h"

#include <stdint.h>

#include <nettle/base64.h>

enum { PIECE = 3 * 1024 }; /* a whole number of groups of three, so pieces join without padding */

void base64_put(struct str *out, const void *bytes, size_t n)
{
    char text[BASE64_ENCODE_RAW_LENGTH(PIECE)];
    for (size_t at = 0; at < n; at += PIECE) {
        size_t length = n - at < PIECE ? n - at : PIECE;
        base64_encode_raw(text, length, (const uint8_t *)bytes + at);
        str_put(out, text, BASE64_ENCODE_RAW_LENGTH(length));
    }
}

bool base64_read(struct str *out, const char *text, size_t n)
{
    struct base64_decode_ctx ctx;
    base64_decode_init(&ctx);
    uint8_t bytes[BASE64_DECODE_LENGTH(PIECE)];
    for (size_t at = 0; at < n; at += PIECE) {
        size_t length = n - at < PIECE ? n - at : PIECE, got = sizeof bytes;
        if (!base64_decode_update(&ctx, &got, bytes, length, text + at))
            return false;
        str_put(out, (const char *)bytes, got);
    }
    return base64_decode_final(&ctx);
}
