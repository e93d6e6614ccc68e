/* libfacet: Gemma 3 on a CPU. A GGUF file or a Hugging Face folder goes in, and a prompt of token
 * ids and images; token ids come out, one by one.
 *
 *     char why[FACET_ERROR_BYTES];
 *     struct facet_model *model = facet_model_open("gemma-3-4b-it-q4_0.gguf", NULL, why);
 *     struct facet_session *session = model ? facet_session_open(model, NULL, why) : NULL;
 *     …
 *     facet_session_prompt(session, &prompt, NULL, why);
 *     sampler = facet_sampler_new(model, &facet_sampling_default, why);
 *     while (facet_session_next(session, sampler, -1, &token, why) == FACET_OK && !token.is_end)
 *         fwrite(text, 1, facet_decoder_push(&decoder, model, token.id, text), stdout);
 *
 * Errors: functions that can fail return FACET_FAILED (or NULL) and leave one line in `error`,
 * which holds FACET_ERROR_BYTES; it may be NULL. Nothing here prints or ends the process.
 *
 * Threads: a model is shared and read-only; each session is used by one thread at a time, but
 * facet_session_cancel may be called from any thread at any moment. */
#ifndef FACET_H
#define FACET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { FACET_ERROR_BYTES = 512 };

enum facet_status { FACET_OK = 0, FACET_FAILED = -1, FACET_CANCELLED = -2 };

struct facet_model;
struct facet_session;
struct facet_sampler;
struct facet_grammar;

/* ---- Model ---------------------------------------------------------------------------------- */

struct facet_model_options {
    /* Projector file; NULL: in the model itself, else mmproj*.gguf beside it. */
    const char *mmproj;
    /* "exact", "scalar", "avx2", "avx512", "neon"; NULL: $FACET_KERNELS, else the best. */
    const char *kernels;
    /* "f32", "bf16", "int8"; NULL: bf16 where that is faster than f32 and the tower large. */
    const char *vision_precision;
    unsigned n_threads;   /* 0: one for each core this process may use */
    bool vocabulary_only; /* only the tokenizer is needed: a file without tensors will do */
    bool text_only;       /* leave the vision tower alone */
};

/* Opens PATH: a GGUF file (of a split model: any part), or a folder with config.json and
 * *.safetensors. Weights are mapped, not read. options may be NULL. Close it after its sessions. */
struct facet_model *facet_model_open(const char *path, const struct facet_model_options *options,
                                     char *error);
/* A model that no file holds: SIZE:TYPE, such as "4b:q4_0", with weights of random bits. It has no
 * tokenizer and says nothing of sense, but takes the time and the memory of the real one. Refused
 * where memory is short. Sizes: 270m 1b 4b 12b 27b. Types: f32 f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1
 * q2_k q3_k q4_k_m q5_k_m q6_k iq4_nl iq4_xs. */
struct facet_model *facet_model_open_shape(const char *shape,
                                           const struct facet_model_options *options, char *error);
/* The bytes of its weights, without making them; 0 and an error if there is no such shape. */
uint64_t facet_shape_bytes(const char *shape, const struct facet_model_options *options,
                           char *error);
void facet_model_close(struct facet_model *model);

struct facet_model_info {
    const char *name;        /* general.name or the file's; borrowed from the model */
    const char *kernels;     /* the kernel set in use, "avx512" */
    bool exact;              /* it multiplies with F32 activations */
    const char *weight_type; /* of most of the weights, "Q4_0" */
    uint64_t n_parameters;   /* text and vision */
    uint64_t weight_bytes;   /* mapped from disk, text and vision */
    uint32_t n_layers, n_embd, n_ff, n_heads, n_kv_heads, head_dim;
    uint32_t window;      /* positions a local layer sees */
    uint32_t n_ctx_train; /* context length the model was made for */
    uint32_t n_vocab;     /* rows of the output head */
    uint32_t n_threads;
    const char *note; /* what was odd about the file and how it was read, or NULL; borrowed */
    bool has_vision;
    uint32_t image_size;    /* pixels a side the tower takes; 0 without a tower */
    uint32_t n_soft_tokens; /* positions one image takes; 0 without a tower */
};
void facet_model_get_info(const struct facet_model *model, struct facet_model_info *info);

