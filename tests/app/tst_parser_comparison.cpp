#include "app/jobs/ParserComparison.h"

#include <QTest>

using namespace tagalign;
using namespace tagalign::app;

namespace {

db::TagOverlap overlapOf(db::TagKind kind, const db::JudgedPairs& both,
                         const db::JudgedPairs& first, const db::JudgedPairs& second,
                         const QString& name = "tag")
{
    return {.kind = kind, .display = name, .both = both, .onlyFirst = first, .onlySecond = second};
}

KindComparison kindOf(const db::JudgedPairs& both, const db::JudgedPairs& first,
                      const db::JudgedPairs& second)
{
    return {both, first, second};
}

ParserComparison compared(const QList<db::TagOverlap>& tags, int simulated = 0)
{
    const db::ParserRun rules{.id = db::ParserRunId{1}, .parser = "rules", .parserVersion = "1"};
    const db::ParserRun model{.id = db::ParserRunId{2},
                              .parser = "llm",
                              .parserVersion = "tiny",
                              .promptVersion = "0123456789ab"};
    return comparisonOf(rules, model, {.captions = 5, .tags = tags}, simulated);
}

} // namespace

Q_DECLARE_METATYPE(tagalign::app::KindComparison)
Q_DECLARE_METATYPE(tagalign::app::Trust)

/// Two parsers side by side: hand-worked cases.
class TestParserComparison : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void agreementIsTheShareOfPairsThatBothFound();
    void precisionIsOfWhatWasJudged();
    void kindsAreKeptApart();
    void trustNeedsVerdicts_data();
    void trustNeedsVerdicts();
    void answerNamesParsersAndFigures();
    void answerSaysWhatIsMissing();
    void answerTellsOfSimulatedVerdicts();
    void tagsFoundByOneComeMostFrequentFirst();
};

void TestParserComparison::agreementIsTheShareOfPairsThatBothFound()
{
    QCOMPARE(kindOf({6, 0, 0}, {3, 0, 0}, {1, 0, 0}).jaccard(), 0.6);
    QCOMPARE(kindOf({0, 0, 0}, {3, 0, 0}, {1, 0, 0}).jaccard(), 0.0);
    QCOMPARE(kindOf({}, {}, {}).jaccard(), 1.0); // they agree that there is nothing
}

void TestParserComparison::precisionIsOfWhatWasJudged()
{
    const KindComparison kind = kindOf({10, 6, 2}, {5, 1, 1}, {4, 0, 0});
    const ParserPrecision first = kind.first();
    QCOMPARE(first.pairs, 15);
    QCOMPARE(first.judged, 10);
    QCOMPARE(first.accepted, 7);
    QCOMPARE(first.share, 0.7);
    QCOMPARE(first.alone, 5);
    QCOMPARE(first.judgedAlone, 2);
    // Wilson (1927) for 7 of 10.
    QVERIFY(std::abs(first.interval.low - 0.3968) < 5e-5);
    QVERIFY(std::abs(first.interval.high - 0.8922) < 5e-5);
    const ParserPrecision second = kind.second();
    QCOMPARE(second.pairs, 14);
    QCOMPARE(second.share, 0.75);
    QCOMPARE(second.judgedAlone, 0);
    QCOMPARE(kindOf({3, 0, 0}, {}, {}).first().share, 0.0);
    QCOMPARE(precisionText(kindOf({3, 0, 0}, {}, {}).first()), QString("no verdict yet"));
    QCOMPARE(precisionText(first), QString("70 % (40 to 89 %, 10 verdicts)"));
}

void TestParserComparison::kindsAreKeptApart()
{
    const auto comparison =
        compared({overlapOf(db::TagKind::Object, {4, 2, 1}, {1, 1, 0}, {0, 0, 0}),
                  overlapOf(db::TagKind::Object, {2, 0, 0}, {0, 0, 0}, {3, 0, 2}),
                  overlapOf(db::TagKind::Attribute, {7, 1, 1}, {2, 0, 0}, {1, 0, 0})});
    QCOMPARE(comparison.objects.both, (db::JudgedPairs{6, 2, 1}));
    QCOMPARE(comparison.objects.onlyFirst, (db::JudgedPairs{1, 1, 0}));
    QCOMPARE(comparison.objects.onlySecond, (db::JudgedPairs{3, 0, 2}));
    QCOMPARE(comparison.attributes.both, (db::JudgedPairs{7, 1, 1}));
    QCOMPARE(comparison.all.both, (db::JudgedPairs{13, 3, 2}));
    QCOMPARE(comparison.all.onlyFirst, (db::JudgedPairs{3, 1, 0}));
}

