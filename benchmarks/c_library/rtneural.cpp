/* RTNeural's engine of fixed sizes, ModelT, behind the functions of net.h.
 *
 * Its sources come from a checkout beside this repository. With APPROXIMATE, tanh and sigmoid are rational functions, whose
 * error is at most 0.0016, in the place that RTNeural has for activations of a program. */
#include <RTNeural/RTNeural.h>
#include "net.h"

#include <algorithm>
#include <vector>

extern "C" const float kernel[], recurrent[], bias[], dense[], dense_bias[];

#ifdef APPROXIMATE
struct Maths : RTNEURAL_NAMESPACE::DefaultMathsProvider {
    template <typename V> static V rational(const V &x)
    {
        const V s = x * x;
        return x * ((s + V(105.f)) * s + V(945.f)) / ((V(15.f) * s + V(420.f)) * s + V(945.f));
    }
#if RTNEURAL_USE_EIGEN
    using Values = Eigen::Array<float, Eigen::Dynamic, 1, 0, 3 * UNITS, 1>;
    template <typename M> static Values tanh(const M &x)
    {
        const Values v = x.array(), s = v * v;
        return (v * ((s + 105.f) * s + 945.f) / ((15.f * s + 420.f) * s + 945.f)).min(1.f).max(-1.f);
    }
    template <typename M> static Values sigmoid(const M &x) { return 0.5f + 0.5f * tanh(Values(0.5f * x.array())); }
#elif RTNEURAL_USE_XSIMD
    template <typename V> static V tanh(const V &x) { return xsimd::max(V(-1.f), xsimd::min(V(1.f), rational(x))); }
    template <typename V> static V sigmoid(const V &x) { return V(0.5f) + V(0.5f) * tanh(V(0.5f) * x); }
#else
    static float tanh(float x) { return std::max(-1.f, std::min(1.f, rational(x))); }
    static float sigmoid(float x) { return 0.5f + 0.5f * tanh(0.5f * x); }
#endif
};
#else
using Maths = RTNEURAL_NAMESPACE::DefaultMathsProvider;
#endif

namespace rt = RTNEURAL_NAMESPACE;
using Recurrent = rt::LSTMLayerT<float, NET_INPUT, UNITS, rt::SampleRateCorrectionMode::None, Maths>;
static rt::ModelT<float, NET_INPUT, 1, Recurrent, rt::DenseT<float, UNITS, 1>> model;

static std::vector<std::vector<float>> rows(const float *values, int count)
{
    std::vector<std::vector<float>> made;
    for (int k = 0; k < count; ++k) made.emplace_back(values + k * 4 * UNITS, values + (k + 1) * 4 * UNITS);
    return made;
}

net *net_init(void *memory)
{
    model.get<0>().setWVals(rows(kernel, NET_INPUT));
    model.get<0>().setUVals(rows(recurrent, UNITS));
    model.get<0>().setBVals(std::vector<float>(bias, bias + 4 * UNITS));
    model.get<1>().setWeights(std::vector<std::vector<float>>{std::vector<float>(dense, dense + UNITS)});
    model.get<1>().setBias(dense_bias);
    model.reset();
    return static_cast<net *>(memory);
}

void net_step(net *, const float *x, float *y) { *y = model.forward(x); }

void net_run(net *, const float *x, float *y, size_t steps)
{
    for (size_t t = 0; t < steps; ++t) y[t] = model.forward(x + t * NET_INPUT);
}
