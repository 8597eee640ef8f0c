#pragma once

#include "widgets/HeatmapView.h"

#include <QWidget>

class QLabel;

namespace tagalign::widgets {

enum class CompareMode { SideBySide, Difference };

/// Before and after on one picture, one colour scale and one view; or their difference.
class CompareView : public QWidget
{
    Q_OBJECT

public:
    explicit CompareView(QWidget* parent = nullptr);

    [[nodiscard]] CompareMode mode() const { return m_mode; }

    [[nodiscard]] const Heatmap& before() const { return m_before; }

    [[nodiscard]] const Heatmap& after() const { return m_after; }

public Q_SLOTS:
    void setImage(const QImage& image);
    /// @param after empty where there is no trained head yet.
    void setHeatmaps(const tagalign::widgets::Heatmap& before,
                     const tagalign::widgets::Heatmap& after);
    void setMode(tagalign::widgets::CompareMode mode);

private:
    void showMaps();

    Heatmap m_before;
    Heatmap m_after;
    CompareMode m_mode = CompareMode::SideBySide;
    HeatmapView* m_left;
    HeatmapView* m_right;
    QLabel* m_leftLabel;
    QLabel* m_rightLabel;
    QLabel* m_readout;
    ColorScale* m_scale;
};

} // namespace tagalign::widgets
