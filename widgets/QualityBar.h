#pragma once

#include <QList>
#include <QStringList>
#include <QWidget>

class QComboBox;
class QLabel;
class QSlider;
class QToolButton;

namespace tagalign::widgets {

class LinePlot;

/// What is kept from a threshold on.
struct QualityRow
{
    double precision = 0.0; ///< of the kept, [0, 1]; negative while none of them was judged
    double low = 0.0;       ///< 95 % interval
    double high = 1.0;
    double coverage = 0.0; ///< share of all tags
    int kept = 0;          ///< tags
    double reach = 1.0;    ///< share of the kept that the precision speaks of
};

/// In which order tags are verified, from which probability on they are used, what that does to
/// precision and coverage, and which verdicts look wrong.
class QualityBar : public QWidget
{
    Q_OBJECT

public:
    explicit QualityBar(QWidget* parent = nullptr);

    /// @param rows for the thresholds 0.00, 0.01, .. 1.00; empty: there are no tags.
    /// @param basis what the figures rest on, one sentence for the tooltip.
    void setRows(const QList<QualityRow>& rows, const QString& basis);

    /// Verdicts for a second look, a line each.
    void setSecondLook(const QStringList& lines);

    void setThreshold(double threshold); ///< emits nothing
    [[nodiscard]] double threshold() const;

    void setDoubtfulFirst(bool isDoubtfulFirst); ///< emits nothing
    [[nodiscard]] bool isDoubtfulFirst() const;

    void setPlotShown(bool isShown); ///< emits nothing

    void toggleOrder(); ///< as if a person did
    void togglePlot();

    [[nodiscard]] QString text() const; ///< the figures at the threshold, as shown

Q_SIGNALS:
    void thresholdChanged(double threshold); ///< by a person, [0, 1], once the slider rests
    void orderChanged(bool isDoubtfulFirst);
    void plotToggled(bool isShown);
    void secondLookChosen(int line);

private:
    void showFigures();
    void drawPlot();
    void onSliderMoved();

    QList<QualityRow> m_rows;
    QString m_basis;
    QComboBox* m_order;
    QSlider* m_slider;
    QLabel* m_figures;
    QToolButton* m_plotButton;
    QToolButton* m_secondLook;
    LinePlot* m_plot;
};

} // namespace tagalign::widgets
