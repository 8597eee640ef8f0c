#pragma once

#include "model/clip/ClipModel.h"
#include "model/tensor_io/SafetensorsFile.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tagalign::model::clip {

/// The tensors of a checkpoint by name, out of one safetensors file or several shards. Names are
/// those without wrappers (WeightNames.h), whatever the file has.
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

    [[nodiscard]] bool contains(const std::string& name) const { return m_places.contains(name); }

    /// @throws FormatError naming the checkpoint and the tensor if it is missing.
    [[nodiscard]] torch::Tensor tensor(const std::string& name) const;

    /// Type and shape, without a look at the numbers. @throws FormatError as tensor().
    [[nodiscard]] const tensor_io::TensorInfo& info(const std::string& name) const;

    [[nodiscard]] const std::string& title() const { return m_title; }

private:
    explicit ClipWeights(std::string title)
        : m_title(std::move(title))
    {
    }

    void add(const std::filesystem::path& file);
    void addShards(const std::filesystem::path& index);

    struct Place
    {
        std::shared_ptr<const tensor_io::SafetensorsFile> file;
        std::string name; ///< in that file
    };

    [[nodiscard]] const Place& placeOf(const std::string& name) const;

    std::string m_title;
    std::map<std::string, Place> m_places;
};

enum class Towers { Both, VisionOnly };

/// Compares a configuration with the headers of the weights, so that neither is believed before
/// memory is taken for a model of that size.
/// @throws FormatError naming the tensor that is missing, of another shape than the configuration
///         says, not of a floating-point type, or of a layer that the configuration does not have.
void requireFit(const ClipConfig& config, const ClipWeights& weights, Towers towers = Towers::Both);

/// Copies the weights into the model, whatever their names (Hugging Face, OpenAI, OpenCLIP with
/// and without "text.", TinyCLIP) and floating-point type. Other tensors are passed over.
/// @throws FormatError as requireFit(), or naming the tensor whose numbers are not finite.
void loadWeights(ClipModel& model, const ClipWeights& weights, Towers towers = Towers::Both);

} // namespace tagalign::model::clip
