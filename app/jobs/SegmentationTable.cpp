#include "app/jobs/SegmentationTable.h"

#include "app/ModelChoice.h"
#include "model/pipeline/StoreKey.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QStringList>

#include <algorithm>
#include <cmath>

namespace tagalign::app {

namespace {

struct Segmentation
{
    Q_DECLARE_TR_FUNCTIONS(Segmentation)
};

using model::pipeline::SegmentationRow;
using model::pipeline::SegmentationSide;

constexpr std::size_t kClassesShown = 5;

QString percent(double share)
{
    return std::isfinite(share) ? QString::number(100.0 * share, 'f', 2) : QStringLiteral("–");
}

QString interval(const model::eval::Interval& of)
{
    return QStringLiteral("[%1, %2]").arg(percent(of.low), percent(of.high));
}

QString change(double difference, const model::eval::Interval& of)
{
    return (difference > 0.0 ? QStringLiteral("+") : QString()) + percent(difference) +
           QLatin1Char(' ') + interval(of);
}

QString cells(const QStringList& columns)
{
    constexpr int kView = 22;
    constexpr int kCell = 24;
    QString line = columns.front().leftJustified(kView);
    for (qsizetype i = 1; i < columns.size(); ++i) {
        line += QLatin1Char(' ') + columns[i].leftJustified(i % 3 == 0 ? kCell : kCell - 4);
    }
    return line.trimmed();
}

/// One figure of every view: before, after where there is a head, and the difference.
QString figureTable(const SegmentationReport& report, const QString& title,
                    double model::eval::SegmentationScore::*score,
                    model::eval::Interval SegmentationSide::*own,
                    model::eval::Interval model::pipeline::SegmentationChange::*paired)
{
    const auto& rows = report.result.rows;
    const bool withHead =
        std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.after; });
    QStringList lines{cells(
        withHead ? QStringList{title, Segmentation::tr("before"), Segmentation::tr("after"),
                               Segmentation::tr("change by the head")}
                 : QStringList{title, Segmentation::tr("%"), Segmentation::tr("95 % interval"),
                               Segmentation::tr("against the first")})};
    for (const SegmentationRow& row : rows) {
        const double before = row.before.score.*score;
        QStringList columns{viewName(row.view), percent(before)};
        if (withHead && row.after) {
            const double after = row.after->score.*score;
            columns += {percent(after), change(after - before, (*row.byHead).*paired)};
        } else if (!withHead) {
            columns += interval(row.before.*own);
            if (row.fromFirst) {
                columns +=
                    change(before - rows.front().before.score.*score, (*row.fromFirst).*paired);
            }
        }
        lines.append(cells(columns));
    }
    return lines.join(QLatin1Char('\n'));
}

const SegmentationSide& lastOf(const SegmentationRow& row)
{
    return row.after ? *row.after : row.before;
}

/// The view that went best, its best and its worst classes among those of the masks.
QString classLines(const SegmentationReport& report)
{
    const auto& rows = report.result.rows;
    const auto best =
        std::max_element(rows.begin(), rows.end(), [](const auto& left, const auto& right) {
            return lastOf(left).score.meanIou < lastOf(right).score.meanIou;
        });
    const std::vector<double>& iou = lastOf(*best).score.iou;
    std::vector<std::size_t> classes;
    for (std::size_t i = 0; i < iou.size(); ++i) {
        if (report.result.images[i] > 0) {
            classes.push_back(i);
        }
    }
    std::stable_sort(classes.begin(), classes.end(), [&iou](std::size_t left, std::size_t right) {
        return iou[left] > iou[right];
    });
    const auto listed = [&](auto first, auto end) {
        QStringList named;
        for (; first != end; ++first) {
            named.append(QStringLiteral("%1 %2").arg(
                QString::fromStdString(report.set.classes[*first].label), percent(iou[*first])));
        }
        return named.join(QStringLiteral(", "));
    };
    const auto shown = std::ptrdiff_t(std::min(kClassesShown, classes.size()));
    return Segmentation::tr("IoU of classes by %1, best: %2\nworst: %3")
        .arg(viewName(best->view), listed(classes.begin(), classes.begin() + shown),
             listed(classes.rbegin(), classes.rbegin() + shown));
}

QJsonArray jsonOf(const model::eval::Interval& of)
{
    return {of.low, of.high}; // what is no number becomes null
}

