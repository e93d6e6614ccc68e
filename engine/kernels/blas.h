/* OpenBLAS for large float products, loaded when first asked for.
 *
 * Debian's build does not know processors newer than itself and would fall back to slow kernels; it
 * reads OPENBLAS_CORETYPE when it is loaded, so that is chosen first (SPEED.md). It is held to one
 * thread: the engine's own pool divides the work. */
#ifndef ENGINE_KERNELS_BLAS_H
#define ENGINE_KERNELS_BLAS_H

#include <stdbool.h>
#include <stddef.h>

struct blas {
    const char *name;
    /* C[m][n] = A[m][k] · B[n][k]ᵀ, row-major; as kernels.gemm_nt. */
    void (*gemm_nt)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                    size_t ldb, float *c, size_t ldc);
    /* C[m][n] = op(A) · op(B) + beta · C, op(A) [m][k] being A or, with a_turned, A[k][m]ᵀ; B alike. */
    void (*gemm)(bool a_turned, bool b_turned, size_t m, size_t n, size_t k, const float *a,
                 size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);
};

/* NULL where the library is not installed. The same table each time; any thread. */
const struct blas *blas_get(void);

#endif
