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

QString intervalSvg(double value, const model::eval::Interval& interval, double reach, bool isWorse,
                    int width)
{
    constexpr double kMargin = 4.0; // for half a point
    const double middle = width / 2.0;
    const auto x = [&](double at) {
        return middle + (middle - kMargin) * std::clamp(at / reach, -1.0, 1.0);
    };
    const bool isSure = interval.low > 0.0 || interval.high < 0.0;
    return QStringLiteral("<svg width=\"%1\" height=\"16\" role=\"img\">"
                          "<line x1=\"%2\" y1=\"0\" x2=\"%2\" y2=\"16\" stroke=\"var(--quiet)\"/>"
                          "<line x1=\"%3\" y1=\"8\" x2=\"%4\" y2=\"8\" stroke=\"var(%6)\" "
                          "stroke-width=\"3\"/><circle cx=\"%5\" cy=\"8\" r=\"5\" "
                          "fill=\"var(%6)\"/></svg>")
        .arg(width)
        .arg(middle)
        .arg(x(interval.low))
        .arg(x(interval.high))
        .arg(x(value))
        .arg(!isSure   ? QStringLiteral("--quiet")
             : isWorse ? QStringLiteral("--loss")
                       : QStringLiteral("--accent"));
}

} // namespace tagalign::app
