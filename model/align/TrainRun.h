#pragma once

#include "model/align/HeadFile.h"
#include "model/align/Trainer.h"

#include <filesystem>
#include <string>
#include <vector>

namespace tagalign::model::align {

/// Where a run lives and what it is a run of.
struct RunPlan
{
    std::filesystem::path folder;
    HeadInfo info;
    std::string key; ///< of settings and data: only a run with the same key is continued
};

struct RunOutcome
{
    std::filesystem::path head; ///< best epoch: by validation tag mAP, else validation loss,
                                ///< else the last
    int bestEpoch = 0;
    EpochReport start; ///< validation figures of the untrained head
    std::vector<EpochReport> epochs;
    double seconds = 0.0; ///< of training, over all sittings
};

/// @throws Error if the folder holds a run of another key; FormatError if its checkpoint is
/// damaged.
void requireContinuable(const RunPlan& plan);

/// Trains to the end (the settings' epochs, or no better one for `patience` of them), or goes on
/// after the last finished epoch of an interrupted call with the same folder and key; a finished
/// run is only read. Writes head.safetensors at every best epoch, metrics.jsonl (a line each epoch)
/// and checkpoint.safetensors, each by temporary + rename.
/// @throws Cancelled; what was reached after the last full epoch stays.
/// @throws DivergedError naming the step; the best head so far stays.
/// @throws Error if the folder holds a run of another key.
RunOutcome runTraining(Trainer& trainer, const RunPlan& plan, const OnStep& onStep);

} // namespace tagalign::model::align
