#include "tests/support/small_spm.h"

#include <stdio.h>
#include <string.h>

#include "tools/gguf_write.h"
#include "train/spm.h"
#include "train/vocabulary.h"

#define U "▁"

static void put_piece(struct str *file, const char *text, float score, char type)
{
    size_t n = strlen(text);
    str_printf(file, "\x0A%c\x0A%c%s\x15", (int)(n + 9), (int)n, text);
    str_put(file, (const char *)&score, sizeof score);
    str_printf(file, "\x18%c", type);
}

struct str small_spm(const char *missing)
{
    static const char *const controls[] = {"<pad>",
                                           "<eos>",
                                           "<bos>",
                                           "<unk>",
                                           "<start_of_turn>",
                                           "<end_of_turn>",
                                           "<start_of_image>",
                                           "<end_of_image>",
                                           "<image_soft_token>"};
    static const char *const words[] = {"th", U "c", "the", U "ca", U "cat", U,
                                        "t",  "h",   "e",   "c",    "a"};
    struct str file = {0};
    char byte[8];
    for (size_t i = 0; i < sizeof controls / sizeof *controls; i++)
        if (!missing || strcmp(controls[i], missing))
            put_piece(&file, controls[i], 0, i == 3 ? SPM_UNKNOWN : SPM_CONTROL);
    put_piece(&file, "\n", 0, SPM_USER_DEFINED);
    put_piece(&file, U U, 0, SPM_USER_DEFINED);
    for (int i = 0; i < 256; i++) {
        snprintf(byte, sizeof byte, "<0x%02X>", i);
        put_piece(&file, byte, 0, SPM_BYTE);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        put_piece(&file, words[i], -(float)i, SPM_NORMAL);
    str_puts(&file, "\x12\x02\x08\x01"); /* a trainer's notes, which are passed over */
    return file;
}

bool small_words(const char *path, struct err *err)
{
    struct str file = small_spm(NULL);
    struct spm spm;
    bool ok = spm_parse(&spm, file.data, file.len, "pieces", err);
    struct gguf_writer *w = gguf_writer_new();
    gguf_put_string(w, "general.architecture", "gemma3");
    ok = ok && vocabulary_put(w, &spm, err) && gguf_writer_save(w, path, err);
    gguf_writer_free(w);
    spm_done(&spm);
    str_done(&file);
    return ok;
}
