#include "model/Error.h"
#include "model/eval/Segmentation.h"
#include "tests/model/MessageOf.h"

#include <nlohmann/json.hpp>

#include <QTest>

#include <cmath>
#include <fstream>

using namespace tagalign::model;
using namespace tagalign::model::eval;
using tagalign::test::messageOf;

namespace {

using Labels = std::vector<std::uint16_t>;

/// The reference divides the same whole numbers, but sums in another order.
constexpr double kTolerance = 1e-12;

bool agrees(double value, const nlohmann::json& expected)
{
    return expected.is_null() ? std::isnan(value)
                              : std::abs(value - expected.get<double>()) <= kTolerance;
}

void compare(const SegmentationScore& score, const nlohmann::json& expected)
{
    const auto& iou = expected.at("iou");
    QCOMPARE(score.iou.size(), iou.size());
    for (std::size_t label = 0; label < iou.size(); ++label) {
        QVERIFY2(agrees(score.iou[label], iou[label]), std::to_string(label).c_str());
    }
    QVERIFY(agrees(score.meanIou, expected.at("mean_iou")));
    QVERIFY(agrees(score.meanIouOfSeen, expected.at("mean_iou_of_seen")));
    QVERIFY(agrees(score.pixelAccuracy, expected.at("pixel_accuracy")));
}

} // namespace

class TestSegmentation : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void aCaseWorkedByHand()
    {
        // Truth 0 0 0 1 1 and one pixel ignored; predicted 0 0 1 1 2, and 2 where it is ignored.
        const PixelCounts counts =
            countPixels(Labels{0, 0, 1, 1, 2, 2}, Labels{0, 0, 0, 1, 1, 255}, 4);
        QCOMPARE(counts.size(), std::size_t(3));
        QCOMPARE(counts[2].label, std::size_t(2));
        QCOMPARE(counts[2].predicted, std::uint64_t(1)); // the ignored pixel is not counted
        const SegmentationScore score = scoreSegmentation(std::vector<PixelCounts>{counts}, 4);
        QCOMPARE(score.iou[0], 2.0 / 3.0);
        QCOMPARE(score.iou[1], 1.0 / 3.0);
        QCOMPARE(score.iou[2], 0.0);
        QVERIFY(std::isnan(score.iou[3]));
        QCOMPARE(score.meanIou, 0.5);
        QCOMPARE(score.meanIouOfSeen, 1.0 / 3.0);
        QCOMPARE(score.pixelAccuracy, 3.0 / 5.0);
    }

    void sumsComeBeforeTheDivision()
    {
        // 1 of 1 pixel on the first image, 0 of 9 on the second: 1/10, not the mean of 1 and 0.
        const std::vector<PixelCounts> images{countPixels(Labels{0}, Labels{0}, 2),
                                              countPixels(Labels(9, 1), Labels(9, 0), 2)};
        QCOMPARE(scoreSegmentation(images, 2).iou[0], 0.1);
    }

    void agreesWithPlainLoops()
    {
        std::ifstream stream(TAGALIGN_SOURCE_DIR "/tests/data/eval/segmentation.json");
        const auto cases = nlohmann::json::parse(stream);
        QVERIFY(cases.size() >= 4);
        for (const auto& of : cases) {
            const auto classes = of.at("classes").get<std::size_t>();
            std::vector<PixelCounts> images;
            for (const auto& image : of.at("images")) {
                images.push_back(countPixels(image.at("predicted").get<Labels>(),
                                             image.at("truth").get<Labels>(), classes));
            }
            compare(scoreSegmentation(images, classes), of.at("expected"));
            const auto weights = of.at("weights").get<std::vector<std::uint32_t>>();
            compare(scoreSegmentation(images, classes, weights), of.at("weighted"));
        }
    }

    void anotherIgnoreValueLeavesRoomForMoreClasses()
    {
        const auto counts = countPixels(Labels{255, 299, 0}, Labels{255, 299, 65535}, 300, 65535);
        const auto score = scoreSegmentation(std::vector<PixelCounts>{counts}, 300);
        QCOMPARE(score.meanIou, 1.0);
        QCOMPARE(score.iou[255], 1.0);
    }

    void nothingToCompareIsNoFigure()
    {
        const auto counts = countPixels(Labels{1, 1}, Labels{255, 255}, 2);
        QVERIFY(counts.empty());
        const auto score = scoreSegmentation(std::vector<PixelCounts>{counts}, 2);
        QVERIFY(std::isnan(score.meanIou) && std::isnan(score.meanIouOfSeen));
        QVERIFY(std::isnan(score.pixelAccuracy));
        QVERIFY(std::isnan(scoreSegmentation({}, 2).meanIou));
    }

    void unfittingLabelsAreRefused()
    {
        QVERIFY_EXCEPTION_THROWN((void)countPixels(Labels{0}, Labels{0, 0}, 2), ShapeError);
        QCOMPARE(messageOf([] { (void)countPixels(Labels{0}, Labels{2}, 2); }),
                 QString("the mask has the label 2, but there are 2 classes"));
        QCOMPARE(messageOf([] { (void)countPixels(Labels{7}, Labels{0}, 2); }),
                 QString("the label map has the label 7, but there are 2 classes"));
    }
};

QTEST_APPLESS_MAIN(TestSegmentation)
#include "tst_segmentation.moc"
