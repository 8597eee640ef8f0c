#include "ShiftedHead.h"
#include "TinyCheckpoint.h"
#include "model/Error.h"
#include "model/align/HeadFile.h"
#include "model/align/Masks.h"
#include "model/image/Decode.h"
#include "model/image/Preprocess.h"
#include "model/pipeline/SegmentationEvaluation.h"
#include "model/pipeline/Segmenter.h"
#include "model/pipeline/StoreKey.h"
#include "tests/model/MessageOf.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <fstream>

using namespace tagalign;
using namespace tagalign::model;
using namespace tagalign::model::pipeline;
using clip::PatchPath;
using tagalign::test::messageOf;

namespace {

using Labels = std::vector<std::uint16_t>;

constexpr int kPatch = 8;

/// One value of a map [rows, columns] resized to length × width, by the formula of bilinear
/// interpolation with pixel centres at halves.
double bilinear(const torch::Tensor& map, int height, int width, int y, int x)
{
    const auto place = [](std::int64_t from, int to, int at) {
        const double position = std::max(0.0, (at + 0.5) * double(from) / to - 0.5);
        const auto low = std::int64_t(position);
        return std::tuple(low, std::min(low + 1, from - 1), position - double(low));
    };
    const auto [top, bottom, down] = place(map.size(0), height, y);
    const auto [left, right, across] = place(map.size(1), width, x);
    const auto at = map.accessor<float, 2>();
    return (1 - down) * ((1 - across) * at[top][left] + across * at[top][right]) +
           down * ((1 - across) * at[bottom][left] + across * at[bottom][right]);
}

/// One class's mask over the resized picture, pixel by pixel. [height, width]
torch::Tensor slowMosaic(const WindowMasks& scale, std::int64_t label)
{
    const auto& windows = scale.windows;
    const auto whole = [](int length) { return (length + kPatch - 1) / kPatch * kPatch; };
    const int padTop = (whole(windows.window.height) - windows.window.height) / 2;
    const int padLeft = (whole(windows.window.width) - windows.window.width) / 2;
    torch::Tensor mean = torch::zeros({windows.picture.height, windows.picture.width});
    for (int y = 0; y < windows.picture.height; ++y) {
        for (int x = 0; x < windows.picture.width; ++x) {
            double sum = 0.0;
            int count = 0;
            for (std::size_t i = 0; i < windows.corners.size(); ++i) {
                const int down = y - windows.corners[i].top;
                const int right = x - windows.corners[i].left;
                if (down >= 0 && right >= 0 && down < windows.window.height &&
                    right < windows.window.width) {
                    sum +=
                        bilinear(scale.masks[std::int64_t(i)][label], whole(windows.window.height),
                                 whole(windows.window.width), down + padTop, right + padLeft);
                    ++count;
                }
            }
            mean[y][x] = sum / count;
        }
    }
    return mean;
}

/// Labels by plain loops; pixels whose two best values are closer than rounding become kNoLabel.
Labels slowLabels(const std::vector<WindowMasks>& scales, image::PixelSize size,
                  std::optional<double> background)
{
    const std::int64_t classes = scales.front().masks.size(1);
    std::vector<std::vector<torch::Tensor>> maps;
    for (const WindowMasks& scale : scales) {
        maps.emplace_back();
        for (std::int64_t label = 0; label < classes; ++label) {
            maps.back().push_back(slowMosaic(scale, label));
        }
    }
    Labels labels;
    for (int y = 0; y < size.height; ++y) {
        for (int x = 0; x < size.width; ++x) {
            double best = background.value_or(-1.0);
            double second = -2.0;
            auto label = std::uint16_t(classes);
            for (std::int64_t k = 0; k < classes; ++k) {
                double value = 0.0;
                for (const auto& scale : maps) {
                    value += bilinear(scale[std::size_t(k)], size.height, size.width, y, x) /
                             double(maps.size());
                }
                second = std::max(second, std::min(best, value));
                label = value > best ? std::uint16_t(k) : label;
                best = std::max(best, value);
            }
            labels.push_back(best - second < 1e-5 ? kNoLabel : label);
        }
    }
    return labels;
}

bool agree(const Labels& labels, const Labels& slow)
{
    std::size_t compared = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (slow[i] != kNoLabel && slow[i] != labels[i]) {
            return false;
        }
        compared += slow[i] != kNoLabel ? 1 : 0;
    }
    return labels.size() == slow.size() && compared > labels.size() * 9 / 10;
}

