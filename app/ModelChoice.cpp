#include "app/ModelChoice.h"

#include "app/ModelCatalogue.h"
#include "app/ModelStore.h"
#include "model/pipeline/StoreKey.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

namespace tagalign::app {

QString resourceFolder()
{
    const QString installed = QDir::cleanPath(QCoreApplication::applicationDirPath() +
                                              QStringLiteral("/../share/tagalign-studio"));
    return QFileInfo::exists(installed) ? installed : QStringLiteral(TAGALIGN_RESOURCE_FOLDER);
}

QString starterModelFolder()
{
    return resourceFolder() + QStringLiteral("/starter");
}

bool isStarterModel(const QString& checkpoint)
{
    return QFileInfo(checkpoint).canonicalFilePath() ==
           QFileInfo(starterModelFolder()).canonicalFilePath();
}

QString modelTitle(const QString& checkpoint)
{
    if (isStarterModel(checkpoint)) {
        return QCoreApplication::translate("Models", "demo model");
    }
    const QFileInfo folder(checkpoint);
    const bool isInstalled =
        folder.dir().canonicalPath() == QFileInfo(modelsFolder()).canonicalFilePath();
    const auto known = isInstalled ? catalogueModel(folder.fileName()) : std::nullopt;
    return known ? known->title : folder.fileName();
}

QString checkpointOf(const db::Database& database)
{
    const QString chosen = database.setting(QStringLiteral("model"));
    return chosen.isEmpty() ? starterModelFolder() : chosen;
}

void chooseCheckpoint(const Project& project, const QString& nameOrFolder)
{
    const QString absolute = QFileInfo(modelFolderOf(nameOrFolder)).absoluteFilePath();
    (void)model::pipeline::checkpointFingerprint(absolute.toStdString());
    db::Database(project.databaseFile())
        .setSetting(QStringLiteral("model"),
                    isStarterModel(absolute) ? QStringLiteral("") : absolute);
}

model::pipeline::ModelFiles modelFiles(const Project& project, const db::Database& database)
{
    return {.checkpoint = checkpointOf(database).toStdString(),
            .store = project.featuresFolder().toStdString()};
}

} // namespace tagalign::app
