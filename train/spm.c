/* A model file is a message of protocol buffers: fields, each with a number and one of four ways to
 * tell its length. Of all of them only the pieces are wanted. */
#include "train/spm.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

struct field {
    uint32_t number;
    uint64_t value;      /* of a number, or the bytes of what has a length */
    const uint8_t *data; /* of what has a length, and of 4 or 8 bytes; NULL for a number */
};

struct reader {
    const uint8_t *at, *end;
};

static bool read_varint(struct reader *r, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
        uint8_t byte = *r->at++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool read_field(struct reader *r, struct field *f)
{
    enum { VARINT, FIXED64, LENGTH, FIXED32 = 5 };
    uint64_t key, n;
    if (!read_varint(r, &key))
        return false;
    f->number = (uint32_t)(key >> 3);
    f->data = NULL;
    switch (key & 7) {
    case VARINT:
        return read_varint(r, &f->value);
    case LENGTH:
        if (!read_varint(r, &n))
            return false;
        break;
    case FIXED64:
        n = 8;
        break;
    case FIXED32:
        n = 4;
        break;
    default:
        return false;
    }
    if (n > (uint64_t)(r->end - r->at))
        return false;
    f->data = r->at;
    f->value = n;
    r->at += n;
    return true;
}

static bool read_piece(struct spm_piece *p, const struct field *whole)
{
    enum { TEXT = 1, SCORE, TYPE };
    struct reader r = {whole->data, whole->data + whole->value};
    struct field f;
    *p = (struct spm_piece){.type = SPM_NORMAL};
    while (r.at < r.end) {
        if (!read_field(&r, &f))
            return false;
        if (f.number == TEXT && f.data && !p->text)
            p->text = mem_text((const char *)f.data, f.value);
        else if (f.number == SCORE && f.data && f.value == sizeof p->score)
            memcpy(&p->score, f.data, sizeof p->score);
        else if (f.number == TYPE && !f.data)
            p->type = (int32_t)f.value;
    }
    return p->text != NULL;
}

bool spm_parse(struct spm *s, const void *bytes, size_t n, const char *name, struct err *err)
{
    enum { PIECES = 1 };
    struct reader r = {bytes, (const uint8_t *)bytes + n};
    struct field f;
    *s = (struct spm){0};
    while (r.at < r.end) {
        if (!read_field(&r, &f))
            return err_set(err, "%s: no SentencePiece model", name);
        if (f.number != PIECES || !f.data)
            continue;
        s->pieces = mem_grow(s->pieces, s->n + 1, sizeof *s->pieces);
        if (!read_piece(&s->pieces[s->n++], &f))
            return err_set(err, "%s: piece %zu is broken", name, s->n - 1);
    }
    return s->n > 0 || err_set(err, "%s: no pieces", name);
}

bool spm_read(struct spm *s, const char *path, struct err *err)
{
    struct file_map map;
    *s = (struct spm){0};
    if (!file_map_open(&map, path, err))
        return false;
    bool ok = spm_parse(s, map.data, map.size, path, err);
    file_map_close(&map);
    return ok;
}

void spm_done(struct spm *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->pieces[i].text);
    free(s->pieces);
    *s = (struct spm){0};
}
