#include "app/jobs/ImportJob.h"

#include "app/jobs/Splits.h"
#include "db/AuditLog.h"
#include "db/Database.h"
#include "db/ImageRepository.h"
#include "db/Statement.h"
#include "model/dataset/DatasetReader.h"
#include "model/image/ImageProbe.h"
#include "model/tags/CaptionLanguage.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QFile>
#include <QtConcurrent>

namespace tagalign::app {

namespace {

constexpr int kBatch = 32; ///< pictures measured and stored together

struct Measured
{
    const model::dataset::PairRecord* record = nullptr;
    db::Image image;
    QString problem; ///< empty if the picture is good
};

QString hashOf(const QString& path)
{
    QFile file(path);
    QCryptographicHash hash(QCryptographicHash::Sha256);
    if (!file.open(QIODevice::ReadOnly) || !hash.addData(&file)) {
        return {};
    }
    return QString::fromLatin1(hash.result().toHex());
}

std::optional<db::Split> givenSplitOf(model::dataset::GivenSplit split)
{
    switch (split) {
    case model::dataset::GivenSplit::None:
        return std::nullopt;
    case model::dataset::GivenSplit::Train:
        return db::Split::Train;
    case model::dataset::GivenSplit::Validation:
        return db::Split::Validation;
    case model::dataset::GivenSplit::Test:
        return db::Split::Test;
    }
    Q_UNREACHABLE();
}

Measured measure(const Project& project, const model::dataset::PairRecord& record)
{
    const QString path = QString::fromStdString(record.file.string());
    Measured measured{.record = &record, .image = {}, .problem = {}};
    try {
        const auto probe = model::image::probeImage(record.file);
        measured.image = {.path = project.storedPath(path),
                          .sha256 = hashOf(path),
                          .perceptualHash = probe.perceptualHash,
                          .width = probe.width,
                          .height = probe.height,
                          .givenSplit = givenSplitOf(record.split)};
        if (measured.image.sha256.isEmpty()) {
            measured.problem = QStringLiteral("%1 cannot be read; skipped.").arg(path);
        } else {
            const QString thumbnail = project.thumbnailFile(measured.image.sha256);
            if (!QFile::exists(thumbnail)) {
                QDir().mkpath(QFileInfo(thumbnail).path());
                model::image::writeThumbnail(record.file, thumbnail.toStdString(), 256);
            }
        }
    } catch (const std::exception& error) {
        measured.problem = QString::fromUtf8(error.what());
    }
    return measured;
}

/// Stores measured pictures and counts what happened to them.
class ImportWriter
{
public:
    ImportWriter(const Project& project, const db::Database& database, ImportSummary& summary)
        : m_project(project),
          m_connection(database.connection()),
          m_images(m_connection),
          m_summary(summary)
    {
    }

    void write(const QList<Measured>& batch)
    {
        db::Transaction transaction(m_connection);
        for (const Measured& measured : batch) {
            writeOne(measured);
        }
        transaction.commit();
    }

private:
    void writeOne(const Measured& measured)
    {
        const QString where = QString::fromStdString(measured.record->where);
        if (!measured.problem.isEmpty()) {
            m_summary.problems.append({where, measured.problem});
            return;
        }
        const auto known = m_images.findByHash(measured.image.sha256);
        const auto earlier = known ? known : m_images.findByPath(measured.image.path);
        const db::ImageId id = earlier ? earlier->id : m_images.add(measured.image);
        if (!earlier) {
            ++m_summary.imported;
        } else if (!known) { // the file was edited: the same picture with other bytes
            m_images.setContent(id, measured.image);
            ++m_summary.changed;
        } else if (known->path == measured.image.path) {
            ++m_summary.known;
        } else if (m_seen.contains(measured.image.sha256)) {
            ++m_summary.duplicates;
            m_summary.problems.append(
                {where,
                 QCoreApplication::translate(
                     "Import", "%1 holds the same picture as %2; their captions were joined.")
                     .arg(measured.image.path, known->path)});
        } else {
            if (!QFileInfo::exists(m_project.absolutePath(known->path))) { // it was moved
                m_images.setPath(id, measured.image.path);
            }
            ++m_summary.known;
        }
        if (earlier && measured.image.givenSplit) {
            // Of two copies in one data set the stricter split counts; a later import's goes first.
            const bool isCopy = m_seen.contains(measured.image.sha256);
            m_images.setGivenSplit(id,
                                   isCopy && earlier->givenSplit
                                       ? std::max(*measured.image.givenSplit, *earlier->givenSplit)
                                       : *measured.image.givenSplit);
        }
        m_seen.insert(measured.image.sha256);
        for (const std::string& caption : measured.record->captions) {
            const QString text = QString::fromStdString(caption).trimmed();
            if (!text.isEmpty() &&
                m_images.addCaption(id, text,
                                    QLatin1String(model::tags::captionLanguage(caption)))) {
                ++m_summary.captions;
            }
        }
    }

