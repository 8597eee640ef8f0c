#include "app/commands/TrainOptions.h"

#include <CLI/CLI.hpp>

namespace tagalign::app {

void TrainOptions::addTo(CLI::App& verb)
{
    verb.add_option("--head", head, "adapter or gated-conv (the paper's)")
        ->check(CLI::IsMember({"adapter", "gated-conv"}))
        ->capture_default_str();
    verb.add_option("--pooling", pooling,
                    "How tag logits are pooled over patches: lse (log-sum-exp) or mean")
        ->check(CLI::IsMember({"lse", "mean"}))
        ->capture_default_str();
    verb.add_option("--epochs", values.epochs, "Passes over the training images")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    verb.add_option("--batch", values.batchSize, "Images a step")
        ->check(CLI::Range(2, 4096))
        ->capture_default_str();
    verb.add_option("--lr", values.learningRate, "Learning rate of AdamW")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    verb.add_option("--pull", values.pullWeight, "Weight of the pull towards the frozen model")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    verb.add_option("--confidence", values.confidenceThreshold,
                    "Unverified tags below this confidence count as unknown")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    verb.add_option("--seed", values.seed, "Seed of the order and of the head")
        ->capture_default_str();
    verb.add_option("--device", device, "auto, cpu or cuda")
        ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
        ->capture_default_str();
}

model::pipeline::TrainSettings TrainOptions::settings() const
{
    using namespace model::pipeline;
    TrainSettings settings = values;
    settings.head = head == "adapter" ? HeadKind::Adapter : HeadKind::GatedConv;
    settings.pooling = pooling == "mean" ? TagPooling::Mean : TagPooling::LogSumExp;
    settings.device = device == "cpu"    ? Device::Cpu
                      : device == "cuda" ? Device::Cuda
                                         : Device::Automatic;
    return settings;
}

} // namespace tagalign::app
