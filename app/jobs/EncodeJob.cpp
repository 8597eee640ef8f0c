#include "app/jobs/EncodeJob.h"

#include "app/ModelChoice.h"
#include "db/Database.h"
#include "db/ImageRepository.h"
#include "model/pipeline/Encoding.h"

#include <QCoreApplication>

namespace tagalign::app {

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
    std::vector<model::pipeline::EncodeItem> items;
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        items.push_back({.file = project.absolutePath(image.path).toStdString(),
                         .contentHash = image.sha256.toStdString()});
    }
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

} // namespace tagalign::app
