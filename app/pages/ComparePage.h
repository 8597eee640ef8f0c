#pragma once

#include "app/jobs/Runs.h"
#include "app/pages/Workspace.h"

#include <QWidget>

class QButtonGroup;
class QComboBox;
class QLabel;
class QLineEdit;
class QListView;
class QPushButton;

namespace tagalign::widgets {
class CompareView;
}

namespace tagalign::app {

class PictureList;

/// Did it get better, where? A prompt, a picture, before and after on one colour scale, or two runs
/// side by side, be they of different models; and the pictures that the prompt finds.
class ComparePage : public QWidget
{
    Q_OBJECT

public:
    explicit ComparePage(Workspace& workspace, QWidget* parent = nullptr);

    [[nodiscard]] const widgets::CompareView* view() const { return m_view; }

    [[nodiscard]] const PictureList* pictures() const { return m_pictures; }

private:
    void reload();
    void listAll();
    void list(const QList<db::Image>& images, const QString& title);
    [[nodiscard]] const db::Image* chosen() const;
    void showPicture();
    void requestHeatmaps();
    void search();
    void listRuns();
    [[nodiscard]] const UsableRun* besideRun() const; ///< chosen for the left side; else frozen
    void showMaps(const PromptService::Heatmaps& maps);
    void showRun();

    Workspace& m_workspace;
    QList<db::Image> m_images;
    QList<UsableRun> m_runs;
    QLineEdit* m_prompt;
    QComboBox* m_left;
    QButtonGroup* m_modes;
    PictureList* m_pictures;
    QListView* m_list;
    QLabel* m_listTitle;
    QPushButton* m_all;
    QLabel* m_status;
    widgets::CompareView* m_view;
};

} // namespace tagalign::app
