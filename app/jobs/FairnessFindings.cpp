#include "app/jobs/FairnessFindings.h"

#include <QCoreApplication>
#include <QHash>
#include <QLocale>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace tagalign::app {

namespace {

using Topic = FairnessFinding::Topic;

QString percent(double share)
{
    return QString::number(int(std::lround(share * 100.0)));
}

/// What the group is compared with: "of another colour".
QString otherwise(const QString& attributeClass)
{
    const QHash<QString, QString> words{
        {QStringLiteral("colour"), QCoreApplication::translate("Fairness", "of another colour")},
        {QStringLiteral("material"),
         QCoreApplication::translate("Fairness", "of another material")},
        {QStringLiteral("pattern"), QCoreApplication::translate("Fairness", "of another pattern")},
        {QStringLiteral("size"), QCoreApplication::translate("Fairness", "of another size")},
        {QStringLiteral("shape"), QCoreApplication::translate("Fairness", "of another shape")},
        {QStringLiteral("state"), QCoreApplication::translate("Fairness", "in another state")},
        {QStringLiteral("position"), QCoreApplication::translate("Fairness", "elsewhere")}};
    return words.value(attributeClass,
                       QCoreApplication::translate("Fairness", "with another attribute"));
}

QString groupSentence(const FairnessReport::Gap& gap)
{
    const QString inside = percent(gap.insideAfter);
    const QString outside = percent(gap.outsideAfter);
    if (gap.groupKind == QLatin1String("attribute")) {
        return QCoreApplication::translate("Fairness",
                                           "Objects that are “%1” are found in %2 % of their "
                                           "pictures, the same objects %3 in %4 %.")
            .arg(gap.group, inside, otherwise(gap.attributeClass), outside);
    }
    return (gap.groupKind == QLatin1String("object")
                ? QCoreApplication::translate("Fairness",
                                              "What “%1” is like is found in %2 % of its pictures, "
                                              "the same attributes of other objects in %3 %.")
                : QCoreApplication::translate("Fairness",
                                              "On pictures with captions in “%1” tags are found in "
                                              "%2 %, the same tags on others in %3 %."))
        .arg(gap.group, inside, outside);
}

QString singleSentence(const FairnessReport::Gap& gap)
{
    const QString inside = percent(gap.insideAfter);
    const QString outside = percent(gap.outsideAfter);
    return gap.groupKind == QLatin1String("attribute")
               ? QCoreApplication::translate("Fairness",
                                             "“%1” is found in %2 % of the pictures where it is "
                                             "“%3”, in %4 % of those where it is %5.")
                     .arg(gap.found, inside, gap.group, outside, otherwise(gap.attributeClass))
               : QCoreApplication::translate(
                     "Fairness", "“%1” is found in %2 % of the pictures where it is on "
                                 "“%3”, in %4 % of those where it is on another object.")
                     .arg(gap.found, inside, gap.group, outside);
}

FairnessFinding findingOf(const FairnessReport::Gap& gap)
{
    const double before = gap.insideBefore - gap.outsideBefore;
    const double after = gap.insideAfter - gap.outsideAfter;
    return {.topic = Topic::Groups,
            .sentence = gap.found.isEmpty() ? groupSentence(gap) : singleSentence(gap),
            .before = {before, gap.before},
            .after = Estimate{after, gap.after},
            .change = Estimate{after - before, gap.change}};
}

FairnessFinding findingOf(const FairnessReport::Shift& shift)
{
    const QString more = QCoreApplication::translate(
        "Fairness", "On pictures with “%3” the model says “%1” of %2 %, and it is there on %4 %: "
                    "against the truth %5 points more than on other pictures.");
    const QString less = QCoreApplication::translate(
        "Fairness", "On pictures with “%3” the model says “%1” of %2 %, and it is there on %4 %: "
                    "against the truth %5 points less than on other pictures.");
    return {.topic = Topic::Amplification,
            .sentence = (shift.contrastAfter < 0.0 ? less : more)
                            .arg(shift.told, percent(shift.after), shift.given,
                                 percent(shift.there), percent(std::abs(shift.contrastAfter))),
            .before = {shift.contrastBefore, shift.beforeInterval},
            .after = Estimate{shift.contrastAfter, shift.afterInterval},
            .change = Estimate{shift.contrastAfter - shift.contrastBefore, shift.change}};
}

FairnessFinding findingOf(const FairnessReport::Amplification& row)
{
    const bool isMore = row.after > 0.0;
    const bool isOfObjects = row.direction.startsWith(QLatin1String("objects"));
    const QString text =
        isOfObjects
            ? (isMore
                   ? QCoreApplication::translate(
                         "Fairness", "From an attribute the model concludes to the usual objects "
                                     "%1 points too often.")
                   : QCoreApplication::translate(
                         "Fairness", "From an attribute the model does not conclude to the usual "
                                     "objects: it says them %1 points too rarely."))
            : (isMore
                   ? QCoreApplication::translate(
                         "Fairness", "From an object the model concludes to the usual attributes "
                                     "%1 points too often.")
                   : QCoreApplication::translate(
                         "Fairness", "From an object the model does not conclude to the usual "
                                     "attributes: it says them %1 points too rarely."));
    return {.topic = Topic::Amplification,
            .sentence = text.arg(QLocale::c().toString(std::abs(row.after) * 100.0, 'f', 1)),
            .before = {row.before, row.beforeInterval},
            .after = Estimate{row.after, row.afterInterval},
            .change = Estimate{row.after - row.before, row.change}};
}

QString omissionSentence(const FairnessReport::Omission& row, bool isUnsaid)
{
    const QString share = percent(row.share);
    if (!row.tag.isEmpty()) {
        return (isUnsaid
                    ? QCoreApplication::translate(
                          "Fairness", "“%1” is there but in no caption's words on at least %2 % of "
                                      "its pictures.")
                    : QCoreApplication::translate(
                          "Fairness", "“%1” is there but left out by %2 % of captions."))
            .arg(row.tag, share);
    }
    const QString kind = row.kind == QLatin1String("objects")
                             ? QCoreApplication::translate("Fairness", "objects")
                             : QCoreApplication::translate("Fairness", "attributes");
    return (isUnsaid
                ? QCoreApplication::translate(
                      "Fairness", "At least %2 % of the %1 that people confirmed are in no "
                                  "caption's words.")
                : QCoreApplication::translate(
                      "Fairness", "A caption leaves out %2 % of the %1 that people confirmed."))
        .arg(kind, share);
}

/// A tag is worth a line of its own where captions leave it out more than others of its kind.
void addOmissions(QList<FairnessFinding>& findings, const QList<FairnessReport::Omission>& rows,
                  bool isUnsaid)
{
    QHash<QString, double> usual;
    for (const auto& row : rows) {
        if (row.tag.isEmpty()) {
            usual.insert(row.kind, row.interval.high);
        }
        findings.append(
            {.topic = Topic::Reporting,
             .sentence = omissionSentence(row, isUnsaid),
             .before = {row.share, row.interval},
             .isSure = row.interval.low > (row.tag.isEmpty() ? 0.0 : usual.value(row.kind))});
    }
}

/// What the training is sure to have done about it.
QString changeSentence(const FairnessFinding& finding)
{
    if (!finding.change->isSure()) {
        return {};
    }
    const bool isMore = std::abs(finding.after->value) > std::abs(finding.before.value);
    return QLatin1Char(' ') +
           (isMore ? QCoreApplication::translate("Fairness", "Fine-tuning made it worse.")
                   : QCoreApplication::translate("Fairness", "Fine-tuning made it better."));
}

void settle(QList<FairnessFinding>& findings)
{
    for (FairnessFinding& finding : findings) {
        if (finding.after) {
            // A model that says less of what goes together than is there exaggerates nothing.
            finding.isSure =
                finding.change->isSure() || (finding.topic == FairnessFinding::Topic::Amplification
                                                 ? finding.after->interval.low > 0.0
                                                 : finding.after->isSure());
            finding.sentence += changeSentence(finding);
        }
    }
    std::stable_sort(findings.begin(), findings.end(), [](const auto& a, const auto& b) {
        const auto rank = [](const FairnessFinding& finding) {
            return std::tuple(finding.topic, !finding.isSure,
                              finding.topic == Topic::Reporting ? 0.0
                                                                : -std::abs(finding.last().value));
        };
        return rank(a) < rank(b);
    });
}

template <class Row>
void add(QList<FairnessFinding>& findings, const QList<Row>& rows)
{
    for (const Row& row : rows) {
        findings.append(findingOf(row));
    }
}

int sureOf(const QList<FairnessReport::Gap>& gaps)
{
    return int(std::count_if(gaps.begin(), gaps.end(),
                             [](const auto& gap) { return gap.after.high < 0.0; }));
}

QString groupRemark(const FairnessReport& report)
{
    return QCoreApplication::translate(
               "Fairness",
               "Sure to be found less often than the rest: %1 of %2 groups of pictures, %3 of %4 "
               "single tags within a group; the intervals hold for all at once. Another %5 groups "
               "and %6 single tags are on too few test images to tell.")
        .arg(sureOf(report.groups))
        .arg(report.groups.size())
        .arg(sureOf(report.singles))
        .arg(report.singles.size())
        .arg(report.rareGroups)
        .arg(report.rareSingles);
}

} // namespace