void TestParserComparison::trustNeedsVerdicts_data()
{
    QTest::addColumn<KindComparison>("kind");
    QTest::addColumn<Trust>("expected");
    QTest::newRow("nothing") << kindOf({}, {}, {}) << Trust::TooFewVerdicts;
    QTest::newRow("19 verdicts, however clear")
        << kindOf({}, {19, 19, 0}, {19, 0, 19}) << Trust::TooFewVerdicts;
    QTest::newRow("20 verdicts, clear") << kindOf({}, {20, 20, 0}, {20, 0, 20}) << Trust::First;
    QTest::newRow("the same, turned round")
        << kindOf({}, {20, 0, 20}, {20, 20, 0}) << Trust::Second;
    QTest::newRow("one has few") << kindOf({}, {90, 90, 0}, {19, 0, 19}) << Trust::TooFewVerdicts;
    QTest::newRow("close") << kindOf({}, {50, 45, 5}, {50, 41, 9}) << Trust::Overlap;
    QTest::newRow("close, but thousands")
        << kindOf({}, {5000, 4500, 500}, {5000, 4100, 900}) << Trust::First;
    QTest::newRow("what one alone found is not judged")
        << kindOf({50, 50, 0}, {100, 0, 100}, {100, 0, 0}) << Trust::AloneUnjudged;
    QTest::newRow("it found little alone, all of it judged")
        << kindOf({50, 50, 0}, {100, 0, 100}, {3, 3, 0}) << Trust::Second;
    QTest::newRow("they found the same") << kindOf({50, 40, 10}, {}, {}) << Trust::Overlap;
}

void TestParserComparison::trustNeedsVerdicts()
{
    QFETCH(KindComparison, kind);
    QFETCH(Trust, expected);
    QCOMPARE(int(kind.trust()), int(expected));
}

void TestParserComparison::answerNamesParsersAndFigures()
{
    const auto comparison = compared({overlapOf(db::TagKind::Object, {}, {40, 38, 2}, {40, 20, 20}),
                                      overlapOf(db::TagKind::Attribute, {30, 27, 3}, {}, {})});
    const QStringList answer = comparison.answer();
    QCOMPARE(answer.size(), 2);
    QCOMPARE(answer.at(0),
             QString("Objects: trust rules 1. Right: rules 1 95 % (83 to 99 %, 40 verdicts), "
                     "llm tiny (prompt 012345) 50 % (35 to 65 %, 40 verdicts)."));
    QVERIFY2(answer.at(1).startsWith("Attributes: not decided, the intervals overlap. Right: "
                                     "rules 1 90 % (74 to 97 %, 30 verdicts)"),
             qPrintable(answer.at(1)));
}

void TestParserComparison::answerSaysWhatIsMissing()
{
    const auto comparison = compared({overlapOf(db::TagKind::Object, {50, 50, 0}, {}, {120, 2, 1}),
                                      overlapOf(db::TagKind::Attribute, {5, 3, 0}, {}, {})});
    const QStringList answer = comparison.answer();
    QVERIFY2(answer.at(0).contains("(llm tiny (prompt 012345): 3 of 120 judged, 20 would do)"),
             qPrintable(answer.at(0)));
    QVERIFY2(answer.at(1).startsWith("Attributes: too few verdicts to tell, at least 20"),
             qPrintable(answer.at(1)));
}

void TestParserComparison::answerTellsOfSimulatedVerdicts()
{
    QCOMPARE(compared({}).answer().size(), 2);
    QCOMPARE(compared({}, 12).answer().last(),
             QString("12 of the project's verdicts are by a simulated reviewer."));
}

void TestParserComparison::tagsFoundByOneComeMostFrequentFirst()
{
    const auto comparison =
        compared({overlapOf(db::TagKind::Object, {9, 0, 0}, {}, {}, "both"),
                  overlapOf(db::TagKind::Object, {}, {1, 0, 0}, {}, "rare"),
                  overlapOf(db::TagKind::Object, {}, {2, 0, 0}, {3, 0, 0}, "often")});
    QStringList names;
    for (const db::TagOverlap& tag : comparison.foundByOne) {
        names.append(tag.display);
    }
    QCOMPARE(names, QStringList({"often", "rare"}));
}

QTEST_GUILESS_MAIN(TestParserComparison)
#include "tst_parser_comparison.moc"
