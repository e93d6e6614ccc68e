#include "chat/stream.h"

#include <string.h>

void stream_done(struct stream *s)
{
    str_done(&s->held);
}

/* Where the first stop string starts in the held text, or its length. */
static size_t first_stop(const struct stream *s)
{
    size_t first = s->held.len;
    for (size_t i = 0; i < s->n_stops; i++) {
        const char *at = memmem(s->held.data, s->held.len, s->stops[i], strlen(s->stops[i]));
        if (at && (size_t)(at - s->held.data) < first)
            first = (size_t)(at - s->held.data);
    }
    return first;
}

/* How much of the held text's end may be the start of a stop string. */
static size_t undecided(const struct stream *s)
{
    size_t longest = 0;
    for (size_t i = 0; i < s->n_stops; i++) {
        size_t n = strlen(s->stops[i]) - 1;
        n = n < s->held.len ? n : s->held.len;
        while (n > longest && memcmp(s->held.data + s->held.len - n, s->stops[i], n) != 0)
            n--;
        longest = n > longest ? n : longest;
    }
    return longest;
}

bool stream_put(struct stream *s, const char *bytes, size_t n, struct str *out)
{
    if (s->stopped)
        return false;
    if (n == 0)
        return true;
    str_put(&s->held, bytes, n);
    size_t stop = first_stop(s);
    s->stopped = stop < s->held.len;
    size_t shown = s->stopped ? stop : s->held.len - undecided(s);
    str_put(out, s->held.data, shown);
    if (s->stopped) {
        str_clear(&s->held);
        return false;
    }
    memmove(s->held.data, s->held.data + shown, s->held.len - shown + 1);
    s->held.len -= shown;
    return true;
}

bool stream_push(struct stream *s, int32_t id, struct str *out)
{
    char bytes[FACET_DECODER_BYTES];
    size_t n = facet_decoder_push(&s->decoder, s->model, id, bytes);
    return stream_put(s, bytes, n, out);
}

void stream_end(struct stream *s, bool complete, struct str *out)
{
    char bytes[FACET_DECODER_BYTES];
    size_t n = complete && !s->stopped ? facet_decoder_flush(&s->decoder, bytes) : 0;
    stream_put(s, bytes, n, out);
    str_put(out, str_text(&s->held), s->held.len);
    str_clear(&s->held);
}
