#pragma once

#include "app/jobs/ImportJob.h"
#include "app/pages/Workspace.h"

#include <QFileDialog>
#include <QSet>
#include <QWidget>

class QLabel;
class QListView;
class QTableWidget;

namespace tagalign::app {

class PictureList;

/// What do I have? Drop pairs here; what was imported, what was wrong with it.
class ImportPage : public QWidget
{
    Q_OBJECT

public:
    explicit ImportPage(Workspace& workspace, QWidget* parent = nullptr);

public Q_SLOTS:
    void importFrom(const QString& source);

Q_SIGNALS:
    void dropped(const QString& path); ///< whatever it is: the window knows

private:
    void choose(QFileDialog::FileMode mode);
    void showCounts();
    void showPictures();
    void showSummary(const ImportSummary& summary);
    void addProblems(const QList<ImportProblem>& problems);

    Workspace& m_workspace;
    QSet<int> m_imports; ///< jobs under way
    QLabel* m_counts;
    QLabel* m_summary;
    QTableWidget* m_problems;
    PictureList* m_pictures;
    QListView* m_view;
};

} // namespace tagalign::app
