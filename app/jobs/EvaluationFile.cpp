#include "app/jobs/EvaluationFile.h"

#include "model/Error.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

namespace tagalign::app {

namespace {

QString fileOf(const Project& project, const db::Run& run)
{
    return project.runFolder(run.folder) + QStringLiteral("/evaluation.json");
}

QJsonArray toJson(const std::vector<model::pipeline::ReliabilityPoint>& points)
{
    QJsonArray rows;
    for (const auto& point : points) {
        rows.append(QJsonArray{point.probability, point.present, qint64(point.pairs)});
    }
    return rows;
}

std::vector<model::pipeline::ReliabilityPoint> pointsOf(const QJsonArray& rows)
{
    std::vector<model::pipeline::ReliabilityPoint> points;
    for (const auto& row : rows) {
        points.push_back({row[0].toDouble(), row[1].toDouble(), std::size_t(row[2].toInteger())});
    }
    return points;
}

} // namespace

void saveEvaluation(const Project& project, const db::Run& run, const EvaluationDetails& details)
{
    QJsonArray curves;
    for (const auto& curve : details.reliability) {
        curves.append(QJsonObject{{"kind", QString::fromStdString(curve.kind)},
                                  {"before", toJson(curve.before)},
                                  {"after", toJson(curve.after)}});
    }
    const QJsonObject whole{{"cautions", QJsonArray::fromStringList(details.cautions)},
                            {"reliability", curves},
                            {"fairness", toJson(details.fairness)}};
    QDir().mkpath(project.runFolder(run.folder));
    QSaveFile target(fileOf(project, run));
    const QByteArray bytes = QJsonDocument(whole).toJson(QJsonDocument::Compact);
    if (!target.open(QIODevice::WriteOnly) || target.write(bytes) != bytes.size() ||
        !target.commit()) {
        throw model::Error(target.fileName().toStdString() + " cannot be written: " +
                           target.errorString().toStdString() + "; check the disk and run again");
    }
}

EvaluationDetails loadEvaluation(const Project& project, const db::Run& run)
{
    QFile source(fileOf(project, run));
    if (!source.open(QIODevice::ReadOnly)) {
        return {};
    }
    const QJsonObject whole = QJsonDocument::fromJson(source.readAll()).object();
    EvaluationDetails details;
    const QJsonArray cautions = whole["cautions"].toArray();
    for (const auto& caution : cautions) {
        details.cautions.append(caution.toString());
    }
    const QJsonArray curves = whole["reliability"].toArray();
    for (const auto& value : curves) {
        const QJsonObject curve = value.toObject();
        details.reliability.push_back({curve["kind"].toString().toStdString(),
                                       pointsOf(curve["before"].toArray()),
                                       pointsOf(curve["after"].toArray())});
    }
    details.fairness = fairnessOf(whole["fairness"].toObject());
    return details;
}

} // namespace tagalign::app
