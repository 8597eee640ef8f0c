#include "app/ModelStore.h"

#include "app/Error.h"
#include "app/ModelCatalogue.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QSaveFile>
#include <QStandardPaths>

#include <algorithm>

namespace tagalign::app {

namespace {

const QString kManifest = QStringLiteral("bundle.json");
const QStringList kConfigs{QStringLiteral("config.json"), QStringLiteral("open_clip_config.json")};
const QStringList kPickles{QStringLiteral("*.bin"), QStringLiteral("*.pt"), QStringLiteral("*.pth"),
                           QStringLiteral("*.ckpt"), QStringLiteral("*.pkl")};

bool hasConfig(const QDir& folder)
{
    return std::any_of(kConfigs.begin(), kConfigs.end(),
                       [&folder](const QString& name) { return folder.exists(name); });
}

bool hasSafetensors(const QDir& folder)
{
    return !folder.entryList({QStringLiteral("*.safetensors")}, QDir::Files).isEmpty();
}

/// Files that say something about a model, but hold no data to import.
bool isBesides(const QString& name)
{
    static const QStringList patterns{QStringLiteral("*.json"),     QStringLiteral("*.md"),
                                      QStringLiteral("merges.txt"), QStringLiteral("license*"),
                                      QStringLiteral(".git*"),      QStringLiteral("*.model")};
    return QDir::match(patterns, name) || QDir::match(kPickles, name);
}

/// The pickle of a folder with weights as pickle only, and nothing beside them that could be
/// pictures or captions. Looks no further than the first file that says otherwise: a folder of
/// pictures may hold very many.
QString onlyPickleIn(const QDir& folder)
{
    const bool isModel = hasConfig(folder);
    QString pickle;
    for (QDirIterator entry(folder.path(), QDir::Files | QDir::Hidden); entry.hasNext();) {
        const QString name = entry.nextFileInfo().fileName();
        if (name.endsWith(QLatin1String(".safetensors")) || (!isModel && !isBesides(name))) {
            return {};
        }
        if (QDir::match(kPickles, name)) {
            pickle = name;
        }
    }
    return pickle;
}

model::Error pickleError(const QString& file)
{
    const QFileInfo pickle(file);
    return errorOf(
        QStringLiteral(
            "%1: is a pickle file, which can run code when it is opened, so it is never read; "
            "download the model's .safetensors version (\"tagalign model list\"), or convert it: "
            "python3 -c \"import torch, safetensors.torch as s; s.save_file({k: v.clone() for k, v "
            "in torch.load('%2', weights_only=True).items()}, '%3')\"")
            .arg(file, pickle.fileName(),
                 pickle.fileName().startsWith(QLatin1String("open_clip"))
                     ? QStringLiteral("open_clip_model.safetensors")
                     : QStringLiteral("model.safetensors")));
}

bool isModelName(const QString& name)
{
    static const QRegularExpression pattern(QStringLiteral("^[A-Za-z0-9][A-Za-z0-9._-]*$"));
    return pattern.match(name).hasMatch();
}

qint64 bytesIn(const QString& folder)
{
    qint64 bytes = 0;
    for (QDirIterator entry(folder, QDir::Files, QDirIterator::Subdirectories); entry.hasNext();) {
        bytes += entry.nextFileInfo().size();
    }
    return bytes;
}

} // namespace

qint64 ModelBundle::bytes() const
{
    qint64 sum = 0;
    for (const BundleFile& file : files) {
        sum += file.bytes;
    }
    return sum;
}

QString modelsFolder()
{
    const QString chosen = qEnvironmentVariable("TAGALIGN_MODELS");
    if (!chosen.isEmpty()) {
        return QDir::cleanPath(QDir(chosen).absolutePath());
    }
    return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) +
           QStringLiteral("/tagalign/models");
}

QList<InstalledModel> installedModels(const QString& folder)
{
    QList<InstalledModel> models;
    const QDir home(folder);
    for (const QString& name : home.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        const QDir candidate(home.filePath(name));
        const bool isUnfinished =
            name.endsWith(QLatin1String(".part")) || name.endsWith(QLatin1String(".old"));
        if (isUnfinished || !hasConfig(candidate) || !hasSafetensors(candidate)) {
            continue;
        }
        InstalledModel model{.name = name, .folder = candidate.path()};
        if (candidate.exists(kManifest)) {
            try {
                model.bundle = readBundle(model.folder);
            } catch (const model::Error&) { // then it is one put there by hand
                model.bundle.reset();
            }
        }
        model.bytes = bytesIn(model.folder);
        models.append(model);
    }
    return models;
}

qint64 partlyFetchedBytes(const QString& name, const QString& folder)
{
    return bytesIn(QDir(folder).filePath(name + QStringLiteral(".part")));
}

QString modelNameOf(const QString& repository)
{
    const auto known = catalogueModel(repository);
    return known ? known->name
                 : QString(repository).replace(QLatin1String("/"), QLatin1String("--"));
}

void removeModel(const QString& name, const QString& folder)
{
    const QDir home(folder);
    bool isThere = false;
    for (const char* suffix : {"", ".part", ".old"}) {
        QDir candidate(home.filePath(name + QLatin1String(suffix)));
        if (!isModelName(name) || !candidate.exists()) {
            continue;
        }
        isThere = true;
        if (!candidate.removeRecursively()) {
            throw errorOf(QStringLiteral("%1: cannot be removed whole; check its permissions")
                              .arg(candidate.path()));
        }
    }
    if (!isThere) {
        throw errorOf(QStringLiteral("%1: there is no model \"%2\"; see \"tagalign model list\"")
                          .arg(folder, name));
    }
}

