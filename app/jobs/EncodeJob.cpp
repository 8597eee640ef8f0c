#include "app/jobs/EncodeJob.h"

#include "app/ModelChoice.h"
#include "db/ImageRepository.h"
#include "model/pipeline/Encoding.h"

#include <QCoreApplication>

namespace tagalign::app {

namespace {

std::vector<model::pipeline::EncodeItem> itemsOf(const Project& project,
                                                 const db::Database& database)
{
    std::vector<model::pipeline::EncodeItem> items;
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        items.push_back({.file = project.absolutePath(image.path).toStdString(),
                         .contentHash = image.sha256.toStdString()});
    }
    return items;
}

} // namespace

QString EncodeSummary::sentence() const
{
    QString text = QCoreApplication::translate("Encode", "%1 images encoded in %2 s, %3 were there")
                       .arg(encoded)
                       .arg(seconds, 0, 'f', 1)
                       .arg(reused);
    if (!problems.isEmpty()) {
        text +=
            QCoreApplication::translate("Encode", ", %1 could not be read").arg(problems.size());
    }
    return text + QLatin1Char('.');
}

EncodeSummary encodeProject(const Project& project, JobContext& context)
{
    const db::Database database(project.databaseFile());
    const auto items = itemsOf(project, database);
    const auto report = model::pipeline::encodeImages(modelFiles(project, database), items, {},
                                                      context.forModel(QStringLiteral("Encoding")));
    EncodeSummary summary{
        .encoded = int(report.encoded), .reused = int(report.reused), .seconds = report.seconds};
    for (const auto& problem : report.problems) {
        summary.problems.append({QString::fromStdString(problem.file.string()),
                                 QString::fromStdString(problem.message)});
    }
    context.report({qint64(items.size()), qint64(items.size()), summary.sentence()});
    return summary;
}

bool hasUnencoded(const Project& project, const db::Database& database)
{
    return model::pipeline::countUnencoded(modelFiles(project, database),
                                           itemsOf(project, database)) > 0;
}

} // namespace tagalign::app
