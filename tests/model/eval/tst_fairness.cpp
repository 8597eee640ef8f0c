#include "model/Error.h"
#include "model/eval/CoOccurrence.h"
#include "model/eval/Fairness.h"
#include "model/eval/FalseAlerts.h"
#include "model/eval/ReportingBias.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <cmath>
#include <fstream>
#include <random>

using namespace tagalign::model;
using namespace tagalign::model::eval;

namespace {

using Matrix = std::vector<std::vector<int>>;

bool isNear(double a, double b, double tolerance = 1e-12)
{
    return std::abs(a - b) <= tolerance;
}

LabelRows labels(const Matrix& rows)
{
    LabelRows result;
    for (const auto& row : rows) {
        auto& target = result.emplace_back();
        for (const int value : row) {
            target.push_back(Label(value)); // 0 absent, 1 present, 2 unknown
        }
    }
    return result;
}

Decisions decisions(const Matrix& rows)
{
    Decisions result;
    for (const auto& row : rows) {
        result.emplace_back(row.begin(), row.end());
    }
    return result;
}

std::vector<std::uint32_t> ones(const std::vector<int>& row)
{
    std::vector<std::uint32_t> places;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i] != 0) {
            places.push_back(std::uint32_t(i));
        }
    }
    return places;
}

/// One group: the members, against all others.
RecallGroups groupOf(const Matrix& carried, const std::vector<int>& member)
{
    RecallGroups all{.images = member.size(), .tags = carried.size(), .groups = {{}}};
    for (std::size_t tag = 0; tag < carried.size(); ++tag) {
        std::vector<int> inside = carried[tag];
        std::vector<int> outside = carried[tag];
        for (std::size_t i = 0; i < inside.size(); ++i) {
            inside[i] *= member[i];
            outside[i] *= 1 - member[i];
        }
        all.groups[0].push_back({tag, ones(inside), ones(outside)});
    }
    return all;
}

/// Images with one of the tags each, of one of the groups each, found by both models with their
/// chances; in the first group with less of one.
struct Simulation
{
    RecallGroups all;
    Decisions before;
    Decisions after;
};

Simulation simulate(std::mt19937_64& generator, double planted)
{
    constexpr std::size_t kImages = 400;
    constexpr std::size_t kTags = 6;
    constexpr std::size_t kGroups = 5;
    Simulation made;
    made.all.images = kImages;
    made.all.tags = kTags;
    made.all.groups.resize(kGroups);
    for (RecallGroup& group : made.all.groups) {
        for (std::size_t tag = 0; tag < kTags; ++tag) {
            group.push_back({tag, {}, {}});
        }
    }
    made.before.assign(kTags, std::vector<std::uint8_t>(kImages, 0));
    made.after = made.before;
    const auto happens = [&generator](double chance) {
        return std::uniform_real_distribution<double>()(generator) < chance;
    };
    for (std::uint32_t image = 0; image < kImages; ++image) {
        const std::size_t tag = generator() % kTags;
        // Groups differ in which tags they have, and tags in how well they are found.
        const std::size_t group = happens(0.4) ? tag % kGroups : generator() % kGroups;
        const double chance = 0.6 + 0.06 * double(tag) - (group == 0 ? planted : 0.0);
        for (std::size_t other = 0; other < kGroups; ++other) {
            GroupedTag& part = made.all.groups[other][tag];
            (other == group ? part.inside : part.outside).push_back(image);
        }
        made.before[tag][image] = happens(chance) ? 1 : 0;
        made.after[tag][image] = happens(0.7) ? made.before[tag][image] : (happens(chance) ? 1 : 0);
    }
    return made;
}

} // namespace

