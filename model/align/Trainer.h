#pragma once

#include "model/Error.h"
#include "model/Progress.h"
#include "model/align/Head.h"
#include "model/align/Losses.h"

#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tagalign::model::align {

/// Upper bound of 1/τ: CLIP (arXiv 2103.00020), section 2.5.
constexpr double kMaxLogitScale = 100.0;

struct TrainerSettings
{
    int epochs = 40;
    int batchSize = 64;         ///< images, >= 2; the last batches are evened out
    double learningRate = 3e-3; ///< AdamW; warm-up over 5 % of the steps, then cosine to 0
    double weightDecay = 0.05;  ///< AdamW; of matrices alone, not of the copied projection
    double clipNorm = 5.0;      ///< of the whole gradient
    double captionWeight = 1.0;
    double objectWeight = 1.0;
    double attributeWeight = 1.0;
    double pullWeight = 1.0;
    TagPooling pooling = TagPooling::LogSumExp;
    TagObjective objective = TagObjective::Softmax;
    TagGroups groups = TagGroups::Separate; ///< of the softmax
    double captionShare = 0.5; ///< of the patches in the vector for captions, see retrievalVector()
    int patience = 0;          ///< epochs without a better one after which training ends; 0: never
    double kappa = 0.07;       ///< of the pooling, see poolTags()
    double startTemperature = 0.07; ///< both temperatures are learned; 1/τ <= 100
    std::uint64_t seed = 1;
};

/// Cached features of one image.
struct Sample
{
    torch::Tensor tokens; ///< [P, C], fp16 or fp32, on the CPU
    torch::Tensor global; ///< [D]
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    std::vector<std::int64_t> captions; ///< rows of captionEmbeddings; may be empty
};

struct SampleSet
{
    std::vector<Sample> samples;
    torch::Tensor targets; ///< [N, T] float, >= 0, see tagLoss()
    torch::Tensor unknown; ///< [N, T] bool
};

struct TrainingData
{
    Projection projection;           ///< the frozen model's
    torch::Tensor captionEmbeddings; ///< [M, D], a row for each different text
    torch::Tensor tagEmbeddings;     ///< [T, D]
    torch::Tensor objects;           ///< int64: columns of T that are objects
    torch::Tensor attributes;        ///< int64: the others
    SampleSet train;
    SampleSet validation;
};

/// Means over the images that have such a loss; nats, pull: squared distance of unit vectors.
struct LossParts
{
    double caption = 0.0;
    double objects = 0.0;
    double attributes = 0.0;
    double pull = 0.0;
    double total = 0.0; ///< the weighted sum
};

struct EpochReport
{
    int epoch = 0; ///< from 1; 0 is the untrained start
    LossParts train;
    LossParts validation;
    std::optional<double> objectMap; ///< [0, 1], on validation images
    std::optional<double> attributeMap;
    double gradientNorm = 0.0; ///< largest before clipping
    double captionTemperature = 0.0;
    double tagTemperature = 0.0;
    double seconds = 0.0;
    bool hasValidation = false;
    bool isBest = false;

    /// Mean of the kinds that have one.
    [[nodiscard]] std::optional<double> tagMap() const;
};

struct StepReport
{
    int epoch = 0; ///< from 1
    int epochs = 0;
    int step = 0; ///< finished in this epoch
    int steps = 0;
    const EpochReport* ended = nullptr;
};

/// Called on the training thread, several times a step where steps are long.
using OnStep = std::function<Next(const StepReport&)>;

/// A loss or gradient that is no number any more.
class DivergedError : public Error
{
public:
    /// @param keptEpoch the best epoch so far, whose head is kept; 0 if there is none.
    DivergedError(int epoch, int step, int keptEpoch = 0);

    [[nodiscard]] int epoch() const { return m_epoch; }

    [[nodiscard]] int step() const { return m_step; }

private:
    int m_epoch;
    int m_step;
};

/// Trains a head on cached features, an epoch a call (arXiv 2312.14149; design: losses).
///
/// Order, captions drawn and everything else random come from the seed and the epoch's number:
/// the same data, settings, library, machine and thread count give the same bits on a CPU, also
/// when the run was interrupted after an epoch.
/// Not thread-safe.
class Trainer
{
public:
    /// Moves the head to the device, and the features too where that is a GPU and they are few.
    /// @param type bfloat16: the products of the head run so, on a CPU its convolutions alone; the
    ///        weights, the losses and the optimiser stay float32.
    /// @throws RangeError, ShapeError naming the setting or tensor; Error with fewer than 2 images.
    Trainer(std::shared_ptr<Head> head, TrainingData data, const TrainerSettings& settings,
            torch::Device device, torch::Dtype type = torch::kFloat32);

    /// @throws Cancelled, DivergedError; the state is then unusable but for restore().
    EpochReport runEpoch(const OnStep& onStep);

    /// Epochs done.
    [[nodiscard]] int epoch() const { return m_epoch; }

    [[nodiscard]] int stepsPerEpoch() const;

    /// Losses and mAP on the validation images as the head is now; empty figures without them.
    EpochReport validate(const OnStep& onStep);

    [[nodiscard]] Head& head() { return *m_head; }

    [[nodiscard]] const TrainerSettings& settings() const { return m_settings; }

    /// Weights, moments and temperatures by name, on the CPU.
    [[nodiscard]] std::vector<std::pair<std::string, torch::Tensor>> state();

    /// @param tensorOf returns the tensor of a name, undefined if there is none.
    /// @throws FormatError naming what is missing or misshapen.
    void restore(int epoch, const std::function<torch::Tensor(const std::string&)>& tensorOf);

private:
    struct Pooled;
    struct BatchLoss;
    struct Sums;
    class Poll;

    void requireUsable() const;
    void keepOnGpu(SampleSet& set) const;
    void buildOptimizer();
    [[nodiscard]] double startBias();
    [[nodiscard]] std::vector<std::pair<std::string, torch::Tensor>> trained();
    [[nodiscard]] Pooled forward(const SampleSet& set, const std::vector<std::int64_t>& chunk);
    [[nodiscard]] BatchLoss lossOf(const Pooled& pooled, const SampleSet& set,
                                   const std::vector<std::int64_t>& batch,
                                   const std::vector<std::int64_t>& captions);
    [[nodiscard]] EpochReport validated(const Poll& poll);
    void backward(const BatchLoss& loss, const Pooled& leaves, std::vector<Pooled>& parts,
                  const Poll& poll);
    double update(std::int64_t step, std::int64_t steps);
    [[nodiscard]] double flopsPerPatch() const;
    [[nodiscard]] double chunkFlops() const;
    [[nodiscard]] bool isJoint() const;
    [[nodiscard]] torch::Tensor tagTermsOf(const torch::Tensor& scores,
                                           const torch::Tensor& targets,
                                           const torch::Tensor& unknown) const;
    [[nodiscard]] torch::Tensor isCounted(const torch::Tensor& targets,
                                          const torch::Tensor& unknown) const;

    std::shared_ptr<Head> m_head;
    TrainingData m_data;
    TrainerSettings m_settings;
    torch::Device m_device;
    torch::Dtype m_type;
    torch::Tensor m_captionLogScale, m_tagLogScale; // log(1/τ), scalars
    torch::Tensor m_tagBias;                        // scalar; undefined with a softmax
    std::unique_ptr<torch::optim::AdamW> m_optimizer;
    int m_epoch = 0;
};

} // namespace tagalign::model::align
