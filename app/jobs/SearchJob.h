#pragma once

#include "app/Project.h"

#include <QList>
#include <QString>

namespace tagalign::app {

struct FoundImage
{
    QString path;
    float score = 0.0F; ///< cosine
};

/// The project's images by similarity with a prompt, best first: with the newest finished run's
/// head if there is one, else with the frozen model. @throws std::exception
[[nodiscard]] QList<FoundImage> searchImages(const Project& project, const QString& prompt,
                                             std::size_t limit);

} // namespace tagalign::app