/* What a model computes with, as 64 hex digits: weights (a sample of each), shapes, arithmetic.
 * Where the tower's are equal, a picture gets the same soft tokens to the last bit; where the
 * decoder's are, a prompt the same logits, in a session of the same options. */
enum facet_part { FACET_DECODER, FACET_TOWER };
enum { FACET_DIGEST_BYTES = 65 }; /* with a NUL */
void facet_model_get_digest(const struct facet_model *model, enum facet_part part,
                            char hex[FACET_DIGEST_BYTES]);

/* Type and shape of tensor i, for listings; false past the last one. */
struct facet_tensor_info {
    const char *name, *type;
    uint64_t shape[4]; /* slowest first, as Hugging Face prints it */
    uint32_t n_dims;
    uint64_t bytes;
};
bool facet_model_get_tensor(const struct facet_model *model, size_t i,
                            struct facet_tensor_info *info);

/* ---- Tokens --------------------------------------------------------------------------------- */

/* The ids a program needs to lay out turns; from the vocabulary, by text. -1: not in it. */
struct facet_special_ids {
    int32_t bos, eos, pad, unk;
    int32_t start_of_turn, end_of_turn;
    int32_t start_of_image, end_of_image;
    int32_t image_soft; /* <image_soft_token> (262144 in Gemma 3), even if the file's table ends
                           before it */
};
void facet_model_get_special(const struct facet_model *model, struct facet_special_ids *ids);

/* Token ids of text[0..n_bytes), without <bos>. special: tokens such as <start_of_turn> written in
 * the text become their ids; else they are ordinary text, which is what user input wants.
 * Ill-formed UTF-8 counts as U+FFFD for each maximal ill-formed part.
 * The array is the caller's to free(); *n_ids its length. NULL on failure. */
int32_t *facet_tokenize(const struct facet_model *model, const char *text, size_t n_bytes,
                        bool special, size_t *n_ids, char *error);

/* The bytes that id stands for, borrowed (not NUL-terminated): "▁" already a space, byte tokens
 * their byte, control tokens their name. NULL for ids out of range. */
const char *facet_token_bytes(const struct facet_model *model, int32_t id, size_t *n_bytes);
/* The piece as the vocabulary spells it ("▁foo", "<0x0A>", "<bos>"), for listings; borrowed, as
 * above. */
const char *facet_token_piece(const struct facet_model *model, int32_t id, size_t *n_bytes);
/* True for tokens that show nothing (<bos>, <end_of_turn>, …). */
bool facet_token_is_control(const struct facet_model *model, int32_t id);

/* Turns ids into text that may be shown: whole characters only, U+FFFD where bytes cannot be one.
 */
struct facet_decoder {
    char held[4];
    uint32_t n_held;
};
enum { FACET_DECODER_BYTES = 512 }; /* the most that one push can give */
/* Writes what may be shown now, no NUL; returns its bytes. Zero the decoder before the first. */
size_t facet_decoder_push(struct facet_decoder *decoder, const struct facet_model *model,
                          int32_t id, char out[FACET_DECODER_BYTES]);
/* What the end of the stream adds. */
size_t facet_decoder_flush(struct facet_decoder *decoder, char out[FACET_DECODER_BYTES]);

/* ---- Sessions: a KV cache and the scratch memory of the forward pass ------------------------- */

enum facet_cache_type { FACET_CACHE_DEFAULT, FACET_CACHE_F16, FACET_CACHE_F32, FACET_CACHE_Q8_0 };

/* done of total units of `what` ("prompt" in tokens, "image" in steps) are finished. */
typedef void facet_progress_fn(void *user, const char *what, size_t done, size_t total);

struct facet_session_options {
    uint32_t n_ctx;   /* positions; 0: 8192, or what the model was made for if that is less */
    uint32_t n_batch; /* positions computed together in a prompt; 0: 512 */
    enum facet_cache_type cache; /* default: F16; with the "exact" kernels F32 */
    facet_progress_fn *progress; /* called on the session's thread; may be NULL */
    void *progress_user;
    /* Share the scratch memory of that session, of the same model and with no less n_ctx: both are
     * for one thread then, and n_batch is that one's. NULL: its own. */
    struct facet_session *beside;
    /* Guesses of what will follow are computed together with an appended token, where that pays:
     * what stood after the same words before (lookup), and what a small model of the same
     * vocabulary says, which stays open as long as the session. No text changes by it: each token
     * has the same logits, to the last bit. */
    bool lookup;
    const struct facet_model *draft;
    uint32_t n_best; /* as facet_session_set_best says it */
};

