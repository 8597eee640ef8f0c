#include "app/jobs/AblationJob.h"

#include "app/jobs/EvaluateJob.h"
#include "app/jobs/Runs.h"
#include "app/jobs/TrainJob.h"
#include "db/RunRepository.h"
#include "db/TagRepository.h"

#include <QCoreApplication>
#include <QFile>

#include <algorithm>
#include <array>
#include <cmath>

namespace tagalign::app {

using model::pipeline::TrainSettings;

namespace {

constexpr std::array kStudies{AblationStudy::Kinds, AblationStudy::TagCount,
                              AblationStudy::Confidence};
constexpr std::array kTagShares{0.125, 0.25, 0.5, 1.0};
constexpr std::array kConfidences{0.3, 0.5, 0.7, 0.9};

QString tr(const char* text)
{
    return QCoreApplication::translate("Ablation", text);
}

QList<AblationVariant> kindVariants(const TrainSettings& base)
{
    QList<AblationVariant> variants;
    const auto add = [&](const char* title, double objects, double attributes) {
        AblationVariant variant{AblationStudy::Kinds, tr(title), base};
        variant.settings.objectWeight *= objects;
        variant.settings.attributeWeight *= attributes;
        variants.append(variant);
    };
    add(QT_TRANSLATE_NOOP("Ablation", "captions alone"), 0.0, 0.0);
    add(QT_TRANSLATE_NOOP("Ablation", "with objects"), 1.0, 0.0);
    add(QT_TRANSLATE_NOOP("Ablation", "with attributes"), 0.0, 1.0);
    add(QT_TRANSLATE_NOOP("Ablation", "with both"), 1.0, 1.0);
    return variants;
}

/// Enabled tags of the kind that has more.
int mostTags(const db::Database& database)
{
    int objects = 0;
    int attributes = 0;
    for (const db::Tag& tag : db::TagRepository(database.connection()).tags()) {
        if (tag.enabled) {
            ++(tag.kind == db::TagKind::Object ? objects : attributes);
        }
    }
    return std::max(objects, attributes);
}

/// Done with these settings on the present data, its head still there.
std::optional<db::Run> doneRun(const Project& project, const db::Database& database,
                               const TrainSettings& settings)
{
    for (const db::Run& run : runsLike(database, settings)) {
        if (run.status == db::RunStatus::Done && QFile::exists(headFile(project, run))) {
            return run;
        }
    }
    return std::nullopt;
}

std::optional<db::Metric> tagMap(const QList<db::Metric>& metrics, const QString& kind)
{
    const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const db::Metric& metric) {
        return metric.name == QLatin1String("tag mAP") && metric.kind == kind && !metric.tag;
    });
    return found == metrics.end() ? std::nullopt : std::optional(*found);
}

} // namespace

QString nameOf(AblationStudy study)
{
    switch (study) {
    case AblationStudy::Kinds:
        return QStringLiteral("kinds");
    case AblationStudy::TagCount:
        return QStringLiteral("tags");
    case AblationStudy::Confidence:
        break;
    }
    return QStringLiteral("confidence");
}

std::optional<AblationStudy> ablationNamed(const QString& name)
{
    for (const AblationStudy study : kStudies) {
        if (nameOf(study) == name) {
            return study;
        }
    }
    return std::nullopt;
}

QList<AblationVariant> ablationVariants(AblationStudy study, const TrainSettings& base, int tags)
{
    QList<AblationVariant> variants;
    switch (study) {
    case AblationStudy::Kinds:
        return kindVariants(base);
    case AblationStudy::TagCount:
        for (const double share : kTagShares) {
            AblationVariant variant{study, {}, base};
            variant.settings.tagLimit =
                share == 1.0 ? 0 : std::max(int(std::lround(share * tags)), 1);
            variant.title = share == 1.0 ? tr(QT_TRANSLATE_NOOP("Ablation", "all"))
                                         : QString::number(variant.settings.tagLimit);
            variants.append(variant);
        }
        return variants;
    case AblationStudy::Confidence:
        for (const double confidence : kConfidences) {
            AblationVariant variant{study, QString::number(confidence), base};
            variant.settings.confidenceThreshold = confidence;
            variants.append(variant);
        }
        return variants;
    }
    Q_UNREACHABLE();
}

db::Run runVariant(const Project& project, const AblationVariant& variant, JobContext& context)
{
    const db::Database database(project.databaseFile());
    const auto known = doneRun(project, database, variant.settings);
    db::Run run = known ? *known : trainProject(project, variant.settings, context, {});
    if (db::RunRepository(database.connection()).metricsOf(run.id).isEmpty()) {
        (void)evaluateRun(project, run, context);
    }
    return run;
}

QList<AblationRow> ablationRows(const Project& project, const db::Database& database,
                                AblationStudy study, const TrainSettings& base)
{
    const db::RunRepository runs(database.connection());
    QList<AblationRow> rows;
    for (const AblationVariant& variant : ablationVariants(study, base, mostTags(database))) {
        AblationRow row{.variant = variant, .run = doneRun(project, database, variant.settings)};
        if (row.run) {
            const QList<db::Metric> metrics = runs.metricsOf(row.run->id);
            row.objects = tagMap(metrics, QStringLiteral("objects"));
            row.attributes = tagMap(metrics, QStringLiteral("attributes"));
        }
        rows.append(row);
    }
    return rows;
}

} // namespace tagalign::app
