#include "model/pipeline/TextEmbedding.h"

#include "model/Error.h"
#include "model/align/Losses.h"
#include "model/pipeline/StoreKey.h"
#include "model/tags/PromptTemplates.h"
#include "model/tensor_io/SafetensorsFile.h"
#include "model/tensor_io/WholeFile.h"
#include "model/text/ClipTokenizer.h"
#include "model/text/SigLipTokenizer.h"

#include <xxhash.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace tagalign::model::pipeline {

namespace {

/// Tokens a batch: some 100 ms of a text tower of width 512 on two cores.
constexpr std::size_t kBatchTokens = 192;
constexpr std::size_t kSaveEvery = 2048; // texts: half a minute of work at most is lost

using Key = std::pair<std::uint64_t, std::uint64_t>;

Key keyOf(const std::string& text)
{
    const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
    return {hash.high64, hash.low64};
}

std::unique_ptr<const text::Tokenizer> loadTokenizer(const std::filesystem::path& checkpoint,
                                                     clip::Family family)
{
    if (family == clip::Family::SigLip)
        return std::make_unique<text::SigLipTokenizer>(text::SigLipTokenizer::load(checkpoint));
    return std::make_unique<text::ClipTokenizer>(text::ClipTokenizer::load(checkpoint));
}

} // namespace

std::vector<std::string> promptsOf(const PilotTag& tag)
{
    std::vector<std::string> sentences;
    for (const std::string& each :
         tag.templates.empty() ? tags::PromptTemplates::standard(tag.kind) : tag.templates)
        sentences.push_back(tags::PromptTemplates::filled(each, tag.text));
    return sentences;
}

std::unique_ptr<const text::Tokenizer> tokenizerFor(const std::filesystem::path& checkpoint,
                                                    const clip::ClipConfig& config)
{
    auto tokenizer = loadTokenizer(checkpoint, config.family);
    if (tokenizer->highestId() >= config.text.vocabularySize)
        throw FormatError(checkpoint.string() + ": the vocabulary has ids up to " +
                          std::to_string(tokenizer->highestId()) +
                          ", but the text tower only rows for " +
                          std::to_string(config.text.vocabularySize) +
                          " tokens; put the vocabulary into the folder that the model was "
                          "published with");
    const auto end = config.text.endTokenId;
    if (end && *end != tokenizer->endOfText())
        throw FormatError(checkpoint.string() + ": texts end with the id " +
                          std::to_string(tokenizer->endOfText()) + " in the vocabulary, but with " +
                          std::to_string(*end) +
                          " in the configuration; the two do not belong together");
    return tokenizer;
}

torch::Tensor idsOf(const std::vector<std::string>& texts, const text::Tokenizer& tokenizer,
                    std::int64_t length)
{
    std::vector<std::int64_t> ids;
    for (const std::string& text : texts) {
        const auto tokens = tokenizer.tokenize(text, std::size_t(length));
        ids.insert(ids.end(), tokens.begin(), tokens.end());
    }
    return torch::tensor(ids, torch::kInt64).view({std::int64_t(texts.size()), length});
}

struct TextEmbedding::Impl
{
    explicit Impl(const ModelFiles& files)
        : model(files),
          file(files.store / ("texts-" + textKey(files.checkpoint) + ".safetensors"))
    {
        load();
    }

    /// It is a cache: what cannot be read is computed again.
    void load()
    {
        if (!std::filesystem::exists(file))
            return;
        try {
            const tensor_io::SafetensorsFile stored(file);
            const auto hashes = stored.tensor("hashes").clone();
            const auto embeddings = stored.tensor("embeddings").clone();
            if (hashes.dim() != 2 || hashes.size(1) != 2 || embeddings.dim() != 2 ||
                embeddings.size(0) != hashes.size(0) || hashes.scalar_type() != torch::kInt64 ||
                embeddings.scalar_type() != torch::kFloat32)
                return;
            const auto rows = hashes.accessor<std::int64_t, 2>();
            for (std::int64_t row = 0; row < hashes.size(0); ++row)
                known.emplace(Key{std::uint64_t(rows[row][0]), std::uint64_t(rows[row][1])},
                              embeddings[row]);
        } catch (const Error&) {
            known.clear();
        }
    }

    void save()
    {
        if (unsaved == 0)
            return;
        const auto count = std::int64_t(known.size());
        auto hashes = torch::empty({count, 2}, torch::kInt64);
        auto rows = hashes.accessor<std::int64_t, 2>();
        std::vector<torch::Tensor> embeddings;
        std::int64_t row = 0;
        for (const auto& [key, embedding] : known) {
            rows[row][0] = std::int64_t(key.first);
            rows[row][1] = std::int64_t(key.second);
            embeddings.push_back(embedding);
            ++row;
        }
        tensor_io::makeFolder(file.parent_path());
        tensor_io::writeSafetensors(file,
                                    {{"hashes", hashes}, {"embeddings", torch::stack(embeddings)}},
                                    {{"format", "tagalign-texts 1"}});
        unsaved = 0;
    }

    clip::ClipModel& tower()
    {
        if (!loaded) {
            clip::ClipModel clip = clip::loadClip(model.checkpoint);
            tokenizer = tokenizerFor(model.checkpoint, clip->config());
            loaded = std::move(clip);
        }
        return *loaded;
    }

