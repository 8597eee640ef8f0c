#include "model/clip/PackedLinear.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>
#include <cmath>

namespace tagalign::model::clip {

namespace {

using torch::Tensor;
using OptionalTensor = std::optional<Tensor>;
using Scalars = c10::List<std::optional<at::Scalar>>;

/// Rows of the product that the layout is chosen for: 16 images of 197 tokens.
constexpr std::int64_t kTypicalRows = 16 * 197;

/// The kernels below have no C++ header; they are reached by the names that torch.ops has.
template <typename Signature>
auto findKernel(const char* name, const char* overload = "")
{
    return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).typed<Signature>();
}

Tensor reorder(const Tensor& weight)
{
    static const auto kernel = findKernel<Tensor(const Tensor&, std::optional<c10::SymInt>)>(
        "mkldnn::_reorder_linear_weight");
    return kernel.call(weight, c10::SymInt(kTypicalRows));
}

Tensor multiply(const Tensor& x, const Tensor& weight, const Tensor& bias, After after)
{
    static const auto kernel =
        findKernel<Tensor(const Tensor&, const Tensor&, const OptionalTensor&, std::string_view,
                          Scalars, std::optional<std::string_view>)>("mkldnn::_linear_pointwise");
    const bool isGelu = after == After::Gelu || after == After::TanhGelu;
    const char* name = isGelu ? "gelu" : (after == After::Silu ? "swish" : "none");
    return kernel.call(x, weight, bias, name, Scalars(),
                       after == After::TanhGelu ? "tanh" : "none");
}

Tensor multiplyOnto(const Tensor& x, const Tensor& residual, const Tensor& weight,
                    const Tensor& bias)
{
    static const auto kernel =
        findKernel<Tensor(const Tensor&, const Tensor&, const Tensor&, const OptionalTensor&,
                          std::string_view)>("mkldnn::_linear_pointwise", "binary");
    return kernel.call(x, residual, weight, bias, "add");
}

bool hasPackedKernels()
{
    return at::globalContext().userEnabledMkldnn() && at::hasMKLDNN();
}

} // namespace

PackedLinear::PackedLinear(const Tensor& weight, const Tensor& bias, Precision precision,
                           After after)
    : m_precision(precision),
      m_after(after)
{
    const auto type = precision == Precision::Float32 ? torch::kFloat32 : torch::kBFloat16;
    if (precision == Precision::Int8) {
        packInt8(weight);
        m_bias = bias.detach().to(torch::kFloat32, false, true).contiguous();
        return;
    }
    m_weight = weight.detach().to(type, false, true).contiguous();
    m_bias = bias.detach().to(type, false, true).contiguous();
    m_isPacked = precision == Precision::BFloat16 && weight.is_cpu() && hasPackedKernels();
    if (m_isPacked) {
        m_weight = reorder(m_weight);
    }
}

void PackedLinear::packInt8(const Tensor& weight)
{
    static const auto kernel = findKernel<Tensor(Tensor, std::optional<torch::List<std::int64_t>>)>(
        "onednn::qlinear_prepack");
    m_scales = (weight.abs().amax(1) / 127.0).clamp_min(1e-12);
    const Tensor rounded =
        torch::round(weight / m_scales.unsqueeze(1)).clamp(-127, 127).to(torch::kInt8);
    m_zeroPoints = torch::zeros({weight.size(0)}, torch::kInt64);
    m_weight = kernel.call(rounded.contiguous(),
                           torch::List<std::int64_t>({kTypicalRows, weight.size(1)}));
}

Tensor PackedLinear::multiplyInt8(const Tensor& x) const
{
    static const auto kernel =
        findKernel<Tensor(Tensor, double, std::int64_t, Tensor, Tensor, Tensor, OptionalTensor,
                          double, std::int64_t, std::optional<at::ScalarType>, std::string_view,
                          torch::List<std::optional<at::Scalar>>, std::string_view)>(
            "onednn::qlinear_pointwise");
    const auto [low, high] = at::aminmax(x);
    const double lowest = std::min(0.0, low.item<double>());
    const double highest = std::max(0.0, high.item<double>());
    const double scale = std::max((highest - lowest) / 255.0, 1e-12);
    const auto zero = static_cast<std::int64_t>(std::lround(-lowest / scale));
    const Tensor bytes =
        torch::quantize_per_tensor(x.to(torch::kFloat32), scale, zero, torch::kQUInt8).int_repr();
    return kernel.call(bytes, scale, zero, m_weight, m_scales, m_zeroPoints, m_bias, 1.0, 0,
                       torch::kBFloat16, "none", Scalars(), "");
}

Tensor PackedLinear::activated(const Tensor& y) const
{
    switch (m_after) {
    case After::Silu:
        return torch::silu(y);
    case After::Gelu:
        return torch::gelu(y);
    case After::TanhGelu:
        return torch::gelu(y, "tanh");
    case After::Nothing:
        break;
    }
    return y;
}

Tensor PackedLinear::operator()(const Tensor& x) const
{
    if (m_isPacked) {
        return multiply(x, m_weight, m_bias, m_after);
    }
    return activated(m_precision == Precision::Int8 ? multiplyInt8(x)
                                                    : torch::linear(x, m_weight, m_bias));
}

Tensor PackedLinear::onto(const Tensor& residual, const Tensor& x) const
{
    if (m_isPacked && m_after == After::Nothing) {
        return multiplyOnto(x, residual, m_weight, m_bias);
    }
    return residual + (*this)(x);
}

} // namespace tagalign::model::clip
