#pragma once

#include "widgets/HeatmapView.h"

#include <QWidget>

class QLabel;

namespace tagalign::widgets {

enum class CompareMode { SideBySide, Swipe, Difference };

/// Values outside get the end's colour.
struct MapScale
{
    float low = 0.0F;
    float high = 1.0F;

    bool operator==(const MapScale&) const = default;
};

/// Two maps over one picture, before and after: side by side, at the two sides of a line, or their
/// difference. Maps of one model share a colour scale; those of two models each have their own
/// and stay side by side.
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
    void setScale(tagalign::widgets::MapScale scale); ///< of both maps
    void setScales(tagalign::widgets::MapScale before, tagalign::widgets::MapScale after);
    void setMode(tagalign::widgets::CompareMode mode);
    void setNames(const QString& before, const QString& after); ///< what is shown, with its model

private:
    void showMaps();
    void showDifference();

    [[nodiscard]] bool isOneScale() const { return m_beforeScale == m_afterScale; }

    QString m_beforeName;
    QString m_afterName;
    Heatmap m_before;
    Heatmap m_after;
    MapScale m_beforeScale;
    MapScale m_afterScale;
    CompareMode m_mode = CompareMode::SideBySide;
    HeatmapView* m_left;
    HeatmapView* m_right;
    QLabel* m_leftLabel;
    QLabel* m_rightLabel;
    QLabel* m_readout;
    ColorScale* m_scale;      ///< of both, or of the left map
    ColorScale* m_rightScale; ///< where the right map has its own
};

} // namespace tagalign::widgets
