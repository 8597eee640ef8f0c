#pragma once

#include "app/ModelStore.h"
#include "app/jobs/HubClient.h"
#include "app/jobs/JobContext.h"

#include <QString>

#include <functional>

namespace tagalign::app {

struct FetchSettings
{
    HubSettings hub;
    QString folder = modelsFolder();
    /// Free bytes on the disk of a folder.
    std::function<qint64(const QString&)> freeBytes;

    /// As the environment and this machine have them. @throws model::Error
    [[nodiscard]] static FetchSettings ofThisMachine();
};

struct FetchedModel
{
    QString name;
    QString folder;
    ModelBundle bundle;
    bool wasThere = false; ///< in this very commit: nothing was downloaded
};

/// Downloads a published checkpoint as one bundle: weights, tokenizer, preprocessing and licence,
/// all of one commit. It grows in NAME.part, where a later call goes on after whatever ended this
/// one, and gets its name only when every hash was right and the model could be loaded.
/// @param nameOrRepository of the catalogue, or any OWNER/NAME of the hub with safetensors.
/// @param revision branch, tag or commit; empty for the catalogue's, or "main".
/// @throws model::Error with one sentence; model::Cancelled
[[nodiscard]] FetchedModel fetchModel(const QString& nameOrRepository, const QString& revision,
                                      const FetchSettings& settings, JobContext& context);

} // namespace tagalign::app
