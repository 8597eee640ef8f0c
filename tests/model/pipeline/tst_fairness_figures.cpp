#include "model/Error.h"
#include "model/pipeline/Fairness.h"
#include "model/pipeline/Groups.h"

#include <QtTest>

#include <algorithm>
#include <cmath>

using namespace tagalign::model;
using namespace tagalign::model::pipeline;

namespace {

constexpr std::size_t kShirt = 0;
constexpr std::size_t kHat = 1;
constexpr std::size_t kRed = 2;
constexpr std::size_t kBlue = 3;
constexpr std::size_t kShirtInJapanese = 4; // シャツ, "shirt" before the model
constexpr int kEach = 20;

bool isNear(double a, double b)
{
    return std::abs(a - b) < 1e-12;
}

std::vector<PilotTag> vocabulary()
{
    return {{"shirt", tags::TagKind::Object},
            {"hat", tags::TagKind::Object},
            {.text = "red", .kind = tags::TagKind::Attribute, .attributeClass = "colour"},
            {.text = "blue", .kind = tags::TagKind::Attribute, .attributeClass = "colour"},
            {"shirt", tags::TagKind::Object}};
}

PilotImage imageOf(std::size_t object, std::size_t attribute, Split split, const char* language)
{
    PilotImage image{.split = split};
    image.targets = {{object, 1.0, true}, {attribute, 0.9, false}};
    image.ownerships = {{attribute, object}};
    image.languages = {language};
    return image;
}

/// Red and blue shirts and hats, so many of each, on test and validation images; in training red
/// shirts and blue hats, three times as many as the others. The last half of the blue shirts have
/// Japanese captions.
PilotData wardrobe()
{
    PilotData data{vocabulary(), {}};
    for (const Split split : {Split::Train, Split::Validation, Split::Test}) {
        for (const std::size_t object : {kShirt, kHat}) {
            for (const std::size_t attribute : {kRed, kBlue}) {
                const bool isUsual = (object == kShirt) == (attribute == kRed);
                const int count = split == Split::Train && isUsual ? 3 * kEach : kEach;
                for (int i = 0; i < count; ++i) {
                    const bool isJapanese =
                        object == kShirt && attribute == kBlue && i >= kEach / 2;
                    data.images.push_back(imageOf(isJapanese ? kShirtInJapanese : object, attribute,
                                                  split, isJapanese ? "ja" : "en"));
                }
            }
        }
    }
    return data;
}

/// What is there scores 0.8, what is not 0.2.
std::vector<std::vector<float>> truth(const PilotData& data,
                                      const std::vector<const PilotImage*>& images)
{
    const TagLabels labels = labelsOf(images, data.tags.size());
    std::vector<std::vector<float>> scores(data.tags.size());
    for (std::size_t tag = 0; tag < scores.size(); ++tag) {
        const std::size_t same = tag == kShirtInJapanese ? kShirt : tag;
        const std::size_t other = tag == kShirt ? kShirtInJapanese : tag;
        for (std::size_t image = 0; image < images.size(); ++image) {
            const bool isThere = labels[same][image] == eval::Label::Present ||
                                 labels[other][image] == eval::Label::Present ||
                                 labels[tag][image] == eval::Label::Present;
            scores[tag].push_back(isThere ? 0.8F : 0.2F);
        }
    }
    return scores;
}

EvaluationScores perfectScores(const PilotData& data, const EvaluationImages& images)
{
    EvaluationScores scores;
    scores.before.testTags = truth(data, images.test);
    scores.before.validationTags = truth(data, images.validation);
    scores.after = scores.before;
    return scores;
}

const GapRow& gapOf(const std::vector<GapRow>& rows, GapRow::Group group, std::size_t tag,
                    std::optional<std::size_t> found)
{
    return *std::find_if(rows.begin(), rows.end(), [&](const GapRow& row) {
        return row.group == group && row.tag == tag && row.found == found;
    });
}

} // namespace