QJsonObject jsonOf(const SegmentationSide& side)
{
    QJsonArray iou;
    for (const double of : side.score.iou) {
        iou.append(of);
    }
    return {{"miou", side.score.meanIou},
            {"miou_interval", jsonOf(side.meanIou)},
            {"miou_with_predicted_only", side.score.meanIouOfSeen},
            {"pixel_accuracy", side.score.pixelAccuracy},
            {"pixel_accuracy_interval", jsonOf(side.pixelAccuracy)},
            {"iou", iou}};
}

QJsonObject jsonOf(const SegmentationSide& from, const SegmentationSide& to,
                   const model::pipeline::SegmentationChange& intervals)
{
    return {{"miou", to.score.meanIou - from.score.meanIou},
            {"miou_interval", jsonOf(intervals.meanIou)},
            {"pixel_accuracy", to.score.pixelAccuracy - from.score.pixelAccuracy},
            {"pixel_accuracy_interval", jsonOf(intervals.pixelAccuracy)}};
}

QJsonObject jsonOf(const SegmentationRow& row, const SegmentationRow& first)
{
    QJsonArray sides;
    for (const int side : row.view.shortSides) {
        sides.append(side);
    }
    QJsonObject object{{"path", QString::fromStdString(model::pipeline::nameOf(row.view.path))},
                       {"short_sides", sides},
                       {"before", jsonOf(row.before)}};
    if (row.after) {
        object["after"] = jsonOf(*row.after);
        object["change"] = jsonOf(row.before, *row.after, *row.byHead);
    }
    if (row.fromFirst) {
        object["against_first"] = jsonOf(first.before, row.before, *row.fromFirst);
    }
    return object;
}

QJsonArray classesJson(const SegmentationReport& report)
{
    QJsonArray classes;
    for (std::size_t i = 0; i < report.set.classes.size(); ++i) {
        classes.append(QJsonObject{{"index", report.set.values[i]},
                                   {"label", QString::fromStdString(report.set.classes[i].label)},
                                   {"images", qint64(report.result.images[i])}});
    }
    return classes;
}

QString backgroundLabel(const SegmentationReport& report)
{
    const auto background = report.request.settings.background;
    return background ? QString::fromStdString(report.set.classes[*background].label) : QString();
}

} // namespace

QString viewName(const model::pipeline::SegmentationView& view)
{
    QStringList sides;
    for (const int side : view.shortSides) {
        sides.append(QString::number(side));
    }
    return QStringLiteral("%1 %2").arg(QString::fromStdString(model::pipeline::nameOf(view.path)),
                                       sides.join(QLatin1Char('+')));
}

QString segmentationTable(const SegmentationReport& report)
{
    const auto& images = report.result.images;
    const auto seen = std::count_if(images.begin(), images.end(), [](auto n) { return n > 0; });
    const QString background = backgroundLabel(report);
    const QString head =
        Segmentation::tr("%1 images, %2 of %3 classes in their masks, %4; %5")
            .arg(report.result.measured)
            .arg(seen)
            .arg(images.size())
            .arg(background.isEmpty() ? Segmentation::tr("no background")
                                      : Segmentation::tr("background: %1").arg(background),
                 modelTitle(report.request.model));
    return QStringList{
        head,
        figureTable(report, Segmentation::tr("mIoU"), &model::eval::SegmentationScore::meanIou,
                    &SegmentationSide::meanIou, &model::pipeline::SegmentationChange::meanIou),
        figureTable(report, Segmentation::tr("pixel accuracy"),
                    &model::eval::SegmentationScore::pixelAccuracy,
                    &SegmentationSide::pixelAccuracy,
                    &model::pipeline::SegmentationChange::pixelAccuracy),
        classLines(report)}
        .join(QStringLiteral("\n\n"));
}

QJsonObject segmentationJson(const SegmentationReport& report)
{
    const auto& settings = report.request.settings;
    QJsonArray rows;
    for (const SegmentationRow& row : report.result.rows) {
        rows.append(jsonOf(row, report.result.rows.front()));
    }
    QJsonArray problems;
    for (const auto& problem : report.result.problems) {
        problems.append(QJsonObject{{"where", QString::fromStdString(problem.where)},
                                    {"message", QString::fromStdString(problem.message)}});
    }
    const QString background = backgroundLabel(report);
    return {{"set", report.request.folder},
            {"model", report.request.model},
            {"head", report.request.head.isEmpty() ? QJsonValue() : report.request.head},
            {"images", qint64(report.result.measured)},
            {"classes", classesJson(report)},
            {"background", background.isEmpty() ? QJsonValue() : background},
            {"threshold", settings.threshold},
            {"window", settings.window},
            {"stride", settings.stride},
            {"resamples", settings.resamples},
            {"seed", qint64(settings.seed)},
            {"rows", rows},
            {"problems", problems}};
}

} // namespace tagalign::app
