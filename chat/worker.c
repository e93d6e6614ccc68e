#include "chat/worker.h"

#include <signal.h>
#include <string.h>

bool worker_start(pthread_t *worker, void *(*work)(void *user), void *user, struct err *err)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    sigset_t most, before;
    sigfillset(&most);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigdelset(&most, crashes[i]);
    pthread_sigmask(SIG_SETMASK, &most, &before);
    int status = pthread_create(worker, NULL, work, user);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status == 0 || err_set(err, "cannot start a thread: %s", strerror(status));
}
