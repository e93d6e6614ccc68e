/* Runs a decoder in a child process that can reach nothing but its own memory, so that a hole in a
 * decoder does no harm. The functions in image.h are what programs
 * call. */
#ifndef IMAGE_SANDBOX_H
#define IMAGE_SANDBOX_H

#include "image/image.h"

/* Sanitizers reserve address space and make system calls of their own: under them the child has
 * neither a memory limit nor a filter. */
#if defined(__has_feature)
#define SANDBOX_HAS(x) __has_feature(x)
#else
#define SANDBOX_HAS(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    SANDBOX_HAS(address_sanitizer) || SANDBOX_HAS(thread_sanitizer) ||                             \
    SANDBOX_HAS(memory_sanitizer)
enum { SANDBOX_SANITIZED = 1 };
#else
enum { SANDBOX_SANITIZED = 0 };
#endif

struct sandbox_job {
    /* image_decode, or a stand-in that a test wants to see contained. */
    bool (*decode)(struct image *out, struct image_facts *facts, const void *bytes, size_t n_bytes,
                   const char *name, const struct image_limits *limits, struct err *err);
    const void *bytes;
    size_t n_bytes;
    const char *name;
    const struct image_limits *limits; /* may be NULL */
    unsigned max_seconds;              /* of processor time; three times that by the clock */
    size_t max_memory_bytes;           /* beyond what the process has */
};

/* What decode() would give. A child that dies or takes too long is an error. May be called from any
 * thread; nothing else is needed of the program (no signal handler, no helper program). facts may
 * be NULL. */
bool sandbox_run(const struct sandbox_job *job, struct image *out, struct image_facts *facts,
                 struct err *err);

#endif