QString modelFolderOf(const QString& nameOrFolder)
{
    if (nameOrFolder.isEmpty()) {
        return nameOrFolder;
    }
    if (QFileInfo::exists(nameOrFolder)) {
        return checkpointAt(nameOrFolder).value_or(nameOrFolder);
    }
    const auto known = catalogueModel(nameOrFolder);
    const QString name = modelNameOf(nameOrFolder);
    QString folder = QDir(modelsFolder()).filePath(name);
    if (isModelName(name) && hasConfig(QDir(folder))) {
        return folder;
    }
    if (known) {
        throw errorOf(
            QStringLiteral("%1 was not downloaded yet; run \"tagalign model fetch %1\" (%2 MB)")
                .arg(known->name)
                .arg(known->bytes / 1'000'000));
    }
    return nameOrFolder;
}

std::optional<QString> checkpointAt(const QString& path)
{
    const QFileInfo info(QDir::cleanPath(path));
    if (info.isDir()) {
        const QDir folder(info.filePath());
        if (const QString pickle = onlyPickleIn(folder); !pickle.isEmpty()) {
            throw pickleError(folder.filePath(pickle));
        }
        return hasConfig(folder) && hasSafetensors(folder) ? std::optional(folder.path())
                                                           : std::nullopt;
    }
    if (QDir::match(kPickles, info.fileName())) {
        throw pickleError(info.filePath());
    }
    const bool isPart =
        info.suffix() == QLatin1String("safetensors") || kConfigs.contains(info.fileName());
    return info.isFile() && isPart ? std::optional(info.path()) : std::nullopt;
}

ModelBundle readBundle(const QString& modelFolder)
{
    QFile file(QDir(modelFolder).filePath(kManifest));
    const QJsonObject json = file.open(QIODevice::ReadOnly)
                                 ? QJsonDocument::fromJson(file.readAll()).object()
                                 : QJsonObject();
    if (!json[QLatin1String("files")].isArray()) {
        throw errorOf(
            QStringLiteral("%1: cannot be read; fetch the model again").arg(file.fileName()));
    }
    ModelBundle bundle{
        .name = json[QLatin1String("name")].toString(),
        .repository = json[QLatin1String("repository")].toString(),
        .endpoint = json[QLatin1String("endpoint")].toString(),
        .revision = json[QLatin1String("revision")].toString(),
        .commit = json[QLatin1String("commit")].toString(),
        .licence = json[QLatin1String("licence")].toString(),
        .summary = json[QLatin1String("summary")].toString(),
        .fetched = QDateTime::fromString(json[QLatin1String("fetched")].toString(), Qt::ISODate)};
    for (const auto& row : json[QLatin1String("files")].toArray()) {
        bundle.files.append({row[QLatin1String("path")].toString(),
                             row[QLatin1String("bytes")].toInteger(),
                             row[QLatin1String("sha256")].toString().toLatin1()});
    }
    return bundle;
}

void writeBundle(const ModelBundle& bundle, const QString& modelFolder)
{
    QJsonArray files;
    for (const BundleFile& file : bundle.files) {
        files.append(QJsonObject{{QStringLiteral("path"), file.path},
                                 {QStringLiteral("bytes"), file.bytes},
                                 {QStringLiteral("sha256"), QString::fromLatin1(file.sha256)}});
    }
    const QJsonObject json{
        {QStringLiteral("name"), bundle.name},
        {QStringLiteral("repository"), bundle.repository},
        {QStringLiteral("endpoint"), bundle.endpoint},
        {QStringLiteral("revision"), bundle.revision},
        {QStringLiteral("commit"), bundle.commit},
        {QStringLiteral("licence"), bundle.licence},
        {QStringLiteral("summary"), bundle.summary},
        {QStringLiteral("fetched"), bundle.fetched.toUTC().toString(Qt::ISODate)},
        {QStringLiteral("files"), files}};
    QSaveFile file(QDir(modelFolder).filePath(kManifest));
    const QByteArray text = QJsonDocument(json).toJson();
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit()) {
        throw errorOf(
            QStringLiteral("%1: cannot be written (%2)").arg(file.fileName(), file.errorString()));
    }
}

void verifyBundle(const ModelBundle& bundle, const QString& modelFolder, JobContext& context)
{
    const qint64 total = bundle.bytes();
    qint64 before = 0;
    for (const BundleFile& file : bundle.files) {
        const QString path = QDir(modelFolder).filePath(file.path);
        const QByteArray found = fileHash(path, QCryptographicHash::Sha256, {}, [&](qint64 bytes) {
            context.step({before + bytes, total, QStringLiteral("Checking %1").arg(file.path),
                          JobProgress::Unit::Bytes});
        });
        if (found != file.sha256) {
            throw errorOf(
                QStringLiteral("%1: is not the file that was downloaded (its SHA-256 is "
                               "%2, expected %3); remove the model and fetch it again")
                    .arg(path, QString::fromLatin1(found), QString::fromLatin1(file.sha256)));
        }
        before += file.bytes;
    }
}

QByteArray fileHash(const QString& file, QCryptographicHash::Algorithm algorithm,
                    const QByteArray& before, const std::function<void(qint64)>& onBlock)
{
    QFile source(file);
    QCryptographicHash hash(algorithm);
    hash.addData(before);
    QByteArray block(1 << 20, Qt::Uninitialized);
    qint64 done = 0;
    qint64 read = source.open(QIODevice::ReadOnly) ? source.read(block.data(), block.size()) : -1;
    for (; read > 0; read = source.read(block.data(), block.size())) {
        hash.addData(QByteArrayView(block.constData(), read));
        done += read;
        onBlock(done);
    }
    if (read < 0) {
        throw errorOf(QStringLiteral("%1: cannot be read (%2)").arg(file, source.errorString()));
    }
    return hash.result().toHex();
}

} // namespace tagalign::app
