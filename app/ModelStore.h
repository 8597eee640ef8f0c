#pragma once

#include "app/jobs/JobContext.h"

#include <QCryptographicHash>
#include <QDateTime>
#include <QList>
#include <QString>

#include <functional>
#include <optional>

namespace tagalign::app {

/// One file of a bundle, as its manifest lists it.
struct BundleFile
{
    QString path;
    qint64 bytes = 0;
    QByteArray sha256; ///< 64 hex digits
};

/// What bundle.json says of a fetched model: weights, tokenizer and preprocessing that belong
/// together, and where they are from.
struct ModelBundle
{
    QString name;
    QString repository;
    QString endpoint; ///< the hub's address
    QString revision; ///< as asked for
    QString commit;   ///< as got
    QString licence;
    QString summary; ///< what loading it said
    QDateTime fetched;
    QList<BundleFile> files;

    [[nodiscard]] qint64 bytes() const;
};

/// Where models are kept, window and terminal alike: TAGALIGN_MODELS, else
/// ~/.local/share/tagalign/models as XDG_DATA_HOME has it.
[[nodiscard]] QString modelsFolder();

/// A folder in modelsFolder() that holds a whole checkpoint.
struct InstalledModel
{
    QString name;
    QString folder;
    std::optional<ModelBundle> bundle; ///< none where somebody put the files there by hand
    qint64 bytes = 0;
};

[[nodiscard]] QList<InstalledModel> installedModels(const QString& folder = modelsFolder());

/// What a fetch that did not end has left, in bytes.
[[nodiscard]] qint64 partlyFetchedBytes(const QString& name,
                                        const QString& folder = modelsFolder());

/// The name under which a repository's model is kept: the catalogue's, else "OWNER--NAME".
[[nodiscard]] QString modelNameOf(const QString& repository);

/// Removes an installed model and what a fetch has left of it.
/// @throws model::Error if there is no such model or it cannot be removed.
void removeModel(const QString& name, const QString& folder = modelsFolder());

/// A checkpoint's folder as people name it: a folder, a file in one, an installed model's short
/// name or its repository. Other texts come back as they are: whoever loads it says what is wrong.
/// @throws model::Error for a model of the catalogue that was not fetched, and for pickle files.
[[nodiscard]] QString modelFolderOf(const QString& nameOrFolder);

/// The checkpoint that a dropped folder or file stands for; none if it is something else, e.g.
/// pictures. @throws model::Error if its weights are there as pickle only.
[[nodiscard]] std::optional<QString> checkpointAt(const QString& path);

/// @throws model::Error if there is no manifest, or a broken one.
[[nodiscard]] ModelBundle readBundle(const QString& modelFolder);
void writeBundle(const ModelBundle& bundle, const QString& modelFolder);

/// Compares each file with the manifest. @throws model::Error naming the file that differs.
void verifyBundle(const ModelBundle& bundle, const QString& modelFolder, JobContext& context);

/// Hash of `before` and a file's bytes, hex digits. @param onBlock called with the bytes read so
/// far.
/// @throws model::Error if it cannot be read, and what onBlock throws.
[[nodiscard]] QByteArray fileHash(const QString& file, QCryptographicHash::Algorithm algorithm,
                                  const QByteArray& before,
                                  const std::function<void(qint64)>& onBlock);

} // namespace tagalign::app
