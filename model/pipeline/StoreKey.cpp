#include "model/pipeline/StoreKey.h"

#include "model/Error.h"
#include "model/clip/ClipConfig.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace tagalign::model::pipeline {

namespace {

/// Configuration and weights, in the order of their names.
std::vector<std::filesystem::path> modelFilesOf(const std::filesystem::path& folder)
{
    std::error_code error;
    std::vector<std::filesystem::path> files;
    bool hasConfig = false;
    bool hasWeights = false;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        const bool isConfig = name == "config.json" || name == "open_clip_config.json";
        // Mean and deviation of the pixels lie there.
        const bool isPreprocessing =
            name == "preprocessor_config.json" || name == "processor_config.json";
        const bool isWeights = name.ends_with(".safetensors");
        hasConfig = hasConfig || isConfig;
        hasWeights = hasWeights || isWeights;
        if (isConfig || isWeights || isPreprocessing || name.ends_with(".safetensors.index.json")) {
            files.push_back(entry->path());
        }
    }
    if (error) {
        throw Error(folder.string() + ": the checkpoint folder cannot be read (" + error.message() +
                    ")");
    }
    if (!hasConfig || !hasWeights) {
        throw Error(folder.string() + ": no " +
                    (hasConfig ? "weights (.safetensors)" : "config.json") +
                    " in the checkpoint folder; choose a folder with a published CLIP or SigLIP "
                    "checkpoint");
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// What the checkpoint's tokenizer reads; none where it has OpenAI's vocabulary.
std::vector<std::filesystem::path> vocabularyFilesOf(const std::filesystem::path& folder)
{
    std::vector<std::filesystem::path> files;
    std::vector<const char*> names = {"merges.txt", "tokenizer.json", "vocab.json"};
    if (std::filesystem::exists(folder / "spiece.model")) { // SigLIP's
        names = {"spiece.model", "tokenizer_config.json"};
    }
    for (const char* name : names) {
        if (std::filesystem::exists(folder / name)) {
            files.push_back(folder / name);
        }
    }
    return files;
}

/// What tells one state of the files from another without reading them.
std::string stampOf(const std::vector<std::filesystem::path>& files)
{
    std::string stamp;
    for (const std::filesystem::path& file : files) {
        std::error_code error;
        const auto time = std::filesystem::last_write_time(file, error).time_since_epoch().count();
        stamp += file.string() + '\0' + std::to_string(std::filesystem::file_size(file, error)) +
                 '\0' + std::to_string(time) + '\0';
    }
    return stamp;
}

void addFile(XXH3_state_t* state, const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    std::vector<char> block(1U << 20U);
    const std::string title =
        file.filename().string() + '\0' + std::to_string(std::filesystem::file_size(file)) + '\0';
    XXH3_128bits_update(state, title.data(), title.size());
    while (stream) {
        stream.read(block.data(), static_cast<std::streamsize>(block.size()));
        XXH3_128bits_update(state, block.data(), static_cast<std::size_t>(stream.gcount()));
    }
    if (!stream.eof()) {
        throw Error(file.string() + ": cannot be read; check its permissions");
    }
}

std::string hashOf(const std::vector<std::filesystem::path>& files)
{
    const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                         &XXH3_freeState);
    XXH3_128bits_reset(state.get());
    for (const std::filesystem::path& file : files) {
        addFile(state.get(), file);
    }
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state.get()));
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : canonical.digest) {
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 15U];
    }
    return text;
}

/// Of one state of the files, read once in this process.
std::string rememberedHash(const std::vector<std::filesystem::path>& files)
{
    static std::mutex mutex;
    static std::map<std::string, std::string> known;
    const std::string stamp = stampOf(files);
    {
        const std::lock_guard lock(mutex);
        if (const auto found = known.find(stamp); found != known.end()) {
            return found->second;
        }
    }
    const std::string hash = hashOf(files);
    const std::lock_guard lock(mutex);
    known[stamp] = hash;
    return hash;
}

std::string keyFor(const ModelFiles& model, const std::string& view)
{
    const auto size = clip::readClipConfig(model.checkpoint).vision.imageSize;
    return checkpointFingerprint(model.checkpoint) + "-" + nameOf(model.patchPath) + "-" + view +
           std::to_string(size);
}

} // namespace

std::string checkpointFingerprint(const std::filesystem::path& folder)
{
    return rememberedHash(modelFilesOf(folder));
}

std::string textKey(const std::filesystem::path& folder)
{
    return checkpointFingerprint(folder) + "-" + rememberedHash(vocabularyFilesOf(folder));
}

std::string storeKey(const ModelFiles& model)
{
    return keyFor(model, "crop");
}

std::string wholeStoreKey(const ModelFiles& model)
{
    return keyFor(model, "whole");
}

std::string nameOf(clip::PatchPath path)
{
    switch (path) {
    case clip::PatchPath::Plain:
        return "plain";
    case clip::PatchPath::Value:
        return "value";
    case clip::PatchPath::SelfValue:
        return "self-value";
    case clip::PatchPath::SelfQueryKey:
        return "self-query-key";
    case clip::PatchPath::Neighbour:
        return "neighbour";
    }
    return {};
}

} // namespace tagalign::model::pipeline
