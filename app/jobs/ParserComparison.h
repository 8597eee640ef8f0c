#pragma once

#include "db/Database.h"
#include "db/ParserRunRepository.h"
#include "model/eval/Interval.h"

#include <QList>
#include <QString>
#include <QStringList>

namespace tagalign::app {

/// How many of one parser's tags are right, by the verdicts there are.
struct ParserPrecision
{
    qint64 pairs = 0;  ///< of image and tag, judged or not
    qint64 judged = 0; ///< accepted or rejected
    qint64 accepted = 0;
    qint64 judgedAlone = 0;         ///< of those that the other parser did not find
    qint64 alone = 0;               ///< pairs that the other parser did not find
    double share = 0.0;             ///< accepted / judged; 0 if none was judged
    model::eval::Interval interval; ///< Wilson's, 95 %
};

/// What verdicts say of two parsers on one kind of tag.
enum class Trust {
    TooFewVerdicts, ///< below ParserComparison::kEnough for one of them
    AloneUnjudged,  ///< hardly any verdict on what one of them alone found
    Overlap,        ///< the intervals overlap
    First,
    Second
};

/// Two parsers on one kind of tag.
struct KindComparison
{
    db::JudgedPairs both;
    db::JudgedPairs onlyFirst;
    db::JudgedPairs onlySecond;

    /// |both| / |either|; 1 if neither found anything.
    [[nodiscard]] double jaccard() const;
    [[nodiscard]] ParserPrecision first() const;
    [[nodiscard]] ParserPrecision second() const;
    [[nodiscard]] Trust trust() const;
};

/// Two runs side by side, on the captions that both have read.
///
/// Precision is of the tags with a verdict, so that it depends on what somebody chose to judge.
/// Pairs that both found count for both, so that intervals which do not overlap are more than is
/// needed to tell the parsers apart; intervals that do may hide a small difference.
struct ParserComparison
{
    static constexpr qint64 kEnough = 20; ///< verdicts, to say anything

    db::ParserRun first;
    db::ParserRun second;
    int captions = 0;
    int simulated = 0; ///< the project's verdicts that a simulated reviewer gave
    KindComparison objects;
    KindComparison attributes;
    KindComparison all;
    QList<db::TagOverlap> foundByOne; ///< tags that one alone found somewhere, most often first

    /// Which parser to trust on this data, a sentence for each kind, honest about what is not
    /// known.
    [[nodiscard]] QStringList answer() const;
};

[[nodiscard]] ParserComparison comparisonOf(const db::ParserRun& first, const db::ParserRun& second,
                                            const db::RunOverlap& overlap, int simulated);

/// @throws model::Error if there is no such run, if both are the same, if one was reverted or if
///         no caption was read by both.
[[nodiscard]] ParserComparison compareRuns(const db::Database& database, db::ParserRunId first,
                                           db::ParserRunId second);

/// Of all the tags of one run.
[[nodiscard]] ParserPrecision precisionOf(const db::ParserRun& run);

/// "93 % (88 to 96 %, 120 verdicts)", or that none was judged yet.
[[nodiscard]] QString precisionText(const ParserPrecision& precision);

} // namespace tagalign::app
