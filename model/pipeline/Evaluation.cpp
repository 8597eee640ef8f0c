#include "model/pipeline/Evaluation.h"

#include "model/Error.h"
#include "model/eval/FalseAlerts.h"
#include "model/eval/TagRanking.h"
#include "model/pipeline/CalibrationFigures.h"
#include "model/pipeline/EvaluationScores.h"
#include "model/pipeline/Fairness.h"
#include "model/pipeline/Figures.h"
#include "model/pipeline/StoredImages.h"
#include "model/pipeline/TagChanges.h"
#include "model/pipeline/TagFigures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

namespace tagalign::model::pipeline {

namespace {

constexpr std::size_t kFewImages = 30; // below: a caution
constexpr std::array<std::size_t, 3> kRanks{1, 5, 10};
const double kNone = std::numeric_limits<double>::quiet_NaN();

/// The tags of one kind, or of both.
struct Kind
{
    std::string name;
    std::vector<std::size_t> tags;
};

/// Everything about one model that resampling weighs anew.
struct Side
{
    std::vector<eval::TagRanking> tags;
    std::vector<eval::ImageRanks> textToImage;
    std::vector<eval::ImageRanks> imageToText;
};

double orNone(const std::optional<double>& value)
{
    return value.value_or(kNone);
}

Side sideOf(ModelScores& scores, const TagLabels& labels)
{
    Side side;
    side.tags = rankingsOf(scores.testTags, labels);
    side.textToImage = std::move(scores.textToImage);
    side.imageToText = std::move(scores.imageToText);
    return side;
}

double weightedMean(const std::vector<double>& values, Weights weights)
{
    double sum = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        sum += values[i] * (weights.empty() ? 1.0 : weights[i]);
    }
    return values.empty() ? kNone : sum / double(values.size());
}

/// False positives of each test image at the threshold.
std::vector<double> falseAlerts(const TagScores& scores, const TagLabels& labels, const Kind& kind,
                                float threshold, std::size_t images)
{
    std::vector<double> alerts(images, 0.0);
    for (const std::size_t tag : kind.tags) {
        for (std::size_t i = 0; i < images; ++i) {
            const bool isFalse = labels[tag][i] == eval::Label::Absent;
            alerts[i] += isFalse && scores[tag][i] >= threshold ? 1.0 : 0.0;
        }
    }
    return alerts;
}

class Evaluator
{
public:
    Evaluator(const PilotData& data, const EvaluationImages& images, EvaluationScores scores)
        : m_data(data),
          m_images(images),
          m_scores(std::move(scores)),
          m_labels(labelsOf(images.test, data.tags.size())),
          m_validationLabels(labelsOf(images.validation, data.tags.size())),
          m_before(sideOf(m_scores.before, m_labels)),
          m_after(sideOf(m_scores.after, m_labels)),
          m_whole(sideOf(m_scores.whole, m_labels)),
          m_kinds{Kind{"objects", {}}, Kind{"attributes", {}}, Kind{"both", {}}}
    {
        for (std::size_t tag = 0; tag < data.tags.size(); ++tag) {
            const bool isObject = data.tags[tag].kind == tags::TagKind::Object;
            m_kinds[isObject ? 0 : 1].tags.push_back(tag);
            m_kinds[2].tags.push_back(tag);
        }
        addFigures(m_before, "");
        addFalseAlerts();
        addTopOne(m_kinds[0]);
        for (const Kind& kind : m_kinds) {
            addCalibration(kind);
        }
        addFigures(m_whole, " against the whole-image vector");
    }

