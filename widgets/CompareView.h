#pragma once

#include "widgets/HeatmapView.h"

#include <QWidget>

class QLabel;

namespace tagalign::widgets {

enum class CompareMode { SideBySide, Swipe, Difference };

/// Before and after on one colour scale: side by side, at the two sides of a line, or their
/// difference.
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
    void setScale(float low, float high); ///< of both maps; values outside get the end's colour
    void setMode(tagalign::widgets::CompareMode mode);
    void setAfterName(const QString& name); ///< what "after" is, e.g. "After: run 0002"

private:
    void showMaps();
    void showDifference();

    QString m_afterName;
    Heatmap m_before;
    Heatmap m_after;
    float m_low = 0.0F;
    float m_high = 1.0F;
    CompareMode m_mode = CompareMode::SideBySide;
    HeatmapView* m_left;
    HeatmapView* m_right;
    QLabel* m_leftLabel;
    QLabel* m_rightLabel;
    QLabel* m_readout;
    ColorScale* m_scale;
};

} // namespace tagalign::widgets
