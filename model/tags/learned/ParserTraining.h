#pragma once

#include "model/Progress.h"

#include <cstdint>
#include <filesystem>
#include <functional>

namespace tagalign::model::tags {

struct ParserTrainingSettings
{
    std::filesystem::path captions; ///< JSON lines, see CaptionAligner.h
    std::filesystem::path grammar;  ///< of further captions, see CaptionGrammar.h
    std::uint64_t seed = 1;         ///< same machine, threads and files: the same weights
    int epochs = 8;
    int batchSize = 64;         ///< captions
    int generated = 12'000;     ///< captions by the grammar, new ones each epoch
    double joinedShare = 0.3;   ///< of the samples: two to five captions as one
    double heldOutShare = 0.04; ///< of the captions: for calibration and the figures
    double learningRate = 2e-3; ///< highest of the cycle
    int threads = 1;
};

/// Micro-averaged F1 and expected calibration error (10 bins of equal width) on captions held out
/// of training, a third of them joined.
struct ParserFigures
{
    double objects = 0.0;
    double pairs = 0.0;
    double objectError = 0.0;
    double pairError = 0.0;
};

struct ParserEpoch
{
    int epoch = 0; ///< from 1
    int epochs = 0;
    double loss = 0.0; ///< mean of the epoch, nats
    ParserFigures heldOut;
};

using OnParserEpoch = std::function<Next(const ParserEpoch&)>;

/// Trains the caption parser and writes it (ParserNetwork.h) after the last epoch: one-cycle AdamW
/// (Smith and Topin, arXiv 1708.07120), word dropout, weights averaged over the last steps,
/// probabilities calibrated by Platt scaling on held-out captions.
/// @throws Error, FormatError; Cancelled if the callback asks to stop, and nothing is written.
ParserFigures trainParser(const ParserTrainingSettings& settings, const std::filesystem::path& out,
                          const OnParserEpoch& onEpoch);

} // namespace tagalign::model::tags
