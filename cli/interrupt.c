#include "cli/interrupt.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t only_sigint(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    return set;
}

bool interrupt_open(struct interrupt *i, struct err *err)
{
    sigset_t set = only_sigint();
    pthread_sigmask(SIG_BLOCK, &set, &i->before);
    i->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (i->fd >= 0)
        return true;
    int why = errno;
    pthread_sigmask(SIG_SETMASK, &i->before, NULL);
    return err_set(err, "signals: %s", strerror(why));
}

void interrupt_close(struct interrupt *i)
{
    interrupt_came(i);
    close(i->fd);
    pthread_sigmask(SIG_SETMASK, &i->before, NULL);
}

bool interrupt_came(struct interrupt *i)
{
    struct signalfd_siginfo info;
    bool came = false;
    while (read(i->fd, &info, sizeof info) == (ssize_t)sizeof info)
        came = true;
    return came;
}

void interrupt_let_kill(bool kill)
{
    sigset_t set = only_sigint();
    if (kill)
        signal(SIGINT, SIG_DFL);
    pthread_sigmask(kill ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}
