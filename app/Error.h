#pragma once

#include "model/Error.h"

#include <QString>

namespace tagalign::app {

/// One sentence for a person: what, where, what to do.
[[nodiscard]] inline model::Error errorOf(const QString& sentence)
{
    return model::Error(sentence.toStdString());
}

} // namespace tagalign::app
