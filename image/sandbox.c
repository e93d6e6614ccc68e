#include "image/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/mem.h"
#include "image/formats.h"

/* The largest picture with room for its decoder took 0.94 GB (progressive JPEG of 99 megapixels);
 * what is below the limits takes under 3 seconds. */
enum { MAX_SECONDS = 10, MAX_MEMORY_BYTES = 1 << 30 };

/* What the child says, at the start of the memory that it shares; pixels[] behind it. The parent
 * believes none of it: no pointers, every number and text is checked. */
struct report {
    uint32_t done, ok; /* done is set last */
    uint32_t width, height, stored_width, stored_height;
    int32_t orientation;
    uint32_t had_alpha, animated;
    char format[16];
    char warning[sizeof((struct image_facts *)0)->warning];
    char error[ERR_TEXT_BYTES];
    uint8_t pixels[];
};

struct shared {
    struct report *report;
    size_t size;       /* of the mapping */
    size_t max_pixels; /* that fit */
};

/* Pages are taken only as they are written, so that room for the largest picture costs nothing. */
static bool shared_open(struct shared *s, const struct image_limits *limits, struct err *err)
{
    s->max_pixels = (size_t)image_max_pixels(limits);
    if (!size_mul(s->max_pixels, 3, &s->size) || !size_add(s->size, sizeof *s->report, &s->size))
        return err_set(err, "the limit of pixels overflows");
    void *p = mmap(NULL, s->size, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return err_set(err, "no memory to share: %s", strerror(errno));
    s->report = p;
    return true;
}

/* Bytes of private memory that this process has, which RLIMIT_DATA counts; 0 if unknown. */
static uint64_t data_bytes(void)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f)
        return 0;
    if (fscanf(f, "%*u %*u %*u %*u %*u %llu", &pages) != 1)
        pages = 0;
    fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void limit_resources(const struct sandbox_job *job, uint64_t data_before)
{
    const struct rlimit none = {0, 0}, cpu = {job->max_seconds, job->max_seconds};
    rlim_t data = data_before + job->max_memory_bytes;
    const struct rlimit memory = {data, data};
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_FSIZE, &none);
    setrlimit(RLIMIT_CPU, &cpu);
    if (data_before > 0 && !SANDBOX_SANITIZED)
        setrlimit(RLIMIT_DATA, &memory);
}

/* Leaves memory that cannot be executed, and the end. Other calls fail; none kills, so that a
 * library that asks for something needless goes on. Where there is no seccomp(2) (before
 * Linux 3.17, and in valgrind, which could not live under the filter) the limits and the closed
 * descriptors remain. */
static void filter_calls(void)
{
    static const int harmless[] = {
        SCMP_SYS(munmap), SCMP_SYS(brk),           SCMP_SYS(mremap),    SCMP_SYS(madvise),
        SCMP_SYS(futex),  SCMP_SYS(clock_gettime), SCMP_SYS(getrandom), SCMP_SYS(rt_sigreturn),
        SCMP_SYS(exit),   SCMP_SYS(exit_group),
    };
    const unsigned api_with_seccomp_call = 2; /* see seccomp_api_get(3) */
    if (seccomp_api_get() < api_with_seccomp_call)
        return;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return;
    bool ok = true;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, harmless[i], 0) == 0;
    const struct scmp_arg_cmp not_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                              no_file = SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS);
    ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_code) == 0 &&
         seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, not_code, no_file) == 0;
    if (ok)
        seccomp_load(filter);
    seccomp_release(filter);
}

/* Gives up all that the child has of the parent's, but for `alive`, whose closing tells its end,
 * and standard error, which only a sanitizer's child can still write to. */
static void give_up(const struct sandbox_job *job, int alive, uint64_t data_before)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(alive, STDIN_FILENO);
    close(STDOUT_FILENO);
    closefrom(STDERR_FILENO + 1);
    limit_resources(job, data_before);
    if (!SANDBOX_SANITIZED)
        filter_calls();
}

static void report_picture(struct report *r, const struct image *image,
                           const struct image_facts *facts)
{
    r->width = image->width;
    r->height = image->height;
    r->stored_width = facts->stored_width;
    r->stored_height = facts->stored_height;
    r->orientation = facts->orientation;
    r->had_alpha = facts->had_alpha;
    r->animated = facts->animated;
    snprintf(r->format, sizeof r->format, "%s", facts->format ? facts->format : "");
    memcpy(r->warning, facts->warning, sizeof r->warning);
    memcpy(r->pixels, image->rgb, (size_t)image->width * image->height * 3);
}

static _Noreturn void child(const struct sandbox_job *job, const struct shared *s)
{
    struct image image;
    struct image_facts facts;
    struct err err = {""};
    struct report *r = s->report;
    r->ok = job->decode(&image, &facts, job->bytes, job->n_bytes, job->name, job->limits, &err);
    if (r->ok)
        report_picture(r, &image, &facts);
    else
        memcpy(r->error, err.text, sizeof r->error);
    r->done = 1;
    _exit(0);
}

/* Starts the child; its process id, and in *alive what reads as ended when it has ended. Signals
 * are blocked in it: the program's handlers are not its business, and what must kill it cannot be
 * blocked. */
