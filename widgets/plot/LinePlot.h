#pragma once

#include <QList>
#include <QString>
#include <QStringList>
#include <QVector>
#include <QWidget>

namespace tagalign::widgets {

struct LineSeries
{
    QString name;
    QVector<double> values; ///< at x = 1, 2, ..; NaN leaves a gap
    bool isDashed = false;
    int color = 0; ///< place in a palette that colour-blind eyes tell apart
};

/// A few lines over counted steps, with axes and a legend.
class LinePlot : public QWidget
{
    Q_OBJECT

public:
    explicit LinePlot(QWidget* parent = nullptr);

    void setTitle(const QString& title);
    void setSeries(const QList<LineSeries>& series);
    void setSteps(const QStringList& names); ///< names of x = 1, 2, ..; empty: epochs
    void setMarker(int x);                   ///< marks a step as the best; 0: none
    void setMarker(int x, const QString& name);
    void render(QPainter& painter, const QRectF& area) const;

    [[nodiscard]] QSize sizeHint() const override { return {360, 220}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_title;
    QList<LineSeries> m_series;
    QStringList m_steps;
    int m_marker = 0;
    QString m_markerName;
};

} // namespace tagalign::widgets
