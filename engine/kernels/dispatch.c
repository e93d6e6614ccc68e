/* Which kernel sets this processor can run. */
#include <string.h>

#include "engine/kernels/kernels.h"

#if defined(__x86_64__)

/* The compiler's probes include whether the system saves the wide registers. */
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi") &&
           __builtin_cpu_supports("fma");
}

static bool has_avx512_bf16(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512bf16");
}

/* F16C came before AVX2 in every line of processors, and clang cannot probe it. */
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const struct kernels *kernels_neon(void)
{
    return NULL;
}

#else

#if !defined(__aarch64__)
const struct kernels *kernels_neon(void)
{
    return NULL;
}
#endif

static bool has_avx512(void)
{
    return false;
}

static bool has_avx512_bf16(void)
{
    return false;
}

static bool has_avx2(void)
{
    return false;
}

const struct kernels *kernels_avx512(void)
{
    return NULL;
}

const struct kernels *kernels_avx512_bf16(void)
{
    return NULL;
}

const struct kernels *kernels_avx2(void)
{
    return NULL;
}

#endif

#if defined(__aarch64__)
#include <sys/auxv.h>

/* neon.c uses the dot products of bytes and half-precision conversions. */
static bool has_neon(void)
{
    const unsigned long needed = HWCAP_ASIMDDP | HWCAP_ASIMDHP;
    return (getauxval(AT_HWCAP) & needed) == needed;
}
#else
static bool has_neon(void)
{
    return false;
}
#endif

const struct kernels *kernels_get(const char *name)
{
    const struct kernels *usable[] = {
        has_avx512_bf16() ? kernels_avx512_bf16() : NULL,
        has_avx512() ? kernels_avx512() : NULL,
        has_avx2() ? kernels_avx2() : NULL,
        has_neon() ? kernels_neon() : NULL,
        kernels_scalar(),
    };
    for (size_t i = 0; i < sizeof usable / sizeof *usable; i++) {
        if (!usable[i])
            continue;
        if (!name)
            return usable[i];
        if (!strcmp(name, "exact"))
            return usable[i] + 1;
        if (!strcmp(name, usable[i]->name))
            return usable[i];
    }
    return NULL;
}
