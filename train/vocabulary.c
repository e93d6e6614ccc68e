#include "train/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/vocabulary.h"
#include "train/steps.h"

enum { PAD, EOS, BOS, UNK };

/* Gemma's chat format, for other engines; facet has it in chat/template.c. A system text begins the
 * first turn, behind it two newlines; texts are trimmed; a picture is its mark. */
static const char chat_template[] =
    "{{ bos_token }}"
    "{%- set turns = messages -%}"
    "{%- set before = '' -%}"
    "{%- if messages[0]['role'] == 'system' -%}"
    "{%- set system = messages[0]['content'] -%}"
    "{%- set before = (system if system is string else system[0]['text']) + '\\n\\n' -%}"
    "{%- set turns = messages[1:] -%}"
    "{%- endif -%}"
    "{%- for turn in turns -%}"
    "{%- if (turn['role'] == 'user') != (loop.index0 % 2 == 0) -%}"
    "{{ raise_exception('User and model take turns, the user first') }}"
    "{%- endif -%}"
    "{{ '<start_of_turn>' + ('model' if turn['role'] == 'assistant' else turn['role']) + '\\n' }}"
    "{{- before if loop.first else '' -}}"
    "{%- if turn['content'] is string -%}"
    "{{ turn['content'] | trim }}"
    "{%- else -%}"
    "{%- for part in turn['content'] -%}"
    "{{ '<start_of_image>' if part['type'] == 'image' else part['text'] | trim }}"
    "{%- endfor -%}"
    "{%- endif -%}"
    "{{ '<end_of_turn>\\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}"
    "{{ '<start_of_turn>model\\n' }}"
    "{%- endif -%}";

/* Where each control token stands; -1: anywhere. */
static const struct {
    const char *text;
    int id;
} controls[] = {{"<pad>", PAD},           {"<eos>", EOS},          {"<bos>", BOS},
                {"<unk>", UNK},           {"<start_of_turn>", -1}, {"<end_of_turn>", -1},
                {"<start_of_image>", -1}, {"<end_of_image>", -1},  {"<image_soft_token>", -1}};

static int find(const struct spm *s, const char *text)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->pieces[i].text, text))
            return (int)i;
    return -1;
}

static bool check(const struct spm *s, struct err *err)
{
    for (size_t i = 0; i < sizeof controls / sizeof *controls; i++) {
        int id = find(s, controls[i].text);
        if (id < 0)
            return err_set(err, "the vocabulary has no %s", controls[i].text);
        if (controls[i].id >= 0 && controls[i].id != id)
            return err_set(err, "%s is piece %d, not %d", controls[i].text, id, controls[i].id);
    }
    return true;
}

/* What is found in raw text is written as raw text has it: with real spaces. */
static char *piece_text(const struct spm_piece *p)
{
    char *text = mem_copy(p->text);
    if (p->type == SPM_USER_DEFINED)
        text[vocabulary_put_spaces(text, strlen(text), text)] = 0;
    return text;
}

static void put_pieces(struct gguf_writer *w, const struct spm *s)
{
    char **texts = mem_new(s->n, sizeof *texts);
    float *scores = mem_new(s->n, sizeof *scores);
    int32_t *types = mem_new(s->n, sizeof *types);
    for (size_t i = 0; i < s->n; i++) {
        texts[i] = piece_text(&s->pieces[i]);
        scores[i] = s->pieces[i].score;
        types[i] = s->pieces[i].type;
    }
    gguf_put_strings(w, "tokenizer.ggml.tokens", s->n, (const char *const *)texts);
    gguf_put_array(w, "tokenizer.ggml.scores", GGUF_F32, s->n, scores, s->n * sizeof *scores);
    gguf_put_array(w, "tokenizer.ggml.token_type", GGUF_I32, s->n, types, s->n * sizeof *types);
    for (size_t i = 0; i < s->n; i++)
        free(texts[i]);
    free(texts);
    free(scores);
    free(types);
}

bool vocabulary_put(struct gguf_writer *w, const struct spm *s, struct err *err)
{
    if (!check(s, err))
        return false;
    gguf_put_string(w, "tokenizer.ggml.model", "llama");
    gguf_put_string(w, "tokenizer.ggml.pre", "default");
    put_pieces(w, s);
    gguf_put_u32(w, "tokenizer.ggml.bos_token_id", BOS);
    gguf_put_u32(w, "tokenizer.ggml.eos_token_id", EOS);
    gguf_put_u32(w, "tokenizer.ggml.eot_token_id", (uint32_t)find(s, "<end_of_turn>"));
    gguf_put_u32(w, "tokenizer.ggml.unknown_token_id", UNK);
    gguf_put_u32(w, "tokenizer.ggml.padding_token_id", PAD);
    gguf_put_bool(w, "tokenizer.ggml.add_bos_token", true);
    gguf_put_bool(w, "tokenizer.ggml.add_eos_token", false);
    gguf_put_bool(w, "tokenizer.ggml.add_space_prefix", false);
    gguf_put_string(w, "tokenizer.chat_template", chat_template);
    return true;
}

bool step_vocabulary(int argc, char **argv, struct err *err)
{
    const char *path = step_text(argc, argv, "spm", NULL),
               *out = step_text(argc, argv, "out", NULL);
    if (!path || !out)
        return err_set(err, "spm=FILE.model and out=FILE.gguf are needed");
    struct spm s;
    struct gguf_writer *w = gguf_writer_new();
    gguf_put_string(w, "general.architecture", "gemma3");
    bool ok =
        spm_read(&s, path, err) && vocabulary_put(w, &s, err) && gguf_writer_save(w, out, err);
    spm_done(&s);
    gguf_writer_free(w);
    return ok;
}
