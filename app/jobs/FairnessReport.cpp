#include "app/jobs/FairnessReport.h"

#include "db/MentionRepository.h"
#include "db/TagRepository.h"
#include "model/eval/ReportingBias.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace tagalign::app {

namespace {

constexpr std::size_t kFewPictures = 5; ///< below, nothing is said of a tag by itself

using Gap = FairnessReport::Gap;
using Confirmed = std::vector<model::eval::Mentions>;

QString groupKindOf(model::pipeline::GapRow::Group group)
{
    using Group = model::pipeline::GapRow::Group;
    switch (group) {
    case Group::Attribute:
        return QStringLiteral("attribute");
    case Group::Object:
        return QStringLiteral("object");
    case Group::Language:
        return QStringLiteral("language");
    }
    Q_UNREACHABLE();
}

QList<Gap> gapsOf(const std::vector<model::pipeline::GapRow>& rows,
                  const std::vector<model::pipeline::PilotTag>& tags, const QStringList& names)
{
    QList<Gap> gaps;
    for (const auto& row : rows) {
        const bool isLanguage = row.group == model::pipeline::GapRow::Group::Language;
        gaps.append({.groupKind = groupKindOf(row.group),
                     .group = isLanguage ? QString::fromStdString(row.language)
                                         : names.at(qsizetype(row.tag)),
                     .attributeClass = row.group == model::pipeline::GapRow::Group::Attribute
                                           ? QString::fromStdString(tags[row.tag].attributeClass)
                                           : QString(),
                     .found = row.found ? names.at(qsizetype(*row.found)) : QString(),
                     .insideBefore = row.insideBefore,
                     .outsideBefore = row.outsideBefore,
                     .insideAfter = row.insideAfter,
                     .outsideAfter = row.outsideAfter,
                     .before = row.before,
                     .after = row.after,
                     .change = row.change,
                     .inside = int(row.inside),
                     .outside = int(row.outside),
                     .tags = int(row.tags)});
    }
    return gaps;
}

FairnessReport::Omission row(const QString& kind, const QString& tag,
                             const model::eval::Omission& omission)
{
    return {kind, tag, int(omission.pictures), omission.share, omission.interval};
}

/// Kinds first, then tags on enough pictures.
QList<FairnessReport::Omission>
omissionRows(const std::map<std::pair<QString, QString>, Confirmed>& confirmed,
             const std::function<model::eval::Omission(const Confirmed&)>& measure, int& rare)
{
    std::map<QString, Confirmed> kinds;
    QList<FairnessReport::Omission> tags;
    for (const auto& [key, mentions] : confirmed) {
        Confirmed& all = kinds[key.first];
        all.insert(all.end(), mentions.begin(), mentions.end());
        const auto omission = measure(mentions);
        if (omission.pictures >= kFewPictures) {
            tags.append(row(key.first, key.second, omission));
        } else {
            ++rare;
        }
    }
    std::stable_sort(tags.begin(), tags.end(),
                     [](const auto& a, const auto& b) { return a.interval.low > b.interval.low; });
    QList<FairnessReport::Omission> rows;
    for (const QString& kind : {QStringLiteral("objects"), QStringLiteral("attributes")}) {
        if (const auto omission = measure(kinds[kind]); omission.pictures > 0) {
            rows.append(row(kind, {}, omission));
        }
    }
    return rows.isEmpty() ? rows : rows + tags;
}

} // namespace

FairnessReport fairnessReport(const model::pipeline::FairnessFigures& figures,
                              const std::vector<model::pipeline::PilotTag>& tags,
                              const QStringList& names)
{
    const auto name = [&names](std::size_t tag) { return names.at(qsizetype(tag)); };
    FairnessReport report{.isThere = true,
                          .isMeasured = figures.isMeasured,
                          .groups = gapsOf(figures.groups, tags, names),
                          .singles = gapsOf(figures.singles, tags, names),
                          .rareGroups = int(figures.rareGroups),
                          .rareSingles = int(figures.rareSingles),
                          .rareAssociations = int(figures.rareAssociations)};
    for (const auto& row : figures.associations) {
        report.associations.append({name(row.attribute), name(row.object), int(row.images),
                                    row.association.pmi, row.association.normalised, row.interval});
    }
    for (const auto& row : figures.shifts) {
        report.shifts.append({name(row.given), name(row.told), int(row.images), row.there,
                              row.before, row.after, row.contrastBefore, row.contrastAfter,
                              row.beforeInterval, row.afterInterval, row.change});
    }
    for (const auto& row : figures.amplification) {
        report.amplification.append({QString::fromStdString(row.direction), row.before, row.after,
                                     row.beforeInterval, row.afterInterval, row.change,
                                     int(row.pairs)});
    }
    return report;
}

void addReportingBias(FairnessReport& report, const db::Database& database)
{
    const auto names = db::TagRepository(database.connection()).names();
    std::map<std::pair<QString, QString>, Confirmed> confirmed;
    bool isProposed = false; // something that no caption says was judged
    for (const db::Mention& mention : db::MentionRepository(database.connection()).mentions()) {
        isProposed = isProposed || mention.saying == 0;
        if (mention.state == db::State::Accepted) {
            const QString kind = mention.kind == db::TagKind::Object ? QStringLiteral("objects")
                                                                     : QStringLiteral("attributes");
            const QString tag = names.value(mention.tag);
            confirmed[{kind, tag}].push_back({qint64(mention.image), std::size_t(mention.captions),
                                              std::size_t(mention.saying)});
        }
    }
    report.omissions = omissionRows(confirmed, model::eval::omission, report.rareOmissions);
    if (report.omissions.isEmpty()) {
        report.rareOmissions = 0; // nothing is known of any
    }
    int ignored = 0;
    if (isProposed) {
        report.unsaid = omissionRows(confirmed, model::eval::unsaid, ignored);
    }
}

} // namespace tagalign::app