QList<FairnessFinding> fairnessFindings(const FairnessReport& report)
{
    QList<FairnessFinding> findings;
    add(findings, report.groups);
    add(findings, report.singles);
    add(findings, report.amplification);
    add(findings, report.shifts);
    addOmissions(findings, report.omissions, false);
    addOmissions(findings, report.unsaid, true);
    settle(findings);
    return findings;
}

QStringList fairnessRemarks(const FairnessReport& report)
{
    if (!report.isThere) {
        return {QCoreApplication::translate(
            "Fairness", "Fairness was not measured for this run: an earlier version evaluated "
                        "it. Evaluate it anew.")};
    }
    QStringList remarks;
    if (!report.isMeasured) {
        remarks.append(QCoreApplication::translate(
            "Fairness", "Groups were not compared: no validation image carries a tag, so "
                        "there is no threshold. Import more pictures."));
    } else if (report.groups.isEmpty() && report.singles.isEmpty()) {
        remarks.append(
            QCoreApplication::translate(
                "Fairness",
                "Groups were not compared: none of the %1 has 20 tags on test images inside "
                "and outside. Import more test images.")
                .arg(report.rareGroups));
    } else {
        remarks.append(groupRemark(report));
    }
    if (report.omissions.isEmpty() && report.unsaid.isEmpty()) {
        remarks.append(QCoreApplication::translate(
            "Fairness", "What captions leave out is not known: every judged tag was read from the "
                        "only caption of its picture. Import several captions a picture, or let a "
                        "language model propose tags, and judge some of them."));
    } else {
        remarks.append(QCoreApplication::translate(
            "Fairness", "Where a caption leaves out what is there, a model that finds it gets a "
                        "false alert that is none."));
    }
    return remarks;
}

QString fairnessText(const FairnessReport& report)
{
    QStringList lines = fairnessRemarks(report);
    for (const FairnessFinding& finding : fairnessFindings(report)) {
        if (finding.isSure) {
            const Estimate& last = finding.last();
            lines.append(QStringLiteral("  %1  %2 (%3 .. %4)")
                             .arg(finding.sentence)
                             .arg(last.value, 0, 'f', 3)
                             .arg(last.interval.low, 0, 'f', 3)
                             .arg(last.interval.high, 0, 'f', 3));
        }
    }
    return lines.join(QLatin1Char('\n'));
}

} // namespace tagalign::app
