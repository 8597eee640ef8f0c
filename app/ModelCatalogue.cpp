#include "app/ModelCatalogue.h"

#include "app/ModelChoice.h"
#include "model/Error.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace tagalign::app {

namespace {

CatalogueModel modelOf(const QJsonObject& json)
{
    const auto text = [&json](const char* key) { return json[QLatin1String(key)].toString(); };
    const auto number = [&json](const char* key) { return json[QLatin1String(key)].toInteger(); };
    return {.name = text("name"),
            .title = text("title"),
            .repository = text("repository"),
            .revision = text("revision"),
            .sameWeightsAs = text("sameWeightsAs"),
            .bytes = number("bytes"),
            .licence = text("licence"),
            .languages = text("languages"),
            .purpose = text("purpose"),
            .parameters = number("parameters"),
            .imageSize = int(number("imageSize")),
            .patchSize = int(number("patchSize")),
            .visionWidth = int(number("visionWidth")),
            .visionLayers = int(number("visionLayers"))};
}

} // namespace

QList<CatalogueModel> modelCatalogue()
{
    QFile file(resourceFolder() + QStringLiteral("/models/catalogue.json"));
    const QJsonArray rows =
        file.open(QIODevice::ReadOnly)
            ? QJsonDocument::fromJson(file.readAll())[QLatin1String("models")].toArray()
            : QJsonArray();
    if (rows.isEmpty()) {
        throw model::Error(file.fileName().toStdString() +
                           ": cannot be read; install the program again");
    }
    QList<CatalogueModel> models;
    for (const auto& row : rows) {
        models.append(modelOf(row.toObject()));
    }
    return models;
}

std::optional<CatalogueModel> catalogueModel(const QString& nameOrRepository)
{
    const QList<CatalogueModel> models = modelCatalogue();
    const auto found =
        std::find_if(models.begin(), models.end(), [&](const CatalogueModel& candidate) {
            return candidate.name == nameOrRepository || candidate.repository == nameOrRepository;
        });
    return found == models.end() ? std::nullopt : std::optional(*found);
}

} // namespace tagalign::app
