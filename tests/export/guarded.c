/* Runs the steps of x.bin with all memory of the library between pages that cannot be read or written: first its beginning, then
 * its end lies at such a page. Weights are read-only. The outputs go to y.bin. With an argument, the outputs replace the inputs.
 */
#define _DEFAULT_SOURCE
#include "net.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *guarded(size_t size, int at_end)
{
    const size_t page = sysconf(_SC_PAGESIZE), inner = size / page * page + page;
    char *p = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + page, inner, PROT_READ | PROT_WRITE))
        return NULL;
    memset(p + page, 255, inner);
    return p + page + (at_end ? inner - size : 0);
}

int main(int argc, char **argv)
{
    const size_t in = sizeof(net_real) * NET_ROWS * NET_INPUT * STEPS, out = sizeof(net_real) * NET_ROWS * NET_OUTPUT * STEPS;
    int at_end;
    FILE *file = fopen("y.bin", "wb");
    for (at_end = 0; at_end < 2; ++at_end) {
        net_real *x = guarded(in, at_end), *y = argc > 1 ? x : guarded(out, at_end);
        net_real *state = guarded(sizeof(net_real) * NET_STATE, at_end);
        char *weights = guarded(NET_WEIGHTS, at_end);
        net *n;
        FILE *inputs = fopen("x.bin", "rb"), *numbers = fopen("net.bin", "rb");
        if (fread(x, 1, in, inputs) != in || fread(weights, 1, NET_WEIGHTS, numbers) != NET_WEIGHTS)
            return 2;
        mprotect(weights - (size_t)weights % sysconf(_SC_PAGESIZE), NET_WEIGHTS, PROT_READ);
        n = net_init(guarded(net_size(), at_end), weights);
        net_step(n, x, state);
        net_reset(n);
        net_get_state(n, state);
        net_set_state(n, state);
        net_run(n, x, y, STEPS);
        fwrite(y, 1, out, file);
        fclose(inputs);
        fclose(numbers);
    }
    fclose(file);
    return 0;
}
