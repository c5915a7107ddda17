/* Runs an exported model at the pace of a clock, and prints how late its outputs are.
 *
 *     realtime RATE BLOCK BLOCKS
 *
 * Every BLOCK / RATE seconds a block of BLOCK steps is due, as samples come from a sensor or a sound card. The program sleeps
 * until then, computes the block, and notes two times: of the computation, and from the moment when the block was due to the
 * end of the computation, in which the system had to wake the program. A block misses its deadline if it ends after the next one
 * is due.
 *
 * Link it with net.o of model.export_c, on Linux.
 */
#define _GNU_SOURCE
#include "net.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static char memory[NET_MEMORY];

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void print(const char *title, float *us, long n)
{
    long k = 0;
    double edge;
    qsort(us, (size_t)n, sizeof *us, compare);
    printf("%s, microseconds: p50 %.2f, p99 %.2f, p99.9 %.2f, max %.2f\n", title, us[n / 2], us[(long)(n * 0.99)],
           us[(long)(n * 0.999)], us[n - 1]);
    for (edge = 0.25; k < n; edge *= 2) {
        long first = k;
        while (k < n && us[k] < edge) ++k;
        if (k > first) printf("  below %10.2f  %10ld\n", edge, k - first);
    }
}

int main(int argc, char **argv)
{
    double rate = argc > 1 ? atof(argv[1]) : 1000;
    long block = argc > 2 ? atol(argv[2]) : 1, blocks = argc > 3 ? atol(argv[3]) : 5000, t, k, missed = 0;
    long long due, period = (long long)(block * 1e9 / rate);
    struct sched_param priority = {10};
    float *computing = malloc((size_t)blocks * sizeof *computing), *late = malloc((size_t)blocks * sizeof *late);
    net_real *x = calloc((size_t)block * NET_ROWS * NET_INPUT, sizeof *x);
    net_real *y = calloc((size_t)block * NET_ROWS * NET_OUTPUT, sizeof *y);
    net *n = net_init(memory);
    if (!computing || !late || !x || !y || block < 1 || blocks < 1 || rate <= 0) return 1;
    for (t = 0; t < blocks; ++t) computing[t] = late[t] = 0; /* no page fault later */
    for (k = 0; k < block * NET_ROWS * NET_INPUT; ++k) x[k] = (net_real)(0.1 * (k % 7));
    printf("%s, %s\n", sched_setscheduler(0, SCHED_FIFO, &priority) ? "ordinary priority" : "real-time priority",
           mlockall(MCL_CURRENT | MCL_FUTURE) ? "memory not locked" : "memory locked");
    due = now() + period;
    for (t = 0; t < blocks; ++t, due += period) {
        struct timespec until = {due / 1000000000LL, due % 1000000000LL};
        long long start, end;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        start = now();
        net_run(n, x, y, (size_t)block);
        end = now();
        computing[t] = (end - start) * 1e-3f;
        late[t] = (end - due) * 1e-3f;
        missed += end > due + period;
    }
    printf("%ld blocks of %ld at %.0f Hz, a block every %.1f microseconds; %ld missed their deadline; last output %g\n", blocks,
           block, rate, period * 1e-3, missed, (double)y[0]);
    print("computation", computing, blocks);
    print("from due to done", late, blocks);
    return 0;
}
