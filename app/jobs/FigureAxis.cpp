#include "app/jobs/FigureAxis.h"

#include <algorithm>
#include <cmath>

namespace tagalign::app {

namespace {

bool isCount(const QString& figure)
{
    return figure.startsWith(QLatin1String("false alerts"));
}

} // namespace

bool isLessBetter(const QString& figure)
{
    return isCount(figure) || figure.startsWith(QLatin1String("calibration error"));
}

double axisReach(const QList<db::Metric>& metrics, const QString& figure)
{
    double reach = 0.01;
    for (const db::Metric& metric : metrics) {
        if (isCount(metric.name) == isCount(figure)) {
            reach = std::max({reach, std::abs(metric.low), std::abs(metric.high)});
        }
    }
    return reach;
}

} // namespace tagalign::app
