#include "model/pipeline/Retention.h"

#include "model/pipeline/EvaluationScores.h"
#include "model/pipeline/StoredImages.h"
#include "model/pipeline/TagFigures.h"

#include <algorithm>

namespace tagalign::model::pipeline {

RetentionResult evaluateRetention(const ModelFiles& model, const PilotData& other,
                                  const std::filesystem::path& headFile, const SharePair& shares,
                                  const std::string& kind, const EvaluationSettings& settings,
                                  const OnProgress& onProgress)
{
    const StoredImages stored = storedImages(model, other, {Split::Test}, onProgress);
    const EvaluationImages images{.test = evaluationImages(stored.data).test, .validation = {}};
    if (images.test.empty() || other.tags.empty()) {
        return {};
    }
    const EvaluationScores scores =
        scoreImages(model, other.tags, images, headFile, settings.blend, onProgress, shares);
    const TagLabels labels = labelsOf(images.test, other.tags.size());
    const auto figureOf = [](std::vector<eval::TagRanking> rankings) {
        return [rankings = std::move(rankings)](Weights weights) {
            return meanPrecision(rankings, weights);
        };
    };
    const auto after = figureOf(rankingsOf(scores.after.testTags, labels));
    const auto row = [&images, &kind](const char* metric) {
        return MetricRow{.metric = metric, .kind = kind, .images = images.test.size()};
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
