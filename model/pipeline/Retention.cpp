#include "model/pipeline/Retention.h"

#include "model/pipeline/EvaluationScores.h"
#include "model/pipeline/StoredImages.h"
#include "model/pipeline/TagFigures.h"

#include <algorithm>
#include <numeric>

namespace tagalign::model::pipeline {

RetentionResult evaluateRetention(const ModelFiles& model, const PilotData& other,
                                  const std::filesystem::path& headFile,
                                  const EvaluationSettings& settings, const OnProgress& onProgress)
{
    const StoredImages stored =
        storedImages(model, other, {Split::Test, Split::Validation}, onProgress);
    EvaluationImages images;
    for (const PilotImage& image : stored.data.images) {
        if (image.split == Split::Test) {
            images.test.push_back(&image);
        } else if (image.split == Split::Validation) {
            images.validation.push_back(&image);
        }
    }
    if (images.test.empty() || other.tags.empty()) {
        return {};
    }
    const EvaluationScores scores =
        scoreImages(model, other.tags, images, headFile, settings.blend, onProgress);
    const TagLabels labels = labelsOf(images.test, other.tags.size());
    std::vector<std::size_t> all(other.tags.size());
    std::iota(all.begin(), all.end(), std::size_t(0));
    const auto figureOf = [&all](std::vector<eval::TagRanking> rankings) {
        return [rankings = std::move(rankings), &all](Weights weights) {
            return meanPrecision(rankings, all, weights);
        };
    };
    const auto after = figureOf(rankingsOf(scores.after.testTags, labels));
    const auto row = [&images](const char* metric) {
        return MetricRow{.metric = metric, .kind = "other tags", .images = images.test.size()};
    };
    const std::vector<Figure> figures{
        {row("retention mAP"), figureOf(rankingsOf(scores.before.testTags, labels)), after},
        {row("retention mAP against the whole-image vector"),
         figureOf(rankingsOf(scores.whole.testTags, labels)), after}};
    const auto isCarried = [](const std::vector<eval::Label>& known) {
        return std::find(known.begin(), known.end(), eval::Label::Present) != known.end();
    };
    return {measured(figures, images.test.size(), settings, onProgress),
            std::size_t(std::count_if(labels.begin(), labels.end(), isCarried))};
}

} // namespace tagalign::model::pipeline
