#include "app/jobs/FairnessReport.h"

#include <QJsonArray>

namespace tagalign::app {

namespace {

using model::eval::Interval;

QJsonArray pair(const Interval& interval)
{
    return {interval.low, interval.high};
}

Interval interval(const QJsonValue& json)
{
    return {json[0].toDouble(), json[1].toDouble()};
}

QJsonObject json(const FairnessReport::Gap& row)
{
    return {{"group_kind", row.groupKind},
            {"group", row.group},
            {"attribute_class", row.attributeClass},
            {"found", row.found},
            {"inside_before", row.insideBefore},
            {"outside_before", row.outsideBefore},
            {"inside_after", row.insideAfter},
            {"outside_after", row.outsideAfter},
            {"gap_before", pair(row.before)},
            {"gap_after", pair(row.after)},
            {"gap_change", pair(row.change)},
            {"inside", row.inside},
            {"outside", row.outside},
            {"tags", row.tags}};
}

void read(FairnessReport::Gap& row, const QJsonObject& json)
{
    row = {.groupKind = json["group_kind"].toString(),
           .group = json["group"].toString(),
           .attributeClass = json["attribute_class"].toString(),
           .found = json["found"].toString(),
           .insideBefore = json["inside_before"].toDouble(),
           .outsideBefore = json["outside_before"].toDouble(),
           .insideAfter = json["inside_after"].toDouble(),
           .outsideAfter = json["outside_after"].toDouble(),
           .before = interval(json["gap_before"]),
           .after = interval(json["gap_after"]),
           .change = interval(json["gap_change"]),
           .inside = json["inside"].toInt(),
           .outside = json["outside"].toInt(),
           .tags = json["tags"].toInt()};
}

QJsonObject json(const FairnessReport::Association& row)
{
    return {{"attribute", row.attribute}, {"object", row.object},
            {"images", row.images},       {"pmi", row.pmi},
            {"npmi", row.normalised},     {"pmi_interval", pair(row.interval)}};
}

void read(FairnessReport::Association& row, const QJsonObject& json)
{
    row = {json["attribute"].toString(), json["object"].toString(), json["images"].toInt(),
           json["pmi"].toDouble(),       json["npmi"].toDouble(),   interval(json["pmi_interval"])};
}

QJsonObject json(const FairnessReport::Shift& row)
{
    return {{"given", row.given},
            {"told", row.told},
            {"images", row.images},
            {"there", row.there},
            {"before", row.before},
            {"after", row.after},
            {"contrast_before", row.contrastBefore},
            {"contrast_after", row.contrastAfter},
            {"contrast_before_interval", pair(row.beforeInterval)},
            {"contrast_after_interval", pair(row.afterInterval)},
            {"contrast_change_interval", pair(row.change)}};
}

void read(FairnessReport::Shift& row, const QJsonObject& json)
{
    row = {.given = json["given"].toString(),
           .told = json["told"].toString(),
           .images = json["images"].toInt(),
           .there = json["there"].toDouble(),
           .before = json["before"].toDouble(),
           .after = json["after"].toDouble(),
           .contrastBefore = json["contrast_before"].toDouble(),
           .contrastAfter = json["contrast_after"].toDouble(),
           .beforeInterval = interval(json["contrast_before_interval"]),
           .afterInterval = interval(json["contrast_after_interval"]),
           .change = interval(json["contrast_change_interval"])};
}

QJsonObject json(const FairnessReport::Amplification& row)
{
    return {{"direction", row.direction},
            {"before", row.before},
            {"after", row.after},
            {"before_interval", pair(row.beforeInterval)},
            {"after_interval", pair(row.afterInterval)},
            {"change_interval", pair(row.change)},
            {"pairs", row.pairs}};
}

void read(FairnessReport::Amplification& row, const QJsonObject& json)
{
    row = {json["direction"].toString(),
           json["before"].toDouble(),
           json["after"].toDouble(),
           interval(json["before_interval"]),
           interval(json["after_interval"]),
           interval(json["change_interval"]),
           json["pairs"].toInt()};
}

QJsonObject json(const FairnessReport::Omission& row)
{
    return {{"kind", row.kind},
            {"tag", row.tag},
            {"pictures", row.pictures},
            {"share", row.share},
            {"interval", pair(row.interval)}};
}

void read(FairnessReport::Omission& row, const QJsonObject& json)
{
    row = {json["kind"].toString(), json["tag"].toString(), json["pictures"].toInt(),
           json["share"].toDouble(), interval(json["interval"])};
}

template <class Row>
QJsonArray list(const QList<Row>& rows)
{
    QJsonArray array;
    for (const Row& row : rows) {
        array.append(json(row));
    }
    return array;
}

template <class Row>
void read(QList<Row>& rows, const QJsonValue& json)
{
    const QJsonArray array = json.toArray();
    for (const auto& value : array) {
        read(rows.emplaceBack(), value.toObject());
    }
}

} // namespace

QJsonObject toJson(const FairnessReport& report)
{
    if (!report.isThere) {
        return {};
    }
    return {{"measured", report.isMeasured},
            {"groups", list(report.groups)},
            {"groups_with_few_images", report.rareGroups},
            {"tags_in_groups", list(report.singles)},
            {"tags_in_groups_with_few_images", report.rareSingles},
            {"associations", list(report.associations)},
            {"associations_on_few_images", report.rareAssociations},
            {"said_where_given", list(report.shifts)},
            {"bias_amplification", list(report.amplification)},
            {"left_out_by_a_caption", list(report.omissions)},
            {"said_by_no_caption", list(report.unsaid)},
            {"confirmed_on_few_pictures", report.rareOmissions}};
}

FairnessReport fairnessOf(const QJsonObject& json)
{
    FairnessReport report{.isThere = !json.isEmpty(),
                          .isMeasured = json["measured"].toBool(),
                          .rareGroups = json["groups_with_few_images"].toInt(),
                          .rareSingles = json["tags_in_groups_with_few_images"].toInt(),
                          .rareAssociations = json["associations_on_few_images"].toInt(),
                          .rareOmissions = json["confirmed_on_few_pictures"].toInt()};
    read(report.groups, json["groups"]);
    read(report.singles, json["tags_in_groups"]);
    read(report.associations, json["associations"]);
    read(report.shifts, json["said_where_given"]);
    read(report.amplification, json["bias_amplification"]);
    read(report.omissions, json["left_out_by_a_caption"]);
    read(report.unsaid, json["said_by_no_caption"]);
    return report;
}

} // namespace tagalign::app
