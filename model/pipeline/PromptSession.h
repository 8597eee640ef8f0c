#pragma once

#include "model/pipeline/PilotData.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

/// Similarity of each patch with a prompt, cosine in [-1, 1], row-major.
struct Heatmap
{
    int rows = 0;
    int columns = 0;
    std::vector<float> values;
};

struct HeatmapPair
{
    Heatmap before;               ///< the frozen model
    std::optional<Heatmap> after; ///< with the head, if one is loaded
    float low = 0.0F;             ///< of the colour scale, the same for both; low < high
    float high = 1.0F;
};

struct SearchHit
{
    std::size_t image = 0; ///< index into the files given
    float score = 0.0F;    ///< cosine
};

/// The frozen model and at most one head, loaded once, for prompts typed by a person.
/// Not thread-safe: one thread at a time.
class PromptSession
{
public:
    /// @throws Error
    explicit PromptSession(const ModelFiles& model);
    ~PromptSession();
    PromptSession(const PromptSession&) = delete;
    PromptSession& operator=(const PromptSession&) = delete;

    /// Replaces the head; an empty path unloads it. @throws Error and keeps the old one.
    void setHead(const std::filesystem::path& headFile);

    /// Fixes the colour scale of later heatmaps by the usual cosines of these prompts on these
    /// images (those with stored features): a prompt that is nowhere in a picture then stays cold.
    /// Without a reference a scale spans just the maps it is for.
    void setReference(const std::vector<std::string>& contentHashes,
                      const std::vector<std::string>& prompts);

    /// Heatmaps over the whole picture, aspect kept. Uses stored features where there are any,
    /// else encodes the file and stores them.
    /// @throws Error naming the file, also if it has changed since its hash was taken.
    [[nodiscard]] HeatmapPair heatmaps(const std::filesystem::path& file,
                                       const std::string& contentHash, const std::string& prompt);

    /// Images by similarity with the prompt, best first; only those with stored features.
    [[nodiscard]] std::vector<SearchHit> search(const std::vector<std::string>& contentHashes,
                                                const std::string& prompt, bool withHead,
                                                std::size_t limit);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace tagalign::model::pipeline
