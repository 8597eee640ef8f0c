#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace tagalign::model {

/// A callback's answer to "shall I go on?".
enum class Next { Continue, Stop };

/// How far a long piece of work is.
struct Progress
{
    std::int64_t done = 0;
    std::int64_t total = 0; ///< 0 when unknown
    std::string text;       ///< what is being worked on, e.g. a file name; may be empty
};

/// Called on the working thread, at least every 100 ms of work. On Stop the callee throws
/// Cancelled as soon as it can do so without losing what is stored.
using OnProgress = std::function<Next(const Progress&)>;

} // namespace tagalign::model