/* The bytes a session will take at most: cache, scratch, vision scratch; 0 for a vocabulary alone.
 * Soft tokens of the pictures in the prompt come on top (n_soft_tokens × n_embd floats each). */
size_t facet_session_bytes(const struct facet_model *model,
                           const struct facet_session_options *options);
struct facet_session *facet_session_open(const struct facet_model *model,
                                         const struct facet_session_options *options, char *error);
void facet_session_close(struct facet_session *session);

/* Stops what the session is doing within a tenth of a second: the call under way returns
 * FACET_CANCELLED. Stays set until facet_session_resume. Cancelling is for any thread, or a signal
 * handler; resuming for the session's own. Tokens that were appended stay; of a prompt, what can be
 * restored. */
void facet_session_cancel(struct facet_session *session);
void facet_session_resume(struct facet_session *session);

/* Encodes one picture: planes[3][image_size][image_size], R G B, values in [-1, 1], to
 * soft[n_soft_tokens][n_embd]. */
enum facet_status facet_session_encode_image(struct facet_session *session, const float *planes,
                                             float *soft, char *error);
/* The tower's states after its last norm, before pooling: patches[n_patches][vision width], row by
 * row; *n_patches and *width tell the shape. patches may be NULL to ask for the shape alone. */
enum facet_status facet_session_encode_patches(struct facet_session *session, const float *planes,
                                               float *patches, uint32_t *n_patches, uint32_t *width,
                                               char *error);

/* A prompt from its first position on. A run of n_soft_tokens ids `image_soft` is one image; the
 * k-th run takes soft[k]. */
struct facet_prompt {
    const int32_t *ids; /* with <bos> */
    size_t n_ids;
    const float *const *soft; /* n_images pointers to [n_soft_tokens][n_embd] */
    size_t n_images;
};

/* Brings the session to the end of the prompt: keeps the longest prefix that it holds already (an
 * image counts as equal if its soft tokens are), computes the rest. Afterwards logits are there.
 * *n_kept, if not NULL: positions that did not have to be computed. */
enum facet_status facet_session_prompt(struct facet_session *session,
                                       const struct facet_prompt *prompt, size_t *n_kept,
                                       char *error);

/* The same, and the logits of each position: out[n_ids][n_vocab]. Computes all of it anew. */
enum facet_status facet_session_prompt_logits(struct facet_session *session,
                                              const struct facet_prompt *prompt, float *out,
                                              char *error);

/* Appends one token and computes its logits. Soft tokens cannot be appended. */
enum facet_status facet_session_append(struct facet_session *session, int32_t id, char *error);

/* Of tokens appended from now on, alone (not of prompts, not of several sessions together), only the
 * n best logits are wanted; 0: all. Others may then be -INFINITY, which spares a large model most of
 * its output head: a compact copy of it, which the model makes after some steps and keeps, says which
 * rows are worth computing. Those have the same bits. That one of the best is missing takes an error
 * of six standard deviations (engine/head.h). */
void facet_session_set_best(struct facet_session *session, uint32_t n);
/* Makes at once what would be made little by little while tokens are appended. */
void facet_session_prepare(struct facet_session *session);

/* Tokens that were guessed and computed ahead since the session is open, and those of them that
 * were then appended, at no cost. */
struct facet_speculation {
    size_t proposed, accepted;
};
void facet_session_get_speculation(const struct facet_session *session,
                                   struct facet_speculation *counts);

/* The same for n ≤ FACET_MAX_TOGETHER different sessions, which are beside each other, in one pass
 * over the weights: ids[i] goes to sessions[i]. All or, on failure, none. What a session computes
 * does not depend on which others are with it. Cancelling the first cancels all. */
enum { FACET_MAX_TOGETHER = 16 };
enum facet_status facet_sessions_append(struct facet_session *const *sessions, const int32_t *ids,
                                        size_t n, char *error);

/* Keeps the positions held now: prompts that begin like them are computed from there on, however
 * much was appended since. Until a prompt begins differently. */
