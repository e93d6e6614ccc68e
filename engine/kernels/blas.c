#include "engine/kernels/blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* CBLAS's numbers and C prototype, from its published interface. */
enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 };
typedef void sgemm_fn(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                      const float *a, int lda, const float *b, int ldb, float beta, float *c,
                      int ldc);

/* A library is loaded once for a whole process, so this is, too; written under `once` only. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sgemm_fn *sgemm;

static void gemm(bool a_turned, bool b_turned, size_t m, size_t n, size_t k, const float *a,
                 size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    sgemm(ROW_MAJOR, a_turned ? TRANS : NO_TRANS, b_turned ? TRANS : NO_TRANS, (int)m, (int)n,
          (int)k, 1.0f, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

static void gemm_nt(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                    size_t ldb, float *c, size_t ldc)
{
    gemm(false, true, m, n, k, a, lda, b, ldb, 0, c, ldc);
}

static const struct blas openblas = {"OpenBLAS", gemm_nt, gemm};

static const char *core_type(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        return "SKYLAKEX";
#endif
    return NULL;
}

/* An environment variable that is given another value for the time of the load. What was there is
 * meant for other programs: a core type that one of them is to be held to would halve the speed
 * here. */
struct variable {
    const char *name;
    char *old;
};

static struct variable set_for_load(const char *name, const char *value)
{
    const char *old = getenv(name);
    struct variable v = {name, old ? strdup(old) : NULL};
    if (value)
        setenv(name, value, 1);
    return v;
}

static void set_back(struct variable *v)
{
    if (v->old)
        setenv(v->name, v->old, 1);
    else
        unsetenv(v->name);
    free(v->old);
}

static void load(void)
{
    struct variable core = set_for_load("OPENBLAS_CORETYPE", core_type());
    struct variable threads = set_for_load("OPENBLAS_NUM_THREADS", "1");
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    set_back(&core);
    set_back(&threads);
    void *symbol = library ? dlsym(library, "cblas_sgemm") : NULL;
    void *set_threads = library ? dlsym(library, "openblas_set_num_threads") : NULL;
    if (!symbol || !set_threads)
        return;
    void (*set)(int);
    memcpy(&set, &set_threads, sizeof set);
    set(1);
    memcpy(&sgemm, &symbol, sizeof sgemm);
}

const struct blas *blas_get(void)
{
    pthread_once(&once, load);
    return sgemm ? &openblas : NULL;
}
