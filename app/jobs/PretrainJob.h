#pragma once

#include "app/jobs/JobContext.h"
#include "model/pipeline/Pretraining.h"

#include <QString>

namespace tagalign::app {

struct PretrainSummary
{
    double minutes = 0.0;
    model::pipeline::ZeroShotAccuracy nouns;  ///< held-out single-object scenes, all nouns
    model::pipeline::ZeroShotAccuracy colors; ///< the same, repainted ones
    int nounCount = 0;
    int colorCount = 0;

    [[nodiscard]] QString sentence() const;
};

/// Trains the demo's small CLIP on composed scenes and writes it with training.json, the record
/// of how it was made. Needs a QGuiApplication. @throws std::exception
PretrainSummary pretrainStarter(const QString& folder,
                                const model::pipeline::PretrainSettings& settings,
                                JobContext& context);

/// Zero-shot accuracy on `count` single-object scenes of a seed that training never uses.
[[nodiscard]] PretrainSummary measureStarter(const QString& folder, int side, int count);

} // namespace tagalign::app
