/* Prints the outputs of CHECKED steps, and the median and the least nanoseconds of a step in TURNS turns of TURN_NS each.
 *
 * It is linked with one engine, which defines the functions of net.h. A turn calls net_step, or net_run with blocks of BLOCK
 * steps where BLOCK is more than 1. */
#define _POSIX_C_SOURCE 200809L
#include "net.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static char memory[NET_MEMORY];
static float x[BLOCK * NET_INPUT + 16] __attribute__((aligned(64))), y[BLOCK * NET_OUTPUT];
static net *n;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

static double run(long count)
{
    double start = now();
    long k;
    for (k = 0; k < count; ++k) {
        if (BLOCK > 1) net_run(n, x, y, BLOCK);
        else net_step(n, x, y);
    }
    return now() - start;
}

int main(void)
{
    static double turn[TURNS];
    long count = 1;
    int t, k;
    n = net_init(memory);
    for (t = 0; t < CHECKED; ++t) {
        for (k = 0; k < NET_INPUT; ++k) x[k] = 0.3f * ((5 * k + 3 * t) % 7) - 0.9f;
        net_step(n, x, y);
        printf("%.9g ", y[0]);
    }
    for (k = 0; k < BLOCK * NET_INPUT; ++k) x[k] = 0.1f * (k % 7);
    while (run(count) < TURN_NS) count *= 2;
    for (t = 0; t < TURNS; ++t) turn[t] = run(count) / count / BLOCK;
    qsort(turn, TURNS, sizeof *turn, compare);
    printf("\n%f %f\n", turn[TURNS / 2], turn[0]);
    return 0;
}
