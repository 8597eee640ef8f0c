#include "model/tags/learned/ParserTraining.h"

#include "model/Error.h"
#include "model/tags/learned/CaptionAligner.h"
#include "model/tags/learned/ParserEvaluation.h"
#include "model/tags/learned/ParserInference.h"
#include "model/tags/learned/ParserSamples.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

namespace tagalign::model::tags {

namespace {

constexpr double kPeakDecay = 0.01;     ///< AdamW's weight decay
constexpr double kClip = 1.0;           ///< norm of the gradient
constexpr double kAverageDecay = 0.998; ///< of the averaged weights, a step
constexpr double kWarmUp = 0.25;        ///< share of the steps in which the rate rises
constexpr double kOwnerWeight = 0.3;    ///< there are fewer owners than words
constexpr int kLeastSeen = 2;           ///< captions that make a word part of the vocabulary

/// Mean cross-entropy of the words' labels, plus that of the owners over the words of the caption.
torch::Tensor lossOf(ParserNetwork& network, const ParserBatch& batch, const ParserTargets& targets)
{
    namespace nn = torch::nn::functional;
    const ParserScores scores = network->forward(batch);
    const auto labelLoss =
        nn::cross_entropy(scores.labels.flatten(0, 1), targets.labels.flatten(),
                          nn::CrossEntropyFuncOptions().ignore_index(ParserTargets::kNone));
    const auto isAttribute = targets.owners != ParserTargets::kNone;
    if (!isAttribute.any().item<bool>()) {
        return labelLoss;
    }
    constexpr double kImpossible = -1e4;
    const auto isPadding =
        torch::arange(batch.words.size(1)).unsqueeze(0) >= batch.lengths.unsqueeze(1);
    const auto owners = scores.owners.masked_fill(isPadding.unsqueeze(1), kImpossible);
    const auto ownerLoss =
        nn::cross_entropy(owners.index({isAttribute}), targets.owners.index({isAttribute}));
    return labelLoss + kOwnerWeight * ownerLoss;
}

/// Rises to 1 and falls to nearly 0, both by half a cosine.
double oneCycle(double done)
{
    constexpr double kPi = 3.14159265358979;
    constexpr double kLeast = 0.01;
    const double phase = done < kWarmUp ? done / kWarmUp - 1.0 : (done - kWarmUp) / (1.0 - kWarmUp);
    return std::max(kLeast, 0.5 * (1.0 + std::cos(kPi * phase)));
}

/// Mean of the weights over the steps, the latest counting most.
class AveragedWeights
{
public:
    explicit AveragedWeights(ParserNetwork network)
        : m_network(std::move(network))
    {
        for (const auto& parameter : m_network->parameters()) {
            m_means.push_back(parameter.detach().clone());
        }
    }

    void update()
    {
        const torch::NoGradGuard noGradient;
        ++m_steps;
        const double decay = std::min(kAverageDecay, double(m_steps) / double(m_steps + 10));
        const auto parameters = m_network->parameters();
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            m_means[i].lerp_(parameters[i], 1.0 - decay);
        }
    }

    /// Exchanges the weights in use with the averaged ones.
    void swap()
    {
        const torch::NoGradGuard noGradient;
        auto parameters = m_network->parameters();
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            const torch::Tensor mean = m_means[i].clone();
            m_means[i].copy_(parameters[i]);
            parameters[i].copy_(mean);
        }
    }

private:
    ParserNetwork m_network;
    std::vector<torch::Tensor> m_means;
    std::int64_t m_steps = 0;
};

