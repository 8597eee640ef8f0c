#include "app/jobs/ParserComparison.h"

#include "app/Error.h"
#include "app/jobs/ParserRunJob.h"
#include "app/jobs/SimulatedReview.h"
#include "db/VerdictRepository.h"

#include <QCoreApplication>

#include <algorithm>

namespace tagalign::app {

namespace {

/// Sentences for people.
struct Text
{
    Q_DECLARE_TR_FUNCTIONS(ParserRuns)
};

QString percent(double share)
{
    return QString::number(share * 100.0, 'f', 0);
}

ParserPrecision precisionOf(const db::JudgedPairs& both, const db::JudgedPairs& alone)
{
    db::JudgedPairs sum = both;
    sum += alone;
    const qint64 judged = sum.judged();
    return {.pairs = sum.pairs,
            .judged = judged,
            .accepted = sum.accepted,
            .judgedAlone = alone.judged(),
            .alone = alone.pairs,
            .share = judged > 0 ? double(sum.accepted) / double(judged) : 0.0,
            .interval = model::eval::wilsonInterval(sum.accepted, judged)};
}

/// Else its precision is mostly that of what both found.
bool isAloneJudged(const ParserPrecision& precision)
{
    return precision.judgedAlone >= std::min(precision.alone, ParserComparison::kEnough);
}

void add(KindComparison& kind, const db::TagOverlap& tag)
{
    kind.both += tag.both;
    kind.onlyFirst += tag.onlyFirst;
    kind.onlySecond += tag.onlySecond;
}

qint64 aloneOf(const db::TagOverlap& tag)
{
    return tag.onlyFirst.pairs + tag.onlySecond.pairs;
}

/// "rules 1: 3 of 120 judged, 20 would do"; empty if enough are.
QString openAloneOf(const QString& name, const ParserPrecision& precision)
{
    return isAloneJudged(precision)
               ? QString()
               : Text::tr("%1: %2 of %3 judged, %4 would do")
                     .arg(name, QString::number(precision.judgedAlone),
                          QString::number(precision.alone),
                          QString::number(std::min(precision.alone, ParserComparison::kEnough)));
}

/// "Objects: trust rules 1. Right: rules 1 95 % .., llm tiny 80 % .."
QString sentenceOf(const QString& kind, const KindComparison& comparison, const QString& first,
                   const QString& second)
{
    const ParserPrecision a = comparison.first();
    const ParserPrecision b = comparison.second();
    const QString figures =
        Text::tr("%1 %2, %3 %4").arg(first, precisionText(a), second, precisionText(b));
    switch (comparison.trust()) {
    case Trust::First:
        return Text::tr("%1: trust %2. Right: %3.").arg(kind, first, figures);
    case Trust::Second:
        return Text::tr("%1: trust %2. Right: %3.").arg(kind, second, figures);
    case Trust::Overlap:
        return Text::tr("%1: not decided, the intervals overlap. Right: %2.").arg(kind, figures);
    case Trust::AloneUnjudged: {
        QStringList open{openAloneOf(first, a), openAloneOf(second, b)};
        open.removeAll(QString());
        return Text::tr("%1: not decided, since too few are judged of what one parser alone found "
                        "(%2). Right: %3.")
            .arg(kind, open.join(QStringLiteral("; ")), figures);
    }
    case Trust::TooFewVerdicts:
        break;
    }
    return Text::tr("%1: too few verdicts to tell, at least %2 on each parser's tags are needed. "
                    "Right: %3.")
        .arg(kind, QString::number(ParserComparison::kEnough), figures);
}

} // namespace

double KindComparison::jaccard() const
{
    const qint64 either = both.pairs + onlyFirst.pairs + onlySecond.pairs;
    return either == 0 ? 1.0 : double(both.pairs) / double(either);
}

ParserPrecision KindComparison::first() const
{
    return precisionOf(both, onlyFirst);
}

ParserPrecision KindComparison::second() const
{
    return precisionOf(both, onlySecond);
}

Trust KindComparison::trust() const
{
    const ParserPrecision a = first();
    const ParserPrecision b = second();
    if (std::min(a.judged, b.judged) < ParserComparison::kEnough) {
        return Trust::TooFewVerdicts;
    }
    if (!isAloneJudged(a) || !isAloneJudged(b)) {
        return Trust::AloneUnjudged;
    }
    return a.interval.low > b.interval.high   ? Trust::First
           : b.interval.low > a.interval.high ? Trust::Second
                                              : Trust::Overlap;
}

QStringList ParserComparison::answer() const
{
    const QString a = nameOf(first);
    const QString b = nameOf(second);
    QStringList sentences{sentenceOf(Text::tr("Objects"), objects, a, b),
                          sentenceOf(Text::tr("Attributes"), attributes, a, b)};
    if (simulated > 0) {
        sentences.append(
            Text::tr("%1 of the project's verdicts are by a simulated reviewer.").arg(simulated));
    }
    return sentences;
}

ParserComparison comparisonOf(const db::ParserRun& first, const db::ParserRun& second,
                              const db::RunOverlap& overlap, int simulated)
{
    ParserComparison comparison{
        .first = first, .second = second, .captions = overlap.captions, .simulated = simulated};
    for (const db::TagOverlap& tag : overlap.tags) {
        add(tag.kind == db::TagKind::Object ? comparison.objects : comparison.attributes, tag);
        add(comparison.all, tag);
        if (aloneOf(tag) > 0) {
            comparison.foundByOne.append(tag);
        }
    }
    std::stable_sort(comparison.foundByOne.begin(), comparison.foundByOne.end(),
                     [](const auto& a, const auto& b) { return aloneOf(a) > aloneOf(b); });
    return comparison;
}

ParserComparison compareRuns(const db::Database& database, db::ParserRunId first,
                             db::ParserRunId second)
{
    if (first == second) {
        throw errorOf(QStringLiteral("run %1 cannot be compared with itself; name two runs")
                          .arg(qint64(first)));
    }
    const QList<db::ParserRun> pair{parserRun(database, first), parserRun(database, second)};
    for (const db::ParserRun& run : pair) {
        if (run.isReverted()) {
            throw errorOf(QStringLiteral("run %1 (%2) was reverted; run it again to compare it")
                              .arg(qint64(run.id))
                              .arg(nameOf(run)));
        }
    }
    const auto overlap = db::ParserRunRepository(database.connection()).overlap(first, second);
    if (overlap.captions == 0) {
        throw errorOf(QStringLiteral("runs %1 and %2 have read no caption in common; let both "
                                     "read the same captions")
                          .arg(qint64(first))
                          .arg(qint64(second)));
    }
    const int simulated =
        db::VerdictRepository(database.connection()).judgedBy(simulatedReviewer());
    return comparisonOf(pair.first(), pair.last(), overlap, simulated);
}

ParserPrecision precisionOf(const db::ParserRun& run)
{
    return precisionOf({}, {run.tags, run.accepted, run.rejected});
}

QString precisionText(const ParserPrecision& precision)
{
    return precision.judged == 0
               ? Text::tr("no verdict yet")
               : Text::tr("%1 % (%2 to %3 %, %4 verdicts)")
                     .arg(percent(precision.share), percent(precision.interval.low),
                          percent(precision.interval.high))
                     .arg(precision.judged);
}

} // namespace tagalign::app