void facet_session_keep(struct facet_session *session);
/* `to` holds and keeps what `from` keeps, without computing it. */
enum facet_status facet_session_copy(struct facet_session *to, const struct facet_session *from,
                                     char *error);

/* Logits of the last position: n_vocab floats, borrowed until the next call; all but the best may
 * be -INFINITY if that was asked for. NULL if there are none. */
const float *facet_session_logits(const struct facet_session *session);
/* Positions held. */
size_t facet_session_length(const struct facet_session *session);
/* The token at one of them. */
int32_t facet_session_id(const struct facet_session *session, size_t position);
/* Positions that the session holds as this prompt begins; 0 for a prompt that cannot be. */
size_t facet_session_held(const struct facet_session *session, const struct facet_prompt *prompt);
/* Positions that facet_session_prompt would not compute: of those held, what can be restored. */
size_t facet_session_spares(const struct facet_session *session,
                            const struct facet_prompt *prompt);

/* What n positions from `first` on, tokens that the session holds, looked at in n_images images
 * from number `image` on (from 0, in the order of the context). The query at a position chose the
 * token behind it.
 *
 *   mass[j] = mean over positions p, global layers, heads of softmax(q_p · keys)[soft token j]
 *   share[j] = mass[j] / Σ mass, [n_images][n_soft_tokens], row by row;  total = Σ mass, of all
 *   that a query looks at: 0 … 1 (0, and shares of 0, where the images come behind the positions)
 *
 * The queries are computed again, in some tenths of a second for a few words; the session stays as
 * it is to the last bit. Positions may be left out where local layers have lost what they
 * saw, in a context longer than their window: those before the last prompt's end, and of an answer
 * that is longer too, its beginning. n_positions tells how many counted; an error if none does. */
struct facet_attention {
    double total;
    size_t n_positions;
};
enum facet_status facet_session_attention(struct facet_session *session, size_t first, size_t n,
                                          size_t image, size_t n_images, float *share,
                                          struct facet_attention *attention, char *error);

/* Goes back to the first n positions (0 ≤ n ≤ length). What the windows of the local layers have
 * lost by then is computed again from the last point they can be restored to; an image is dropped
 * whole. Logits are gone until the next prompt or append. */
enum facet_status facet_session_rewind(struct facet_session *session, size_t n, char *error);

/* Writes the session to a file (0600), or makes it what one was that this model and options wrote:
 * whatever comes then, it computes the same. A file that is damaged is refused, and the session
 * empty. */
enum facet_status facet_session_save(struct facet_session *session, const char *path, char *error);
enum facet_status facet_session_restore(struct facet_session *session, const char *path,
                                        char *error);

/* ---- Sampling ------------------------------------------------------------------------------- */

struct facet_sampling {
    float temperature;        /* 0: always the best token */
    uint32_t top_k;           /* 0: all */
    float top_p;              /* 1: all */
    float min_p;              /* 0: all; share of the best token's probability */
    float repetition_penalty; /* 1: none */
    uint32_t repetition_last; /* positions looked at for it; 0: 64 */
    uint64_t seed;
    bool allow_image_tokens; /* else <pad>, <unk>, <bos> and image marks are never drawn; soft
                                tokens never are */
};
/* Gemma 3's own: 1.0, 64, 0.95, 0, 1, 64, seed 0. */
extern const struct facet_sampling facet_sampling_default;

/* What the model's file recommends (GGUF keys general.sampling.*, generation_config.json), and else
 * facet_sampling_default, as without a model (NULL). */
struct facet_sampling facet_model_sampling(const struct facet_model *model);

/* How many of the best logits a sampler of this kind looks at, for facet_session_set_best; 0: all.
 * Without n_alternatives, which looks at all. */
uint32_t facet_sampling_best(const struct facet_sampling *sampling);
struct facet_sampler *facet_sampler_new(const struct facet_model *model,
                                        const struct facet_sampling *sampling, char *error);
void facet_sampler_free(struct facet_sampler *sampler);

enum { FACET_MAX_ALTERNATIVES = 16 };
struct facet_token {
    int32_t id;
    bool is_end;   /* <end_of_turn> or <eos>: the answer is complete; not appended */
    float logprob; /* natural logarithm of its probability under the unmodified logits */
    uint32_t n_alternatives;
    struct {
        int32_t id;
        float logprob;
    } alternatives[FACET_MAX_ALTERNATIVES]; /* the most likely ones, best first */
};

