#pragma once

#include <QList>
#include <QString>

#include <optional>

namespace tagalign::app {

/// A published checkpoint that the program knows by a short name. What is said here is for people;
/// which files there are, how long they are and their hashes say the hub's own lists.
struct CatalogueModel
{
    QString name; ///< short, e.g. "clip-vit-b32"; also its folder's name
    QString title;
    QString repository; ///< "OWNER/NAME" on the hub
    QString revision;   ///< branch, tag or commit there
    /// The repository that the weights come from, where that one publishes no safetensors; else
    /// empty.
    QString sameWeightsAs;
    qint64 bytes = 0; ///< of the download, about
    QString licence;
    QString languages;
    QString purpose; ///< what it is good for, one or two sentences
    qint64 parameters = 0;
    int imageSize = 224; ///< pixels
    int patchSize = 16;  ///< pixels
    int visionWidth = 768;
    int visionLayers = 12;
};

/// resources/models/catalogue.json, in its order. @throws model::Error if it is broken.
[[nodiscard]] QList<CatalogueModel> modelCatalogue();

/// By short name or by repository. @throws model::Error
[[nodiscard]] std::optional<CatalogueModel> catalogueModel(const QString& nameOrRepository);

} // namespace tagalign::app