WindowMasks randomMasks(image::PixelSize picture, int side, int stride, std::int64_t classes)
{
    const auto windows = image::slidingWindows(picture, side, stride);
    const auto patches = [](int length) { return (length + kPatch - 1) / kPatch; };
    return {torch::rand({std::int64_t(windows.corners.size()), classes,
                         patches(windows.window.height), patches(windows.window.width)}),
            windows, kPatch};
}

WindowMasks oneWindow(const torch::Tensor& masks, image::PixelSize picture)
{
    return {masks.unsqueeze(0), {picture, picture, {{0, 0}}}, kPatch};
}

} // namespace

class TestSegmentationEvaluation : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    ModelFiles m_model;
    SegmentationSettings m_settings;

    [[nodiscard]] std::filesystem::path path(const std::string& name) const
    {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }

    /// A mask of two halves, left and right.
    void writeMask(const std::string& name, int left, int right, int width = 64,
                   int height = 48) const
    {
        cv::Mat mask(height, width, CV_8UC1, cv::Scalar(left));
        mask.colRange(width / 2, width).setTo(right);
        std::filesystem::create_directories(path(name).parent_path());
        QVERIFY(cv::imwrite(path(name).string(), mask));
    }

    [[nodiscard]] static dataset::SegmentationSet setOf(const std::vector<std::string>& labels)
    {
        dataset::SegmentationSet set;
        for (std::size_t i = 0; i < labels.size(); ++i) {
            set.classes.push_back({labels[i], {labels[i]}});
            set.values.push_back(std::uint16_t(i));
        }
        return set;
    }

    void add(dataset::SegmentationSet& set, const std::string& name) const
    {
        set.images.push_back({path("images/" + name), path("masks/" + name), "images/" + name});
    }

    /// Three pictures with masks of background, bolt and crack.
    [[nodiscard]] dataset::SegmentationSet threePictures() const
    {
        dataset::SegmentationSet set = setOf({"background", "bolt", "crack"});
        for (int i = 0; i < 3; ++i) {
            add(set, std::to_string(i) + ".png");
        }
        return set;
    }

    [[nodiscard]] std::filesystem::path writeHead(const std::string& name, double shift,
                                                  PatchPath trainedOn) const
    {
        ModelFiles model = m_model;
        model.patchPath = trainedOn;
        return test::writeShiftedHead(model, path(name), shift);
    }

    [[nodiscard]] SegmentationResult evaluated(const dataset::SegmentationSet& set,
                                               const SegmentationSettings& settings,
                                               const std::filesystem::path& head = {},
                                               const OnSegmented& onSegmented = {}) const
    {
        return evaluateSegmentation(m_model, set, head, settings, {}, onSegmented);
    }

