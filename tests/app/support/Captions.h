#pragma once

#include "db/Database.h"
#include "db/ImageRepository.h"

#include <QStringList>

namespace tagalign::tests {

/// Adds an image for each caption, numbered on; no picture is behind it.
inline void addCaptions(const db::Database& database, const QStringList& captions)
{
    db::ImageRepository images(database.connection());
    int number = images.counts().images;
    for (const QString& caption : captions) {
        ++number;
        const auto image = images.add({.path = QString("%1.jpg").arg(number),
                                       .sha256 = QString("hash %1").arg(number),
                                       .perceptualHash = quint64(number) * 0x9E3779B97F4A7C15,
                                       .width = 4,
                                       .height = 3});
        images.addCaption(image, caption, "en");
    }
}

} // namespace tagalign::tests
