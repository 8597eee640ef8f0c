#pragma once

#include <QString>

namespace tagalign::app {

/// Where everything of one project lies on disk (design, section 3).
class Project
{
public:
    /// Opens the folder, making it (and what belongs inside) where it does not exist.
    /// @throws std::runtime_error if the folder cannot be made or holds something else.
    [[nodiscard]] static Project openOrCreate(const QString& folder);

    /// @throws std::runtime_error if there is no project in the folder.
    [[nodiscard]] static Project open(const QString& folder);

    [[nodiscard]] QString folder() const { return m_folder; }

    [[nodiscard]] QString name() const;
    [[nodiscard]] QString databaseFile() const;
    [[nodiscard]] QString featuresFolder() const;
    [[nodiscard]] QString runFolder(const QString& run) const;
    [[nodiscard]] QString reportFolder(const QString& run) const;
    [[nodiscard]] QString thumbnailFile(const QString& sha256) const;

    /// The form that is stored: relative to the project folder where both share a parent, so that
    /// project and images can be moved together; else absolute.
    [[nodiscard]] QString storedPath(const QString& absolute) const;
    [[nodiscard]] QString absolutePath(const QString& stored) const;

private:
    explicit Project(const QString& folder);

    QString m_folder;
};

} // namespace tagalign::app
