#pragma once

#include "model/Error.h"

#include <QString>

#include <functional>

namespace tagalign::test {

/// What an action says as it fails; empty if it does not.
inline QString messageOf(const std::function<void()>& action)
{
    try {
        action();
    } catch (const model::Error& error) {
        return QString::fromUtf8(error.what());
    }
    return {};
}

} // namespace tagalign::test
