#include <string.h>

#include "train/net.h"

/* One tower for both, as Gemma 3's sizes share one: the student's begins as the teacher's ends. */
#define TOWER                                                                                      \
    .v_layers = 6, .v_width = 256, .v_ff = 1024, .v_heads = 4, .image_size = 896, .patch_size = 28, \
    .pool = 4

static const struct {
    const char *name;
    struct net_shape shape;
} shapes[] = {
    {"student",
     {.n_layers = 6, .n_embd = 384, .n_ff = 1152, .n_heads = 6, .n_kv_heads = 2, .head_dim = 64,
      .window = 512, .n_ctx = 8192, TOWER}},
    {"teacher",
     {.n_layers = 12, .n_embd = 512, .n_ff = 1536, .n_heads = 8, .n_kv_heads = 2, .head_dim = 64,
      .window = 512, .n_ctx = 8192, TOWER}},
    {"tiny",
     {.n_layers = 6, .n_embd = 64, .n_ff = 96, .n_heads = 4, .n_kv_heads = 2, .head_dim = 16,
      .window = 24, .n_ctx = 8192, .v_layers = 2, .v_width = 96, .v_ff = 64, .v_heads = 3,
      .image_size = 224, .patch_size = 28, .pool = 4}},
};

bool net_shape_find(const char *name, struct net_shape *shape, struct err *err)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (!strcmp(shapes[i].name, name)) {
            *shape = shapes[i].shape;
            return true;
        }
    return err_set(err, "no net is called %s", name);
}
