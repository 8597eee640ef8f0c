#pragma once

#include "app/ModelCatalogue.h"
#include "app/ModelStore.h"

#include <QDialog>

#include <optional>

class QLabel;
class QProgressBar;
class QPushButton;
class QTableWidget;

namespace tagalign::widgets {
class Banner;
} // namespace tagalign::widgets

namespace tagalign::app {

class ModelDownloads;

/// Which models there are, what each is good for and asks of this machine; downloads, uses and
/// removes them. Opening it asks nothing of the network: only Download does.
class ModelsDialog : public QDialog
{
    Q_OBJECT

public:
    explicit ModelsDialog(ModelDownloads& downloads, QWidget* parent = nullptr);

    /// @param folder of the open project's checkpoint; empty without a project.
    void setUsedModel(const QString& folder);

Q_SIGNALS:
    void modelChosen(const QString& folder);

private:
    struct Row
    {
        QString name; ///< empty: a folder that the project uses, outside the models' folder
        QString title;
        std::optional<CatalogueModel> published;
        std::optional<InstalledModel> installed;
        QString folder; ///< empty: not there
        qint64 partlyFetched = 0;
    };

    struct Content
    {
        QList<Row> rows;
        QString problem;
    };

    [[nodiscard]] static Content readContent(const QString& usedFolder);
    void makeTable();
    void makeButtons();
    void reload();
    void measure();
    void showRows(const Content& content);
    void showStates();
    void showChosen();
    void choose(const QString& path);
    void removeChosen();
    [[nodiscard]] const Row* chosen() const;
    [[nodiscard]] bool isUsed(const Row& row) const;
    [[nodiscard]] QString stateText(const Row& row) const;
    [[nodiscard]] QString description(const Row& row) const;

    ModelDownloads& m_downloads;
    QList<Row> m_rows;
    QString m_usedFolder;
    double m_operationsPerSecond = 0.0;
    widgets::Banner* m_problem;
    QTableWidget* m_table;
    QLabel* m_details;
    QProgressBar* m_progress;
    QLabel* m_progressText;
    QPushButton* m_use;
    QPushButton* m_download;
    QPushButton* m_cancel;
    QPushButton* m_remove;
    QPushButton* m_show;
};

} // namespace tagalign::app
