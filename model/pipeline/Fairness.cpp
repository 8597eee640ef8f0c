#include "model/pipeline/Fairness.h"

#include "model/pipeline/Amplification.h"
#include "model/pipeline/Associations.h"

namespace tagalign::model::pipeline {

FairnessFigures fairnessOf(const PilotData& data, const EvaluationImages& images,
                           const EvaluationScores& scores, const EvaluationSettings& settings,
                           const OnProgress& onProgress)
{
    std::vector<const PilotImage*> trained;
    for (const PilotImage& image : data.images) {
        if (image.split == Split::Train) {
            trained.push_back(&image);
        }
    }
    const NamedTags train(data.tags, trained);
    NamedTags test(data.tags, images.test);
    const TagLabels validation = NamedTags(data.tags, images.validation).labels;
    FairnessFigures figures;
    addAssociations(figures, train, trained.size(), settings, onProgress);
    const auto matched = decisionsOf(data.tags, scores, validation, ThresholdRule::MatchedRecall);
    const auto even = decisionsOf(data.tags, scores, validation, ThresholdRule::BreakEven);
    figures.isMeasured = matched.untold.size() < data.tags.size();
    test.forget(matched.untold);
    addGaps(figures, data.tags, test, matched, images.test, settings, onProgress);
    addAmplification(figures, data.tags, train, test, even, settings, onProgress);
    return figures;
}

} // namespace tagalign::model::pipeline
