/* AVX-512: rows of weights to panels (avx512_panel.h), 16 rows at a time. */
#include "engine/kernels/avx512_strip.h"

KERNEL_INLINE void unpack_strip(const struct unpacker t, const struct strip *s, size_t n)
{
    uint8_t *to = s->to;
    size_t at = 0;
    for (size_t i = 0; i < n; i += t.weights, at += t.bytes, to += t.weights / 32 * s->stride) {
        prefetch_rows(s, at, t.bytes);
        t.block(s, at, to);
    }
    for (size_t b = 0; b < n / 32 && t.weights == 32; b++) {
        widen_halves(s->to + b * s->stride + QUADS);
        if (t.has_offset)
            widen_halves(s->to + b * s->stride + QUADS + QUAD);
    }
    if (t.has_offset)
        centre_offsets(t, s, n / 32);
}

/* Rows that the panel lacks repeat the last; panel_q8 does not store them. */
KERNEL_INLINE void unpack(const struct unpacker t, const uint8_t *w, size_t row_bytes,
                          struct panel *panel)
{
    *(struct header *)panel->memory =
        (struct header){__builtin_ctz((unsigned)t.zero), t.has_offset};
    panel->group = (uint32_t)t.group;
    for (size_t first = 0; first < 32 && first < panel->n_rows; first += 16) {
        struct strip s = {.next = w + (first + 16) * row_bytes,
                          .to = (uint8_t *)panel->memory + HEADER + 4 * first,
                          .stride = block_bytes(t.group, t.has_offset)};
        for (size_t r = 0; r < 16; r++) {
            size_t row = first + r < panel->n_rows ? first + r : panel->n_rows - 1;
            s.row[r] = w + row * row_bytes;
        }
        unpack_strip(t, &s, panel->n);
    }
}

#define UNPACK(name, ...)                                                                          \
    void avx512_unpack_##name(const void *w, size_t row_bytes, struct panel *panel)                \
    {                                                                                              \
        unpack((struct unpacker){block_##name, __VA_ARGS__}, w, row_bytes, panel);                 \
    }
UNPACK(q4_0, 18, 32, 32, 8, false)
UNPACK(q4_1, 20, 32, 32, 8, true)
UNPACK(q5_0, 22, 32, 32, 16, false)
UNPACK(q5_1, 24, 32, 32, 16, true)
UNPACK(q8_0, 34, 32, 32, 128, false)
UNPACK(iq4_nl, 18, 32, 32, 128, false)
UNPACK(q2_k, 84, 256, 16, 2, true)
UNPACK(q3_k, 110, 256, 16, 4, false)
UNPACK(q4_k, 144, 256, 32, 8, true)
UNPACK(q5_k, 176, 256, 32, 16, true)
UNPACK(q6_k, 210, 256, 16, 32, false)
UNPACK(iq4_xs, 136, 256, 32, 128, false)
