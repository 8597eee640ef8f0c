#pragma once

#include "model/clip/ClipConfig.h"
#include "model/pipeline/Encoding.h"

#include <filesystem>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

struct EncodeBenchSettings
{
    Precision precision = Precision::Automatic;
    clip::ClipConfig model = clip::vitB16Config();
    std::optional<int> batchSize = {};     ///< as in EncodeSettings; the pipeline takes fewer at
                                           ///< once where that is slow
    int images = 64;                       ///< >= 1, taken in turn from the files given
    std::optional<int> decodeThreads = {}; ///< as in EncodeSettings
    clip::PatchPath patchPath = clip::PatchPath::SelfValue;
};

/// Rates in images per second on this machine.
struct EncodeBenchResult
{
    double forward = 0.0;  ///< tower alone on random pixels, at batchSize
    double pipeline = 0.0; ///< file to stored features
    double ratio = 0.0;    ///< pipeline / forward
    int images = 0;
    int threads = 0;
    std::string runsOn; ///< e.g. "CPU, bf16"
};

/// Measures encoding with a randomly initialised model. A bare forward pass and as many images
/// through the whole pipeline (into a store under the system's temporary folder, removed after)
/// take turns, so that a machine that others use too slows both alike.
/// @throws Error, RangeError, Cancelled; Error if a file cannot be encoded.
EncodeBenchResult benchEncoding(const std::vector<std::filesystem::path>& files,
                                const EncodeBenchSettings& settings, const OnProgress& onProgress);

} // namespace tagalign::model::pipeline