private Q_SLOTS:

    void initTestCase()
    {
        m_model = {path("checkpoint"), path("features"), PatchPath::SelfValue};
        test::writeTinyCheckpoint(m_model.checkpoint);
        for (int i = 0; i < 3; ++i) {
            test::writePicture(path("images/" + std::to_string(i) + ".png"), i);
            writeMask("masks/" + std::to_string(i) + ".png", i % 2, i == 2 ? 255 : 2);
        }
        m_settings.shortSides = {40};
        m_settings.window = 32;
        m_settings.stride = 16;
        m_settings.precision = Precision::Float32;
        m_settings.resamples = 50;
    }

    void labelsAgreeWithPlainLoops_data()
    {
        QTest::addColumn<bool>("withBackground");
        QTest::addColumn<bool>("twoScales");
        QTest::newRow("one scale") << false << false;
        QTest::newRow("background") << true << false;
        QTest::newRow("two scales") << false << true;
        QTest::newRow("two scales, background") << true << true;
    }

    void labelsAgreeWithPlainLoops()
    {
        QFETCH(bool, withBackground);
        QFETCH(bool, twoScales);
        torch::manual_seed(3);
        // Sides that are not whole patches, windows that overlap unevenly.
        std::vector<WindowMasks> scales{randomMasks({37, 30}, 30, 13, 5)};
        if (twoScales) {
            scales.push_back(randomMasks({25, 20}, 30, 13, 5));
        }
        const image::PixelSize size{33, 27};
        const auto background = withBackground ? std::optional(0.7) : std::nullopt;
        const Labels labels = drawLabels(scales, size, background);
        QVERIFY(agree(labels, slowLabels(scales, size, background)));
        QCOMPARE(std::count(labels.begin(), labels.end(), 5) > 0, withBackground);
    }

    void oneWindowIsTheOfficialMask()
    {
        torch::manual_seed(4);
        const torch::Tensor head = torch::randn({1, 12, 6});
        const torch::Tensor frozen = torch::randn({1, 12, 6});
        const torch::Tensor classes = torch::randn({4, 6});
        const torch::Tensor masks =
            align::patchMasks(head, frozen, classes)[0].t().reshape({4, 3, 4});
        const image::PixelSize size{4 * kPatch, 3 * kPatch};
        const Labels labels = drawLabels({oneWindow(masks, size)}, size, 0.4);
        const torch::Tensor official =
            align::labelMap(align::softMasks(head, frozen, classes, 3, 4, size.height, size.width),
                            0.4)
                .flatten();
        for (std::size_t i = 0; i < labels.size(); ++i) {
            const auto expected = official[std::int64_t(i)].item<std::int64_t>();
            QCOMPARE(int(labels[i]), expected == 0 ? 4 : int(expected) - 1);
        }
    }

    void tiesGoToTheBackgroundThenToTheFirstClass()
    {
        const torch::Tensor flat = torch::full({3, 1, 1}, 0.5F);
        const image::PixelSize size{8, 8};
        QCOMPARE(drawLabels({oneWindow(flat, size)}, size, 0.5), Labels(64, 3));
        QCOMPARE(drawLabels({oneWindow(flat, size)}, size, 0.4), Labels(64, 0));
        QCOMPARE(drawLabels({oneWindow(flat, size)}, size, std::nullopt), Labels(64, 0));
    }

    void largePicturesAreDrawnAFewClassesAtATime()
    {
        torch::manual_seed(5);
        const WindowMasks scale = randomMasks({32, 32}, 32, 32, 5);
        const image::PixelSize small{32, 32};
        const Labels expected = drawLabels({scale}, small, 0.3);
        // 4096² pixels leave room for one class at a time; every 128th lies where a small one does.
        const Labels large = drawLabels({scale}, {4096, 4096}, 0.3);
        std::size_t equal = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            equal += large[(i / 32 * 128 + 64) * 4096 + i % 32 * 128 + 64] == expected[i] ? 1 : 0;
        }
        QVERIFY(equal >= 1000); // of 1024: centres are off by half a pixel of 4096
    }

    void masksAreThoseOfTheFrozenModel_data()
    {
        QTest::addColumn<int>("window");
        QTest::addColumn<int>("padding"); ///< pixels of zeros on each side
        QTest::newRow("whole patches") << 32 << 0;
        QTest::newRow("padded") << 30 << 1;
    }

    void masksAreThoseOfTheFrozenModel()
    {
        QFETCH(int, window);
        QFETCH(int, padding);
        const auto picture = image::decodeImage(path("images/0.png"));
        SegmentationSettings settings = m_settings;
        settings.window = window;
        settings.stride = window / 2;
        Segmenter segmenter(m_model, {{"bolt", {"bolt"}}, {"crack", {"crack"}}}, {}, settings, {});
        int windows = 0;
        const MaskPair pair =
            segmenter.masks(picture, PatchPath::Neighbour, 40, [&windows] { ++windows; });
        QCOMPARE(windows, 6); // of 53 × 40 pixels: two rows of three
        QVERIFY(!pair.after);

        const torch::InferenceMode guard;
        clip::ClipModel model = clip::loadClip(m_model.checkpoint);
        TextEmbedding texts(m_model);
        const torch::Tensor names =
            texts.tags({{.text = "bolt", .templates = {}}, {.text = "crack", .templates = {}}}, {});
        const torch::Tensor pixels = image::preprocessTo(
            picture, {53, 40}, {model->config().mean, model->config().deviation});
        torch::Tensor last = torch::zeros({1, 3, 32, 32});
        last.slice(2, padding, 32 - padding)
            .slice(3, padding, 32 - padding)
            .copy_(pixels.slice(1, 40 - window, 40).slice(2, 53 - window, 53).unsqueeze(0));
        const torch::Tensor patches =
            model->projectTokens(model->encodeImage(last, PatchPath::Neighbour).tokens)[0];
        const torch::Tensor cosines = (patches / patches.norm(2, {1}, true)).matmul(names.t());
        const torch::Tensor expected =
            (1.0 / (1.0 + torch::exp(-(10.0 * cosines - 2.5)))).t().reshape({2, 4, 4});
        const double distance = (pair.before.masks[5] - expected).abs().max().item<double>();
        QVERIFY2(distance < 1e-5, std::to_string(distance).c_str());
    }

    void ofSeveralNamesTheBestCounts()
    {
        const auto picture = image::decodeImage(path("images/1.png"));
        const auto masksFor = [&](const std::vector<dataset::SegmentationClass>& classes) {
            Segmenter segmenter(m_model, classes, {}, m_settings, {});
            return segmenter.masks(picture, PatchPath::SelfValue, 32, [] {}).before.masks;
        };
        const torch::Tensor apart =
            masksFor({{"bolt", {"bolt"}}, {"nut", {"nut"}}, {"crack", {"crack"}}});
        const torch::Tensor together =
            masksFor({{"bolt,nut", {"bolt", "nut"}}, {"crack", {"crack"}}});
        QVERIFY(torch::equal(together.select(1, 0),
                             torch::maximum(apart.select(1, 0), apart.select(1, 1))));
        QVERIFY(torch::equal(together.select(1, 1), apart.select(1, 2)));
    }

    void pathsAndScalesAreMeasuredSideBySide()
    {
        SegmentationSettings settings = m_settings;
        settings.paths = {PatchPath::SelfValue, PatchPath::Neighbour};
        settings.shortSides = {32, 40};
        settings.background = 0;
        std::vector<std::vector<eval::PixelCounts>> counts(6);
        const SegmentationResult result =
            evaluated(threePictures(), settings, {}, [&](const SegmentedPicture& picture) {
                QCOMPARE(picture.before.size(), std::size_t(6));
                for (std::size_t i = 0; i < 6; ++i) {
                    QCOMPARE(picture.before[i].size(), std::size_t(64 * 48));
                    counts[i].push_back(
                        eval::countPixels(picture.before[i], picture.truth, 3, kNoLabel));
                }
            });
        QCOMPARE(result.measured, std::size_t(3));
        QCOMPARE(result.images, (std::vector<std::size_t>{2, 1, 2})); // by the masks
        QCOMPARE(result.rows.size(), std::size_t(6));
        QCOMPARE(result.rows[2].view.shortSides, (std::vector<int>{32, 40}));
        QVERIFY(result.rows[3].view.path == PatchPath::Neighbour);
        for (std::size_t i = 0; i < 6; ++i) {
            const auto expected = eval::scoreSegmentation(counts[i], 3);
            QCOMPARE(result.rows[i].before.score.meanIou, expected.meanIou);
            QCOMPARE(result.rows[i].before.score.pixelAccuracy, expected.pixelAccuracy);
            QVERIFY(!result.rows[i].after && !result.rows[i].byHead);
            QCOMPARE(result.rows[i].fromFirst.has_value(), i > 0);
        }
        QVERIFY(result.problems.empty());
    }

    void aFreshHeadChangesNothing()
    {
        const auto head = writeHead("fresh.safetensors", 0.0, PatchPath::SelfValue);
        const SegmentationResult result = evaluated(threePictures(), m_settings, head);
        const SegmentationRow& row = result.rows.front();
        QVERIFY(row.after && row.byHead);
        QCOMPARE(row.after->score.meanIou, row.before.score.meanIou);
        QCOMPARE(row.byHead->meanIou.low, 0.0);
        QCOMPARE(row.byHead->meanIou.high, 0.0);
    }

    void aHeadIsMeasuredOnItsOwnPath()
    {
        const auto head = writeHead("head.safetensors", 2.0, PatchPath::Neighbour);
        SegmentationSettings settings = m_settings;
        settings.paths = {PatchPath::SelfValue, PatchPath::Neighbour};
        settings.blend = 0.0;
        bool differs = false;
        const SegmentationResult result =
            evaluated(threePictures(), settings, head, [&](const SegmentedPicture& picture) {
                QVERIFY(picture.after[0].empty());
                differs = differs || picture.after[1] != picture.before[1];
            });
        QVERIFY(differs);
        QVERIFY(!result.rows[0].after);
        QVERIFY(result.rows[1].after && result.rows[1].byHead);

        settings.blend = 1.0; // the frozen masks alone
        const auto frozen = evaluated(threePictures(), settings, head);
        QCOMPARE(frozen.rows[1].after->score.meanIou, frozen.rows[1].before.score.meanIou);
    }

    void aHeadOfAnotherPathIsRefused()
    {
        const auto head = writeHead("other.safetensors", 1.0, PatchPath::Value);
        QVERIFY(messageOf([&] {
                    (void)evaluated(threePictures(), m_settings, head);
                }).contains("was trained on another patch path"));
    }

    void badPicturesAreNamedAndTheRestGoesOn()
    {
        dataset::SegmentationSet set = threePictures();
        test::writePicture(path("images/size.png"), 1);
        writeMask("masks/size.png", 0, 1, 64, 47);
        test::writePicture(path("images/value.png"), 1);
        writeMask("masks/value.png", 0, 9);
        std::ofstream(path("images/broken.png")) << "no picture";
        writeMask("masks/broken.png", 0, 1);
        test::writePicture(path("images/mask.png"), 1);
        std::ofstream(path("masks/mask.png")) << "no mask";
        for (const char* name : {"size.png", "value.png", "broken.png", "mask.png"}) {
            add(set, name);
        }
        const SegmentationResult result = evaluated(set, m_settings);
        QCOMPARE(result.measured, std::size_t(3));
        QCOMPARE(result.problems.size(), std::size_t(4));
        QStringList told;
        for (const auto& problem : result.problems) {
            told += QString::fromStdString(problem.where + ": " + problem.message);
        }
        QCOMPARE(told[0], QString::fromUtf8("images/size.png: its mask is 64 × 47 pixels, the "
                                            "picture is 64 × 48; left out."));
        QCOMPARE(told[1], QString("images/value.png: its mask has the value 9 at column 32, row 0, "
                                  "which is no class; left out."));
        QVERIFY(told[2].startsWith("images/broken.png: not an image"));
        QVERIFY(told[3].startsWith("images/mask.png: its mask: not an image"));
        QVERIFY(!told.join(' ').contains(m_folder.path()));

        set.images.erase(set.images.begin(), set.images.begin() + 3);
        QVERIFY(messageOf([&] {
                    (void)evaluated(set, m_settings);
                }).startsWith("no picture of the set can be used; the first: images/size.png"));
    }

    void onlyTheFirstPicturesAreLookedAtIfAsked()
    {
        SegmentationSettings settings = m_settings;
        settings.limit = 2;
        QCOMPARE(evaluated(threePictures(), settings).measured, std::size_t(2));
    }

    void stopIsHeardBetweenWindows()
    {
        int calls = 0;
        const auto stopAtFourth = [&calls](const Progress& progress) {
            calls += progress.text.starts_with("images/") ? 1 : 0;
            return calls == 4 ? Next::Stop : Next::Continue;
        };
        QVERIFY_EXCEPTION_THROWN(
            (void)evaluateSegmentation(m_model, threePictures(), {}, m_settings, stopAtFourth),
            Cancelled);
        QCOMPARE(calls, 4); // the first picture has six windows
    }

    void settingsThatMakeNoSenseAreRefused()
    {
        const auto refusal = [this](auto change) {
            SegmentationSettings settings = m_settings;
            change(settings);
            return messageOf([&] { (void)evaluated(threePictures(), settings); });
        };
        QVERIFY(refusal([](auto& s) { s.paths.clear(); }).contains("at least one path"));
        QVERIFY(refusal([](auto& s) { s.threshold = 1.5; }).contains("threshold"));
        QVERIFY(refusal([](auto& s) { s.background = 3; }).contains("none of the classes"));
        QVERIFY(refusal([](auto& s) { s.stride = 33; }).contains("leaves gaps"));
        QVERIFY(refusal([](auto& s) { s.blend = 2.0; }).contains("between 0 and 1"));
        dataset::SegmentationSet alone = threePictures();
        alone.classes.resize(1);
        alone.values.resize(1);
        SegmentationSettings settings = m_settings;
        settings.background = 0;
        QVERIFY(
            messageOf([&] { (void)evaluated(alone, settings); }).contains("no class to look for"));
    }
};

QTEST_APPLESS_MAIN(TestSegmentationEvaluation)
#include "tst_segmentation_evaluation.moc"
