#pragma once

#include "app/pages/Workspace.h"

#include <QElapsedTimer>
#include <QHash>
#include <QWidget>

class QLabel;

namespace tagalign::widgets {
class CaptionLabel;
class ProgressSummary;
class TagChipBar;
} // namespace tagalign::widgets

namespace tagalign::app {

/// Are these tags really there? One image with its tags, one key a verdict.
/// Keys: A accept, X reject, Space unsure, Backspace undo, arrows move, 1-9 choose, H heatmap.
class VerifyPage : public QWidget
{
    Q_OBJECT

public:
    explicit VerifyPage(Workspace& workspace, QWidget* parent = nullptr);

    [[nodiscard]] int position() const { return m_position; }

    [[nodiscard]] const widgets::TagChipBar* chips() const { return m_chips; }

protected:
    void keyPressEvent(QKeyEvent* event) override;
    bool focusNextPrevChild(bool next) override;

private:
    void reload();
    void showImage(int position);
    void fill(const QList<db::Caption>& captions, const QList<db::Candidate>& candidates);
    void showChip(int chip);
    void decide(db::State state);
    void undo();
    void advance();
    void showProgress();
    void toggleHeatmap();
    void requestHeatmap();

    Workspace& m_workspace;
    QList<db::Image> m_images;
    int m_position = -1;
    QList<db::Candidate> m_candidates; ///< of the image on screen, as the chips show them
    QHash<db::CaptionId, QString> m_captions;
    QElapsedTimer m_looking; ///< since the current chip is on screen
    bool m_isHeatmapOn = false;

    QLabel* m_title;
    widgets::HeatmapView* m_view;
    widgets::CaptionLabel* m_caption;
    widgets::TagChipBar* m_chips;
    widgets::ProgressSummary* m_progress;
    QLabel* m_saved;
};

} // namespace tagalign::app
