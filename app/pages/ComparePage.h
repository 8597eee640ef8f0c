#pragma once

#include "app/pages/Workspace.h"

#include <QWidget>

class QButtonGroup;
class QLabel;
class QLineEdit;
class QListView;
class QPushButton;

namespace tagalign::widgets {
class CompareView;
}

namespace tagalign::app {

class PictureList;

/// Did it get better, where? A prompt, a picture, before and after on one colour scale; and the
/// pictures that the prompt finds.
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
    void showRun();

    Workspace& m_workspace;
    QList<db::Image> m_images;
    QLineEdit* m_prompt;
    PictureList* m_pictures;
    QListView* m_list;
    QLabel* m_listTitle;
    QPushButton* m_all;
    QLabel* m_status;
    widgets::CompareView* m_view;
};

} // namespace tagalign::app
