/* LSTM and Dense(1) as one would write them in C, for the optimizer of a compiler. */
#include "net.h"
#include <math.h>

#define D NET_INPUT
#define H UNITS

extern const float kernel[], recurrent[], bias[], dense[], dense_bias[];

struct net { float h[H], c[H]; };

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

net *net_init(void *memory)
{
    net *n = (net *)memory;
    int k;
    for (k = 0; k < H; ++k) n->h[k] = n->c[k] = 0;
    return n;
}

void net_step(net *n, const float *x, float *y)
{
    static float z[4 * H];
    int k, j;
    for (j = 0; j < 4 * H; ++j) z[j] = bias[j];
    for (k = 0; k < D; ++k) for (j = 0; j < 4 * H; ++j) z[j] += x[k] * kernel[k * 4 * H + j];
    for (k = 0; k < H; ++k) for (j = 0; j < 4 * H; ++j) z[j] += n->h[k] * recurrent[k * 4 * H + j];
    for (k = 0; k < H; ++k) {
        n->c[k] = sigmoid(z[H + k]) * n->c[k] + sigmoid(z[k]) * tanhf(z[2 * H + k]);
        n->h[k] = sigmoid(z[3 * H + k]) * tanhf(n->c[k]);
    }
    *y = dense_bias[0];
    for (k = 0; k < H; ++k) *y += n->h[k] * dense[k];
}

void net_run(net *n, const float *x, float *y, size_t steps)
{
    size_t t;
    for (t = 0; t < steps; ++t) net_step(n, x + t * D, y + t);
}