/// A rare word that WordNet does not know is more likely a misspelling than a word.
bool isDoubtful(const std::string& word, int count, const WordNet& wordNet)
{
    constexpr std::size_t kShortest = 5;
    constexpr int kFrequent = 15;
    return word.size() >= kShortest && count < kFrequent && !isKnown(word, wordNet) &&
           std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

/// Most frequent first.
std::vector<std::string> frequentWords(const std::vector<LabelledCaption>& captions,
                                       const WordNet& wordNet)
{
    std::map<std::string, int> counts;
    for (const LabelledCaption& caption : captions) {
        for (const CaptionWord& word : caption.words) {
            ++counts[word.text];
        }
    }
    std::vector<std::pair<int, std::string>> frequent;
    for (const auto& [word, count] : counts) {
        if (count >= kLeastSeen && !isDoubtful(word, count, wordNet)) {
            frequent.emplace_back(-count, word);
        }
    }
    std::sort(frequent.begin(), frequent.end());
    std::vector<std::string> words;
    for (auto& [count, word] : frequent) {
        words.push_back(std::move(word));
    }
    return words;
}

/// Everything that lasts through a training.
class Training
{
public:
    Training(const ParserTrainingSettings& settings, const OnParserEpoch& onEpoch)
        : m_settings(settings),
          m_onEpoch(onEpoch),
          m_generator(settings.grammar, m_wordNet, settings.seed)
    {
        split(readAnnotatedCaptions(settings.captions));
    }

    [[nodiscard]] const ParserModel& model() const { return m_model; }

    ParserFigures run()
    {
        torch::manual_seed(m_settings.seed);
        m_model.network = ParserNetwork(m_model.vocabulary.size());
        SampleMaker samples({m_settings.joinedShare, m_settings.seed}, m_model.vocabulary,
                            m_wordNet);
        AveragedWeights averaged(m_model.network);
        torch::optim::AdamW optimizer(
            m_model.network->parameters(),
            torch::optim::AdamWOptions(m_settings.learningRate).weight_decay(kPeakDecay));
        ParserFigures figures;
        for (int epoch = 0; epoch < m_settings.epochs; ++epoch) {
            const double loss = runEpoch(epoch, samples, averaged, optimizer);
            averaged.swap();
            figures = heldOutFigures();
            if (m_onEpoch({epoch + 1, m_settings.epochs, loss, figures}) == Next::Stop) {
                throw Cancelled();
            }
            if (epoch + 1 < m_settings.epochs) {
                averaged.swap();
            }
        }
        return figures;
    }

private:
    void split(std::vector<AnnotatedCaption> captions)
    {
        std::mt19937_64 random(m_settings.seed);
        std::shuffle(captions.begin(), captions.end(), random);
        const auto held = std::ptrdiff_t(double(captions.size()) * m_settings.heldOutShare);
        m_heldOut = joinSome({captions.begin(), captions.begin() + held});
        captions.erase(captions.begin(), captions.begin() + held);
        const CaptionAligner aligner(captions, m_wordNet);
        for (const AnnotatedCaption& caption : captions) {
            m_captions.push_back(aligner.align(caption));
        }
        m_model.vocabulary = {frequentWords(m_captions, m_wordNet), aligner.objectForms(),
                              aligner.attributeForms()};
        for (LabelledCaption& caption : m_captions) {
            caption.words = readCorrected(caption.text, m_model.vocabulary, m_wordNet);
        }
    }

    double runEpoch(int epoch, SampleMaker& maker, AveragedWeights& averaged,
                    torch::optim::AdamW& optimizer)
    {
        m_model.network->train();
        std::vector<LabelledCaption> generated;
        for (int i = 0; i < m_settings.generated; ++i) {
            generated.push_back(m_generator.next());
        }
        const std::vector<ParserSample> samples = maker.samplesOf({&m_captions, &generated});
        const auto batches = maker.batchesOf(samples, std::size_t(m_settings.batchSize));
        double loss = 0.0;
        for (std::size_t i = 0; i < batches.size(); ++i) {
            const double done = (epoch + double(i) / double(batches.size())) / m_settings.epochs;
            optimizer.param_groups().front().options().set_lr(m_settings.learningRate *
                                                              oneCycle(done));
            optimizer.zero_grad();
            const ParserBatch batch = batchOf(featuresOf(batches[i]));
            const torch::Tensor batchLoss =
                lossOf(m_model.network, batch, targetsOf(batches[i], batch.words.size(1)));
            batchLoss.backward();
            torch::nn::utils::clip_grad_norm_(m_model.network->parameters(), kClip);
            optimizer.step();
            averaged.update();
            loss += batchLoss.item<double>();
        }
        return loss / double(std::max<std::size_t>(1, batches.size()));
    }

    ParserFigures heldOutFigures()
    {
        m_model.network->eval();
        calibrate(m_model, m_heldOut, m_wordNet);
        return evaluateParser(m_model, m_heldOut, m_wordNet);
    }

    const ParserTrainingSettings& m_settings;
    const OnParserEpoch& m_onEpoch;
    WordNet m_wordNet;
    CaptionGenerator m_generator;
    std::vector<LabelledCaption> m_captions;
    std::vector<AnnotatedCaption> m_heldOut;
    ParserModel m_model;
};

} // namespace

ParserFigures trainParser(const ParserTrainingSettings& settings, const std::filesystem::path& out,
                          const OnParserEpoch& onEpoch)
{
    torch::set_num_threads(settings.threads);
    Training training(settings, onEpoch);
    const ParserFigures figures = training.run();
    saveParser(training.model(), out);
    return figures;
}

} // namespace tagalign::model::tags
