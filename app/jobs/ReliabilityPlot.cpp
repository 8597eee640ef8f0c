#include "app/jobs/ReliabilityPlot.h"

#include <algorithm>
#include <cmath>

namespace tagalign::app {

namespace {

constexpr double kSide = 200.0;  // of the square from 0 to 1, pixels
constexpr double kMargin = 24.0; // for the numbers at the axes

double x(double probability)
{
    return kMargin + kSide * probability;
}

double y(double share)
{
    return 8.0 + kSide * (1.0 - share);
}

QString line(const std::vector<model::pipeline::ReliabilityPoint>& points, const QString& colour)
{
    std::size_t most = 1;
    for (const auto& point : points) {
        most = std::max(most, point.pairs);
    }
    QString path;
    QString dots;
    for (const auto& point : points) {
        path += QStringLiteral("%1,%2 ").arg(x(point.probability)).arg(y(point.present));
        dots += QStringLiteral("<circle cx=\"%1\" cy=\"%2\" r=\"%3\" fill=\"%4\"><title>%5 pairs"
                               "</title></circle>")
                    .arg(x(point.probability))
                    .arg(y(point.present))
                    .arg(2.0 + 6.0 * std::sqrt(double(point.pairs) / double(most)), 0, 'f', 1)
                    .arg(colour)
                    .arg(point.pairs);
    }
    return QStringLiteral("<polyline points=\"%1\" fill=\"none\" stroke=\"%2\" "
                          "stroke-width=\"1.5\"/>")
               .arg(path.trimmed(), colour) +
           dots;
}

QString axes()
{
    QString svg = QStringLiteral("<path d=\"M%1 %2 V%3 H%4\" fill=\"none\" "
                                 "stroke=\"var(--quiet)\"/>"
                                 "<path d=\"M%1 %3 L%4 %2\" stroke=\"var(--line)\" "
                                 "stroke-dasharray=\"4 4\"/>")
                      .arg(x(0.0))
                      .arg(y(1.0))
                      .arg(y(0.0))
                      .arg(x(1.0));
    for (const double mark : {0.0, 0.5, 1.0}) {
        svg += QStringLiteral("<text x=\"%1\" y=\"%2\" text-anchor=\"middle\">%5</text>"
                              "<text x=\"%3\" y=\"%4\" text-anchor=\"end\">%5</text>")
                   .arg(x(mark))
                   .arg(y(0.0) + 14.0)
                   .arg(x(0.0) - 4.0)
                   .arg(y(mark) + 4.0)
                   .arg(mark);
    }
    return svg;
}

QString plot(const model::pipeline::ReliabilityCurve& curve)
{
    const QString kind = QString::fromStdString(curve.kind).toHtmlEscaped();
    return QStringLiteral("<figure><svg width=\"%1\" height=\"%2\" role=\"img\" "
                          "aria-label=\"reliability of %3\" font-size=\"10\" "
                          "fill=\"var(--quiet)\">%4%5%6</svg><figcaption>%3</figcaption></figure>")
        .arg(kSide + kMargin + 12.0)
        .arg(kSide + 30.0)
        .arg(kind, axes(), line(curve.before, QStringLiteral("var(--quiet)")),
             line(curve.after, QStringLiteral("var(--accent)")));
}

} // namespace

QString reliabilitySection(const std::vector<model::pipeline::ReliabilityCurve>& curves)
{
    QString plots;
    for (const auto& curve : curves) {
        plots += plot(curve);
    }
    return plots.isEmpty()
               ? QString()
               : QStringLiteral(
                     "<h2>How far its probabilities can be believed</h2><p class=quiet>Across: the "
                     "probability that the model gives a tag (scale fitted on the validation "
                     "images). Up: how often such a tag is there. On the dashed line both agree. "
                     "<span style=\"color:var(--quiet)\">●</span> before, "
                     "<span style=\"color:var(--accent)\">●</span> after.</p>"
                     "<div style=\"display:flex;gap:16px;flex-wrap:wrap\">%1</div>")
                     .arg(plots);
}

} // namespace tagalign::app
