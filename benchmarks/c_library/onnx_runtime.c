/* ONNX Runtime's C API behind the functions of net.h: one session of net.onnx, one thread, and bound buffers.
 *
 * Two bindings take turns, whose states are the other's outputs, so that a step copies x alone. */
#include "net.h"
#include <onnxruntime_c_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const OrtApi *api;
static OrtSession *session;
static OrtIoBinding *bindings[2];
static int odd;
static float x_of_step[NET_INPUT], y_of_step[1], h[2][UNITS], c[2][UNITS];

static void check(OrtStatus *status)
{
    if (!status) return;
    fprintf(stderr, "%s\n", api->GetErrorMessage(status));
    exit(1);
}

static OrtValue *tensor(const OrtMemoryInfo *info, float *data, int rank, long last)
{
    int64_t shape[3] = {1, 1, 1};
    OrtValue *value;
    shape[rank - 1] = last;
    check(api->CreateTensorWithDataAsOrtValue(info, data, (size_t)last * sizeof *data, shape, (size_t)rank,
                                              ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value));
    return value;
}

net *net_init(void *memory)
{
    OrtEnv *environment;
    OrtSessionOptions *options;
    OrtMemoryInfo *info;
    int k;
    api = OrtGetApiBase()->GetApi(ORT_API_VERSION);
    check(api->CreateEnv(ORT_LOGGING_LEVEL_WARNING, "net", &environment));
    check(api->CreateSessionOptions(&options));
    check(api->SetIntraOpNumThreads(options, 1));
    check(api->SetInterOpNumThreads(options, 1));
    check(api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
    check(api->CreateSession(environment, "net.onnx", options, &session));
    check(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &info));
    for (k = 0; k < 2; ++k) {
        check(api->CreateIoBinding(session, &bindings[k]));
        check(api->BindInput(bindings[k], "x", tensor(info, x_of_step, 3, NET_INPUT)));
        check(api->BindInput(bindings[k], "h0", tensor(info, h[k], 3, UNITS)));
        check(api->BindInput(bindings[k], "c0", tensor(info, c[k], 3, UNITS)));
        check(api->BindOutput(bindings[k], "y", tensor(info, y_of_step, 2, 1)));
        check(api->BindOutput(bindings[k], "h1", tensor(info, h[!k], 3, UNITS)));
        check(api->BindOutput(bindings[k], "c1", tensor(info, c[!k], 3, UNITS)));
    }
    return (net *)memory;
}

void net_step(net *n, const float *x, float *y)
{
    (void)n;
    memcpy(x_of_step, x, sizeof x_of_step);
    check(api->RunWithBinding(session, NULL, bindings[odd]));
    odd = !odd;
    *y = *y_of_step;
}

void net_run(net *n, const float *x, float *y, size_t steps)
{
    size_t t;
    for (t = 0; t < steps; ++t) net_step(n, x + t * NET_INPUT, y + t);
}