    [[nodiscard]] EvaluationResult run(const EvaluationSettings& settings,
                                       const OnProgress& onProgress) const
    {
        EvaluationResult result;
        result.testImages = m_images.test.size();
        result.shares = m_scores.shares;
        result.metrics = measured(m_figures, m_images.test.size(), settings, onProgress);
        result.tags =
            tagRows(m_before.tags, m_after.tags, m_images.test.size(), settings, onProgress);
        result.slices = sliceRows(m_scores.before.testTags, m_scores.after.testTags, m_labels,
                                  m_kinds[0].tags, m_kinds[1].tags, settings, onProgress);
        result.reliability = m_reliability;
        result.fairness = fairnessOf(m_data, m_images, m_scores, settings, onProgress);
        addCautions(result);
        return result;
    }

private:
    void addFigures(const Side& before, const std::string& suffix)
    {
        for (const Kind& kind : m_kinds) {
            add("tag mAP" + suffix, kind.name, m_images.test.size(), before,
                [&kind](const Side& side, Weights weights) {
                    return meanPrecision(side.tags, kind.tags, weights);
                });
            const auto frequent = frequentTags(m_before.tags, kind.tags);
            add("frequent tag mAP" + suffix, kind.name, m_images.test.size(), before,
                [frequent](const Side& side, Weights weights) {
                    return meanPrecision(side.tags, frequent, weights);
                });
        }
        const auto captioned = std::size_t(
            std::count_if(m_images.test.begin(), m_images.test.end(),
                          [](const PilotImage* image) { return !image->captions.empty(); }));
        for (const std::size_t k : kRanks) {
            const std::string at = " R@" + std::to_string(k) + suffix;
            add("text-to-image" + at, "captions", captioned, before,
                [k](const Side& side, Weights weights) {
                    return orNone(eval::recallAt(k, side.textToImage, weights));
                });
            add("image-to-text" + at, "captions", captioned, before,
                [k](const Side& side, Weights weights) {
                    return orNone(eval::recallAt(k, side.imageToText, weights));
                });
        }
    }

    template <typename Measure>
    void add(const std::string& metric, const std::string& kind, std::size_t images,
             const Side& before, const Measure& measure)
    {
        m_figures.push_back({{.metric = metric, .kind = kind, .images = images},
                             [&before, measure](Weights w) { return measure(before, w); },
                             [this, measure](Weights w) { return measure(m_after, w); }});
    }

    /// Of each test image.
    struct Alerts
    {
        std::vector<double> before;
        std::vector<double> after;
    };

    /// The thresholds are fixed on validation, so the interval holds for them as they are.
    /// Nothing if no validation image carries a tag of the kind.
    [[nodiscard]] std::optional<Alerts> alertsOf(const Kind& kind) const
    {
        const auto thresholds =
            eval::matchedThresholds(joined(m_scores.before.validationTags, kind.tags),
                                    joined(m_scores.after.validationTags, kind.tags),
                                    joined(m_validationLabels, kind.tags));
        if (!thresholds) {
            return std::nullopt;
        }
        const auto count = [&](const ModelScores& side, float threshold) {
            return falseAlerts(side.testTags, m_labels, kind, threshold, m_images.test.size());
        };
        return Alerts{count(m_scores.before, thresholds->before),
                      count(m_scores.after, thresholds->after)};
    }

    /// Scores of objects and of attributes have scales of their own, so each kind has its own
    /// threshold; the last kind is the sum of the others.
    void addFalseAlerts()
    {
        const std::size_t images = m_images.test.size();
        Alerts sum{std::vector<double>(images), std::vector<double>(images)};
        for (const Kind& kind : m_kinds) {
            const auto alerts = &kind == &m_kinds.back()
                                    ? (m_hasFalseAlerts ? std::optional(sum) : std::nullopt)
                                    : alertsOf(kind);
            if (!alerts) {
                continue;
            }
            for (std::size_t i = 0; i < images; ++i) {
                sum.before[i] += alerts->before[i];
                sum.after[i] += alerts->after[i];
            }
            m_figures.push_back(
                {{.metric = "false alerts per image", .kind = kind.name, .images = images},
                 [each = alerts->before](Weights weights) { return weightedMean(each, weights); },
                 [each = alerts->after](Weights weights) { return weightedMean(each, weights); }});
            m_hasFalseAlerts = true;
        }
    }

    /// Which of the objects it is, where an image shows one of them.
    void addTopOne(const Kind& objects)
    {
        const auto before = topOneHits(m_scores.before.testTags, m_labels, objects.tags);
        const auto after = topOneHits(m_scores.after.testTags, m_labels, objects.tags);
        const auto images = std::size_t(std::count_if(before.begin(), before.end(),
                                                      [](double hit) { return !std::isnan(hit); }));
        m_figures.push_back(
            {{.metric = "top-1 accuracy", .kind = objects.name, .images = images},
             [before](Weights weights) { return weightedMeanOfKnown(before, weights); },
             [after](Weights weights) { return weightedMeanOfKnown(after, weights); }});
    }