    Project m_project;
    QSqlDatabase m_connection;
    db::ImageRepository m_images;
    QSet<QString> m_seen;
    ImportSummary& m_summary;
};

void storePictures(const Project& project, const db::Database& database,
                   const std::vector<model::dataset::PairRecord>& records, ImportSummary& summary,
                   JobContext& context)
{
    ImportWriter writer(project, database, summary);
    for (std::size_t begin = 0; begin < records.size(); begin += kBatch) {
        const auto first = records.begin() + std::ptrdiff_t(begin);
        const auto last =
            records.begin() + std::ptrdiff_t(std::min(begin + std::size_t(kBatch), records.size()));
        context.step({qint64(begin), qint64(records.size()),
                      QStringLiteral("Importing ") +
                          QString::fromStdString(first->file.filename().string())});
        const auto batch = QtConcurrent::blockingMapped<QList<Measured>>(
            first, last, [&](const model::dataset::PairRecord& record) {
                return context.isCancelled() ? Measured() : measure(project, record);
            });
        if (context.isCancelled()) { // part of the batch was not measured
            throw model::Cancelled();
        }
        writer.write(batch);
    }
}

} // namespace

QString ImportSummary::sentence() const
{
    QString text =
        QCoreApplication::translate("Import", "%1 of %2 images imported with %3 captions")
            .arg(imported)
            .arg(listed)
            .arg(captions);
    if (known > 0) {
        text += QCoreApplication::translate("Import", ", %1 were there already").arg(known);
    }
    if (changed > 0) {
        text += QCoreApplication::translate("Import", ", %1 had changed").arg(changed);
    }
    if (duplicates > 0) {
        text += QCoreApplication::translate("Import", ", %1 duplicates joined").arg(duplicates);
    }
    const qsizetype skipped = problems.size() - duplicates;
    if (skipped > 0) {
        text += QCoreApplication::translate("Import", ", %1 problems").arg(skipped);
    }
    return text + QLatin1Char('.');
}

ImportSummary importPairs(const Project& project, const QString& source, JobContext& context)
{
    const auto dataset = model::dataset::readDataset(
        source.toStdString(), context.forModel(QStringLiteral("Reading")),
        (project.folder() + QStringLiteral("/images")).toStdString());
    ImportSummary summary{.format = QString::fromStdString(dataset.format),
                          .listed = int(dataset.records.size())};
    for (const auto& problem : dataset.problems) {
        summary.problems.append(
            {QString::fromStdString(problem.where), QString::fromStdString(problem.message)});
    }

    const db::Database database(project.databaseFile());
    try {
        storePictures(project, database, dataset.records, summary, context);
    } catch (...) { // cancelled or failed: what is stored already belongs to its split too
        assignSplits(database);
        throw;
    }
    assignSplits(database);
    db::Transaction transaction(database.connection());
    db::AuditLog(database.connection())
        .append(QStringLiteral("program"), QStringLiteral("import"),
                source + QStringLiteral(": ") + summary.sentence());
    transaction.commit();
    context.report(
        {qint64(dataset.records.size()), qint64(dataset.records.size()), summary.sentence()});
    return summary;
}

} // namespace tagalign::app