static pid_t start_child(const struct sandbox_job *job, const struct shared *s, int *alive)
{
    int ends[2];
    sigset_t all, before;
    uint64_t data_before = data_bytes();
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0) {
        give_up(job, ends[1], data_before);
        child(job, s);
    }
    int why = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    *alive = ends[0];
    if (pid < 0)
        close(ends[0]);
    errno = why;
    return pid;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for the child's end, at most so long, then ends it; its status, or −1 if that is not known
 * (a program may leave its children to the system). */
static int await_child(pid_t pid, int alive, unsigned max_seconds, bool *late)
{
    int64_t deadline = now_ms() + 3000 * (int64_t)max_seconds, left;
    struct pollfd end = {.fd = alive, .events = POLLIN};
    *late = true;
    while (*late && (left = deadline - now_ms()) > 0)
        if (poll(&end, 1, (int)left) > 0)
            *late = false;
    close(alive);
    if (*late)
        kill(pid, SIGKILL);
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

/* A text from the child: ended, and without what a terminal would obey. */
static void take_text(char *to, const char *from, size_t size)
{
    snprintf(to, size, "%.*s", (int)size - 1, from);
    for (char *c = to; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
}

static void take_facts(struct image_facts *facts, const struct report *r)
{
    *facts = (struct image_facts){
        .format = format_name(r->format, sizeof r->format),
        .stored_width = r->stored_width,
        .stored_height = r->stored_height,
        .orientation = r->orientation >= 1 && r->orientation <= 8 ? r->orientation : 1,
        .had_alpha = r->had_alpha != 0,
        .animated = r->animated != 0,
    };
    take_text(facts->warning, r->warning, sizeof facts->warning);
}

static bool take_picture(struct image *out, const struct shared *s, struct err *err)
{
    const struct report *r = s->report;
    uint64_t n_pixels = (uint64_t)r->width * r->height;
    if (n_pixels == 0 || n_pixels > s->max_pixels)
        return err_set(err, "the decoder gave a picture of %u×%u pixels", r->width, r->height);
    uint8_t *rgb = mem_try((size_t)n_pixels, 3, "picture", err);
    if (!rgb)
        return false;
    memcpy(rgb, r->pixels, (size_t)n_pixels * 3);
    *out = (struct image){r->width, r->height, rgb};
    return true;
}

static bool take_report(const struct shared *s, struct image *out, struct image_facts *facts,
                        const char *name, struct err *err)
{
    if (!s->report->ok) {
        char text[ERR_TEXT_BYTES];
        take_text(text, s->report->error, sizeof text);
        return err_set(err, "%s", text);
    }
    if (!take_picture(out, s, err))
        return err_prefix(err, "%s", name);
    if (facts)
        take_facts(facts, s->report);
    return true;
}

static bool run_child(const struct sandbox_job *job, const struct shared *s, struct err *err)
{
    int alive;
    bool late;
    pid_t pid = start_child(job, s, &alive);
    if (pid < 0)
        return err_set(err, "no process for the decoder: %s", strerror(errno));
    int status = await_child(pid, alive, job->max_seconds, &late);
    if (s->report->done && !late)
        return true;
    bool killed = status >= 0 && WIFSIGNALED(status);
    if (late || (killed && WTERMSIG(status) == SIGKILL))
        return err_set(err,
                       "the decoder failed on this file (it took more than %u s, or was killed)",
                       job->max_seconds);
    return err_set(err, "the decoder failed on this file (%s)",
                   killed ? sigdescr_np(WTERMSIG(status)) : "it ended without a result");
}

bool sandbox_run(const struct sandbox_job *job, struct image *out, struct image_facts *facts,
                 struct err *err)
{
    struct shared s = {0};
    *out = (struct image){0};
    if (facts)
        *facts = (struct image_facts){0};
    if (!shared_open(&s, job->limits, err))
        return err_prefix(err, "%s", job->name);
    bool ok = run_child(job, &s, err);
    ok = ok ? take_report(&s, out, facts, job->name, err) : err_prefix(err, "%s", job->name);
    munmap(s.report, s.size);
    return ok;
}

bool image_decode_sandboxed(struct image *out, struct image_facts *facts, const void *bytes,
                            size_t n_bytes, const char *name, const struct image_limits *limits,
                            struct err *err)
{
    struct sandbox_job job = {.decode = image_decode,
                              .bytes = bytes,
                              .n_bytes = n_bytes,
                              .name = name,
                              .limits = limits,
                              .max_seconds = MAX_SECONDS,
                              .max_memory_bytes = MAX_MEMORY_BYTES};
    return sandbox_run(&job, out, facts, err);
}

bool image_load_sandboxed(struct image *out, struct image_facts *facts, const char *path,
                          const struct image_limits *limits, struct err *err)
{
    const char *name;
    size_t n_bytes;
    *out = (struct image){0};
    char *bytes = source_read(path, limits, &n_bytes, &name, err);
    if (!bytes)
        return false;
    bool ok = image_decode_sandboxed(out, facts, bytes, n_bytes, name, limits, err);
    free(bytes);
    return ok;
}