/* Draws a token from the session's logits. n_alternatives (at most FACET_MAX_ALTERNATIVES): how
 * many to list; -1: not even logprob is computed, which is a little faster. Does not append it. */
enum facet_status facet_sampler_draw(struct facet_sampler *sampler,
                                     const struct facet_session *session, int n_alternatives,
                                     struct facet_token *token, char *error);

/* Draws and appends, unless it ends the answer. */
enum facet_status facet_session_next(struct facet_session *session, struct facet_sampler *sampler,
                                     int n_alternatives, struct facet_token *token, char *error);

/* ---- Answers of a given form ---------------------------------------------------------------- */

/* What an answer may be, from a JSON Schema: with it, samplers draw JSON that the schema allows and
 * nothing else. The grammar is read-only, for any number of samplers, and is freed after them and
 * before the model.
 *
 * Understood are: type (also a list), enum, const, anyOf, oneOf (of schemas that cannot match
 * together), allOf of one, $ref within the schema (also to itself), true and {}; of objects
 * properties, required, additionalProperties; of arrays items, prefixItems, minItems, maxItems; of
 * strings minLength, maxLength, pattern (ECMA 262 without look-around, \b and back references),
 * format (date, time, date-time, uuid, email); of numbers minimum, maximum, exclusiveMinimum,
 * exclusiveMaximum, with at most three decimals. Notes (title, description, default, examples, …)
 * are ignored. Anything else is an error that names it and its place.
 *
 * Stricter than the schema: an object that lists properties has no others, unless
 * additionalProperties says so; members come in that order; at most one space stands behind a comma
 * or colon, and none elsewhere; numbers have at most 15 digits, 16 behind the point, and 2 in the
 * exponent. */
struct facet_grammar *facet_grammar_from_schema(const struct facet_model *model, const char *schema,
                                                char *error);
void facet_grammar_free(struct facet_grammar *grammar);
/* Whether there can be a grammar of it, without a model. */
bool facet_schema_check(const char *schema, char *error);

/* From now on the sampler draws only tokens whose bytes may follow text[n_bytes], what was said of
 * the answer already, and those drawn since; the end of the answer where that is complete, and then
 * nothing else. A token counts when it is drawn. All logits are needed (facet_session_set_best).
 * grammar NULL: no longer. Fails, and changes nothing, if the text is not the beginning of such an
 * answer. */
enum facet_status facet_sampler_follow(struct facet_sampler *sampler,
                                       const struct facet_grammar *grammar, const char *text,
                                       size_t n_bytes, char *error);

/* ---- Speed ---------------------------------------------------------------------------------- */

enum facet_arithmetic { FACET_F32, FACET_BF16, FACET_INT8, FACET_ARITHMETIC_COUNT };

/* What the machine does a second at most, with the model's threads and instruction set. */
struct facet_ceilings {
    double read_bytes;                  /* of memory, in a stream */
    double ops[FACET_ARITHMETIC_COUNT]; /* multiplications and additions; 0: the set has no such
                                           instruction */
};
/* Takes about `seconds` for each figure; each is the best of several rounds. Takes 256 MiB for its
 * time. */
enum facet_status facet_measure_ceilings(struct facet_model *model, double seconds,
                                         struct facet_ceilings *ceilings, char *error);

/* Puts n more positions of random keys and values into the session, which a decode then reads as it
 * would those of a prompt; computes nothing. What is said behind them has no sense: for measuring.
 */
enum facet_status facet_session_fill(struct facet_session *session, size_t n, char *error);

/* What a job cannot do without: n positions held and one more decoded, a prompt of n tokens, n
 * pictures encoded. */
enum facet_job { FACET_DECODE, FACET_PREFILL, FACET_IMAGE };
struct facet_work {
    double bytes;                     /* weights read once, and for a decode the cache */
    double ops;                       /* in products with weights; of a picture, attention too */
    enum facet_arithmetic arithmetic; /* the fastest there is for these weights */
};
struct facet_work facet_session_work(const struct facet_session *session, enum facet_job job,
                                     size_t n);

#ifdef __cplusplus
}
#endif
#endif