    void addCalibration(const Kind& kind)
    {
        if (auto calibration =
                calibrationOf(kind.name, kind.tags, m_scores, m_labels, m_validationLabels)) {
            m_figures.push_back(std::move(calibration->figure));
            m_reliability.push_back(std::move(calibration->curve));
        }
    }

    void addCautions(EvaluationResult& result) const
    {
        const auto caution = [&result](std::string text) {
            result.cautions.push_back(std::move(text));
        };
        if (result.testImages < kFewImages) {
            caution("Only " + std::to_string(result.testImages) +
                    " test images: the figures say little about other images.");
        }
        const auto rare =
            std::count_if(result.tags.begin(), result.tags.end(),
                          [](const TagRow& row) { return row.positives < kFewPositives; });
        if (rare > 0) {
            caution(std::to_string(rare) + " of the " + std::to_string(result.tags.size()) +
                    " measured tags are on fewer than 5 test images: their own figures are rough.");
        }
        if (const std::size_t unseen = m_labels.size() - result.tags.size(); unseen > 0) {
            caution("Tags that are on no test image and left out: " + std::to_string(unseen) + ".");
        }
        addVerifiedCaution(caution);
        addShareCautions(caution);
        if (!m_hasFalseAlerts) {
            caution("No validation image carries a tag: false alerts and calibration were not "
                    "measured.");
        }
    }

    /// Why a kind of figure does not move at all.
    template <typename Caution>
    void addShareCautions(const Caution& caution) const
    {
        const align::ScoreShares& shares = m_scores.shares.after;
        const auto add = [&caution](double share, const std::string& what) {
            if (share == 0.0) {
                caution("For " + what +
                        " the whole-image vector alone is used, as the head's patches add nothing "
                        "to it on validation images.");
            }
        };
        add(shares.objects, "object tags");
        add(shares.attributes, "attribute tags");
        add(shares.retrieval, "captions");
    }

    template <typename Caution>
    void addVerifiedCaution(const Caution& caution) const
    {
        std::size_t all = 0;
        std::size_t verified = 0;
        for (const PilotImage* image : m_images.test) {
            for (const TagTarget& target : image->targets) {
                ++all;
                verified += target.verified ? 1 : 0;
            }
        }
        if (verified < all) {
            caution("Only " + std::to_string(verified) + " of the " + std::to_string(all) +
                    " tags on test images were verified by a person; the rest is what the "
                    "captions say.");
        }
    }

    const PilotData& m_data;
    const EvaluationImages& m_images;
    EvaluationScores m_scores;
    TagLabels m_labels;
    TagLabels m_validationLabels;
    Side m_before;
    Side m_after;
    Side m_whole;
    std::array<Kind, 3> m_kinds;
    std::vector<Figure> m_figures;
    std::vector<ReliabilityCurve> m_reliability;
    bool m_hasFalseAlerts = false;
};

void requireTestImage(const EvaluationImages& images, const LeftOut& leftOut)
{
    if (!images.test.empty()) {
        return;
    }
    if (leftOut.images > 0) {
        throw Error(leftOut.first.string() +
                    ": its features are missing from the store, as are those of all other test "
                    "images; encode the images again");
    }
    throw Error("there is no test image to measure on; import more images or change the split");
}

} // namespace

EvaluationResult evaluateHead(const ModelFiles& model, const PilotData& data,
                              const std::filesystem::path& headFile,
                              const EvaluationSettings& settings, const OnProgress& onProgress)
{
    if (!(settings.blend >= 0.0 && settings.blend <= 1.0)) {
        throw RangeError("blend " + std::to_string(settings.blend) + ": expected 0 to 1");
    }
    const StoredImages stored =
        storedImages(model, data, {Split::Test, Split::Validation}, onProgress);
    const EvaluationImages images = evaluationImages(stored.data);
    requireTestImage(images, stored.leftOut);
    const Evaluator evaluator(
        data, images, scoreImages(model, data.tags, images, headFile, settings.blend, onProgress));
    EvaluationResult result = evaluator.run(settings, onProgress);
    result.leftOut = stored.leftOut.images;
    if (result.leftOut > 0) {
        result.cautions.insert(result.cautions.begin(), stored.leftOut.caution());
    }
    return result;
}

} // namespace tagalign::model::pipeline
