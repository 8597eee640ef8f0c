#pragma once

#include <QString>
#include <QtGlobal>

namespace tagalign::app {

/// By whom verdicts are given and runs taken back.
[[nodiscard]] inline QString userName()
{
    const QString name = qEnvironmentVariable("USER");
    return name.isEmpty() ? QStringLiteral("user") : name;
}

} // namespace tagalign::app
