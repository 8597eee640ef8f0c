#include "app/jobs/FairnessHtml.h"

#include "app/jobs/FairnessFindings.h"
#include "app/jobs/FigureAxis.h"

#include <QCoreApplication>

#include <algorithm>
#include <optional>

namespace tagalign::app {

namespace {

/// On an axis from -1 to 1.
QString drawn(const std::optional<Estimate>& estimate, const FairnessFinding& finding)
{
    if (!estimate) {
        return {};
    }
    const auto& [value, interval] = *estimate;
    return intervalSvg(value, interval, 1.0, finding.isWorry(value), 120) +
           QStringLiteral("<br>%1 (%2 … %3)")
               .arg(value, 0, 'f', 2)
               .arg(interval.low, 0, 'f', 2)
               .arg(interval.high, 0, 'f', 2);
}

QString table(const QList<FairnessFinding>& findings)
{
    QString rows;
    for (const FairnessFinding& finding : findings) {
        rows += QStringLiteral("<tr><td>%1</td><td class=number>%2</td><td class=number>%3</td>"
                               "<td class=number>%4</td></tr>")
                    .arg(finding.sentence.toHtmlEscaped(), drawn(finding.before, finding),
                         drawn(finding.after, finding), drawn(finding.change, finding));
    }
    return QStringLiteral("<table><tr><th>%1</th><th class=number>%2</th><th class=number>%3</th>"
                          "<th class=number>%4</th></tr>%5</table>")
        .arg(QCoreApplication::translate("Fairness", "finding"),
             QCoreApplication::translate("Fairness", "difference before"),
             QCoreApplication::translate("Fairness", "after"),
             QCoreApplication::translate("Fairness", "change"), rows);
}

QString associationTable(const QList<FairnessReport::Association>& associations)
{
    QString rows;
    for (const auto& row : associations) {
        rows += QStringLiteral("<tr><td>%1</td><td>%2</td><td class=number>%3</td>")
                    .arg(row.attribute.toHtmlEscaped(), row.object.toHtmlEscaped())
                    .arg(row.images) +
                QStringLiteral("<td class=number>%1</td><td class=number>%2 … %3</td>"
                               "<td class=number>%4</td></tr>")
                    .arg(row.pmi, 0, 'f', 2)
                    .arg(row.interval.low, 0, 'f', 2)
                    .arg(row.interval.high, 0, 'f', 2)
                    .arg(row.normalised, 0, 'f', 2);
    }
    return QStringLiteral("<table><tr><th>attribute</th><th>object</th>"
                          "<th class=number>training images</th><th class=number>PMI, bits</th>"
                          "<th class=number>95 %, all at once</th><th class=number>NPMI</th></tr>%1"
                          "</table>")
        .arg(rows);
}

QString fold(const QString& summary, const QString& html)
{
    return QStringLiteral("<details><summary>%1</summary>%2</details>").arg(summary, html);
}

QString method()
{
    return QStringLiteral("<p class=quiet>%1</p>")
        .arg(QCoreApplication::translate(
            "Fairness",
            "Recall at one threshold for all groups, that of the false alerts; a group's tags are "
            "compared with the same tags outside it (Mantel-Haenszel). How often the model says "
            "what goes together: BiasAmp→ of Wang and Russakovsky (2021, section 4.2), pairs that "
            "stand together in training images, measured on test images at the threshold where as "
            "many tags are said as are there. Left out: by captions whose picture has another one "
            "that says the tag. Intervals: paired bootstrap over images, for all groups at once "
            "(max-t); what captions leave out: Wilson's, a picture as one trial."));
}

} // namespace

QString fairnessSection(const FairnessReport& report)
{
    QString html = QStringLiteral("<h2>%1</h2>")
                       .arg(QCoreApplication::translate("Fairness", "Is it equally good for all?"));
    for (const QString& remark : fairnessRemarks(report)) {
        html += QStringLiteral("<p>%1</p>").arg(remark.toHtmlEscaped());
    }
    QList<FairnessFinding> sure;
    QList<FairnessFinding> others;
    for (const FairnessFinding& finding : fairnessFindings(report)) {
        (finding.isSure ? sure : others).append(finding);
    }
    if (!sure.isEmpty()) {
        html += table(sure);
    }
    if (!others.isEmpty()) {
        html += fold(QCoreApplication::translate("Fairness", "%1 more, none of them sure")
                         .arg(others.size()),
                     table(others));
    }
    if (!report.associations.isEmpty()) {
        html += fold(
            QCoreApplication::translate("Fairness", "What stands together in captions: %1 pairs")
                .arg(report.associations.size()),
            associationTable(report.associations));
    }
    return report.isThere ? html + method() : html;
}

} // namespace tagalign::app
