#pragma once

#include <ATen/autocast_mode.h>

namespace tagalign::model::align {

/// While it lives, and `isOn`, this thread's matrix products and convolutions on that kind of
/// device run in bf16; what needs the range of float32 stays there (PyTorch's autocast).
class Autocast
{
public:
    Autocast(at::DeviceType device, bool isOn)
        : m_device(device),
          m_isOn(isOn)
    {
        if (m_isOn) {
            at::autocast::set_autocast_enabled(m_device, true);
            at::autocast::set_autocast_dtype(m_device, at::kBFloat16);
        }
    }

    ~Autocast()
    {
        if (m_isOn) {
            at::autocast::clear_cache(); // of weights that the next step changes
            at::autocast::set_autocast_enabled(m_device, false);
        }
    }

    Autocast(const Autocast&) = delete;
    Autocast& operator=(const Autocast&) = delete;

private:
    at::DeviceType m_device;
    bool m_isOn;
};

} // namespace tagalign::model::align
