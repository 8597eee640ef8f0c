#include "app/Project.h"

#include <QDir>
#include <QFileInfo>

#include <stdexcept>

namespace tagalign::app {

namespace {

const QStringList kParts{QStringLiteral("features"), QStringLiteral("thumbnails"),
                         QStringLiteral("runs"), QStringLiteral("reports")};

/// A project that was begun and has no data base yet holds only its own folders.
bool holdsOtherFiles(const QDir& dir)
{
    for (const QString& entry :
         dir.entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot)) {
        if (!kParts.contains(entry)) {
            return true;
        }
    }
    return false;
}

} // namespace

Project::Project(const QString& folder)
    : m_folder(QDir::cleanPath(QDir(folder).absolutePath()))
{
}

Project Project::openOrCreate(const QString& folder)
{
    Project project(folder);
    const QDir dir(project.m_folder);
    if (holdsOtherFiles(dir) && !QFileInfo::exists(project.databaseFile())) {
        throw std::runtime_error(
            QStringLiteral("%1 holds other files. Choose an empty or a new folder for the project.")
                .arg(project.m_folder)
                .toStdString());
    }
    for (const QString& part : kParts) {
        if (!dir.mkpath(part)) {
            throw std::runtime_error(QStringLiteral("The folder %1 cannot be made. Check that its "
                                                    "parent exists and can be written.")
                                         .arg(dir.filePath(part))
                                         .toStdString());
        }
    }
    return project;
}

Project Project::open(const QString& folder)
{
    const QFileInfo given(folder);
    const Project project(given.fileName() == QLatin1String("project.sqlite") ? given.path()
                                                                              : folder);
    if (!QFileInfo::exists(project.databaseFile())) {
        throw std::runtime_error(QStringLiteral("%1 is not a TagAlign project: it has no "
                                                "project.sqlite.")
                                     .arg(project.m_folder)
                                     .toStdString());
    }
    return openOrCreate(project.m_folder);
}

QString Project::name() const
{
    QString name = QFileInfo(m_folder).fileName();
    if (name.endsWith(QLatin1String(".tagalign"))) {
        name.chop(9);
    }
    return name;
}

QString Project::databaseFile() const
{
    return m_folder + QStringLiteral("/project.sqlite");
}

QString Project::featuresFolder() const
{
    return m_folder + QStringLiteral("/features");
}

QString Project::runFolder(const QString& run) const
{
    return m_folder + QStringLiteral("/runs/") + run;
}

QString Project::reportFolder(const QString& run) const
{
    return m_folder + QStringLiteral("/reports/") + run;
}

QString Project::thumbnailFile(const QString& sha256) const
{
    return QStringLiteral("%1/thumbnails/%2/%3.jpg").arg(m_folder, sha256.left(2), sha256);
}

QString Project::storedPath(const QString& absolute) const
{
    const QString parent = QFileInfo(m_folder).path();
    const QString clean = QDir::cleanPath(absolute);
    const bool together =
        parent != QLatin1String("/") && clean.startsWith(parent + QLatin1Char('/'));
    return together ? QDir(m_folder).relativeFilePath(clean) : clean;
}

QString Project::absolutePath(const QString& stored) const
{
    return QDir::cleanPath(QDir(m_folder).absoluteFilePath(stored));
}

} // namespace tagalign::app
