#include "app/jobs/ReportHtml.h"

#include "app/jobs/FairnessHtml.h"
#include "app/jobs/FigureAxis.h"
#include "app/jobs/ReliabilityPlot.h"

#include <algorithm>
#include <cmath>

namespace tagalign::app {

namespace {

const QString kStyle = QStringLiteral(R"(
:root { color-scheme: light dark; --ink: #1b1f24; --quiet: #5b6470; --line: #d9dee4;
        --page: #ffffff; --accent: #0b6e99; --loss: #b4530a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebee; --quiet: #a0a9b4; --line: #3a424c;
        --page: #16191d; --accent: #5cb8de; --loss: #f0a35e; } }
body { font: 15px/1.5 "Noto Sans", system-ui, sans-serif; color: var(--ink);
       background: var(--page); max-width: 960px; margin: 32px auto; padding: 0 24px; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 32px 0 8px; }
.quiet { color: var(--quiet); } .decision { border-left: 4px solid var(--accent);
       padding: 8px 16px; font-size: 18px; margin: 24px 0; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); text-align: left; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; margin: 8px 0 24px; }
.pair img { width: 100%; } figure { margin: 0; } figcaption { color: var(--quiet); }
.scale { display: flex; gap: 8px; align-items: center; } .scale img { width: 240px; height: 12px; }
)");

QString number(double value)
{
    return QStringLiteral("%1").arg(value, 0, 'f', 3);
}

QString signedNumber(double value)
{
    return (value < 0 ? QStringLiteral("−") : QStringLiteral("+")) + number(std::abs(value));
}

QString image(const QByteArray& png, const QString& description)
{
    return QStringLiteral("<img alt=\"%1\" src=\"data:image/png;base64,%2\">")
        .arg(description.toHtmlEscaped(), QString::fromLatin1(png.toBase64()));
}

QString changeSvg(const db::Metric& metric, double reach)
{
    const double difference = metric.after - metric.before;
    return intervalSvg(difference, {metric.low, metric.high}, reach,
                       isLessBetter(metric.name) ? difference > 0.0 : difference < 0.0, 160);
}

QString metricRows(const QList<db::Metric>& metrics)
{
    QString rows;
    for (const db::Metric& metric : metrics) {
        rows +=
            QStringLiteral("<tr><td>%1</td><td>%2</td><td class=number>%3</td>"
                           "<td class=number>%4</td><td class=number>%5</td>"
                           "<td class=number>%6 … %7</td><td>%8</td>"
                           "<td class=number>%9</td></tr>")
                .arg(metric.name.toHtmlEscaped(), metric.kind.toHtmlEscaped(),
                     number(metric.before), number(metric.after),
                     signedNumber(metric.after - metric.before), signedNumber(metric.low),
                     signedNumber(metric.high), changeSvg(metric, axisReach(metrics, metric.name)))
                .arg(metric.count);
    }
    return rows;
}

/// Figures to decide by; the others fill in the details.
bool isMain(const db::Metric& metric)
{
    return !metric.name.contains(QLatin1String("R@1")) &&
           !metric.name.contains(QLatin1String(" against "));
}

QString metricTableHtml(const QList<db::Metric>& metrics)
{
    return QStringLiteral("<table><tr><th>figure</th><th>of</th><th class=number>before</th>"
                          "<th class=number>after</th><th class=number>change</th>"
                          "<th class=number>95 % interval</th><th></th>"
                          "<th class=number>images</th></tr>%1</table>")
        .arg(metricRows(metrics));
}

QString metricSection(const QList<db::Metric>& metrics)
{
    QList<db::Metric> shown;
    QList<db::Metric> others;
    for (const db::Metric& metric : metrics) {
        (isMain(metric) ? shown : others).append(metric);
    }
    QString html =
        QStringLiteral("<h2>Before and after, on test images the training never saw</h2>") +
        metricTableHtml(shown);
    if (!others.isEmpty()) {
        html += QStringLiteral("<details><summary>%1 more figures</summary>%2</details>")
                    .arg(others.size())
                    .arg(metricTableHtml(others));
    }
    return html;
}

QString precisionSection(const QList<TagPrecision>& precision)
{
    QString rows;
    for (const TagPrecision& row : precision) {
        if (row.pairs > 0) {
            rows += QStringLiteral("<tr><td>%1</td><td class=number>%2</td>"
                                   "<td class=number>%3 … %4</td><td>%5</td></tr>")
                        .arg(row.kind.toHtmlEscaped(),
                             row.judged() == 0 ? QStringLiteral("–") : number(row.share()),
                             number(row.low), number(row.high), row.basis().toHtmlEscaped());
        }
    }
    return rows.isEmpty()
               ? QString()
               : QStringLiteral("<h2>Are the tags really there?</h2><table><tr><th>tags</th>"
                                "<th class=number>precision</th><th class=number>95 % interval"
                                "</th><th>from</th></tr>%1</table><p class=quiet>Accepted among "
                                "the judged, Wilson’s interval. An estimate holds for the others "
                                "as far as those that were judged are like them.</p>")
                     .arg(rows);
}

QString changeRows(const QList<TagChange>& changes)
{
    double reach = 0.01;
    for (const TagChange& change : changes) {
        reach = std::max({reach, std::abs(change.low), std::abs(change.high)});
    }
    QString rows;
    for (const TagChange& change : changes) {
        const bool isSure = change.low > 0.0 || change.high < 0.0;
        rows += QStringLiteral("<tr><td>%1</td><td>%2</td><td class=number>%3</td>"
                               "<td class=number>%4</td><td class=number>%5</td>"
                               "<td class=number>%6 … %7</td><td>%8</td><td>%9</td>")
                    .arg(change.name.toHtmlEscaped(), change.kind.toHtmlEscaped(),
                         number(change.before), number(change.after),
                         signedNumber(change.after - change.before), signedNumber(change.low),
                         signedNumber(change.high),
                         changeSvg({.before = change.before,
                                    .after = change.after,
                                    .low = change.low,
                                    .high = change.high},
                                   reach),
                         isSure ? QStringLiteral("sure") : QString()) +
                QStringLiteral("<td class=number>%1</td></tr>").arg(change.images);
    }
    return rows;
}

QString changeTable(const QString& heading, const QString& first, const QList<TagChange>& changes)
{
    if (changes.isEmpty()) {
        return {};
    }
    return QStringLiteral("<h3>%1</h3><table><tr><th>%2</th><th>kind</th>"
                          "<th class=number>before</th><th class=number>after</th>"
                          "<th class=number>change</th><th class=number>95 %, all at once</th>"
                          "<th></th><th></th><th class=number>test images</th></tr>%3</table>")
        .arg(heading, first, changeRows(changes));
}

QString changeSection(const ReportContent& content)
{
    if (content.gained.isEmpty() && content.lost.isEmpty()) {
        return {};
    }
    return QStringLiteral("<h2>Tag by tag</h2><p>%1</p>").arg(content.changes.toHtmlEscaped()) +
           changeTable(QStringLiteral("Gained most"), QStringLiteral("tag"), content.gained) +
           changeTable(QStringLiteral("Lost most"), QStringLiteral("tag"), content.lost) +
           changeTable(QStringLiteral("Attributes, by the object in the picture"),
                       QStringLiteral("object"), content.slices);
}

QString exampleSections(const ReportContent& content)
{
    QString html;
    for (const HeatmapExample& example : content.examples) {
        html += QStringLiteral("<h3>“%1” <span class=quiet>%2</span></h3><div class=pair>"
                               "<figure>%3<figcaption>before</figcaption></figure>"
                               "<figure>%4<figcaption>after</figcaption></figure></div>"
                               "<div class=scale><span>%5</span>%6<span>%7</span>"
                               "<span class=quiet>cosine, one scale for both</span></div>")
                    .arg(example.prompt.toHtmlEscaped(), example.file.toHtmlEscaped(),
                         image(example.before, QStringLiteral("before: ") + example.prompt),
                         image(example.after, QStringLiteral("after: ") + example.prompt),
                         number(double(example.low)),
                         image(content.colourScale, QStringLiteral("colour scale")),
                         number(double(example.high)));
    }
    return html;
}

} // namespace

QString reportHtml(const ReportContent& content)
{
    QString cautions;
    for (const QString& caution : content.cautions) {
        cautions += QStringLiteral("<li>%1</li>").arg(caution.toHtmlEscaped());
    }
    const db::Counts& counts = content.counts;
    QString html = QStringLiteral("<!doctype html><html lang=en><meta charset=utf-8>"
                                  "<title>%1: TagAlign report</title><style>%2</style>"
                                  "<h1>%1</h1><p class=quiet>Run %3 · model %4</p>"
                                  "<p>%5 images with %6 captions; %7 tags in use; of %8 image-tag "
                                  "pairs %9 accepted, ")
                       .arg(content.project.toHtmlEscaped(), kStyle, content.run.toHtmlEscaped(),
                            content.model.toHtmlEscaped())
                       .arg(counts.images)
                       .arg(counts.captions)
                       .arg(counts.tags)
                       .arg(counts.candidates)
                       .arg(counts.accepted);
    html += QStringLiteral("%1 rejected, %2 unsure by a person.</p>"
                           "<div class=decision>%3</div>")
                .arg(counts.rejected)
                .arg(counts.unsure)
                .arg(content.decision.toHtmlEscaped());
    if (!cautions.isEmpty()) {
        html += QStringLiteral("<ul>%1</ul>").arg(cautions);
    }
    html += metricSection(content.metrics);
    if (!content.examples.isEmpty()) {
        html += QStringLiteral("<h2>Where the model looks</h2>") + exampleSections(content);
    }
    html += precisionSection(content.precision) + changeSection(content) +
            fairnessSection(content.fairness) + reliabilitySection(content.reliability);
    html +=
        QStringLiteral("<h2>How this was measured</h2><p class=quiet>Tag mAP is the mean over "
                       "tags of the average precision of ranking the test images by the tag. "
                       "R@k is the share of captions (images) whose own image (caption) is "
                       "among the first k. False alerts are counted at the threshold that finds as "
                       "much as the frozen model finds at its best F1. Top-1 accuracy: which "
                       "object it is, where a picture shows one. Retention: tags that the "
                       "captions speak of but that were not trained. Intervals: paired "
                       "bootstrap over test images. "
                       "Tags nobody verified count as the caption parser read them. "
                       "Settings: %1</p></html>")
            .arg(content.settings.toHtmlEscaped());
    return html;
}

} // namespace tagalign::app