/// On pictures of clothes whose scores are made by hand.
class TestFairnessFigures : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void perfectModelIsFair()
    {
        const PilotData data = wardrobe();
        const EvaluationImages images = evaluationImages(data);
        const FairnessFigures figures =
            fairnessOf(data, images, perfectScores(data, images), {300, 1}, {});
        QVERIFY(figures.isMeasured);
        QCOMPARE(figures.groups.size(), std::size_t(2 + 2 + 2)); // attributes, objects, languages
        QCOMPARE(figures.singles.size(), std::size_t(8));
        QCOMPARE(figures.rareGroups, std::size_t(0));
        for (const GapRow& row : figures.groups) {
            QCOMPARE(row.insideAfter, 1.0);
            QCOMPARE(row.outsideBefore, 1.0);
            QVERIFY(row.after.low < 0.0 && row.after.high > 0.0);
        }
        for (const AmplificationRow& row : figures.amplification) {
            QCOMPARE(row.before, 0.0);
            QCOMPARE(row.after, 0.0);
            QCOMPARE(row.pairs, std::size_t(4));
        }
    }

    /// The head misses three of four blue shirts and takes blue hats for shirts instead.
    void plantedGapAndShiftAreFound()
    {
        const PilotData data = wardrobe();
        const EvaluationImages images = evaluationImages(data);
        EvaluationScores scores = perfectScores(data, images);
        int blueShirts = 0;
        int redHats = 0;
        for (std::size_t i = 0; i < images.test.size(); ++i) {
            const Ownership owned = images.test[i]->ownerships[0];
            const bool isHat = owned.object == kHat;
            if (!isHat && owned.attribute == kBlue && blueShirts++ % 4 != 0) {
                scores.after.testTags[kShirt][i] = scores.after.testTags[kShirtInJapanese][i] =
                    0.1F;
            }
            if (isHat && owned.attribute == kRed && redHats++ % 4 == 0) {
                scores.after.testTags[kShirt][i] = scores.after.testTags[kShirtInJapanese][i] =
                    0.9F;
            }
        }
        const FairnessFigures figures = fairnessOf(data, images, scores, {500, 1}, {});
        const GapRow& blue = gapOf(figures.groups, GapRow::Group::Attribute, kBlue, {});
        QVERIFY(isNear(blue.insideAfter, (0.25 + 1.0) / 2.0)); // shirts and hats alike
        QCOMPARE(blue.outsideAfter, 1.0);
        QCOMPARE(blue.insideBefore, 1.0);
        QCOMPARE(blue.inside, std::size_t(2 * kEach)); // with those said in Japanese
        QVERIFY(blue.after.high < 0.0);
        QVERIFY(blue.change.high < 0.0);
        QVERIFY(blue.before.low < 0.0 && blue.before.high > 0.0);
        const GapRow& one = gapOf(figures.singles, GapRow::Group::Attribute, kBlue, kShirt);
        QCOMPARE(one.insideAfter, 0.25);
        QCOMPARE(one.outsideAfter, 1.0);
        QVERIFY(one.after.high < 0.0);
        const GapRow& hats = gapOf(figures.singles, GapRow::Group::Attribute, kBlue, kHat);
        QVERIFY(hats.after.high >= 0.0);

        // Of 40 red pictures 20 show shirts and 25 are said to; of 40 blue ones 20 and 5.
        const auto shift =
            std::find_if(figures.shifts.begin(), figures.shifts.end(), [](const ShiftRow& row) {
                return row.given == kRed && row.told == kShirt;
            });
        QVERIFY(shift != figures.shifts.end());
        QCOMPARE(shift->images, std::size_t(2 * kEach));
        QCOMPARE(shift->there, 0.5);
        QCOMPARE(shift->before, 0.5);
        QVERIFY(isNear(shift->after, 25.0 / 40.0));
        QVERIFY(isNear(shift->contrastAfter, 5.0 / 40.0 + 15.0 / 40.0));
        QCOMPARE(shift->contrastBefore, 0.0);
        QVERIFY(shift->afterInterval.low > 0.0);
        // Shirts: +5/40 with red, which they stand with in training, and 15/40 less with blue,
        // which they do not; hats as they are.
        const AmplificationRow& objects = figures.amplification[0];
        QCOMPARE(objects.direction, std::string("objects given attributes"));
        QVERIFY(isNear(objects.after, (5.0 / 40.0 + 15.0 / 40.0) / 4.0));
        QVERIFY(objects.afterInterval.low > 0.0);
        QVERIFY(objects.change.low > 0.0);
        QCOMPARE(figures.amplification[1].after, 0.0);
    }

    /// 160 gifts: 60 red shirts of 80 red things and 80 shirts: log2(60 · 160 / 80²).
    void associationsAreOfTheTrainingImages()
    {
        const PilotData data = wardrobe();
        const EvaluationImages images = evaluationImages(data);
        const FairnessFigures figures =
            fairnessOf(data, images, perfectScores(data, images), {500, 1}, {});
        QCOMPARE(figures.associations.size(), std::size_t(4));
        const AssociationRow& most = figures.associations.front();
        QVERIFY((most.attribute == kRed) == (most.object == kShirt));
        QCOMPARE(most.images, std::size_t(3 * kEach));
        QVERIFY(isNear(most.association.pmi, std::log2(60.0 * 160.0 / 6400.0)));
        QVERIFY(isNear(most.association.normalised,
                       std::log2(60.0 * 160.0 / 6400.0) / -std::log2(60.0 / 160.0)));
        QVERIFY(most.interval.low > 0.0);
        QVERIFY(figures.associations.back().interval.high < 0.0);
    }

    void whatIsRareIsCounted()
    {
        PilotData data = wardrobe();
        std::size_t redHats = 0; // leave four on test images
        std::erase_if(data.images, [&redHats](const PilotImage& image) {
            return image.split == Split::Test && image.ownerships[0].object == kHat &&
                   image.ownerships[0].attribute == kRed && ++redHats > 4;
        });
        const EvaluationImages images = evaluationImages(data);
        const FairnessFigures figures =
            fairnessOf(data, images, perfectScores(data, images), {200, 1}, {});
        QVERIFY(figures.rareSingles > 0);
        for (const GapRow& row : figures.singles) {
            QVERIFY(row.inside >= kSinglePairs && row.outside >= kSinglePairs);
        }
    }

    /// Without a validation image there is no threshold for anything, but captions speak.
    void noThresholdIsSaid()
    {
        PilotData data = wardrobe();
        std::erase_if(data.images,
                      [](const PilotImage& image) { return image.split == Split::Validation; });
        const EvaluationImages images = evaluationImages(data);
        const FairnessFigures figures =
            fairnessOf(data, images, perfectScores(data, images), {200, 1}, {});
        QVERIFY(!figures.isMeasured);
        QVERIFY(figures.groups.empty() && figures.amplification.empty());
        QCOMPARE(figures.associations.size(), std::size_t(4));
    }

    /// No attribute on validation images: objects can be compared by language alone.
    void onlyOneKindHasAThreshold()
    {
        PilotData data = wardrobe();
        for (PilotImage& image : data.images) {
            if (image.split == Split::Validation) {
                image.targets.resize(1);
            }
        }
        const EvaluationImages images = evaluationImages(data);
        const FairnessFigures figures =
            fairnessOf(data, images, perfectScores(data, images), {200, 1}, {});
        QVERIFY(figures.isMeasured);
        for (const GapRow& row : figures.groups) {
            QVERIFY(row.group == GapRow::Group::Language);
            QCOMPARE(row.insideAfter, 1.0);
        }
        QVERIFY(figures.amplification.empty());
    }

    void numbersOutsideTheTagsAreRefused()
    {
        PilotData data = wardrobe();
        data.images.back().ownerships = {{kRed, data.tags.size()}};
        QVERIFY_EXCEPTION_THROWN(NamedTags(data.tags, {&data.images.back()}), RangeError);
    }
};

QTEST_APPLESS_MAIN(TestFairnessFigures)
#include "tst_fairness_figures.moc"
