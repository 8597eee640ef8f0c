#pragma once

#include "model/clip/ClipModel.h"
#include "model/tensor_io/SafetensorsFile.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tagalign::model::clip {

/// The tensors of a checkpoint by name, out of one safetensors file or several shards.
class ClipWeights
{
public:
    /// Finds the weights of a checkpoint folder. Beside config.json, model.safetensors (or its
    /// index) is preferred, else open_clip_model.safetensors.
    /// @throws Error if there are none, saying what to do where only pickle files lie;
    ///         FormatError for an index that is broken or names files outside the folder.
    [[nodiscard]] static ClipWeights ofFolder(const std::filesystem::path& folder);

    /// @throws FormatError, Error
    [[nodiscard]] static ClipWeights ofFile(const std::filesystem::path& file);

    [[nodiscard]] bool contains(const std::string& name) const { return m_files.contains(name); }

    /// @throws FormatError naming the checkpoint and the tensor if it is missing.
    [[nodiscard]] torch::Tensor tensor(const std::string& name) const;

    [[nodiscard]] const std::string& title() const { return m_title; }

private:
    explicit ClipWeights(std::string title)
        : m_title(std::move(title))
    {
    }

    void add(const std::filesystem::path& file);
    void addShards(const std::filesystem::path& index);

    std::string m_title;
    std::map<std::string, std::shared_ptr<const tensor_io::SafetensorsFile>> m_files;
};

enum class Towers { Both, VisionOnly };

/// Copies the weights into the model, whatever their names (Hugging Face, OpenAI, OpenCLIP with
/// and without "text.") and dtype. Tensors the model has no place for are passed over.
/// @throws FormatError naming the tensor that is missing, not finite, or of another shape than
///         the configuration says.
void loadWeights(ClipModel& model, const ClipWeights& weights, Towers towers = Towers::Both);

} // namespace tagalign::model::clip