    struct Item
    {
        std::string text;
        std::vector<std::int64_t> ids; ///< without the padding that the tower does not look at
    };

    void encode(const std::vector<std::string>& texts, Keep keep, const OnProgress& onProgress);
    void encodeBatch(const std::vector<Item>& batch);
    [[nodiscard]] std::vector<Item> missing(const std::vector<std::string>& texts);

    ModelFiles model;
    std::filesystem::path file;
    std::map<Key, torch::Tensor> known; ///< [D] each
    std::size_t unsaved = 0;
    std::optional<clip::ClipModel> loaded;
    std::unique_ptr<const text::Tokenizer> tokenizer; ///< loaded with the tower
};

/// Texts that are not known yet, each once, shortest first so that batches are even.
std::vector<TextEmbedding::Impl::Item>
TextEmbedding::Impl::missing(const std::vector<std::string>& texts)
{
    std::set<std::string> seen;
    std::vector<Item> items;
    for (const std::string& text : texts) {
        if (known.count(keyOf(text)) > 0 || !seen.insert(text).second)
            continue;
        const auto length = std::size_t(tower()->config().text.contextLength);
        auto ids = tokenizer->tokenize(text, length);
        // CLIP's tower is causal and reads its answer at the end token; SigLIP's sees its padding.
        const auto end = std::find(ids.begin(), ids.end(), tokenizer->endOfText());
        if (end != ids.end() && tower()->config().family == clip::Family::Clip)
            ids.erase(end + 1, ids.end());
        items.push_back({text, std::move(ids)});
    }
    std::stable_sort(items.begin(), items.end(),
                     [](const Item& a, const Item& b) { return a.ids.size() < b.ids.size(); });
    return items;
}

/// Texts are only as long as the tower looks; zeros behind the shorter ones change nothing.
void TextEmbedding::Impl::encodeBatch(const std::vector<Item>& batch)
{
    const auto longest = std::int64_t(batch.back().ids.size());
    auto ids = torch::zeros({std::int64_t(batch.size()), longest}, torch::kInt64);
    auto cells = ids.accessor<std::int64_t, 2>();
    for (std::size_t row = 0; row < batch.size(); ++row)
        std::copy(batch[row].ids.begin(), batch[row].ids.end(), &cells[std::int64_t(row)][0]);
    const auto embeddings = align::normalised(tower()->encodeText(ids).to(torch::kFloat32));
    if (!embeddings.isfinite().all().item<bool>())
        throw Error(model.checkpoint.string() +
                    ": the text tower's answer is not a number; the checkpoint is damaged.");
    for (std::size_t row = 0; row < batch.size(); ++row)
        known[keyOf(batch[row].text)] = embeddings[std::int64_t(row)].clone();
    unsaved += batch.size();
}

void TextEmbedding::Impl::encode(const std::vector<std::string>& texts, Keep keep,
                                 const OnProgress& onProgress)
{
    torch::NoGradGuard noGrad;
    const auto items = missing(texts);
    std::vector<Item> batch;
    for (std::size_t i = 0; i < items.size(); ++i) {
        batch.push_back(items[i]);
        const bool isLast = i + 1 == items.size();
        if (!isLast && (batch.size() + 1) * items[i + 1].ids.size() <= kBatchTokens)
            continue;
        encodeBatch(batch);
        batch.clear();
        const bool stop = onProgress && onProgress({std::int64_t(i + 1), std::int64_t(items.size()),
                                                    items[i].text}) == Next::Stop;
        if (keep == Keep::OnDisk && (stop || isLast || unsaved >= kSaveEvery))
            save();
        if (stop)
            throw Cancelled();
    }
}

TextEmbedding::TextEmbedding(const ModelFiles& model)
    : m_impl(std::make_unique<Impl>(model))
{
}

TextEmbedding::~TextEmbedding() = default;

torch::Tensor TextEmbedding::texts(const std::vector<std::string>& texts, Keep keep,
                                   const OnProgress& onProgress)
{
    m_impl->encode(texts, keep, onProgress);
    std::vector<torch::Tensor> rows;
    rows.reserve(texts.size());
    for (const std::string& text : texts)
        rows.push_back(m_impl->known.at(keyOf(text)));
    return rows.empty() ? torch::zeros({0, clip()->config().embedDim}) : torch::stack(rows);
}

torch::Tensor TextEmbedding::tags(const std::vector<PilotTag>& tags, const OnProgress& onProgress)
{
    std::vector<std::string> prompts;
    std::vector<std::int64_t> counts;
    for (const PilotTag& tag : tags) {
        const auto sentences = promptsOf(tag);
        counts.push_back(std::int64_t(sentences.size()));
        prompts.insert(prompts.end(), sentences.begin(), sentences.end());
    }
    const auto rows = texts(prompts, Keep::OnDisk, onProgress);
    if (tags.empty())
        return rows;
    std::vector<torch::Tensor> means;
    for (const torch::Tensor& ofTag : rows.split_with_sizes(counts))
        means.push_back(ofTag.mean(0));
    return align::normalised(torch::stack(means));
}

clip::ClipModel& TextEmbedding::clip()
{
    return m_impl->tower();
}

} // namespace tagalign::model::pipeline
