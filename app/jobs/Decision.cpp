#include "app/jobs/Decision.h"

#include "model/Error.h"

#include <QCoreApplication>

#include <optional>

namespace tagalign::app {

namespace {

const QString kThreshold = QStringLiteral("go_threshold");
const QString kStrongThreshold = QStringLiteral("strong_go_threshold");
const QString kRetentionLimit = QStringLiteral("retention_limit");

/// The figure of that name and kind against the better base.
std::optional<db::Metric> figure(const QList<db::Metric>& metrics, const QString& name,
                                 const QString& kind)
{
    std::optional<db::Metric> best;
    for (const db::Metric& metric : metrics) {
        if (metric.name.startsWith(name) && metric.kind == kind && !metric.tag &&
            (!best || metric.before > best->before)) {
            best = metric;
        }
    }
    return best;
}

/// Small test splits have no frequent tag: then all count.
db::Metric primaryMetric(const QList<db::Metric>& metrics)
{
    for (const QString& kind : {QStringLiteral("attributes"), QStringLiteral("both")}) {
        for (const QString& name :
             {QStringLiteral("frequent tag mAP"), QStringLiteral("tag mAP")}) {
            if (const auto best = figure(metrics, name, kind)) {
                return *best;
            }
        }
    }
    throw model::Error("the run has no tag mAP; evaluate it first (\"tagalign evaluate\")");
}

/// Where more was lost: on tags or on pictures outside the pilot.
std::optional<db::Metric> retentionMetric(const QList<db::Metric>& metrics)
{
    const auto of = [&metrics](const QString& kind) {
        return figure(metrics, QStringLiteral("retention mAP"), kind);
    };
    const auto tags = of(QStringLiteral("other tags"));
    const auto pictures = of(QStringLiteral("other pictures"));
    const auto change = [](const db::Metric& metric) { return metric.after - metric.before; };
    return tags && (!pictures || change(*tags) < change(*pictures)) ? tags : pictures;
}

QString percent(double share)
{
    return QString::number(100.0 * share, 'f', 1);
}

QString primarySentence(const db::Metric& primary, const model::eval::Verdict& verdict,
                        const model::eval::GoNoGoSettings& settings)
{
    return QCoreApplication::translate("Report", "%1 of %2 changed by %3 % (95 % interval %4 to "
                                                 "%5 %), the threshold is %6 %")
        .arg(primary.name, primary.kind, percent(verdict.improvement),
             percent(verdict.improvementRange.low), percent(verdict.improvementRange.high),
             QString::number(100.0 * settings.threshold, 'g', 3));
}

/// Empty if retention was not measured.
QString retentionSentence(const std::optional<db::Metric>& retention,
                          const model::eval::Verdict& verdict,
                          const model::eval::GoNoGoSettings& settings)
{
    if (!retention) {
        return {};
    }
    const QString text =
        verdict.isForgetful
            ? QCoreApplication::translate("Report",
                                          "; what the model forgot is beyond the limit: %1 of %2 "
                                          "changed by %3 points (95 % interval %4 to %5), at most "
                                          "%6 may be lost")
            : QCoreApplication::translate("Report", "; %1 of %2 changed by %3 points (95 % "
                                                    "interval %4 to %5), at most %6 may be lost");
    return text.arg(retention->name, retention->kind, percent(retention->after - retention->before),
                    percent(retention->low), percent(retention->high),
                    QString::number(100.0 * settings.retentionLimit, 'g', 3));
}

QString sentenceOf(const QString& figures, const model::eval::Verdict& verdict)
{
    switch (verdict.decision) {
    case model::eval::Decision::StrongGo:
        return QCoreApplication::translate("Report", "Strong go: %1.").arg(figures);
    case model::eval::Decision::Go:
        return QCoreApplication::translate("Report", "Go: %1.").arg(figures);
    case model::eval::Decision::NoGo:
        return QCoreApplication::translate("Report", "No-go: %1.").arg(figures);
    case model::eval::Decision::NotDecided:
        break;
    }
    return verdict.morePairs
               ? QCoreApplication::translate("Report", "Not decided yet: %1. About %2 more test "
                                                       "images would decide it.")
                     .arg(figures)
                     .arg(*verdict.morePairs)
               : QCoreApplication::translate("Report", "Not decided yet: %1.").arg(figures);
}

} // namespace

Decision decisionOn(const QList<db::Metric>& metrics, const model::eval::GoNoGoSettings& settings)
{
    const db::Metric primary = primaryMetric(metrics);
    if (primary.before <= 0.0) {
        throw model::Error("the frozen model's tag mAP on the test images is 0, so that nothing "
                           "can be said about an improvement; import more images");
    }
    const std::optional<db::Metric> retention = retentionMetric(metrics);
    const auto verdict = model::eval::goNoGo(
        {.before = primary.before,
         .after = primary.after,
         .difference = {primary.low, primary.high},
         .verifiedPairs = primary.count},
        retention ? std::optional(model::eval::Retention{retention->before, retention->after})
                  : std::nullopt,
        settings);
    return {.sentence = sentenceOf(primarySentence(primary, verdict, settings) +
                                       retentionSentence(retention, verdict, settings),
                                   verdict),
            .outcome = verdict.decision,
            .isNoGo = verdict.decision == model::eval::Decision::NoGo};
}

model::eval::GoNoGoSettings decisionSettings(const db::Database& database)
{
    const auto value = [&database](const QString& key, double fallback) {
        bool isNumber = false;
        const double stored = database.setting(key).toDouble(&isNumber);
        return isNumber ? stored : fallback;
    };
    const model::eval::GoNoGoSettings defaults;
    return {.threshold = value(kThreshold, defaults.threshold),
            .strongThreshold = value(kStrongThreshold, defaults.strongThreshold),
            .retentionLimit = value(kRetentionLimit, defaults.retentionLimit)};
}

void setDecisionSettings(db::Database& database, const model::eval::GoNoGoSettings& settings)
{
    database.setSetting(kThreshold, QString::number(settings.threshold, 'g', 6));
    database.setSetting(kStrongThreshold, QString::number(settings.strongThreshold, 'g', 6));
    database.setSetting(kRetentionLimit, QString::number(settings.retentionLimit, 'g', 6));
}

} // namespace tagalign::app
