#include "app/jobs/FetchModelJob.h"

#include "app/Error.h"
#include "app/ModelCatalogue.h"
#include "model/clip/ClipConfig.h"
#include "model/pipeline/Embeddings.h"

#include <QDir>
#include <QFileInfo>
#include <QLockFile>
#include <QRegularExpression>
#include <QSet>
#include <QStorageInfo>

#include <algorithm>
#include <optional>

namespace tagalign::app {

namespace {

constexpr qint64 kSpareBytes = 64'000'000; ///< that stay free on the disk

/// Patterns of which each must be there, in the order of preference. OpenCLIP's goes first: where a
/// repository has both, config.json may be another library's and model.safetensors the image tower
/// alone.
QList<QStringList> layouts()
{
    return {
        {QStringLiteral("open_clip_config.json"), QStringLiteral("open_clip_model.safetensors")},
        {QStringLiteral("config.json"), QStringLiteral("model.safetensors")},
        {QStringLiteral("config.json"), QStringLiteral("model.safetensors.index.json"),
         QStringLiteral("model-*-of-*.safetensors")}};
}

/// What belongs to a bundle besides: preprocessing, tokenizer, licence.
QStringList besides()
{
    return {QStringLiteral("preprocessor_config.json"),
            QStringLiteral("processor_config.json"),
            QStringLiteral("vocab.json"),
            QStringLiteral("merges.txt"),
            QStringLiteral("tokenizer.json"),
            QStringLiteral("tokenizer_config.json"),
            QStringLiteral("special_tokens_map.json"),
            QStringLiteral("spiece.model"),
            QStringLiteral("LICENSE"),
            QStringLiteral("LICENSE.*")};
}

QList<HubFile> matching(const QList<HubFile>& files, const QStringList& patterns)
{
    const auto fits = [](const QString& path, const QString& pattern) {
        return QRegularExpression(QRegularExpression::wildcardToRegularExpression(pattern))
            .match(path)
            .hasMatch();
    };
    QList<HubFile> found;
    for (const HubFile& file : files) {
        if (std::any_of(patterns.begin(), patterns.end(),
                        [&](const QString& pattern) { return fits(file.path, pattern); })) {
            found.append(file);
        }
    }
    return found;
}

/// Which catalogue model has the weights of a repository that only publishes pickles.
QString remedyFor(const QString& repository)
{
    for (const CatalogueModel& model : modelCatalogue()) {
        if (model.sameWeightsAs == repository) {
            return QStringLiteral("\"%1\" has the same weights as safetensors").arg(model.name);
        }
    }
    return QStringLiteral("choose another one (\"tagalign model list\"), a revision that has them "
                          "(often refs/pr/1), or convert a copy to model.safetensors");
}

model::Error noWeights(const HubRevision& revision)
{
    const QList<HubFile> pickles =
        matching(revision.files, {QStringLiteral("*.bin"), QStringLiteral("*.pt"),
                                  QStringLiteral("*.pth"), QStringLiteral("*.ckpt")});
    if (!pickles.isEmpty()) {
        return errorOf(
            QStringLiteral("%1: its weights are there as pickle only (%2), which can run "
                           "code when it is opened, so it is not downloaded; %3")
                .arg(revision.repository, pickles.first().path, remedyFor(revision.repository)));
    }
    return errorOf(
        QStringLiteral("%1: holds no CLIP checkpoint (config.json with model.safetensors, "
                       "or open_clip_config.json with open_clip_model.safetensors)")
            .arg(revision.repository));
}

/// The files of the bundle, small ones first: a configuration that this program does not know is
/// then refused before the weights come.
QList<HubFile> bundleFiles(const HubRevision& revision)
{
    for (const QStringList& layout : layouts()) {
        const bool isWhole = std::all_of(layout.begin(), layout.end(), [&](const QString& pattern) {
            return !matching(revision.files, {pattern}).isEmpty();
        });
        if (isWhole) {
            QList<HubFile> files = matching(revision.files, layout + besides());
            std::stable_sort(files.begin(), files.end(),
                             [](const HubFile& a, const HubFile& b) { return a.bytes < b.bytes; });
            return files;
        }
    }
    throw noWeights(revision);
}

/// What is to be fetched, and under which name it is kept.
struct Wanted
{
    QString name;
    QString repository;
    QString revision;
    QString licence; ///< the catalogue's
};

Wanted wantedModel(const QString& nameOrRepository, const QString& revision)
{
    static const QRegularExpression pattern(
        QStringLiteral("^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$"));
    if (const auto known = catalogueModel(nameOrRepository)) {
        return {known->name, known->repository, revision.isEmpty() ? known->revision : revision,
                known->licence};
    }
    if (!pattern.match(nameOrRepository).hasMatch()) {
        throw errorOf(QStringLiteral("\"%1\" is neither a model of the catalogue (\"tagalign model "
                                     "list\") nor an OWNER/NAME on the hub")
                          .arg(nameOrRepository));
    }
    return {modelNameOf(nameOrRepository),
            nameOrRepository,
            revision.isEmpty() ? QStringLiteral("main") : revision,
            {}};
}

qint64 sum(const QList<HubFile>& files)
{
    qint64 bytes = 0;
    for (const HubFile& file : files) {
        bytes += file.bytes;
    }
    return bytes;
}

QString megabytes(qint64 bytes)
{
    return QStringLiteral("%1 MB").arg((bytes + 999'999) / 1'000'000);
}

/// One fetch on its way.
class Fetch
{
public:
    Fetch(Wanted wanted, const FetchSettings& settings, JobContext& context)
        : m_wanted(std::move(wanted)),
          m_settings(settings),
          m_context(context),
          m_hub(settings.hub, context),
          m_home(settings.folder),
          m_target(m_home.filePath(m_wanted.name)),
          m_part(m_target + QStringLiteral(".part"))
    {
    }

    FetchedModel run()
    {
        if (!m_home.mkpath(QStringLiteral(".")) || !QFileInfo(m_home.path()).isWritable()) {
            throw errorOf(QStringLiteral("%1: cannot be written; check its permissions, or set "
                                         "TAGALIGN_MODELS to another folder")
                              .arg(m_home.path()));
        }
        QLockFile lock(m_target + QStringLiteral(".lock"));
        lock.setStaleLockTime(0); // held for as long as its process lives
        if (!lock.tryLock()) {
            throw errorOf(QStringLiteral("%1 is being downloaded already, by another window or "
                                         "terminal")
                              .arg(m_wanted.name));
        }
        m_context.step({0, 0,
                        QStringLiteral("Asking %1 for %2")
                            .arg(m_settings.hub.endpoint.host(), m_wanted.repository)});
        m_revision = m_hub.revision(m_wanted.repository, m_wanted.revision);
        m_files = bundleFiles(m_revision);
        if (const auto there = installed()) {
            return {m_wanted.name, m_target, *there, true};
        }
        bringFiles();
        const ModelBundle bundle = check();
        install();
        return {m_wanted.name, m_target, bundle, false};
    }

private:
    /// The bundle if this commit is there already.
    [[nodiscard]] std::optional<ModelBundle> installed() const
    {
        for (const InstalledModel& model : installedModels(m_home.path())) {
            if (model.name == m_wanted.name && model.bundle &&
                model.bundle->commit == m_revision.commit) {
                return model.bundle;
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] QString partOf(const HubFile& file) const
    {
        return QDir(m_part).filePath(file.path);
    }

    void bringFiles()
    {
        if (!m_home.mkpath(m_part)) {
            throw errorOf(QStringLiteral("%1: cannot be made; check the permissions").arg(m_part));
        }
        tidy();
        requireSpace();
        const qint64 total = sum(m_files);
        qint64 before = 0;
        for (const HubFile& file : m_files) {
            const auto onBytes = [&](HubClient::Step step, qint64 bytes) {
                if (step == HubClient::Step::Bring) {
                    m_context.step({before + bytes, total,
                                    QStringLiteral("Downloading %1").arg(file.path),
                                    JobProgress::Unit::Bytes});
                } else {
                    m_context.step({0, 0, QStringLiteral("Checking %1").arg(file.path)});
                }
            };
            const bool isThere = QFileInfo::exists(partOf(file)) &&
                                 hasPromisedHash(file, partOf(file), [&](qint64 bytes) {
                                     onBytes(HubClient::Step::Check, bytes);
                                 });
            if (!isThere) {
                QFile::remove(partOf(file));
                refuseUnknownConfiguration(file);
                m_hub.download(m_revision, file, partOf(file), onBytes);
            }
            before += file.bytes;
        }
    }

    /// Files of an earlier commit that this one does not have.
    void tidy() const
    {
        QSet<QString> wanted;
        for (const HubFile& file : m_files) {
            wanted << file.path << file.path + QStringLiteral(".partial")
                   << file.path + QStringLiteral(".etag");
        }
        for (const QFileInfo& entry : QDir(m_part).entryInfoList(QDir::Files | QDir::Hidden)) {
            if (!wanted.contains(entry.fileName())) {
                QFile::remove(entry.filePath());
            }
        }
    }

    void requireSpace() const
    {
        qint64 needed = kSpareBytes;
        for (const HubFile& file : m_files) {
            const qint64 there =
                std::max(QFileInfo(partOf(file)).size(),
                         QFileInfo(partOf(file) + QStringLiteral(".partial")).size());
            needed += std::max(qint64(0), file.bytes - there);
        }
        const qint64 available = m_settings.freeBytes(m_part);
        if (available < needed) {
            throw errorOf(
                QStringLiteral("%1: %2 needs %3 there, and %4 are free; make room, or set "
                               "TAGALIGN_MODELS to a folder on another disk")
                    .arg(m_home.path(), m_wanted.name, megabytes(needed), megabytes(available)));
        }
    }

    /// Once, before the first file of weights.
    void refuseUnknownConfiguration(const HubFile& next)
    {
        if (!m_isConfigurationRead && next.path.endsWith(QLatin1String(".safetensors"))) {
            m_isConfigurationRead = true;
            (void)model::clip::readClipConfig(m_part.toStdString());
        }
    }

    /// Loads it, as the program will, and writes the manifest.
    [[nodiscard]] ModelBundle check()
    {
        m_context.step({0, 0, QStringLiteral("Loading %1 once").arg(m_wanted.name)});
        ModelBundle bundle{
            .name = m_wanted.name,
            .repository = m_revision.repository,
            .endpoint = m_settings.hub.endpoint.toString(QUrl::RemoveUserInfo),
            .revision = m_wanted.revision,
            .commit = m_revision.commit,
            .licence = m_wanted.licence.isEmpty() ? m_revision.licence : m_wanted.licence,
            .summary =
                QString::fromStdString(model::pipeline::checkpointSummary(m_part.toStdString())),
            .fetched = QDateTime::currentDateTimeUtc()};
        for (const HubFile& file : m_files) {
            const QByteArray sha256 =
                file.sha256.isEmpty()
                    ? fileHash(partOf(file), QCryptographicHash::Sha256, {}, [](qint64) {})
                    : file.sha256;
            bundle.files.append({file.path, file.bytes, sha256});
        }
        m_context.step({0, 0, QStringLiteral("Installing %1").arg(m_wanted.name)});
        writeBundle(bundle, m_part);
        return bundle;
    }

    /// One rename; an older bundle is put aside before and removed after.
    void install()
    {
        const QString old = m_target + QStringLiteral(".old");
        QDir(old).removeRecursively();
        const bool isUpdate = QFileInfo::exists(m_target);
        if ((isUpdate && !m_home.rename(m_target, old)) || !m_home.rename(m_part, m_target)) {
            throw errorOf(QStringLiteral("%1: the model cannot be put there; check the permissions")
                              .arg(m_target));
        }
        QDir(old).removeRecursively();
    }

    Wanted m_wanted;
    const FetchSettings& m_settings;
    JobContext& m_context;
    HubClient m_hub;
    QDir m_home;
    QString m_target;
    QString m_part;
    HubRevision m_revision;
    QList<HubFile> m_files;
    bool m_isConfigurationRead = false;
};

} // namespace

FetchSettings FetchSettings::ofThisMachine()
{
    return {
        .hub = HubSettings::fromEnvironment(),
        .folder = modelsFolder(),
        .freeBytes = [](const QString& folder) { return QStorageInfo(folder).bytesAvailable(); }};
}

FetchedModel fetchModel(const QString& nameOrRepository, const QString& revision,
                        const FetchSettings& settings, JobContext& context)
{
    return Fetch(wantedModel(nameOrRepository, revision), settings, context).run();
}

} // namespace tagalign::app