class TestFairness : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    /// Tag 0: 2 of 3 found inside, 1 of 1 outside, weight 3·1/4. Tag 1: 0 of 1 and 1 of 2, weight
    /// 1·2/3. Tag 2 is only inside and does not count.
    void recallComparesTagsWithThemselves()
    {
        const RecallGroups all =
            groupOf({{1, 1, 1, 1, 0}, {1, 0, 0, 1, 1}, {0, 1, 0, 0, 0}}, {1, 1, 1, 0, 0});
        const Decisions found = decisions({{1, 1, 0, 1, 1}, {0, 0, 0, 1, 0}, {0, 0, 0, 0, 0}});
        const GroupRecall row = groupRecalls(all, found).at(0);
        const double weight = 0.75 + 2.0 / 3.0;
        QVERIFY(isNear(row.inside, (0.75 * 2.0 / 3.0) / weight));
        QVERIFY(isNear(row.outside, (0.75 + 2.0 / 3.0 * 0.5) / weight));
        const GroupSize size = sizeOf(all.groups[0]);
        QCOMPARE(size.inside, std::size_t(4));
        QCOMPARE(size.outside, std::size_t(3));
        QCOMPARE(size.tags, std::size_t(2));
    }

    void recallWithoutOthersIsNone()
    {
        const RecallGroups all = groupOf({{1, 1}}, {1, 1});
        QVERIFY(std::isnan(groupRecalls(all, decisions({{1, 0}})).at(0).gap()));
        QCOMPARE(sizeOf(all.groups[0]).tags, std::size_t(0));
        QVERIFY(groupRecalls({.images = 2, .tags = 1}, decisions({{1, 0}})).empty());
        QVERIFY(gapIntervals({.images = 2, .tags = 1}, decisions({{1, 0}}), decisions({{1, 0}}), {})
                    .after.empty());
    }

    void recallRefusesOtherShapes()
    {
        const RecallGroups all = groupOf({{1, 1}}, {1, 0});
        QVERIFY_EXCEPTION_THROWN((void)groupRecalls(all, {}), ShapeError);
        QVERIFY_EXCEPTION_THROWN((void)groupRecalls(all, decisions({{1}})), ShapeError);
        const std::vector<std::uint32_t> weights{1};
        QVERIFY_EXCEPTION_THROWN((void)groupRecalls(all, decisions({{1, 0}}), weights), ShapeError);
        QVERIFY_EXCEPTION_THROWN((void)gapIntervals(all, decisions({{1, 0}}), decisions({{1}}), {}),
                                 ShapeError);
    }

    void figuresAreNumpys()
    {
        std::ifstream file(TAGALIGN_SOURCE_DIR "/tests/data/eval/fairness.json");
        const auto cases = nlohmann::json::parse(file);
        QCOMPARE(cases.size(), std::size_t(2));
        for (const auto& row : cases) {
            const auto carried = row["labels"].get<Matrix>();
            const auto said = decisions(row["said"].get<Matrix>());
            const auto given = row["given"].get<Matrix>();
            const auto weights = row["weights"].get<std::vector<std::uint32_t>>();
            const RecallGroups all = groupOf(carried, row["member"].get<std::vector<int>>());
            const GroupRecall plain = groupRecalls(all, said).at(0);
            const GroupRecall weighted = groupRecalls(all, said, weights).at(0);
            QVERIFY(isNear(plain.inside, row["recall"][0].get<double>()));
            QVERIFY(isNear(plain.outside, row["recall"][1].get<double>()));
            QVERIFY(isNear(weighted.inside, row["weighted_recall"][0].get<double>()));
            QVERIFY(isNear(weighted.outside, row["weighted_recall"][1].get<double>()));
            const auto together = standTogether(labels(row["train_given"].get<Matrix>()),
                                                labels(row["train_told"].get<Matrix>()));
            const auto expected = row["together"].get<Matrix>();
            for (std::size_t i = 0; i < together.size(); ++i) {
                QVERIFY(std::equal(together[i].begin(), together[i].end(), expected[i].begin()));
            }
            const auto shifts = DirectedShift(labels(given), labels(carried), said).shifts(weights);
            const auto reference = row["shifts"].get<std::vector<double>>();
            QCOMPARE(shifts.size(), reference.size());
            for (std::size_t i = 0; i < shifts.size(); ++i) {
                QVERIFY(isNear(shifts[i], reference[i]));
            }
            QVERIFY(
                isNear(biasAmplification(shifts, together), row["amplification"].get<double>()));
        }
    }

    /// How often the intervals of all groups hold no gap at once, where there is none: 95 ± 2 %.
    void noGapIsHeld()
    {
        constexpr int kPilots = 1000;
        std::mt19937_64 generator(3);
        int before = 0;
        int after = 0;
        int change = 0;
        for (int pilot = 0; pilot < kPilots; ++pilot) {
            const Simulation made = simulate(generator, 0.0);
            const GapIntervals intervals =
                gapIntervals(made.all, made.before, made.after, {300, std::uint64_t(pilot)});
            const auto holds = [](const std::vector<Interval>& rows) {
                return std::all_of(rows.begin(), rows.end(), [](const Interval& row) {
                    return row.low <= 0.0 && 0.0 <= row.high;
                });
            };
            before += holds(intervals.before) ? 1 : 0;
            after += holds(intervals.after) ? 1 : 0;
            change += holds(intervals.change) ? 1 : 0;
        }
        for (const int held : {before, after, change}) {
            qInfo("held in %d of %d", held, kPilots);
            QVERIFY(held >= 920); // 93 and 97 %, give or take 1 %: 1.5 standard errors
            QVERIFY(held <= 980);
        }
    }

    void plantedGapIsFound()
    {
        constexpr int kPilots = 100;
        std::mt19937_64 generator(4);
        int found = 0;
        for (int pilot = 0; pilot < kPilots; ++pilot) {
            const Simulation made = simulate(generator, 0.35);
            const GapIntervals intervals =
                gapIntervals(made.all, made.before, made.after, {300, std::uint64_t(pilot)});
            found += intervals.after[0].high < 0.0 ? 1 : 0;
        }
        qInfo("found in %d of %d", found, kPilots);
        QVERIFY(found >= 90);
    }

    /// Five of five found is no proof against 85 % outside; none of five is.
    void fewImagesProveLittle()
    {
        Matrix carried{std::vector<int>(45, 1)};
        std::vector<int> member(45, 0);
        std::vector<int> all(45, 1);
        std::vector<int> none(45, 1);
        for (std::size_t i = 0; i < 5; ++i) {
            member[i] = 1;
            none[i] = 0;
        }
        for (std::size_t i = 39; i < 45; ++i) {
            all[i] = 0;
            none[i] = 0;
        }
        const RecallGroups groups = groupOf(carried, member);
        const auto intervals = gapIntervals(groups, decisions({all}), decisions({none}), {});
        QCOMPARE(groupRecalls(groups, decisions({all})).at(0).inside, 1.0);
        QVERIFY(intervals.before[0].low < 0.0);
        QVERIFY(intervals.after[0].high < 0.0);
        QVERIFY(intervals.change[0].high < 0.0);
    }

    void associationByHand()
    {
        // 8 observations, 4 with x, 2 with y, 2 with both: log2(2·8 / (4·2)) = 1 of -log2(2/8) = 2.
        QVERIFY(isNear(association(2, 4, 2, 8).pmi, 1.0));
        QVERIFY(isNear(association(2, 4, 2, 8).normalised, 0.5));
        QVERIFY(isNear(association(2, 2, 2, 8).normalised, 1.0)); // always and only together
        QVERIFY(isNear(association(2, 4, 4, 8).pmi, 0.0));        // by chance
        QVERIFY(isNear(association(3, 3, 3, 3).normalised, 0.0));
        QVERIFY(std::isnan(association(0, 4, 2, 8).pmi));
    }

    /// Of 4 images with "red" 3 show an apple (one is not known) and 2 are said to.
    void amplificationByHand()
    {
        const LabelRows red = labels({{1, 1, 1, 1, 0, 0}, {0, 0, 0, 0, 0, 0}});
        const LabelRows things = labels({{1, 1, 0, 2, 0, 0}, {0, 0, 1, 1, 1, 0}});
        const Decisions said = decisions({{1, 1, 1, 1, 1, 0}, {0, 0, 0, 1, 1, 1}});
        const auto shifts = DirectedShift(red, things, said).shifts();
        QVERIFY(isNear(shifts[0], 1.0 / 3.0));  // apple: 3 said, 2 there, of 3 known
        QVERIFY(isNear(shifts[1], -1.0 / 4.0)); // pear: 1 said, 2 there, of 4
        QVERIFY(std::isnan(shifts[2]) && std::isnan(shifts[3])); // nothing carries it
        // Elsewhere: an apple is said of one of two pictures and on none; a pear said of two, on
        // one.
        const auto contrasts = DirectedShift(red, things, said).contrasts();
        QVERIFY(isNear(contrasts[0], 1.0 / 3.0 - 1.0 / 2.0));
        QVERIFY(isNear(contrasts[1], -1.0 / 4.0 - 1.0 / 2.0));
        QVERIFY(std::isnan(contrasts[2]));
        const std::vector<std::vector<bool>> together{{true, false}, {true, false}};
        QVERIFY(isNear(biasAmplification(shifts, together), (1.0 / 3.0 + 1.0 / 4.0) / 2.0));
        QVERIFY(std::isnan(biasAmplification({}, {})));
        // 2 of 6 images show an apple, 4 red: 2 of 6 together is more than 8/36.
        QCOMPARE(standTogether(red, things).at(0), (std::vector<bool>{true, false}));
        QVERIFY_EXCEPTION_THROWN(DirectedShift(red, things, decisions({{1}})), ShapeError);
        QVERIFY_EXCEPTION_THROWN(DirectedShift(red, things, decisions({{1}, {1}})), ShapeError);
    }

    void thresholdsByHand()
    {
        const std::vector<float> scores{0.9F, 0.8F, 0.7F, 0.6F, 0.5F};
        const auto known = labels({{1, 0, 1, 2, 0}})[0];
        QCOMPARE(*breakEvenThreshold(scores, known), 0.8F); // two are there: the first two
        QVERIFY(!breakEvenThreshold(scores, labels({{0, 0, 0, 2, 0}})[0]));
        QVERIFY(!breakEvenThreshold({}, {}));
        const std::vector<float> worse{0.1F, 0.8F, 0.7F, 0.6F, 0.5F};
        const auto pair = matchedThresholds(scores, worse, known);
        QCOMPARE(pair->before, 0.7F); // recall 1 at the best F1
        QCOMPARE(pair->after, 0.1F);
        QVERIFY(!matchedThresholds({}, {}, {}));
    }

    /// Three captions, two say it: each counts, as another one says it too: 1 of 3 left out. One of
    /// two says it: only the other counts, and leaves it out. A caption alone tells nothing.
    void omissionByHand()
    {
        const Omission all = omission({{1, 3, 2}, {2, 2, 1}, {3, 1, 1}, {4, 1, 0}});
        QCOMPARE(all.pictures, std::size_t(2));
        QVERIFY(isNear(all.share, 2.0 / 4.0));
        const Interval wilson = wilsonIntervalOfShare(0.5, 2.0);
        QCOMPARE(all.interval.low, wilson.low);
        QCOMPARE(all.interval.high, wilson.high);
        QCOMPARE(omission({{1, 1, 1}}).pictures, std::size_t(0));
        QCOMPARE(omission({}).interval.high, 1.0);
        const Omission silent = unsaid({{1, 1, 0}, {1, 1, 1}, {3, 2, 1}, {4, 2, 2}});
        QCOMPARE(silent.pictures, std::size_t(3)); // two tags are on the first
        QCOMPARE(silent.share, 0.25);
        QCOMPARE(unsaid({}).pictures, std::size_t(0));
    }

    /// Captions that leave a tag out with a chance of 0.3, each by itself; pictures where all do
    /// are never seen. The estimate does not mind.
    void omissionIsNotFooledByWhatNobodySays()
    {
        std::mt19937_64 generator(5);
        std::vector<Mentions> confirmed;
        for (int picture = 0; picture < 20000; ++picture) {
            Mentions tag{.picture = picture, .captions = 2};
            for (int caption = 0; caption < 2; ++caption) {
                tag.saying += std::uniform_real_distribution<double>()(generator) < 0.7 ? 1 : 0;
            }
            if (tag.saying > 0) {
                confirmed.push_back(tag);
            }
        }
        QVERIFY(isNear(omission(confirmed).share, 0.3, 0.01)); // three standard errors
    }
};

QTEST_APPLESS_MAIN(TestFairness)
#include "tst_fairness.moc"
