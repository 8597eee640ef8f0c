#pragma once

#include "app/pages/Workspace.h"

#include <QWidget>

class QLineEdit;
class QListWidget;
class QLabel;

namespace tagalign::widgets {
class CompareView;
}

namespace tagalign::app {

/// Did it get better, where? A prompt, a picture, before and after on one colour scale; and the
/// pictures that the prompt finds.
class ComparePage : public QWidget
{
    Q_OBJECT

public:
    explicit ComparePage(Workspace& workspace, QWidget* parent = nullptr);

    [[nodiscard]] const widgets::CompareView* view() const { return m_view; }

private:
    void reload();
    void fillList(const QList<qsizetype>& order);
    void showPicture();
    void requestHeatmaps();
    void search();

    Workspace& m_workspace;
    QList<db::Image> m_images;
    QLineEdit* m_prompt;
    QListWidget* m_list;
    QLabel* m_listTitle;
    widgets::CompareView* m_view;
};

} // namespace tagalign::app
